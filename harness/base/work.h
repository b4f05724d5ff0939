// SPDX-License-Identifier: GPL-2.0
// What every long step needs in addition to its input: directories, cancellation, a place for its progress.
#pragma once

#include <functional>
#include <string>

#include "base/cancel.h"
#include "base/file.h"

namespace pinrig {

/// How far a step is.
struct Progress {
  std::string what;      ///< "sysroot aarch64: fetching 38 packages", "waiting for PID 4711 (run full)"
  double done = 0;       ///< files, bytes or objects
  double known = 0;      ///< of so many; 0 = not known
  double elapsed_s = 0;  ///< since it began, or of the waiting
  double left_s = -1;    ///< estimate; -1 = not known
};

struct WorkContext {
  fs::path project;  ///< the checkout: configs/, guest-tests/, images/
  fs::path cache;    ///< PINRIG_CACHE
  const CancelToken* cancel = nullptr;
  int jobs = 1;  ///< compilers at a time
  std::function<void(const Progress&)> progress;
  double patience_s = 20;  ///< how long to wait for a worktree before another one is made

  /// `cancel`, or one that nobody requests.
  const CancelToken& token() const {
    static const CancelToken never;
    return cancel != nullptr ? *cancel : never;
  }
  void tell(const Progress& p) const {
    if (progress) progress(p);
  }
};

}  // namespace pinrig
