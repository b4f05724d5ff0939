// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <cstdio>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/dump_options.h"
#include "cli/interactive.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "holders/json.h"
#include "report/dump_text.h"
#include "report/results_text.h"
#include "run/debug_kernel.h"
#include "run/holders.h"
#include "run/leftovers.h"
#include "run/locate.h"
#include "run/repro.h"
#include "run/rerun.h"
#include "run/shell_input.h"
#include "run/trace.h"
#include "vm/interactive.h"

namespace pinrig::cli {
namespace {

constexpr int max_attempts = 1000000;

struct ReproCommand {
  std::string run = "last";
  run::Line line;
  int repeat = 0;  ///< 0: not typed
  bool until_fail = false;
  bool before = false;
  bool debug = false;
  bool holders = false;
  bool json = false;  ///< with holders
  bool shell = false;
  bool gdb = false;
  std::string trace;  ///< events; empty: none
  bool strace = false;
  model::DumpOrder dump;
};

Result<run::ReproChoice> choose(const ReproCommand& c, const Paths& paths, const Program& program) {
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose_run(store, c.run, program));
  return run::choose_line(store, run, c.line);
}

void say(const Program& program, const std::string& line) {
  if (!program.quiet) std::fprintf(stderr, "%s\n", line.c_str());
}

std::string what(const run::ReproChoice& c) {
  return fmt::format("{} on {}: {} in the run", c.test.empty() ? "guest " + c.guest : c.test, c.kernel,
                     c.seen);
}

/// A shell or gdb in a guest with the same kernel and devices.
Result<ExitCode> interactive(const ReproCommand& c, const run::ReproChoice& choice, const Program& program,
                             const job::Services& services) {
  std::vector<std::string> tests;
  if (!choice.test.empty()) tests.push_back(choice.test);
  PINRIG_TRY(job, run::ready_again({choice.job_file, tests, choice.debug}, services));
  const std::string start = choice.test.empty() ? "" : run::test_command(job.spec.tests.front());
  if (c.shell) {
    if (!start.empty()) say(program, "The test, in the guest: " + start);
    return interact(job, false, program, services);
  }
  if (!start.empty()) PINRIG_CHECK(run::give_commands(job, start + "\n"));
  vm::DebugStart debug;
  if (!choice.suspect.empty()) debug.breakpoints.push_back(choice.suspect);
  const fs::path scripts = fs::path(job.spec.vmlinux).parent_path() / "vmlinux-gdb.py";
  std::error_code ec;
  if (fs::exists(scripts, ec)) debug.scripts = scripts;
  PINRIG_CHECK(vm::debug(job.spec, vm::GuestFiles{job.dir}, job.drives, debug, program.cancel,
                         [&](const std::string& line) { say(program, line); }));
  return ExitCode::ok;
}

/// The test with trace events, in a guest of its own.
Result<ExitCode> trace_test(const run::ReproChoice& choice, const std::vector<std::string>& events,
                            const job::Services& services) {
  if (choice.test.empty())
    return make_error(ErrorKind::bad_usage, "--trace: this line belongs to no test", "name a test");
  PINRIG_TRY(job, run::ready_again({choice.job_file, {choice.test}, choice.debug}, services));
  const fs::path file = job.dir / "trace.txt";
  PINRIG_TRY(trace, run::trace(std::move(job), events, services));
  for (const auto& event : trace.lacking)
    services.observer.on(
        {.kind = job::Event::Kind::warning, .task = "--trace", .text = "this kernel has no event " + event});
  PINRIG_CHECK(write_output(
      "-",
      fmt::format("{}: exit code {}, {} in {}\ntext, as tracefs prints it; trace-cmd and perf read their own "
                  "formats only\n",
                  choice.test, trace.code, count_of(run::count_events(trace), "event"), file.string())));
  return trace.code == 0 ? ExitCode::ok : ExitCode::regressions;
}

/// The test under strace, in a guest of its own.
Result<ExitCode> strace_test(const run::ReproChoice& choice, const job::Services& services) {
  if (choice.test.empty())
    return make_error(ErrorKind::bad_usage, "--strace: this line belongs to no test", "name a test");
  PINRIG_TRY(job, run::ready_again({choice.job_file, {choice.test}}, services));
  const fs::path file = job.dir / "strace.txt";
  PINRIG_TRY(trace, run::strace(std::move(job), services));
  PINRIG_CHECK(write_output(
      "-",
      fmt::format("{}: exit code {}, {} in {}\nstrace reads the test's memory by process_vm_readv(), which "
                  "pins: counts and exit code say nothing about the kernel\n",
                  choice.test, trace.code, count_of(run::count_events(trace), "line"), file.string())));
  return ExitCode::ok;
}

/// Who holds what the test leaves pinned.
Result<ExitCode> name_holders(const run::ReproChoice& choice, bool json, const job::Services& services) {
  PINRIG_TRY(end, run::find_holders(choice, services));
  const std::string dir = end.dir.string();
  PINRIG_CHECK(write_output("-", json ? holders::to_json(end.report, dir)
                                      : holders::to_text(end.report) + fmt::format("files in {}\n", dir)));
  return end.wrong ? ExitCode::regressions : ExitCode::ok;
}

/// Why an attempt that did not fail may still not speak against the run.
std::string hint(const ReproCommand& c, const run::ReproChoice& choice, const run::ReproEnd& end) {
  const bool gone = assess::steadiness(end.attempts) == assess::Steadiness::steady_green;
  if (!gone || c.before || choice.before == 0 || choice.test.empty()) return "";
  return fmt::format("In the run {} came before it in its guest: --before repeats them, too.\n",
                     count_of(static_cast<std::size_t>(choice.before), "test"));
}

/// The debug kernel of a line, and the sources that its reports are about.
struct Debugged {
  run::DebugKernels kernels;
  run::DebugKernels::Built built;
};

Result<std::optional<Debugged>> debug_kernel(const ReproCommand& c, run::ReproChoice& choice,
                                             const job::Services& services) {
  if (!c.debug) return std::optional<Debugged>();
  PINRIG_TRY(kernels, run::DebugKernels::of_run(run::run_file_of(choice), services));
  PINRIG_TRY(built, kernels.build(choice.kernel));
  choice.debug = built.artifact;
  return std::optional(Debugged{std::move(kernels), std::move(built)});
}

Result<ExitCode> repro_command(const ReproCommand& c, const Program& program) {
  std::vector<std::string> events;
  if (!c.trace.empty()) {
    PINRIG_TRY(typed, run::trace_events(c.trace));
    events = std::move(typed);
  }
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(choice, choose(c, paths, program));
  say(program, what(choice));
  std::string text;
  ExitCode code = ExitCode::ok;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, 1};
    if (c.holders) return name_holders(choice, c.json, services);
    PINRIG_TRY(debugged, debug_kernel(c, choice, services));
    if (c.shell || c.gdb) return interactive(c, choice, program, services);
    if (!events.empty()) return trace_test(choice, events, services);
    if (c.strace) return strace_test(choice, services);
    const int attempts = c.repeat > 0 ? c.repeat : c.until_fail ? 0 : 1;
    PINRIG_TRY(end, run::repro({choice, c.before, attempts, c.until_fail, c.dump}, services,
                               [&](const std::string& line) {
                                 status->on({.kind = job::Event::Kind::line, .text = line});
                               }));
    if (debugged)
      PINRIG_CHECK(run::locate_frames(debugged->built.kernel, debugged->built.artifact.vmlinux,
                                      debugged->kernels.sources(), services, end.shown.guest.facts.events));
    text = report::results_text(end.shown.results, end.shown.guest.facts.events, terminal_style(program));
    text += assess::to_text(choice.test.empty() ? "guest " + choice.guest : choice.test, end.attempts) + "\n";
    text += hint(c, choice, end) + fmt::format("files in {}\n", end.dir.string());
    for (const auto& a : end.shown.guest.attempts) {
      if (a.dump) text += report::dump_text(*a.dump, report::Painter(terminal_style(program)));
    }
    code = end.code;
  }
  PINRIG_CHECK(write_output("-", text));
  return code;
}

}  // namespace

