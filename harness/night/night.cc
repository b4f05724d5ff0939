// SPDX-License-Identifier: GPL-2.0
#include "night/night.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "run/leftovers.h"
#include "run/run_file.h"

namespace pinrig::night {
namespace {

constexpr int max_runs = 1000;
constexpr int most_attempts = 3;  ///< of a step that something keeps killing

/// As RunOptions say it, whose default run file has no word.
std::vector<std::string> words_of_run(const run::RunOptions& options) {
  auto words = run::option_words(options);
  if (options.spec == run::RunOptions{}.spec) words.insert(words.begin(), options.spec);
  words.insert(words.begin(), "run");
  return words;
}

/// The run that a step began: the newest after `after` with its options.
Result<std::optional<store::RunRow>> run_of(const store::Store& store, const StepRecord& step) {
  PINRIG_TRY(runs, store.runs(max_runs));
  for (auto& r : runs) {
    if (r.id == step.after) break;
    if (!r.purpose.empty()) continue;
    const auto file = run::read_run_file(fs::path(r.dir) / "run.json");
    if (file.has_value() && words_of_run(file->options) == step.words) return std::optional(std::move(r));
  }
  return std::optional<store::RunRow>();
}

/// The store is open only between the steps, and judges what a killed one left.
Result<std::optional<store::RunRow>> look_for_run(const Paths& paths, const StepRecord& step) {
  PINRIG_TRY(store, run::open_store(paths));
  return run_of(store, step);
}

Result<std::string> newest_run(const Paths& paths) {
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(runs, store.runs(1));
  return runs.empty() ? std::string() : runs.front().id;
}

class Carrier {
 public:
  Carrier(const model::NightSpec& spec, NightRecord& record, const Paths& paths, const fs::path& folder,
          const Host& host)
      : spec_(spec), record_(record), paths_(paths), folder_(folder), host_(host) {}

  Result<void> step(StepRecord& s, const Past& past) {
    const double left = seconds_left(spec_, record_.began, host_.now());
    PINRIG_TRY(bytes, host_.free_bytes());
    if (s.attempts >= most_attempts) return leave_out(s, fmt::format("it was killed {} times", s.attempts));
    // One that was going on has had its time already.
    if (auto why = why_not(s.attempts > 0 ? Past{} : past, left, bytes, spec_); !why.empty())
      return leave_out(s, why);
    if (s.attempts == 0) {
      PINRIG_TRY(newest, newest_run(paths_));
      s.after = newest;
    }
    PINRIG_TRY(words, words_now(s));
    return attempt(s, words, left);
  }

 private:
  Result<void> leave_out(StepRecord& s, std::string why) {
    s.state = StepState::left_out;
    s.why = std::move(why);
    host_.say(fmt::format("{}: omitted: {}", s.name, s.why));
    return save(record_, folder_);
  }

  /// A run that was interrupted goes on.
  Result<std::vector<std::string>> words_now(const StepRecord& s) {
    if (s.attempts == 0 || s.words.front() != "run") return s.words;
    PINRIG_TRY(run, look_for_run(paths_, s));
    if (!run || run->state != store::RunState::interrupted) return s.words;
    return std::vector<std::string>{"run", "--resume", run->id};
  }

  Result<void> attempt(StepRecord& s, std::vector<std::string> words, double left) {
    s.state = StepState::running;
    ++s.attempts;
    PINRIG_CHECK(save(record_, folder_));
    const bool resumes = words != s.words;
    if (words.front() == "run") {
      words.emplace_back("--junit");
      words.push_back((folder_ / (s.name + ".xml")).string());
    }
    host_.say(fmt::format("{}: pinrig {}", s.name, shell_line(words)));
    const auto began = host_.now();
    PINRIG_TRY(end, host_.execute(words, folder_ / (s.name + ".log"), limit_of(left)));
    s.seconds += std::max(0.0, static_cast<double>(host_.now() - began));
    // What it would have resumed has changed, or is gone: from the beginning.
    if (resumes && end.code == static_cast<int>(ExitCode::bad_usage)) return attempt(s, s.words, left);
    s.exit_code = end.code.value_or(-1);
    s.why = end.cut_off ? "cut off: the night was over" : end.code ? "" : "killed by a signal";
    if (s.words.front() == "run") {
      PINRIG_TRY(run, look_for_run(paths_, s));
      if (run) s.run_id = run->id;
    }
    s.state = StepState::done;
    host_.say(fmt::format("{}: {}", s.name, s.why.empty() ? fmt::format("exit {}", s.exit_code) : s.why));
    return save(record_, folder_);
  }

