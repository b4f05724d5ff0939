// SPDX-License-Identifier: GPL-2.0
#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"
#include "run/pipeline.h"

namespace pinrig::cli {
namespace {

Result<ExitCode> build_command(const RunWords& words, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(options, to_options(words));
  std::vector<std::string> built;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, jobs_of(words)};
    PINRIG_TRY(lines, run::build_only(options, services, [&] { status->tick(); }));
    built = std::move(lines);
  }
  PINRIG_CHECK(write_output("-", join(built, "\n") + "\n"));
  return ExitCode::ok;
}

}  // namespace

void add_build(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "build", "Build the kernels of a run, or find them in the cache, and print their paths");
  const auto words = std::make_shared<RunWords>();
  add_run_options(*sub, *words);
  sub->callback(
      [words, &program, &action] { action = [words, &program] { return build_command(*words, program); }; });
}

}  // namespace pinrig::cli
