// SPDX-License-Identifier: GPL-2.0
// compare, checks, cover: what stored runs say to those who review a series.
#include <fmt/format.h>

#include <cstdio>

#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "report/review.h"
#include "run/leftovers.h"
#include "run/run_file.h"

namespace pinrig::cli {
namespace {

struct CompareCommand {
  std::string before;
  std::string now = "last";
  bool json = false;
};

Result<store::RunRow> choose(const store::Store& store, const std::string& word, const Program& program) {
  PINRIG_TRY(choice, choose_run(store, word));
  if (!choice.note.empty() && !program.quiet) std::fprintf(stderr, "%s\n", choice.note.c_str());
  return std::move(choice.run);
}

Result<ExitCode> compare_command(const CompareCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(before, choose(store, c.before, program));
  PINRIG_TRY(now, choose(store, c.now, program));
  PINRIG_TRY(text, c.json ? report::compare_runs_json(store, before, now)
                          : report::compare_runs(store, before, now, terminal_style(program)));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

Result<ExitCode> checks_command(const std::string& word, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose(store, word, program));
  PINRIG_TRY(text, report::checks(store, run));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

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
  PINRIG_TRY(run, choose(store, word, program));
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

/// A command whose only argument is a run.
void add_one(CLI::App& app, Program& program, Action& action, const char* name, const char* what,
             Result<ExitCode> (*body)(const std::string&, const Program&)) {
  auto* sub = app.add_subcommand(name, what);
  const auto word = std::make_shared<std::string>("last");
  sub->add_option("run", *word, "Run ID, unique prefix, or last")->capture_default_str();
  sub->callback(
      [word, body, &program, &action] { action = [word, body, &program] { return body(*word, program); }; });
}

}  // namespace

void add_compare(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "compare", "Compare the runs of two versions of a series: patches, results, what is still red");
  const auto c = std::make_shared<CompareCommand>();
  sub->add_option("before", c->before, "Run of the earlier version: ID, unique prefix, or last")->required();
  sub->add_option("now", c->now, "Run of the later version")->capture_default_str();
  sub->add_flag("--json", c->json, "Print JSON");
  sub->callback([c, &program, &action] { action = [c, &program] { return compare_command(*c, program); }; });
}

void add_checks(CLI::App& app, Program& program, Action& action) {
  add_one(app, program, action, "checks", "Print a run's result for each patch as JSON, for patchwork",
          checks_command);
}

void add_cover(CLI::App& app, Program& program, Action& action) {
  add_one(app, program, action, "cover", "Print what a run showed, for a cover letter", cover_command);
}

}  // namespace pinrig::cli
