// SPDX-License-Identifier: GPL-2.0
// How far a night got: night.json in its folder, written after each change, so that a killed night goes on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::night {

enum class StepState { planned, running, done, left_out };
const char* to_string(StepState state);

struct StepRecord {
  std::string name;
  std::vector<std::string> words;  ///< of the command line, without "pinrig"
  StepState state = StepState::planned;
  std::string why;      ///< it was omitted, or cut off
  std::string after;    ///< newest run of the store when it began: its own came later
  std::string against;  ///< baseline of its delta
  std::string run_id;   ///< empty: not known, or no run
  int exit_code = -1;   ///< of the last attempt; -1: none, or killed by a signal
  double seconds = 0;   ///< that it took, all attempts together
  int attempts = 0;
};

struct NightRecord {
  std::string id;             ///< "20261201-020000"
  std::string spec;           ///< name of the night
  std::int64_t began = 0;     ///< Unix time
  std::int64_t finished = 0;  ///< 0: it did not end
  std::string commit;         ///< of the project; empty: no checkout
  std::uint32_t seed = 0;
  std::vector<StepRecord> steps;  ///< in the order in which they run
};

std::string record_to_json(const NightRecord& record);
/// bad_input that names `file` when the text is damaged, or of a later format.
Result<NightRecord> record_from_json(const std::string& text, const fs::path& file);

/// STATE/nights/ID; night.json, summary.txt, mail.txt, and NAME.log for each step.
fs::path folder_of(const fs::path& state, const std::string& id);
Result<void> save(const NightRecord& record, const fs::path& folder);
/// All readable nights, the newest first, and a line for each that is not.
struct Nights {
  std::vector<NightRecord> all;
  std::vector<std::string> unreadable;
};
Result<Nights> load_all(const fs::path& state);

}  // namespace pinrig::night
