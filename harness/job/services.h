// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "base/cancel.h"
#include "base/paths.h"
#include "base/work.h"
#include "job/observer.h"

namespace pinrig::job {

/// What every stage needs in addition to its input.
struct Services {
  Paths paths;
  const CancelToken& cancel;
  Observer& observer;
  int jobs = 1;  ///< parallel compilers
};

/// Progress goes to the status line of `task`, as part of `what`: "source", "build", "image".
WorkContext work_context(const Services& services, const std::string& task, const std::string& what);

}  // namespace pinrig::job
