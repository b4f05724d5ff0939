// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "base/cancel.h"
#include "base/paths.h"
#include "git/source.h"
#include "job/observer.h"

namespace pinrig::job {

/// What every stage needs in addition to its input.
struct Services {
  Paths paths;
  const CancelToken& cancel;
  Observer& observer;
  int jobs = 1;  ///< parallel compilers
};

/// Progress of git goes to the status line of `task`.
git::Context git_context(const Services& services, const std::string& task);

}  // namespace pinrig::job
