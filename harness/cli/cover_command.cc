// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/cover_facts.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "report/review.h"
#include "run/leftovers.h"
#include "run/run_file.h"

namespace pinrig::cli {
namespace {

/// Page sizes and options, of the configurations that the run keeps.
Result<void> add_configs(const store::Store& store, const store::RunRow& run, report::CoverFacts& facts) {
  PINRIG_TRY(kernels, store.kernels(run.id));
  std::vector<std::string> configs;
  for (const auto& k : kernels) {
    auto config = read_file(fs::path(k.dir) / "kernel.config");
    if (config.has_error()) continue;
    const auto text = fmt::format("{} {}", model::to_string(k.arch), page_size_of(*config));
    if (std::find(facts.sizes.begin(), facts.sizes.end(), text) == facts.sizes.end())
      facts.sizes.push_back(text);
    configs.push_back(std::move(*config));
  }
  add_kernel_options(configs, facts);
  return {};
}

Result<ExitCode> cover_command(const std::string& word, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose_run(store, word, program));
  report::CoverFacts facts;
  PINRIG_CHECK(add_configs(store, run, facts));
  PINRIG_CHECK(add_proofs(paths.project, store, run, facts));
  const auto recorded = run::read_run_file(fs::path(run.dir) / "run.json");
  if (recorded.has_value()) {
    std::vector<std::string> argv{"pinrig", "run"};
    for (const auto& option : run::option_words(recorded->options)) argv.push_back(option);
    facts.repeat = shell_line(argv);
  }
  PINRIG_TRY(text, report::cover(store, run, facts));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

}  // namespace

void add_cover(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("cover", "Print what a run showed, for a cover letter");
  const auto word = std::make_shared<std::string>("last");
  sub->add_option("run", *word, "Run ID, unique prefix, or last")->capture_default_str();
  sub->callback(
      [word, &program, &action] { action = [word, &program] { return cover_command(*word, program); }; });
}

}  // namespace pinrig::cli
