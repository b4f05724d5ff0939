// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "bisect/signature.h"
#include "bisect/tally.h"
#include "bisection/boot.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"

namespace pinrig::cli {
namespace {

struct StepCommand {
  std::string test;
  std::string repo = ".";
  std::string rev = "HEAD";
  std::string red;
  std::string spec = "default";
  model::Arch arch = model::Arch::x86_64;
  int runs = 4;
  int jobs = usable_cpus();
};

run::RunOptions step_options(const StepCommand& c) {
  run::RunOptions o;
  o.spec = c.spec;
  o.archs = {c.arch};
  o.tests = {bisect::test_name(c.test).test};
  o.purpose = "step";
  o.repeat = c.runs;
  o.revision = {fs::absolute(c.repo).lexically_normal().string(), c.rev};
  return o;
}

/// Without a signature any red of the test or case is the red.
bisect::Answer judge_step(const StepCommand& c, const std::optional<bisect::Signature>& red,
                          const bisect::TestFacts& facts) {
  const auto name = bisect::test_name(c.test);
  if (red) return bisect::judge(*red, facts);
  const auto own = bisect::signature_of(name.test, name.case_name, facts);
  bisect::Signature any;
  any.test = name.test;
  any.case_name = name.case_name;
  return bisect::judge(own.value_or(any), facts);
}

/// Boots once more when harness or machine failed.
Result<bisection::Booted> boot_step(const StepCommand& c, const job::Services& services,
                                    run::Status& status) {
  const auto options = step_options(c);
  PINRIG_TRY(first, bisection::boot_point(options, services, [&] { status.tick(); }));
  if (first.none != bisect::Seen::infra) return first;
  return bisection::boot_point(options, services, [&] { status.tick(); });
}

Result<ExitCode> test_commit(const StepCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  std::optional<bisect::Signature> red;
  if (!c.red.empty()) {
    PINRIG_TRY(signature, bisect::signature_from_line(c.red));
    red = std::move(signature);
  }
  bisection::Booted booted;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, c.jobs};
    PINRIG_TRY(done, boot_step(c, services, *status));
    booted = std::move(done);
  }
  std::vector<bisect::Seen> seen;
  std::string words;
  for (const auto& facts : booted.facts) seen.push_back(judge_step(c, red, facts).seen);
  if (booted.none) seen.push_back(*booted.none);
  for (const auto s : seen) words += fmt::format(" {}", to_string(s));
  PINRIG_CHECK(write_output("-", fmt::format("{} at {}:{}{}\n", c.test, c.rev, words,
                                             booted.why.empty() ? "" : ": " + booted.why)));
  return bisection::step_code(bisect::state_of_runs(seen));
}

/// An error is no answer about the commit, whatever its kind.
Result<ExitCode> step_command(const StepCommand& c, const Program& program) {
  auto code = test_commit(c, program);
  if (code.has_value()) return code;
  if (code.error().kind == ErrorKind::cancelled) return code.error();
  std::fputs(error_text(code.error()).c_str(), stderr);
  return ExitCode::step_abort;
}

}  // namespace

void add_step(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "step",
      "Test what is checked out in a clone of Linux, for `git bisect run pinrig step --test SUITE/TEST`");
  const auto c = std::make_shared<StepCommand>();
  sub->add_option("-t,--test", c->test, "SUITE/TEST or SUITE/TEST:CASE")->required();
  sub->add_option("--git", c->repo, "The clone")->capture_default_str();
  sub->add_option("--rev", c->rev, "The commit")->capture_default_str();
  sub->add_option(
      "--red", c->red,
      "The red, as `signature` of a bisect.log has it: 'verdict bio/dio_rw leak +'; another red is a "
      "skip; default: any red of the test");
  sub->add_option("--runs", c->runs, "Runs of the test, in one guest")
      ->check(whole_number(1, 64))
      ->capture_default_str();
  add_arch_option(*sub, c->arch);
  sub->add_option("--run", c->spec, "Run file that names fragments and machine")->capture_default_str();
  add_jobs_option(*sub, c->jobs);
  sub->callback([c, &program, &action] { action = [c, &program] { return step_command(*c, program); }; });
}

}  // namespace pinrig::cli
