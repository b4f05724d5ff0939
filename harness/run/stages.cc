// SPDX-License-Identifier: GPL-2.0
#include "run/stages.h"

#include <fmt/format.h>

#include "base/text.h"
#include "job/alone.h"
#include "kbuild/code.h"
#include "run/deadly.h"

namespace pinrig::run {
namespace {

/// The point one patch before, under the same configuration; null when the run has none. A point further
/// away is not worth it: what the series changes in headers would be compiled twice.
const model::Point* point_before(const plan::Plan& plan, const model::Kernel& kernel) {
  for (const auto& k : plan.kernels) {
    if (k.arch != kernel.arch || k.config.name != kernel.config.name) continue;
    if (plan.counting.contains(k.id) || k.point.commit.empty()) continue;
    if (k.point.number + 1 == kernel.point.number) return &k.point;
  }
  return nullptr;
}

Result<job::Built> build(const model::Kernel& kernel, const job::Platform& platform, const Sources& sources,
                         const plan::Plan& plan, const Services& services) {
  const auto count = plan.counting.contains(kernel.id) ? job::LineCount::on : job::LineCount::off;
  PINRIG_TRY(artifact, job::build_point(kernel, sources.base, sources.series, platform, services, count,
                                        point_before(plan, kernel)));
  job::Built out{std::move(artifact), {}};
  out.selftests = out.kernel.selftests;
  if (!sources.selftests_from) return out;
  // The tests of another tree, `selftests_from`: they come with a kernel of it.
  const auto& other = *sources.selftests_from;
  model::Kernel base = kernel;
  base.id = "selftests-" + kernel.id;
  base.point = {.commit = other.commit, .tree = other.tree, .version = other.version};
  PINRIG_TRY(theirs, job::build_point(base, other, {}, platform, services));
  out.selftests = theirs.selftests;
  return out;
}

/// At its tip a series may state what the tests would else find out for themselves: a path that it lets
/// stop pinning then fails, instead of being tested as one that never did.
model::Guest with_stated_capabilities(const Inputs& in, const model::Kernel& kernel, model::Guest guest) {
  if (!kernel.is_tip || !in.series || in.series->capabilities.empty()) return guest;
  std::vector<std::string> stated;
  for (const auto& [name, value] : in.series->capabilities)
    stated.push_back(fmt::format("{}={}", name, value));
  for (auto& test : guest.tests) test.env["PINRIG_CAPABILITIES"] = join(stated, " ");
  return guest;
}

}  // namespace

Stages real_stages(const Inputs& inputs, const Sources& sources, const plan::Plan& plan,
                   const Services& services) {
  Stages out;
  out.platform = [&](model::Arch arch) { return job::prepare_platform(arch, inputs.spec.accel, services); };
  out.build = [&](const model::Kernel& kernel, const job::Platform& platform) {
    return build(kernel, platform, sources, plan, services);
  };
  out.code = [](const kbuild::Artifact& artifact) { return kbuild::code_of(artifact); };
  out.guest = [&](const model::Kernel& kernel, const model::Guest& guest, const job::Built& built,
                  const job::Platform& platform, const std::string& run,
                  const fs::path& dir) -> Result<job::GuestResult> {
    PINRIG_TRY(job, job::ready_job(kernel, with_stated_capabilities(inputs, kernel, guest), built, platform,
                                   run, dir, services));
    job.spec.dump = inputs.dump;
    PINRIG_TRY(result, job::run_and_judge(job, services));
    if (inputs.try_alone) job::try_alone(job, deadly_tests(inputs, kernel, guest.tests), services, result);
    return result;
  };
  return out;
}

}  // namespace pinrig::run
