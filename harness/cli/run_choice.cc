// SPDX-License-Identifier: GPL-2.0
#include "cli/run_choice.h"

#include <fmt/format.h>

#include <cstdio>

namespace pinrig::cli {
namespace {

constexpr int max_runs = 1000;

}  // namespace

std::optional<RunChoice> last_of(const std::vector<store::RunRow>& runs) {
  const store::RunRow* going_on = nullptr;
  const store::RunRow* proof = nullptr;
  for (const auto& r : runs) {
    if (r.state == store::RunState::running) {
      if (going_on == nullptr) going_on = &r;
    } else if (!r.purpose.empty()) {
      if (proof == nullptr) proof = &r;
    } else {
      RunChoice out{r, ""};
      if (going_on != nullptr)
        out.note =
            fmt::format("run {} is still running; this is the last one that ended, {}", going_on->id, r.id);
      return out;
    }
  }
  if (going_on != nullptr) return RunChoice{*going_on, fmt::format("run {} is still running", going_on->id)};
  if (proof != nullptr)
    return RunChoice{*proof, fmt::format("run {} belongs to `pinrig {}`", proof->id, proof->purpose)};
  return std::nullopt;
}

Result<RunChoice> choose_run(const store::Store& store, const std::string& word) {
  if (word == "last") {
    PINRIG_TRY(runs, store.runs(max_runs));
    if (auto last = last_of(runs)) return std::move(*last);
    return make_error(ErrorKind::bad_usage, "no run yet", "start one with `pinrig run`");
  }
  PINRIG_TRY(run, store.find_run(word));
  if (!run) return make_error(ErrorKind::bad_usage, "no run " + word, "`pinrig list` lists the runs");
  return RunChoice{std::move(*run), ""};
}

Result<store::RunRow> choose_run(const store::Store& store, const std::string& word, const Program& program) {
  PINRIG_TRY(choice, choose_run(store, word));
  if (!choice.note.empty() && !program.quiet) std::fprintf(stderr, "%s\n", choice.note.c_str());
  return std::move(choice.run);
}

}  // namespace pinrig::cli
