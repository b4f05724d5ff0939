// SPDX-License-Identifier: GPL-2.0
// Runs of one line compared: what is new, tests × nights, the history of one test. What is compared
// is decided in history/; this loads it and writes it down.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "history/delta.h"
#include "history/grid.h"
#include "report/report.h"

namespace pinrig::report {

/// Runs of a line that are read at most.
inline constexpr int most_nights = 500;

/// A line with what leads back to the store.
struct NightData {
  history::Line line;
  std::vector<store::RunRow> runs;         ///< of its nights
  std::vector<store::GuestColumn> guests;  ///< of all nights
  std::vector<std::size_t> column_of;      ///< of each guest: index into the columns
  std::string other_line;                  ///< why the partner is no night of this line; empty: it is one
};

/// The same for a delta, unless its partner is older: what began before them is "or earlier".
inline constexpr int delta_nights = 120;

/// The line of a run, which is its night 0.
Result<NightData> load_line(const store::Store& store, const store::RunRow& run, int limit = most_nights);

/// A delta with what its text needs of the store.
struct DeltaReport {
  NightData data;
  history::Delta delta;
  std::vector<std::string> details;  ///< of each finding: what was seen; may be empty
  std::string partner_name;          ///< of a baseline; empty: it is a run
};

/// `against`: the run to compare with; nullptr: the newest comparable night before it. bad_usage when both
/// have no kernel in common, or are one run.
Result<DeltaReport> load_delta(const store::Store& store, const store::RunRow& run,
                               const store::RunRow* against, const std::string& partner_name = {});

std::string delta_text(const DeltaReport& report, const Style& style);
/// One line: "2 new red, 1 fixed, 3 still red against 20261130-021502".
std::string delta_sentence(const DeltaReport& report);
/// {"format": "pinrig-delta", "version": 1, ...}; keys are documented in README.md.
std::string delta_json(const DeltaReport& report);

std::string grid_text(const NightData& data, const history::Grid& grid, const Style& style);
/// {"format": "pinrig-grid", "version": 1, ...}
std::string grid_json(const NightData& data, const history::Grid& grid);

/// A test, or a case of it, on every night of a line.
struct TestHistory {
  std::string test;
  std::string case_name;
  struct Entry {
    std::size_t night = 0;
    std::size_t column = 0;
    model::AssessedResult row;
    bool broken = false;  ///< of a broken kernel: says nothing
  };
  std::vector<Entry> entries;  ///< newest night first
};
/// bad_usage when no night has it; names the nearest.
Result<TestHistory> load_history(const store::Store& store, const NightData& data, const std::string& word);
std::string history_text(const NightData& data, const TestHistory& history, const Style& style);
/// {"format": "pinrig-history", "version": 1, ...}
std::string history_json(const NightData& data, const TestHistory& history);

/// The text of a file for configs/known-issues that would explain a red row of a run.
struct Proposal {
  std::string name;  ///< of the file, without ".yaml"
  std::string text;
};
/// Proposals for the red rows of a run, those of `test` alone unless it is empty. bad_usage when there is
/// none, and for more than 20 at once: then the kernel is broken.
Result<std::vector<Proposal>> propose_known(const store::Store& store, const store::RunRow& run,
                                            const std::string& test, const std::string& expires);

}  // namespace pinrig::report
