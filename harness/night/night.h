// SPDX-License-Identifier: GPL-2.0
// `pinrig night`: the steps of a night one after the other, each a pinrig of its own, and then what is new.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "base/paths.h"
#include "model/night.h"
#include "night/plan.h"
#include "night/state.h"
#include "report/nights.h"

namespace pinrig::night {

/// How an attempt of a step ended.
struct StepEnd {
  std::optional<int> code;  ///< nothing: a signal, or the time was up
  bool cut_off = false;     ///< the time was up
};

/// What a night does outside itself.
struct Host {
  /// Runs pinrig with these words, its output into `log`. Error cancelled when the night is to end at once.
  std::function<Result<StepEnd>(const std::vector<std::string>& words, const fs::path& log, double limit_s)>
      execute;
  std::function<std::int64_t()> now;  ///< Unix time
  std::function<Result<std::uintmax_t>()> free_bytes;
  std::function<void(const std::string&)> say;  ///< a line of progress
};

/// What the steps of a night took and came to the last time, by their names; of nights with this spec.
std::map<std::string, Past> past_of(const std::vector<NightRecord>& nights, const std::string& spec);

/// A new night, in its order; nothing has begun.
NightRecord plan_night(const model::NightSpec& spec, const std::map<std::string, Past>& past,
                       const std::string& id, std::int64_t now, const std::string& commit,
                       std::uint32_t seed);

/// The night that did not end and that this one would go on with: the newest of this spec, less than `hours`
/// of the spec old (by a clock that may have gone back).
std::optional<NightRecord> unfinished(const std::vector<NightRecord>& nights, const model::NightSpec& spec,
                                      std::int64_t now);

/// A step of a night that ended, with what is new in it.
struct StepReport {
  StepRecord step;
  std::optional<report::DeltaReport> delta;  ///< nothing: it left no run
  std::string problem;                       ///< why there is no delta; empty: nothing is wrong
  ExitCode code = ExitCode::ok;
};

/// Carries out what is not done of the night, in `folder`; a step that fails costs itself only. The record is
/// saved after each change. Errors: cancelled, and a folder that cannot be written.
Result<void> carry_out(const model::NightSpec& spec, NightRecord& record, const Paths& paths,
                       const std::map<std::string, Past>& past, const fs::path& folder, const Host& host);

/// The deltas of a night, from the store.
Result<std::vector<StepReport>> report_on(const NightRecord& record, const store::Store& store);

/// 130 > 1 (something new) > 3 > 4 (also: a step was omitted or cut off) > 2 > 0. A run with a partner is
/// judged by its delta alone, one without by itself.
ExitCode code_of(const std::vector<StepReport>& steps);

/// "2 of 10 steps with something new, 1 omitted"
std::string headline(const std::vector<StepReport>& steps);
std::string night_text(const NightRecord& record, const std::vector<StepReport>& steps,
                       const report::Style& style);
/// A mail: a subject line, an empty line, the text in 78 columns without colours.
std::string mail_text(const NightRecord& record, const std::vector<StepReport>& steps);
/// The steps in their order with their commands and what is known of them: `--dry-run`.
std::string plan_text(const NightRecord& record, const std::map<std::string, Past>& past);

}  // namespace pinrig::night
