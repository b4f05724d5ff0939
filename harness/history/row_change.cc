// SPDX-License-Identifier: GPL-2.0
#include "history/row_change.h"

#include <algorithm>

namespace pinrig::history {
namespace {

constexpr std::size_t long_ago = 30;

/// The verdict to compare with: that of the partner, or the newest usable one before it.
Cell usable_before(std::span<const Cell> row, std::size_t partner) {
  for (std::size_t i = partner; i < row.size(); ++i) {
    if (usable(row[i].state)) return row[i];
  }
  return {};
}

/// The same on nights not long ago: tonight it is nothing new.
bool seen_lately(std::span<const Cell> row, std::size_t partner, State state) {
  const auto end = std::min(row.size(), partner + recent);
  return std::any_of(row.begin() + static_cast<long>(partner), row.begin() + static_cast<long>(end),
                     [state](const Cell& c) { return c.state == state; });
}

/// Two reds apart from each other on the recent nights.
bool comes_and_goes(const Pattern& p) { return p.flips >= 3 && !(p.red_now && p.streak >= closing_nights); }

/// Not red for so few nights that the last red is not closed yet, or closed tonight.
bool closing(const Pattern& p, std::span<const Cell> row) {
  if (p.red_now || p.streak > closing_nights) return false;
  int seen = 0;
  for (const auto& c : row) {
    if (usable(c.state) && seen++ == p.streak) return is_red(c.state);
  }
  return false;
}

std::optional<Section> of_red(const Cell& before, const Pattern& p) {
  if (is_red(before.state)) return comes_and_goes(p) ? Section::flaky : Section::still_red;
  if (before.state == State::absent) return Section::appeared;
  return comes_and_goes(p) ? Section::flaky : Section::new_red;
}

std::optional<Section> of_green(const Cell& before, std::span<const Cell> row, const Pattern& p) {
  if (before.state == State::absent) return Section::appeared;
  // Where its absence means something, the assessment says so (State::gone).
  if (!is_red(before.state) && !closing(p, row)) return std::nullopt;
  return comes_and_goes(p) ? Section::flaky : Section::fixed;
}

std::optional<Section> of_nothing(State now, std::span<const Cell> row, std::size_t partner) {
  const State there = row[partner].state;
  if (usable(there)) {
    if (now == State::skipped && seen_lately(row, partner, State::skipped)) return std::nullopt;
    return Section::vanished;
  }
  if (now == State::unlisted) {
    if (there == State::unlisted) return Section::still_red;
    return there == State::absent ? Section::appeared : Section::new_red;
  }
  if (now != State::unusable) return std::nullopt;
  if (there == State::unusable) return Section::still_red;
  return there == State::absent ? Section::appeared : Section::vanished;
}

std::optional<Section> section_of(std::span<const Cell> row, std::size_t partner, const Cell& before,
                                  const Pattern& p) {
  switch (row[0].state) {
    case State::red:
      return of_red(before, p);
    case State::gone:
      return before.state == State::gone ? Section::still_red : Section::known_not_seen;
    case State::known:
      if (seen_lately(row, partner, State::known)) return std::nullopt;
      return before.state == State::green    ? std::optional(Section::new_known)
             : before.state == State::absent ? std::optional(Section::appeared)
                                             : std::nullopt;
    case State::green:
      return of_green(before, row, p);
    case State::absent:
    case State::skipped:
    case State::unlisted:
    case State::unusable:
      return of_nothing(row[0].state, row, partner);
  }
  return std::nullopt;
}

}  // namespace

std::optional<RowChange> change_of(std::span<const Cell> row, std::span<const Built> nights,
                                   std::size_t partner, bool harness_row) {
  std::vector<Cell> filled;
  if (harness_row) {
    filled.assign(row.begin(), row.end());
    for (std::size_t i = 0; i < filled.size(); ++i) {
      if (filled[i].state == State::absent && nights[i].tests > 0)
        filled[i] = {State::green, model::Verdict::pass};
    }
    row = filled;
  }
  const Cell before = usable_before(row, partner);
  const Pattern pattern = pattern_of(row);
  const auto section = section_of(row, partner, before, pattern);
  if (!section) return std::nullopt;
  RowChange out{*section, row[partner], row[0], 0, pattern, 0, 0};
  const bool nothing = out.from.state == State::absent || out.from.state == State::unusable;
  if (nothing && usable(before.state)) out.from = before;
  out.since = red_since(row, nights);
  for (std::size_t i = 0; i < std::min(row.size(), long_ago); ++i) {
    if (!usable(row[i].state)) continue;
    ++out.of;
    if (is_red(row[i].state)) ++out.red;
  }
  return out;
}

}  // namespace pinrig::history
