// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <unistd.h>

#include "cli/command_line.h"
#include "cli/dump_options.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/report_files.h"
#include "cli/run_choice.h"
#include "cli/run_options.h"
#include "cli/series_source.h"
#include "report/formats.h"
#include "run/leftovers.h"
#include "run/pipeline.h"
#include "run/resume.h"
#include "run/run_file.h"

namespace pinrig::cli {
namespace {

struct RunCommand {
  RunArguments arguments;
  ReportFiles files;
  std::string again;
  std::string resume;
  bool jobs_typed = false;
};

/// What to run: what was typed, or an earlier run with what was typed in its place.
struct Order {
  run::RunOptions options;
  int jobs = 1;
  std::optional<run::RecordedRun> earlier;
};

Result<Order> order_of(const RunCommand& c, const Paths& paths) {
  const auto& typed = c.arguments.options;
  if (c.again.empty()) return Order{typed, c.arguments.jobs, std::nullopt};
  PINRIG_TRY(store, run::open_store(paths));
  auto choice = choose_run(store, c.again);
  if (choice.has_error()) return std::move(choice).error().with_context("--again");
  PINRIG_TRY(recorded, run::read_run_file(fs::path(choice->run.dir) / "run.json"));
  Order out{run::with_overrides(recorded.options, typed), c.arguments.jobs, std::nullopt};
  if (!c.jobs_typed && recorded.jobs > 0) out.jobs = recorded.jobs;
  out.earlier = std::move(recorded);
  return out;
}

void say_project(const run::RecordedRun& earlier, const Paths& paths, job::Observer& observer) {
  if (earlier.project.empty() || earlier.project == paths.project) return;
  observer.on({.kind = job::Event::Kind::warning,
               .task = "--again",
               .text = fmt::format("the configuration is that of {}; the run had {} (PINRIG_PROJECT)",
                                   paths.project.string(), earlier.project)});
}

/// The run that --resume finishes. It has its own options; --jobs is none of them.
Result<run::RunEnd> resume(const RunCommand& c, const Paths& paths, const Program& program) {
  std::string id;
  {
    PINRIG_TRY(store, run::open_store(paths));
    PINRIG_TRY(run, choose_run(store, c.resume, program));
    id = run.id;
  }
  const auto status = run::make_status(program.verbosity());
  const job::Services services{paths, program.cancel, *status, c.arguments.jobs};
  return run::resume(id, services, [&] { status->tick(); });
}

Result<run::RunEnd> start(const RunCommand& c, const Paths& paths, const Program& program) {
  PINRIG_TRY(order, order_of(c, paths));
  PINRIG_CHECK(fetch_series(order.options, paths, program.cancel));
  const auto status = run::make_status(program.verbosity());
  const job::Services services{paths, program.cancel, *status, order.jobs};
  if (order.earlier) say_project(*order.earlier, paths, *status);
  return run::execute(
      order.options, services, [&] { status->tick(); }, order.earlier ? &*order.earlier : nullptr);
}

Result<ExitCode> run_and_report(const RunCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(end, c.resume.empty() ? start(c, paths, program) : resume(c, paths, program));
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
  ReportFiles files = c.files;
  files.usage = program.usage;
  if (const auto begun = begin_files(files); begun.has_error()) {
    // A file that could be written says why, and not that the run did not finish.
    static_cast<void>(fail_files(files, begun.error()));
    return begun.error();
  }
  const auto code = run_and_report(c, program);
  if (code.has_value()) return code;
  // A result that could not be written is still not the result of an earlier run.
  Error why = code.error();
  if (const auto written = fail_files(c.files, why); written.has_error())
    why.hint += (why.hint.empty() ? "" : "\n") + written.error().message;
  return why;
}

void add_files(CLI::App& sub, ReportFiles& files) {
  const auto about = [](const char* format) { return report::format_of(format)->about; };
  sub.add_option("--junit", files.of("junit"), about("junit"));
  sub.add_option("--ktap", files.of("ktap"), about("ktap"));
  sub.add_option("--json", files.of("json"), about("json"));
  sub.add_option("--kcidb", files.of("kcidb"), about("kcidb"));
  sub.add_option("--ctrf", files.of("ctrf"), about("ctrf"));
  sub.add_option("--github", files.of("github"), about("github"));
  sub.add_option("--annotations", files.of("annotations"), about("annotations"));
  sub.add_option("--metrics", files.of("metrics"), about("metrics"));
  sub.add_option("--attach-root", files.attach_root, attach_root_text);
}

}  // namespace

void add_run(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("run", "Build, boot, test and judge");
  const auto c = std::make_shared<RunCommand>();
  add_run_options(*sub, c->arguments);
  auto& order = c->arguments.options.dump;
  sub->add_option_function<Words>("--dump", dump_causes_into(order), dump_text)
      ->delimiter(',')
      ->check(dump_cause());
  sub->add_option("--dump-limit", order.limit_mib, dump_limit_text)
      ->capture_default_str()
      ->check(whole_number(1, max_dump_mib));
  sub->add_flag(
      "--holders", c->arguments.options.holders,
      "After the run, trace tests that leaked on debug kernels: who holds the pins, in the report (at "
      "most 3 tests, 10 min of guests; debug kernels are built when first needed)");
  auto* again = sub->add_option(
      "--again", c->again,
      "Repeat an earlier run (ID, unique prefix or last) with the options in its run.json; --point, --arch, "
      "--test, --env, --accel, --dump and --jobs replace them");
  for (const char* fixed : {"run", "--series", "--base"}) again->excludes(sub->get_option(fixed));
  auto* resume = sub->add_option("--resume", c->resume,
                                 "Finish an interrupted run (ID, unique prefix or last): guests that ended "
                                 "are kept, half-done ones start "
                                 "over; nothing of it may have changed");
  resume->excludes(again);
  for (const auto* option : sub->get_options()) {
    const std::string name = option->get_name();
    if (name != "--jobs" && name != "--help" && name != "--resume" && name != "--again")
      resume->excludes(sub->get_option(name));
  }
  add_files(*sub, c->files);
  sub->callback([c, sub, &program, &action] {
    c->jobs_typed = sub->get_option("--jobs")->count() > 0;
    action = [c, &program] { return run_command(*c, program); };
  });
}

}  // namespace pinrig::cli
