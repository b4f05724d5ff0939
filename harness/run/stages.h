// SPDX-License-Identifier: GPL-2.0
// What the pipeline does outside itself: images, kernels, guests. A test of the pipeline has its own.
#pragma once

#include <functional>
#include <string>

#include "job/result.h"
#include "plan/plan.h"
#include "run/inputs.h"

namespace pinrig::run {

struct Stages {
  /// What the guests of an architecture share.
  std::function<Result<job::Platform>(model::Arch)> platform;
  /// A kernel of the plan with the selftests that its guests run.
  std::function<Result<job::Built>(const model::Kernel&, const job::Platform&)> build;
  /// kbuild::code_of(), by which kernels that behave the same are found.
  std::function<Result<std::string>(const kbuild::Artifact&)> code;
  /// Boots a guest, with its files in `dir`, and judges what it measured.
  std::function<Result<job::GuestResult>(const model::Kernel&, const model::Guest&, const job::Built&,
                                         const job::Platform&, const std::string& run, const fs::path& dir)>
      guest;
};

/// Those of `pinrig run`. The arguments have to outlive them.
Stages real_stages(const Inputs& inputs, const Sources& sources, const plan::Plan& plan,
                   const Services& services);

}  // namespace pinrig::run
