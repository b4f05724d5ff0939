// SPDX-License-Identifier: GPL-2.0
// What `pinrig mail` says about a run or a bisection, from the store.
#pragma once

#include <string>

#include "bisect/engine.h"
#include "bisect/log.h"
#include "mail/mail.h"
#include "store/store.h"

namespace pinrig::cli {

/// Of a run: its unexpected red (of `test`, "" = the only one) at the first patched point that has it.
/// bad_usage when there is none or several (the hint lists them).
Result<mail::Finding> finding_of_run(const store::Store& store, const store::RunRow& run,
                                     const std::string& test);

/// Of a bisection: culprit, the point before it, runs and hits.
Result<mail::Finding> finding_of_bisection(const store::Store& store, const bisect::Log& log,
                                           const bisect::Conclusion& end);

}  // namespace pinrig::cli
