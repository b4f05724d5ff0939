// SPDX-License-Identifier: GPL-2.0
// One cancellation for the whole program: every blocking wait polls fd() beside what it waits for.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace pinrig {

/// Becomes readable, once and for ever, when the user or a signal asks to stop.
class CancelToken {
 public:
  CancelToken();
  int fd() const { return fd_.get(); }
  bool requested() const;
  /// Async-signal-safe.
  void request() const;

 private:
  UniqueFd fd_;
};

/// Makes SIGINT, SIGTERM and SIGHUP request cancellation of `token`, which must outlive the process'
/// use of signals. A second signal ends the process at once. SIGPIPE is ignored.
void cancel_on_signals(const CancelToken& token);

/// The Error of every stage that stopped because of the token.
Error cancelled_error();

}  // namespace pinrig
