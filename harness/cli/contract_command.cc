// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"
#include "report/contract.h"
#include "run/leftovers.h"
#include "spec/spec.h"

namespace pinrig::cli {
namespace {

struct ContractCommand {
  std::string run;
  std::string user;
  std::string obligation;
  std::string memory;
  report::KernelChoice kernels;
  bool json = false;
  bool markdown = false;
  bool list = false;
  std::string output = "-";
};

constexpr int newest_runs = 500;  ///< of the store

Result<std::vector<store::RunRow>> runs_of(const ContractCommand& c, const store::Store& store) {
  if (c.run.empty()) return store.runs(newest_runs);
  PINRIG_TRY(run, store.find_run(c.run));
  if (!run) return make_error(ErrorKind::bad_usage, "no run " + c.run, "`pinrig list` lists the runs");
  return std::vector<store::RunRow>{std::move(*run)};
}

Result<ExitCode> contract_command(const ContractCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(contract, spec::load_contract(paths.project));
  PINRIG_TRY(view, report::contract_view(contract, c.user, c.obligation, c.memory));
  if (c.list) {
    PINRIG_CHECK(write_output(c.output, report::contract_list(contract, view)));
    return ExitCode::ok;
  }
  if (!c.kernels.base.empty()) PINRIG_CHECK(spec::load_base(paths.project, c.kernels.base));
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(runs, runs_of(c, store));
  PINRIG_TRY(matrix, report::contract_matrix(contract, store, runs, c.kernels));
  std::string text;
  if (c.json)
    text = report::contract_json(matrix, view);
  else if (c.markdown)
    text = report::contract_markdown(matrix, view);
  else
    text = report::contract_terminal(matrix, view, terminal_style(program));
  PINRIG_CHECK(write_output(c.output, text));
  return ExitCode::ok;
}

}  // namespace

void add_contract(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "contract", "Users of pins x what each owes x kinds of memory, with the verdicts of stored runs");
  const auto c = std::make_shared<ContractCommand>();
  sub->add_option("run", c->run, "Run to read; default: the newest result of each cell in the store");
  sub->add_option("--user", c->user, "Only this user: its obligations x memory, with the reasons");
  sub->add_option("--obligation", c->obligation, "Only this obligation: users x memory");
  sub->add_option("--memory", c->memory, "Only this kind of memory: users x obligations");
  sub->add_option("-b,--base", c->kernels.base, "Only kernels of this base");
  add_arch_option(*sub, c->kernels.arch, "Only kernels of this architecture: x86_64 or aarch64");
  auto* list = sub->add_flag("--list", c->list, "Print the cells, without results");
  auto* json = sub->add_flag("--json", c->json, "Print JSON")->excludes(list);
  sub->add_flag("--markdown", c->markdown, "Print a Markdown table")->excludes(list)->excludes(json);
  sub->add_option("-o,--output", c->output, "File to write to")->capture_default_str();
  sub->callback([c, &program, &action] { action = [c, &program] { return contract_command(*c, program); }; });
}

}  // namespace pinrig::cli
