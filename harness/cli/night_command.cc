// SPDX-License-Identifier: GPL-2.0
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <fstream>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/program.h"
#include "job/repro.h"
#include "night/night.h"
#include "process/process.h"
#include "run/leftovers.h"
#include "spec/night.h"

namespace pinrig::cli {
namespace {

constexpr const char* night_exit_codes = R"(
Exit codes: 0 nothing new that is bad · 1 something new is red or gone · 3 a step could not build or apply ·
4 the machine or pinrig failed, a step was omitted or cut off, or another night is going on · 2 bad usage,
or the night's file is wrong · 130 interrupted: the same command goes on. Of several 130, 1, 3, 4, 2, in
this order.
)";

struct NightCommand {
  std::string spec = "default";
  bool dry_run = false;
  bool fresh = false;
  bool go_on = false;
  std::optional<std::uint32_t> seed;
};

/// HEAD of the project; empty where it is no checkout.
std::string commit_of(const Paths& paths, const Program& program) {
  const process::Command git{.argv = {"git", "-C", paths.project.string(), "rev-parse", "--verify", "HEAD"}};
  const auto done = process::run(git, program.cancel);
  return done.has_value() && process::succeeded(done->status) ? std::string(trim(done->out)) : "";
}

/// Appends to the log what the step prints, so that a second attempt keeps that of the first.
Result<night::StepEnd> execute(const Paths& paths, const Program& program,
                               const std::vector<std::string>& words, const fs::path& log, double limit_s) {
  process::Command c{.argv = {job::own_program().string()}};
  c.argv.insert(c.argv.end(), words.begin(), words.end());
  c.env = {{"PINRIG_PROJECT", paths.project.string()},
           {"PINRIG_STATE", paths.state.string()},
           {"PINRIG_CACHE", paths.cache.string()}};
  c.deadline = Deadline::after(Seconds(limit_s));
  std::ofstream out(log, std::ios::app);
  const auto sink = [&](std::string_view text) {
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.flush();
  };
  PINRIG_TRY(done, process::run(c, program.cancel, {.out = sink, .err = sink, .in = {}}));
  if (std::holds_alternative<process::Cancelled>(done.status))
    return make_error(ErrorKind::cancelled, "interrupted", "the same command goes on with this night");
  const auto* exited = std::get_if<process::Exited>(&done.status);
  if (exited != nullptr && exited->code == static_cast<int>(ExitCode::interrupted) &&
      program.cancel.requested())
    return make_error(ErrorKind::cancelled, "interrupted", "the same command goes on with this night");
  night::StepEnd end;
  if (exited != nullptr) end.code = exited->code;
  end.cut_off = std::holds_alternative<process::TimedOut>(done.status);
  return end;
}

night::Host host_of(const Paths& paths, const Program& program) {
  night::Host host;
  host.execute = [&](const auto& words, const auto& log, double limit) {
    return execute(paths, program, words, log, limit);
  };
  host.now = [] { return static_cast<std::int64_t>(std::time(nullptr)); };
  host.free_bytes = [&] { return free_bytes(paths.state); };
  host.say = [&](const std::string& line) {
    if (!program.quiet) std::fprintf(stderr, "night: %s\n", line.c_str());
  };
  return host;
}

/// The lock of the nights of this state.
Result<FileLock> only_night(const Paths& paths) {
  PINRIG_CHECK(make_dirs(paths.state / "nights"));
  const fs::path file = paths.state / "nights" / "lock";
  PINRIG_TRY(lock, FileLock::try_acquire(file));
  if (lock) return lock;
  return make_error(ErrorKind::infra, "another night is going on: " + to_string(lock_holder(file)),
                    "two at once would share the machine, and neither would have its time; wait for its end");
}

Result<ExitCode> finish(const night::NightRecord& record, const fs::path& folder, const Paths& paths,
                        const Program& program) {
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(steps, night::report_on(record, store));
  report::Style plain;
  PINRIG_CHECK(write_file_atomic(folder / "summary.txt", night::night_text(record, steps, plain)));
  PINRIG_CHECK(write_file_atomic(folder / "mail.txt", night::mail_text(record, steps)));
  for (const auto& s : steps) {
    if (s.delta)
      PINRIG_CHECK(write_file_atomic(folder / (s.step.name + ".delta.json"), report::delta_json(*s.delta)));
  }
  PINRIG_CHECK(write_output("-", night::night_text(record, steps, terminal_style(program))));
  if (!program.quiet) PINRIG_CHECK(write_output("-", "written to " + folder.string() + "\n"));
  return night::code_of(steps);
}

Result<ExitCode> night_command(const NightCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(spec, spec::load_night(paths.project, c.spec));
  PINRIG_TRY(nights, night::load_all(paths.state));
  for (const auto& line : nights.unreadable) std::fprintf(stderr, "pinrig: %s\n", shown(line).c_str());
  const auto past = night::past_of(nights.all, spec.name);
  const auto host = host_of(paths, program);
  const auto now = host.now();
  const std::string commit = commit_of(paths, program);
  auto record = c.fresh ? std::nullopt : night::unfinished(nights.all, spec, now);
  const bool goes_on = record.has_value();
  if (!record)
    record = night::plan_night(spec, past, fmt::format("{:%Y%m%d-%H%M%S}", fmt::gmtime(now)), now, commit,
                               c.seed.value_or(night::seed_of(commit)));
  if (c.dry_run) {
    PINRIG_CHECK(write_output("-", night::plan_text(*record, past)));
    return ExitCode::ok;
  }
  if (c.go_on && !goes_on) {
    host.say("no night to go on with");
    return ExitCode::ok;
  }
  PINRIG_TRY(lock, only_night(paths));
  if (goes_on) host.say("going on with night " + record->id);
  const fs::path folder = night::folder_of(paths.state, record->id);
  PINRIG_CHECK(night::carry_out(spec, *record, paths, past, folder, host));
  return finish(*record, folder, paths, program);
}

}  // namespace

void add_night(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "night", "Carry out the steps of a night, go on with one that was killed, and report what is new");
  const auto c = std::make_shared<NightCommand>();
  sub->add_option("night", c->spec, "A name in configs/nights, or a path")->capture_default_str();
  sub->add_flag("--dry-run", c->dry_run, "Print the steps in their order, and do nothing");
  auto* fresh = sub->add_flag("--fresh", c->fresh, "Begin a new night, whatever became of the last one");
  sub->add_flag("--continue", c->go_on,
                "Only go on with a night that did not end; for the start of a machine")
      ->excludes(fresh);
  sub->add_option("--seed", c->seed,
                  "Seed of random tests (default: the first 8 digits of the project's commit)");
  sub->footer(night_exit_codes);
  sub->callback([c, &program, &action] { action = [c, &program] { return night_command(*c, program); }; });
}

}  // namespace pinrig::cli