  const model::NightSpec& spec_;
  NightRecord& record_;
  const Paths& paths_;
  const fs::path& folder_;
  const Host& host_;
};

/// The baseline that a step names, or why there is none.
Result<std::optional<store::RunRow>> partner_of(const store::Store& store, const StepRecord& s,
                                                std::string& problem) {
  if (s.against.empty()) return std::optional<store::RunRow>();
  PINRIG_TRY(all, store.baselines());
  for (const auto& b : all) {
    if (b.name != s.against) continue;
    PINRIG_TRY(run, store.find_run(b.run_id));
    if (run && run->id == b.run_id) return run;
    problem = fmt::format("run {} of baseline {} is gone", b.run_id, b.name);
    return std::optional<store::RunRow>();
  }
  problem = fmt::format("there is no baseline {}", s.against);
  return std::optional<store::RunRow>();
}

ExitCode code_of_end(const StepRecord& s) {
  switch (s.exit_code) {
    case 0:
      return ExitCode::ok;
    case 1:
      return ExitCode::regressions;
    case 2:
      return ExitCode::bad_usage;
    case 3:
      return ExitCode::build;
    case 130:
      return ExitCode::interrupted;
    default:
      return ExitCode::harness;
  }
}

ExitCode code_of_step(const StepReport& r) {
  if (r.step.state == StepState::left_out) return ExitCode::harness;
  const ExitCode end = code_of_end(r.step);
  if (!r.delta || !r.delta->delta.partner)
    return end == ExitCode::ok && !r.problem.empty() ? ExitCode::harness : end;
  if (r.delta->delta.alarms()) return ExitCode::regressions;
  return end == ExitCode::regressions ? ExitCode::ok : end;
}

}  // namespace

std::map<std::string, Past> past_of(const std::vector<NightRecord>& nights, const std::string& spec) {
  std::map<std::string, Past> out;
  for (const auto& n : nights) {
    if (n.spec != spec) continue;
    for (const auto& s : n.steps) {
      if (s.state == StepState::done && s.why.empty())
        out.try_emplace(s.name, Past{s.seconds, s.exit_code != 0});
    }
  }
  return out;
}

NightRecord plan_night(const model::NightSpec& spec, const std::map<std::string, Past>& past,
                       const std::string& id, std::int64_t now, const std::string& commit,
                       std::uint32_t seed) {
  NightRecord out;
  out.id = id;
  out.spec = spec.name;
  out.began = now;
  out.commit = commit;
  out.seed = seed;
  for (const auto i : order_of(spec.steps, past)) {
    StepRecord s;
    s.name = spec.steps[i].name;
    s.words = words_of(spec.steps[i], seed);
    s.against = spec.steps[i].against;
    out.steps.push_back(std::move(s));
  }
  return out;
}

std::optional<NightRecord> unfinished(const std::vector<NightRecord>& nights, const model::NightSpec& spec,
                                      std::int64_t now) {
  for (const auto& n : nights) {
    if (n.spec != spec.name) continue;
    if (n.finished != 0 || seconds_left(spec, n.began, now) <= 0) return std::nullopt;
    return n;
  }
  return std::nullopt;
}

Result<void> carry_out(const model::NightSpec& spec, NightRecord& record, const Paths& paths,
                       const std::map<std::string, Past>& past, const fs::path& folder, const Host& host) {
  PINRIG_CHECK(make_dirs(folder));
  PINRIG_CHECK(save(record, folder));
  Carrier carrier(spec, record, paths, folder, host);
  for (auto& s : record.steps) {
    if (s.state == StepState::done || s.state == StepState::left_out) continue;
    const auto known = past.find(s.name);
    PINRIG_CHECK(carrier.step(s, known == past.end() ? Past{} : known->second));
  }
  record.finished = std::max(host.now(), record.began + 1);
  return save(record, folder);
}

Result<std::vector<StepReport>> report_on(const NightRecord& record, const store::Store& store) {
  std::vector<StepReport> out;
  for (const auto& s : record.steps) {
    StepReport r{s, std::nullopt, "", ExitCode::ok};
    if (!s.run_id.empty()) {
      PINRIG_TRY(run, store.find_run(s.run_id));
      PINRIG_TRY(partner, partner_of(store, s, r.problem));
      if (!run) {
        r.problem = fmt::format("run {} is no longer in the store", s.run_id);
      } else if (r.problem.empty()) {
        auto delta = report::load_delta(store, *run, partner ? &*partner : nullptr, s.against);
        if (delta.has_value())
          r.delta = std::move(*delta);
        else
          r.problem = delta.error().message;
      }
    } else if (s.state == StepState::done && s.words.front() == "run") {
      r.problem = fmt::format("it left no run: {}.log says why", s.name);
    }
    r.code = code_of_step(r);
    out.push_back(std::move(r));
  }
  return out;
}

ExitCode code_of(const std::vector<StepReport>& steps) {
  const auto weight = [](ExitCode c) {
    const ExitCode order[] = {ExitCode::ok,    ExitCode::bad_usage,   ExitCode::harness,
                              ExitCode::build, ExitCode::regressions, ExitCode::interrupted};
    return std::find(std::begin(order), std::end(order), c) - std::begin(order);
  };
  ExitCode worst = ExitCode::ok;
  for (const auto& s : steps) {
    if (weight(s.code) > weight(worst)) worst = s.code;
  }
  return worst;
}

}  // namespace pinrig::night
