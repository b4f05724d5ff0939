// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

#include "cli/output.h"
#include "cli/program.h"
#include "cli/report_files.h"
#include "cli/run_choice.h"
#include "cli/run_options.h"
#include "report/report.h"
#include "run/leftovers.h"
#include "run/pipeline.h"
#include "run/run_file.h"

namespace pinrig::cli {
namespace {

struct RunCommand {
  RunArguments arguments;
  ReportFiles files;
  std::string again;
};

// An earlier run, from its run.json.
Result<run::RecordedRun> recorded_run(const std::string& id, const Paths& paths) {
  PINRIG_TRY(store, run::open_store(paths));
  auto choice = choose_run(store, id);
  if (choice.has_error()) return std::move(choice).error().with_context("--again");
  return run::read_run_file(fs::path(choice->run.dir) / "run.json");
}

Result<ExitCode> run_and_report(const RunCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  std::optional<run::RecordedRun> again;
  if (!c.again.empty()) {
    PINRIG_TRY(recorded, recorded_run(c.again, paths));
    again = std::move(recorded);
  }
  run::RunEnd end;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, c.arguments.jobs};
    PINRIG_TRY(e, run::execute(
                      again ? again->options : c.arguments.options, services, [&] { status->tick(); },
                      again ? &*again : nullptr));
    end = e;
  }
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, store.find_run(end.run_id));
  if (!run) return make_error(ErrorKind::infra, "run " + end.run_id + " is not in results.db");
  const int fd = c.files.take_stdout() ? STDERR_FILENO : STDOUT_FILENO;
  PINRIG_TRY(text, report::terminal(store, *run, terminal_style(program, fd)));
  // Neither must cost the other: a file that cannot be written, a terminal that is gone.
  const auto shown = write_to(fd, text);
  PINRIG_CHECK(write_files(c.files, store, *run));
  PINRIG_CHECK(shown);
  return end.code;
}

Result<ExitCode> run_command(const RunCommand& c, const Program& program) {
  PINRIG_CHECK(begin_files(c.files));
  const auto code = run_and_report(c, program);
  if (code.has_value()) return code;
  // A result that could not be written is still not the result of an earlier run.
  Error why = code.error();
  if (const auto written = fail_files(c.files, why); written.has_error())
    why.hint += (why.hint.empty() ? "" : "\n") + written.error().message;
  return why;
}

}  // namespace

void add_run(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("run", "Build, boot, test and judge");
  const auto c = std::make_shared<RunCommand>();
  add_run_options(*sub, c->arguments);
  sub->add_option("--again", c->again,
                  "Repeat an earlier run (ID, unique prefix or last) with the options in its run.json");
  sub->add_option("--junit", c->files.junit,
                  "Also write JUnit XML to this file (- for stdout; the report then goes to stderr)");
  sub->add_option("--ktap", c->files.ktap, "Also write KTAP");
  sub->add_option("--json", c->files.json, "Also write everything as JSON");
  sub->callback([c, &program, &action] { action = [c, &program] { return run_command(*c, program); }; });
}

}  // namespace pinrig::cli
