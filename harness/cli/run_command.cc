// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

#include <cstdlib>

#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"
#include "report/report.h"
#include "run/leftovers.h"
#include "run/pipeline.h"
#include "run/run_file.h"

namespace pinrig::cli {
namespace {

struct RunCommand {
  RunWords words;
  std::string junit;
  std::string ktap;
  std::string json;
  std::string again;
};

Result<void> write_formats(const RunCommand& c, const store::Store& store, const store::RunRow& run) {
  if (!c.junit.empty()) {
    PINRIG_TRY(text, report::junit(store, run));
    PINRIG_CHECK(write_output(c.junit, text));
  }
  if (!c.ktap.empty()) {
    PINRIG_TRY(text, report::ktap(store, run));
    PINRIG_CHECK(write_output(c.ktap, text));
  }
  if (!c.json.empty()) {
    PINRIG_TRY(text, report::json(store, run));
    PINRIG_CHECK(write_output(c.json, text));
  }
  return {};
}

// The options of an earlier run, from its run.json.
Result<run::RunOptions> recorded_options(const std::string& id, const Paths& paths) {
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, store.find_run(id));
  if (!run)
    return make_error(ErrorKind::bad_usage, "--again: no run " + id,
                      "`pinrig list` shows the runs there are");
  PINRIG_TRY(recorded, run::read_run_file(fs::path(run->dir) / "run.json"));
  return recorded.options;
}

Result<ExitCode> run_command(const RunCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(options, c.again.empty() ? to_options(c.words) : recorded_options(c.again, paths));
  run::RunEnd end;
  {
    const auto status = run::make_status(program.loudness());
    const job::Services services{paths, program.cancel, *status, jobs_of(c.words)};
    PINRIG_TRY(e, run::execute(options, services, [&] { status->tick(); }));
    end = e;
  }
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, store.find_run(end.run_id));
  if (!run) return make_error(ErrorKind::infra, "run " + end.run_id + " is not in results.db");
  PINRIG_TRY(text, report::terminal(store, *run, terminal_style(program)));
  PINRIG_CHECK(write_output("-", text));
  // After the report: a file that cannot be written must not cost the result of half an hour.
  PINRIG_CHECK(write_formats(c, store, *run));
  return end.code;
}

}  // namespace

void add_run(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("run", "Build, boot, test and judge");
  const auto c = std::make_shared<RunCommand>();
  add_run_options(*sub, c->words);
  sub->add_option("--again", c->again,
                  "The options of this earlier run (id, unique prefix or last), from its run.json");
  sub->add_option("--junit", c->junit, "Also write JUnit XML to this file (- for stdout)");
  sub->add_option("--ktap", c->ktap, "Also write KTAP");
  sub->add_option("--json", c->json, "Also write everything as JSON");
  sub->callback([c, &program, &action] { action = [c, &program] { return run_command(*c, program); }; });
}

}  // namespace pinrig::cli
