// SPDX-License-Identifier: GPL-2.0
// What is new on a night: its rows against those of an earlier one. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "history/line.h"
#include "history/numbers.h"
#include "history/pattern.h"

namespace pinrig::history {

/// In the order of the report.
enum class Section {
  new_red,         ///< red, and the partner was not; no known issue explains it
  new_known,       ///< the same with a known issue
  fixed,           ///< not red any more: closed after `closing_nights`, until then counted
  known_not_seen,  ///< a known issue that has to show on an unpatched kernel does not
  still_red,
  flaky,     ///< red twice on the recent nights, and not in between
  appeared,  ///< no night before has a usable verdict of it: a red one is not called a regression
  vanished,  ///< the partner tested it; now it is skipped, missing, an error or not planned
};
inline constexpr std::array sections{Section::new_red,        Section::new_known, Section::fixed,
                                     Section::known_not_seen, Section::still_red, Section::flaky,
                                     Section::appeared,       Section::vanished};
const char* to_string(Section section);   ///< for JSON: "new_red"
const char* heading_of(Section section);  ///< "NEW RED"
/// A line in it makes exit code 1.
inline bool is_alarm(Section s) {
  return s == Section::new_red || s == Section::known_not_seen || s == Section::vanished;
}

/// A test, with those of its cases that changed alike, in the columns in which it did.
struct Finding {
  Section section = Section::new_red;
  std::string test;                  ///< empty: it is about the column as a whole
  std::vector<std::string> cases;    ///< empty: the test itself
  std::vector<std::size_t> columns;  ///< indices, in the order of the line
  std::string from;                  ///< "pass"; "" where there was nothing
  std::string to;                    ///< "leak"; "not planned"
  std::string text;                  ///< of a column: why; else empty
  std::size_t since = 0;             ///< index of the night on which the red began
  int red = 0;                       ///< of the last `of` usable verdicts (30 at most)
  int of = 0;
  int streak = 0;  ///< newest usable verdicts that are alike
  bool red_now = false;
};

struct Delta {
  std::optional<std::size_t> partner;  ///< index of the night compared with; nothing: there is none
  std::vector<Finding> findings;       ///< by section, then in the order of columns and names
  std::vector<NumberChange> numbers;   ///< of tests that are green on both
  std::vector<std::string> notes;      ///< what could not be compared
  int compared = 0;                    ///< rows with a usable verdict on both nights

  /// Exit code 1: a section that is an alarm has a line.
  bool alarms() const;
};

/// Night 0 of the line against `partner`. Where the partner's verdict of a row says nothing (an error, a
/// kernel that was not built) the newest one before it counts.
Delta delta(const Line& line, std::optional<std::size_t> partner, const Measures& measures = {});

/// The night to compare night 0 with, unless one is named: the newest before it with a usable verdict in a
/// column of night 0. Nothing: there is none.
std::optional<std::size_t> default_partner(const Line& line);

}  // namespace pinrig::history
