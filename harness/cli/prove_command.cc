// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"
#include "prove/prove.h"

namespace pinrig::cli {
namespace {

struct ProveCommand {
  prove::ProveOptions options;
  int jobs = usable_cpus();
};

std::string table(const prove::ProveEnd& end) {
  std::size_t test = 4;
  std::size_t fault = 5;
  for (const auto& p : end.tests) {
    test = std::max(test, p.test.size());
    fault = std::max(fault, p.fault.size());
  }
  std::string out =
      fmt::format("{:<{}}  {:<{}}  {:<4}  {:<5}\n", "test", test, "fault", fault, "red", "green");
  std::size_t held = 0;
  for (const auto& p : end.tests) {
    held += p.holds() ? 1 : 0;
    std::string line = fmt::format("{:<{}}  {:<{}}  {:<4}  {:<5}  {}", p.test, test, p.fault, fault,
                                   p.red ? "yes" : "NO", p.green ? "yes" : "NO", p.remark);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (!p.oracle.empty()) out += "    by " + p.oracle + "\n";
  }
  return out + fmt::format("{} of {} proofs hold\n", held, end.tests.size());
}

Result<ExitCode> prove_command(const ProveCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  prove::ProveEnd end;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, c.jobs};
    PINRIG_TRY(e, prove::prove(c.options, services, [&] { status->tick(); }));
    end = std::move(e);
  }
  PINRIG_CHECK(write_output("-", table(end)));
  return end.code;
}

}  // namespace

void add_prove(CLI::App& app, Program& program, Action& action) {
  auto* sub =
      app.add_subcommand("prove",
                         "Run tests with the fault that each names (`proof:` in suite.yaml) and without: "
                         "each must fail with the fault and pass without it");
  const auto c = std::make_shared<ProveCommand>();
  c->options.spec = "full";
  c->options.seed = "1";
  sub->add_option(
      "test", c->options.tests,
      "Suites or tests, as for `run --test`; default: the tests of the run file that have a proof");
  add_arch_option(*sub, c->options.arch);
  sub->add_option("--run", c->options.spec, "Run file that names fragments, machine, base and tests")
      ->capture_default_str();
  sub->add_option("--sample", c->options.sample, "Carry out a random sample of this many proofs")
      ->check(whole_number(1, 10000));
  sub->add_option("--seed", c->options.seed, "Random seed of the sample")->capture_default_str();
  add_jobs_option(*sub, c->jobs);
  sub->callback([c, &program, &action] { action = [c, &program] { return prove_command(*c, program); }; });
}

}  // namespace pinrig::cli
