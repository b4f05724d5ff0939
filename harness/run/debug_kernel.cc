// SPDX-License-Identifier: GPL-2.0
#include "run/debug_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "job/kernel.h"
#include "run/run_file.h"

namespace pinrig::run {

Result<DebugKernels> DebugKernels::of_run(const fs::path& run_file, const Services& services) {
  PINRIG_TRY(recorded, read_run_file(run_file));
  PINRIG_TRY(inputs, load_inputs(services.paths.project, recorded.options));
  PINRIG_TRY(sources, fetch_sources(inputs, services));
  for (const auto& change : source_changes(recorded, sources))
    services.observer.on({.kind = Event::Kind::warning, .task = "--debug", .text = change});
  PINRIG_TRY(plan, plan_run(inputs, sources));
  return DebugKernels(services, std::move(sources), std::move(plan), inputs.spec.accel);
}

Result<DebugKernels::Built> DebugKernels::build(const std::string& id) const {
  const auto at = std::find_if(plan_.kernels.begin(), plan_.kernels.end(),
                               [&](const model::Kernel& k) { return k.id == id; });
  if (at != plan_.kernels.end()) return build_kernel(*at);
  std::vector<std::string> names;
  for (const auto& k : plan_.kernels) names.push_back(k.id);
  return make_error(ErrorKind::bad_input,
                    fmt::format("--debug: the options of that run no longer give a kernel {}", id),
                    "they give " + join(names, ", "));
}

Result<DebugKernels::Built> DebugKernels::build_base(const model::Kernel& of) const {
  model::Kernel kernel = of;
  kernel.point = points_of(sources_).front();
  kernel.is_tip = false;
  kernel.id = fmt::format("base-{}", to_string(of.arch));
  return build_kernel(std::move(kernel));
}

Result<DebugKernels::Built> DebugKernels::build_kernel(model::Kernel kernel) const {
  const auto plain = kernel.config;
  kernel.config = debug_config(plain);
  if (kernel.config.name != plain.name) {
    const bool named = !plain.name.empty() && kernel.id.ends_with("-" + plain.name);
    kernel.id += named ? "-debug" : "-" + kernel.config.name;
  }
  PINRIG_TRY(platform, job::prepare_platform(kernel.arch, accel_, *services_));
  services_->observer.on({.kind = Event::Kind::begin, .task = kernel.id, .what = "build"});
  PINRIG_TRY(artifact, job::build_point(kernel, sources_.base, sources_.series, platform, *services_));
  services_->observer.on({.kind = Event::Kind::end,
                          .task = kernel.id,
                          .what = "build",
                          .text = artifact.was_cached ? "cached" : human_seconds(artifact.wall_s)});
  return Built{std::move(kernel), std::move(artifact)};
}

}  // namespace pinrig::run
