// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/baseline.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

struct BaselineCommand {
  std::string name;
  std::string run = "last";
  std::string note;
  bool json = false;
};

bool is_name(const std::string& word) {
  static constexpr const char* good = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
  return !word.empty() && word.size() <= 100 && word.find_first_not_of(good) == std::string::npos &&
         word.find_first_of("._+-") != 0 && word != "last";
}

Result<ExitCode> set_command(const BaselineCommand& c, const Program& program) {
  if (!is_name(c.name))
    return make_error(ErrorKind::bad_usage, fmt::format("baseline '{}': not a name", shown(c.name)),
                      "letters, digits and . _ + -, beginning with a letter or digit; not 'last'");
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose_run(store, c.run, program));
  if (run.state != store::RunState::finished)
    return make_error(
        ErrorKind::bad_usage,
        fmt::format("run {} is {}: a baseline is a run that finished", run.id, store::to_string(run.state)),
        fmt::format("`pinrig run --resume {}` finishes an interrupted one", run.id));
  PINRIG_CHECK(store.set_baseline({c.name, run.id, "", c.note}));
  PINRIG_CHECK(write_output("-", fmt::format("baseline {} is run {}\n", c.name, run.id)));
  return ExitCode::ok;
}

Result<ExitCode> list_command(const BaselineCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(all, store.baselines());
  auto list = nlohmann::json::array();
  std::string text;
  for (const auto& b : all) {
    PINRIG_TRY(run, store.find_run(b.run_id));
    const bool there = run && run->id == b.run_id;
    list.push_back(
        {{"name", b.name}, {"run", b.run_id}, {"created", b.created}, {"note", b.note}, {"gone", !there}});
    text += fmt::format("{:<16}  {}  {}{}{}\n", b.name, b.run_id, b.created,
                        there ? fmt::format("  {} on {}", run->spec, run->base) : "  its run is gone",
                        b.note.empty() ? "" : "  " + shown(b.note));
  }
  if (c.json)
    text = nlohmann::json{{"format", "pinrig-baselines"}, {"version", 1}, {"baselines", list}}.dump(2) + "\n";
  else if (text.empty())
    text = "no baseline; `pinrig baseline set NAME RUN` names a run\n";
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

Result<ExitCode> drop_command(const BaselineCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(dropped, store.drop_baseline(c.name));
  if (dropped) return ExitCode::ok;
  PINRIG_TRY(all, store.baselines());
  std::vector<std::string> names;
  for (const auto& b : all) names.push_back(b.name);
  return make_error(ErrorKind::bad_usage,
                    fmt::format("no baseline '{}'{}", shown(c.name), did_you_mean(c.name, names)),
                    "`pinrig baseline list` lists them");
}

}  // namespace

Result<Partner> choose_partner(const store::Store& store, const std::string& word, const Program& program) {
  PINRIG_TRY(all, store.baselines());
  const auto named = std::find_if(all.begin(), all.end(), [&](const auto& b) { return b.name == word; });
  if (named == all.end()) {
    auto run = choose_run(store, word, program);
    if (run.has_error()) return std::move(run).error().with_context("--against");
    return Partner{std::move(*run), ""};
  }
  PINRIG_TRY(run, store.find_run(named->run_id));
  if (run && run->id == named->run_id) return Partner{std::move(*run), named->name};
  return make_error(
      ErrorKind::bad_usage,
      fmt::format("--against {}: run {} of this baseline is no longer in the store", word, named->run_id),
      fmt::format("`pinrig baseline set {} RUN` names another run, `pinrig baseline drop {}` forgets it",
                  word, word));
}

void add_baseline(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("baseline", "Name runs that others are compared with");
  sub->require_subcommand(1);
  const auto c = std::make_shared<BaselineCommand>();
  auto* set = sub->add_subcommand("set", "Name a finished run; replaces an earlier baseline of that name");
  set->add_option("name", c->name, "For example release")->required();
  set->add_option("run", c->run, "Run ID, unique prefix, or last")->capture_default_str();
  set->add_option("--note", c->note, "Why this one; shown in the list");
  set->callback([c, &program, &action] { action = [c, &program] { return set_command(*c, program); }; });
  auto* list = sub->add_subcommand("list", "List the baselines with their runs");
  list->add_flag("--json", c->json, "As JSON");
  list->callback([c, &program, &action] { action = [c, &program] { return list_command(*c, program); }; });
  auto* drop = sub->add_subcommand("drop", "Forget a baseline; its run stays");
  drop->add_option("name", c->name, "Its name")->required();
  drop->callback([c, &program, &action] { action = [c, &program] { return drop_command(*c, program); }; });
}

}  // namespace pinrig::cli
