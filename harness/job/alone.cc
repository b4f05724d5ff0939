// SPDX-License-Identifier: GPL-2.0
#include "job/alone.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pinrig::job {
namespace {

using model::JobOutcome;

/// What became of the test in a guest of its own, in words that follow "alone in a fresh guest".
std::string words_of(const GuestResult& alone, const std::string& test) {
  const auto row = std::find_if(alone.results.begin(), alone.results.end(), [&](const auto& r) {
    return r.verdict.test == test && r.verdict.case_name.empty();
  });
  if (alone.outcome.kind != JobOutcome::Kind::completed)
    return fmt::format("it ended that, too: {}{}", to_string(alone.outcome.kind),
                       alone.outcome.detail.empty() ? "" : ", " + alone.outcome.detail);
  if (row == alone.results.end()) return "it left no result";
  const auto& v = row->verdict;
  if (v.verdict == model::Verdict::pass) return "it passed: what ran before it may matter";
  return fmt::format("the guest survived: {}{}", to_string(v.verdict),
                     v.detail.empty() ? "" : ", " + v.detail);
}

void keep(const std::string& test, const std::string& words, GuestResult& result) {
  result.guest.problems.push_back(fmt::format("{} ended its guest; alone in a fresh guest {}", test, words));
}

/// The attempts of the second observation, numbered after those of the first.
void add_attempts(const std::string& test, const GuestResult& alone, GuestResult& result) {
  for (Attempt a : alone.guest.attempts) {
    a.number = static_cast<int>(result.guest.attempts.size()) + 1;
    a.outcome.detail =
        fmt::format("{} alone{}", test, a.outcome.detail.empty() ? "" : ": " + a.outcome.detail);
    result.guest.attempts.push_back(std::move(a));
  }
  result.guest.wall_s += alone.guest.wall_s;
}

}  // namespace

std::vector<std::string> ended_their_guest(const GuestJobResult& result,
                                           const std::vector<std::string>& excused) {
  std::vector<std::string> out;
  for (const auto& r : result.facts.records) {
    if (r.exit.kind != model::TestExit::Kind::lost) continue;
    if (std::find(excused.begin(), excused.end(), r.name) == excused.end()) out.push_back(r.name);
  }
  return out;
}

void try_alone(const ReadyJob& job, const std::vector<std::string>& excused, const Services& services,
               GuestResult& result) {
  if (result.outcome.kind == JobOutcome::Kind::cancelled) return;
  int number = 0;
  for (const auto& test : ended_their_guest(result.guest, excused)) {
    if (services.cancel.requested()) return;
    if (++number > max_alone) return keep(test, "it was not tried: two tests of this guest were", result);
    ReadyJob one = job;
    one.in_use = nullptr;
    one.dir = job.dir / fmt::format("alone-{}", number);
    std::erase_if(one.spec.tests, [&](const auto& t) { return t.name != test; });
    auto alone = run_and_judge(one, services);
    if (alone.has_error()) {
      keep(test, "it could not be tried: " + alone.error().message, result);
      continue;
    }
    if (alone->outcome.kind == JobOutcome::Kind::cancelled) return;
    keep(test, words_of(*alone, test), result);
    add_attempts(test, *alone, result);
  }
}

}  // namespace pinrig::job