void add_repro(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("repro", "Run a red line of a run again: the same job, once or many times");
  const auto c = std::make_shared<ReproCommand>();
  sub->add_option("run", c->run, "Run (ID, unique prefix, or last)")->capture_default_str();
  sub->add_option("test", c->line.test, "SUITE/TEST; default: the first that is not as expected");
  sub->add_option("--kernel", c->line.kernel,
                  "Another kernel of the run, by its id (base-x86_64): does it fail there, too?");
  auto* repeat = sub->add_option("--repeat", c->repeat, "Attempts; says how many of them failed")
                     ->check(whole_number(1, max_attempts));
  auto* until = sub->add_flag("--until-fail", c->until_fail,
                              "Go on until an attempt fails (with --repeat: at most so many)");
  auto* before =
      sub->add_flag("--before", c->before,
                    "Also the tests that ran before it in its guest, in a new guest for each attempt");
  sub->add_flag("--debug", c->debug,
                "On the debug kernel of that point, built if needed: its reports name file and line");
  auto* shell = sub->add_flag("--shell", c->shell, "A shell in that guest instead; runs no test");
  auto* gdb =
      sub->add_flag("--gdb", c->gdb,
                    "Start gdb with the guest, a breakpoint at the function that the kernel's report blames");
  auto* trace =
      sub->add_option("--trace", c->trace,
                      "Run the test with these trace events, into trace.txt: page_ref,block,io_uring,"
                      "syscalls, SYSTEM:EVENT");
  auto* dump = sub->add_option_function<Words>("--dump", dump_causes_into(c->dump), dump_text)
                   ->delimiter(',')
                   ->check(dump_cause());
  sub->add_option("--dump-limit", c->dump.limit_mib, dump_limit_text)
      ->capture_default_str()
      ->check(whole_number(1, max_dump_mib));
  auto* strace = sub->add_flag("--strace", c->strace, "Run the test under strace, into strace.txt");
  auto* holders =
      sub->add_flag("--holders", c->holders,
                    "Who holds the pins that it leaves: its debug kernel traces each pin with its "
                    "stack; names pages, stacks and the function to look at");
  sub->add_flag("--json", c->json, "With --holders: print JSON")->needs(holders);
  for (auto* mode : {shell, gdb, trace, strace, holders}) {
    for (auto* other : {repeat, until, before, dump}) mode->excludes(other);
  }
  strace->excludes(shell)->excludes(gdb)->excludes(trace);
  holders->excludes(shell)->excludes(gdb)->excludes(trace)->excludes(strace);
  trace->excludes(shell)->excludes(gdb);
  gdb->excludes(shell);
  sub->callback([c, &program, &action] { action = [c, &program] { return repro_command(*c, program); }; });
}

}  // namespace pinrig::cli
