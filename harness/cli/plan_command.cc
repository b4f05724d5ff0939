// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"
#include "cli/series_source.h"
#include "plan/plan.h"

namespace pinrig::cli {
namespace {

/// Points that cannot be built are no part of a plan.
void drop_unreachable(plan::Plan& plan, const git::ApplyFailure& failure) {
  std::erase_if(plan.kernels, [&](const model::Kernel& k) { return k.point.number >= failure.number; });
  // Why not is what the command ends with.
  plan.notes.push_back(
      fmt::format("patch {} does not apply: no point from there on can be built", failure.number));
}

Result<ExitCode> plan_command(RunArguments arguments, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_CHECK(fetch_series(arguments.options, paths, program.cancel));
  std::string text;
  std::optional<git::ApplyFailure> failure;
  {
    const auto status = run::make_status(run::Verbosity::quiet);
    const job::Services services{paths, program.cancel, *status, arguments.jobs};
    PINRIG_TRY(inputs, run::load_inputs(paths.project, arguments.options));
    PINRIG_TRY(sources, run::fetch_sources(inputs, services));
    PINRIG_TRY(plan, run::plan_run(inputs, sources));
    PINRIG_CHECK(run::check_named_tests(inputs, sources, plan, services));
    failure = sources.series.failure;
    if (failure) drop_unreachable(plan, *failure);
    if (!plan.kernels.empty()) text = plan::to_text(plan);
  }
  PINRIG_CHECK(write_output("-", text));
  // As `run` and `build` end: whatever is planned, the series is not tested as it is.
  if (failure) return git::to_error(*failure);
  return ExitCode::ok;
}

}  // namespace

void add_plan(CLI::App& app, Program& program, Action& action) {
  auto* sub =
      app.add_subcommand("plan", "Print the kernels, guests and tests of a run; builds and boots nothing");
  const auto arguments = std::make_shared<RunArguments>();
  add_run_options(*sub, *arguments);
  sub->callback([arguments, &program, &action] {
    action = [arguments, &program] { return plan_command(*arguments, program); };
  });
}

}  // namespace pinrig::cli
