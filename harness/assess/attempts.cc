// SPDX-License-Identifier: GPL-2.0
#include "assess/attempts.h"

#include <fmt/format.h>

#include <cmath>

namespace pinrig::assess {

bool is_red(model::Verdict v) {
  return v != model::Verdict::pass && v != model::Verdict::skip && v != model::Verdict::xfail;
}

int Attempts::count() const {
  int n = 0;
  for (const auto& [verdict, times] : seen) n += times;
  return n;
}

int Attempts::red() const {
  int n = 0;
  for (const auto& [verdict, times] : seen) n += is_red(verdict) ? times : 0;
  return n;
}

Interval wilson(int hits, int of) {
  if (of <= 0) return {};
  constexpr double z = 1.959963984540054;  // the 97.5 % quantile of the normal distribution
  const double n = of;
  const double rate = hits / n;
  const double middle = rate + z * z / (2 * n);
  const double half = z * std::sqrt(rate * (1 - rate) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  // Exact at the ends, where rounding would leave something below 0 or above 1.
  return {hits == 0 ? 0 : (middle - half) / scale, hits == of ? 1 : (middle + half) / scale};
}

Steadiness steadiness(const Attempts& a) {
  if (a.count() == 0) return Steadiness::none;
  if (a.red() == 0) return Steadiness::steady_green;
  return a.red() == a.count() ? Steadiness::steady_red : Steadiness::flaky;
}

std::string to_text(const std::string& test, const Attempts& a) {
  static constexpr const char* words[] = {"no attempt", "not reproduced", "flaky", "fails every time"};
  const auto how = steadiness(a);
  if (how == Steadiness::none) return fmt::format("{}: no attempt came to an end", test);
  std::string kinds;
  for (const auto& [verdict, times] : a.seen) {
    if (is_red(verdict))
      kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", times, to_string(verdict));
  }
  const auto interval = wilson(a.red(), a.count());
  return fmt::format("{}: {}, {} of {} failed{}, rate {:.0f} %, 95 % interval {:.1f} to {:.1f} %", test,
                     words[static_cast<int>(how)], a.red(), a.count(),
                     kinds.empty() ? "" : " (" + kinds + ")", 100.0 * a.red() / a.count(), 100 * interval.low,
                     100 * interval.high);
}

}  // namespace pinrig::assess
