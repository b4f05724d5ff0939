// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/program.h"
#include "gc/gc.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

struct GcWords {
  std::optional<int> keep;
  std::optional<double> older;
  std::optional<std::uint64_t> max_size;
  bool dry_run = false;
};

std::string list(const std::vector<gc::Choice>& choices, const char* verb) {
  std::string out;
  for (const auto& c : choices)
    out += fmt::format("{} {:<16} {:>10}  {}: {}{}\n", verb, to_string(c.item.kind),
                       human_bytes(c.item.bytes), c.item.name, c.why,
                       c.breaks_repro ? "; repro.sh of " + join(c.item.needed_by, ", ") + " needs it" : "");
  return out;
}

Result<ExitCode> gc_command(const GcWords& words, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(items, gc::take_inventory(paths, store));
  const gc::Policy policy{words.keep, words.older, words.max_size};
  const auto choices = gc::choose(items, policy, std::time(nullptr));
  if (words.dry_run) {
    std::uintmax_t bytes = 0;
    for (const auto& c : choices) bytes += c.item.bytes;
    PINRIG_CHECK(write_output(
        "-", list(choices, "would remove") +
                 fmt::format("would free {}; current use: {}\n", human_bytes(bytes), gc::totals(items))));
    return ExitCode::ok;
  }
  PINRIG_TRY(removed, gc::collect(paths, store, choices));
  PINRIG_TRY(left, gc::take_inventory(paths, store));
  std::string text = list(removed.gone, "removed") + list(removed.busy, "in use: kept");
  text += fmt::format("freed {}; remaining: {}\n", human_bytes(removed.bytes), gc::totals(left));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

}  // namespace

void add_gc(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "gc",
      "Remove old runs, kernels and worktrees; without options, only what killed runs left behind. Keeps "
      "running runs, and what repro.sh of a kept run needs (unless --max-size forces it)");
  const auto words = std::make_shared<GcWords>();
  auto* how = sub->add_option_group("how much");
  how->add_option("--keep", words->keep, "Keep the newest N runs")->check(whole_number(0, 1000000));
  how->add_option("--older", words->older, "Remove what is older than this many days")
      ->check(number(0, 100000));
  how->add_option("--max-size", words->max_size,
                  "Remove the oldest until the rest fits in this size, for example 20G or 500M")
      ->transform(size_in_bytes());
  how->require_option(0, 1);
  sub->add_flag("--dry-run", words->dry_run, "Only print what would be removed");
  sub->callback(
      [words, &program, &action] { action = [words, &program] { return gc_command(*words, program); }; });
}

}  // namespace pinrig::cli
