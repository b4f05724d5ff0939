// SPDX-License-Identifier: GPL-2.0
#include "base/text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "night/night.h"

namespace pinrig::night {
namespace {

constexpr int mail_columns = 78;

std::string line_of(const StepReport& r, std::size_t width) {
  std::string what;
  if (r.step.state == StepState::left_out)
    what = "omitted: " + r.step.why;
  else if (!r.problem.empty())
    what = r.problem;
  else if (r.delta)
    what = report::delta_sentence(*r.delta);
  else
    what = fmt::format("exit {}", r.step.exit_code);
  if (r.step.state == StepState::done && !r.step.why.empty()) what += "; " + r.step.why;
  const std::string took = r.step.seconds > 0 ? human_seconds(r.step.seconds) : "-";
  return shown(fmt::format("  {:<{}}  {:>7}  exit {:<3}  {}", r.step.name, width, took,
                           static_cast<int>(r.code), what)) +
         "\n";
}

bool has_lines(const StepReport& r) {
  return r.delta && (!r.delta->delta.findings.empty() || !r.delta->delta.numbers.empty() ||
                     !r.delta->delta.notes.empty());
}

std::string title_of(const NightRecord& record, const std::vector<StepReport>& steps) {
  return fmt::format("night {} ({}): {}", record.id, record.spec, headline(steps));
}

}  // namespace

std::string headline(const std::vector<StepReport>& steps) {
  std::size_t alarms = 0;
  std::size_t failed = 0;
  std::size_t left_out = 0;
  for (const auto& s : steps) {
    if (s.step.state == StepState::left_out)
      ++left_out;
    else if (s.code == ExitCode::regressions)
      ++alarms;
    else if (s.code != ExitCode::ok)
      ++failed;
  }
  std::vector<std::string> parts;
  if (alarms > 0) parts.push_back(fmt::format("{} with something new that is red or gone", alarms));
  if (failed > 0) parts.push_back(fmt::format("{} failed", failed));
  if (left_out > 0) parts.push_back(fmt::format("{} omitted", left_out));
  return fmt::format("{}: {}", count_of(steps.size(), "step"),
                     parts.empty() ? "nothing new" : join(parts, ", "));
}

std::string night_text(const NightRecord& record, const std::vector<StepReport>& steps,
                       const report::Style& style) {
  std::size_t width = 0;
  for (const auto& s : steps) width = std::max(width, s.step.name.size());
  std::string out = shown(title_of(record, steps)) + "\n";
  if (style.quiet) return out;
  if (!record.commit.empty())
    out += shown(fmt::format("commit {}, seed {}", record.commit, record.seed)) + "\n";
  for (const auto& s : steps) out += line_of(s, width);
  for (const auto& s : steps) {
    if (!has_lines(s)) continue;
    out += fmt::format("\n== {}\n{}", shown(s.step.name), report::delta_text(*s.delta, style));
  }
  return out;
}

std::string mail_text(const NightRecord& record, const std::vector<StepReport>& steps) {
  report::Style plain;
  plain.width = mail_columns;
  return fmt::format("Subject: [pinrig] {}\n\n{}", shown(title_of(record, steps)),
                     night_text(record, steps, plain));
}

std::string plan_text(const NightRecord& record, const std::map<std::string, Past>& past) {
  std::string out;
  for (const auto& s : record.steps) {
    const auto p = past.find(s.name);
    std::string known = "never ran";
    if (p != past.end())
      known = human_seconds(p->second.seconds.value_or(0)) + (p->second.doubtful ? ", not as expected" : "");
    out += shown(fmt::format("{}: pinrig {}  ({})", s.name, shell_line(s.words), known)) + "\n";
  }
  return out;
}

}  // namespace pinrig::night
