// SPDX-License-Identifier: GPL-2.0
// A kernel of the plan, built or found in the cache.
#pragma once

#include <string>
#include <vector>

#include "git/source.h"
#include "job/platform.h"
#include "kbuild/kernel_build.h"
#include "model/guest.h"

namespace pinrig::job {

/// The name of the build directory that a base has under a configuration, without its architecture.
std::string build_slot(const std::string& base, const std::vector<std::string>& fragments);

/// Of the files that a series touches, those whose objects a coverage kernel counts in: C files, but for
/// those of programs that run on the host or are tests (tools/, scripts/).
std::vector<std::string> counted_files(const std::vector<std::string>& files);

/// Whether a kernel counts which lines of its series' C files run (kbuild::Request::counted).
enum class LineCount { off, on };

/// Builds the point of a series that `kernel` represents. Errors: apply_failed when the series stops before
/// it, and what kbuild::build_kernel() gives. `before`: the point that new warnings of sparse are counted
/// from; null: none are.
Result<kbuild::Artifact> build_point(const model::Kernel& kernel, const git::Source& base,
                                     const git::AppliedSeries& series, const Platform& platform,
                                     const Services& services, LineCount lines = LineCount::off,
                                     const model::Point* before = nullptr);

/// A kernel and the selftests that its guests run: its tree's own, or those of another base.
struct Built {
  kbuild::Artifact kernel;
  fs::path selftests;
};

/// How a kernel or guest ended whose stage failed with `error`.
model::JobOutcome outcome_of_error(const Error& error);

}  // namespace pinrig::job
