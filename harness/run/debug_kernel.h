// SPDX-License-Identifier: GPL-2.0
// The kernels of a stored run again, as `--debug` builds them.
#pragma once

#include <string>

#include "kbuild/kernel_build.h"
#include "run/inputs.h"

namespace pinrig::run {

/// Builds them one at a time, or finds them in the cache.
class DebugKernels {
 public:
  struct Built {
    model::Kernel kernel;  ///< with the configuration that it was built with
    kbuild::Artifact artifact;
  };

  /// From the options in the run.json of a run: its sources as they are now. What differs from the commits
  /// that the run had is a warning each. bad_input when the file cannot be read.
  static Result<DebugKernels> of_run(const fs::path& run_file, const Services& services);

  /// The kernel with this id in the run, "tip-x86_64". bad_input when its plan has no such kernel now; what
  /// building gives.
  Result<Built> build(const std::string& id) const;
  /// The base that the kernel `of` is a point on, with the same configuration.
  Result<Built> build_base(const model::Kernel& of) const;

  const Sources& sources() const { return sources_; }

 private:
  DebugKernels(const Services& services, Sources sources, plan::Plan plan, model::Accel accel)
      : services_(&services), sources_(std::move(sources)), plan_(std::move(plan)), accel_(accel) {}
  Result<Built> build_kernel(model::Kernel kernel) const;

  const Services* services_;
  Sources sources_;
  plan::Plan plan_;
  model::Accel accel_;
};

}  // namespace pinrig::run
