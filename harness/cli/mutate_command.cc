// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"
#include "mutate/run.h"

namespace pinrig::cli {
namespace {

struct MutateCommand {
  mutate::MutateOptions options;
  std::vector<std::string> operators;
  model::Arch arch = model::Arch::x86_64;
  int jobs = usable_cpus();
  bool list = false;
  std::string json;
  std::string markdown;
};

std::string listing(const std::vector<model::Mutant>& mutants) {
  std::string out;
  for (const auto& m : mutants) out += mutate::to_text(m);
  return out;
}

// Mutants that nothing noticed are findings about the tests.
ExitCode mutate_code(const mutate::MutationRun& run) {
  const auto all = mutate::counts_of(run.outcomes).back();
  if (all.failed > 0) return ExitCode::harness;
  const bool not_shown = static_cast<int>(run.outcomes.size()) < run.chosen;
  return all.survived + all.never_reached > 0 || not_shown || !run.differs.empty() ? ExitCode::regressions
                                                                                   : ExitCode::ok;
}

Result<ExitCode> mutate_and_report(const MutateCommand& c, const job::Services& services,
                                   run::Status& status) {
  PINRIG_TRY(run, c.options.stored ? mutate::stored_mutants(c.options, services)
                                   : mutate::run_mutants(c.options, services, [&] { status.tick(); }));
  if (!c.json.empty()) PINRIG_CHECK(write_output(c.json, mutate::to_json(run)));
  if (!c.markdown.empty()) PINRIG_CHECK(write_output(c.markdown, mutate::to_markdown(run)));
  if (c.json != "-" && c.markdown != "-") PINRIG_CHECK(write_output("-", mutate::to_text(run)));
  return mutate_code(run);
}

Result<ExitCode> mutate_command(MutateCommand c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  for (const auto& name : c.operators) c.options.operators.push_back(*model::mutation_op_from_string(name));
  c.options.run.archs = {c.arch};
  const auto status = run::make_status(program.verbosity());
  const job::Services services{paths, program.cancel, *status, c.jobs};
  if (!c.list) return mutate_and_report(c, services, *status);
  PINRIG_TRY(inputs, run::load_inputs(paths.project, c.options.run));
  PINRIG_TRY(sources, run::fetch_sources(inputs, services));
  PINRIG_TRY(set, mutate::find_mutants(c.options, inputs, sources, services));
  auto chosen = mutate::chosen(set, c.options);
  std::sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::string text = listing(chosen) + "\n";
  for (const auto& file : set.files) {
    const auto n =
        std::count_if(chosen.begin(), chosen.end(), [&](const auto& m) { return m.file == file.path; });
    if (n > 0) text += fmt::format("{:>5}  {}\n", n, file.path);
  }
  for (const auto& note : set.notes) text += note + "\n";
  text += fmt::format("{} in {}\n", count_of(chosen.size(), "mutant"), count_of(set.files.size(), "file"));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

CLI::Validator operator_name() {
  std::vector<std::string> names;
  for (const auto op : model::all_mutation_ops()) names.emplace_back(to_string(op));
  return CLI::Validator(
      [names](const std::string& word) -> std::string {
        if (model::mutation_op_from_string(word)) return "";
        return fmt::format("no such operator '{}'{}; known: {}", word, did_you_mean(word, names),
                           join(names, ", "));
      },
      "OPERATOR");
}

}  // namespace

void add_mutate(CLI::App& app, Program& program, Action& action) {
  auto* sub =
      app.add_subcommand("mutate",
                         "Make small faults in the code that pins pages, one kernel with all of them, "
                         "and see which the tests notice");
  const auto c = std::make_shared<MutateCommand>();
  c->options.run.spec = mutate::usual_run;
  sub->add_option("--base", c->options.run.base,
                  "Base to mutate (a name in kernels/); default: the run file's");
  add_arch_option(*sub, c->arch);
  sub->add_option("--series", c->options.series,
                  "Only mutants on lines that this series adds or changes, on a kernel with the series");
  sub->add_option("--file", c->options.files,
                  "Files of the kernel, globs; default: kernels/mutate/files.yaml, or those of the series")
      ->allow_extra_args(false);
  sub->add_option("--function", c->options.functions, "Run only mutants in these functions, globs")
      ->allow_extra_args(false);
  sub->add_option("--operator", c->operators, "Run only mutants of these operators")
      ->check(operator_name())
      ->allow_extra_args(false);
  sub->add_option("--mutant", c->options.numbers, "Run only the mutant with this number")
      ->allow_extra_args(false);
  sub->add_option("--sample", c->options.sample, "Run only this many mutants, chosen at random")
      ->check(whole_number(1, 10000));
  sub->add_option(
         "--seed", c->options.seed,
         "Of the random order in which mutants are run; a smaller sample is the beginning of a larger one")
      ->check(whole_number(1, 1000000))
      ->capture_default_str();
  sub->add_option("--budget", c->options.budget_s,
                  "Seconds of tests for a mutant that none of them notices, the most different first")
      ->check(whole_number(1, 100000))
      ->capture_default_str();
  sub->add_option("--test", c->options.run.tests, "Suites or tests to ask, as for `run --test`")
      ->allow_extra_args(false);
  sub->add_option("--run", c->options.run.spec, "Run file that names fragments, machine, base and tests")
      ->capture_default_str();
  sub->add_flag("--list", c->list, "Only list the mutants");
  sub->add_flag("--stored", c->options.stored, "Only report what earlier runs have stored")
      ->excludes("--list");
  sub->add_option("--json", c->json, "Also write everything as JSON to this file (- for stdout)");
  sub->add_option("--markdown", c->markdown, "Also write the table and the survivors as Markdown");
  add_jobs_option(*sub, c->jobs);
  sub->callback([c, &program, &action] { action = [c, &program] { return mutate_command(*c, program); }; });
}

}  // namespace pinrig::cli
