// SPDX-License-Identifier: GPL-2.0
#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"
#include "cli/series_source.h"
#include "run/pipeline.h"

namespace pinrig::cli {
namespace {

Result<ExitCode> build_command(RunArguments arguments, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_CHECK(fetch_series(arguments.options, paths, program.cancel));
  run::Kernels built;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, arguments.jobs};
    PINRIG_TRY(kernels, run::build_only(arguments.options, services, [&] { status->tick(); }));
    built = std::move(kernels);
  }
  if (!built.lines.empty()) PINRIG_CHECK(write_output("-", join(built.lines, "\n") + "\n"));
  if (built.error) return *built.error;
  return ExitCode::ok;
}

}  // namespace

void add_build(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "build", "Build the kernels of a run, or find them in the cache, and print their paths");
  const auto arguments = std::make_shared<RunArguments>();
  add_run_options(*sub, *arguments);
  sub->callback([arguments, &program, &action] {
    action = [arguments, &program] { return build_command(*arguments, program); };
  });
}

}  // namespace pinrig::cli
