// SPDX-License-Identifier: GPL-2.0
// `pinrig mutate`: builds the kernel with the mutants, learns which tests reach which, and boots it once or
// more for each.
#pragma once

#include <functional>

#include "mutate/mutants.h"
#include "mutate/score.h"

namespace pinrig::mutate {

/// The run file that is used when none is named.
inline constexpr const char* usual_run = "mutate";

/// Where results and the files of guests are kept: STATE/mutate/BASE[-SERIES]-ARCH[-RUN].
fs::path place_of(const MutateOptions& options, const run::Inputs& inputs, const Services& services);

/// What is stored of earlier runs; nothing is built or booted. bad_input when that is about other mutants.
Result<MutationRun> stored_mutants(const MutateOptions& options, const Services& services);

/// All of it. What results.json in place_of() has of the same kernel is not done again: mutants that were
/// caught never, others unless the guest programs changed since. It is written after each mutant, so that one
/// that was killed or interrupted goes on the next time. An Error when the kernel cannot be built without the
/// mutants that do not compile, or cannot boot.
Result<MutationRun> run_mutants(const MutateOptions& options, const Services& services,
                                const std::function<void()>& tick);

}  // namespace pinrig::mutate
