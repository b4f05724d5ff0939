// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "report/review.h"
#include "run/leftovers.h"
#include "run/run_file.h"

namespace pinrig::cli {
namespace {

/// "aarch64 16 KiB": of the configurations that the run keeps.
Result<std::vector<std::string>> page_sizes(const store::Store& store, const store::RunRow& run) {
  PINRIG_TRY(kernels, store.kernels(run.id));
  std::vector<std::string> out;
  for (const auto& k : kernels) {
    const auto config = read_file(fs::path(k.dir) / "kernel.config");
    if (config.has_error()) continue;
    const auto has = [&](const char* symbol) { return config->find(symbol) != std::string::npos; };
    const char* size = has("CONFIG_ARM64_64K_PAGES=y\n")   ? "64 KiB"
                       : has("CONFIG_ARM64_16K_PAGES=y\n") ? "16 KiB"
                                                           : "4 KiB";
    const auto text = fmt::format("{} {}", model::to_string(k.arch), size);
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
  }
  return out;
}

Result<ExitCode> cover_command(const std::string& word, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose_run(store, word, program));
  PINRIG_TRY(sizes, page_sizes(store, run));
  report::CoverFacts facts{.repeat = {}, .sizes = std::move(sizes)};
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
