// SPDX-License-Identifier: GPL-2.0
#include "history/numbers.h"

#include <algorithm>
#include <cmath>

namespace pinrig::history {
namespace {

constexpr std::size_t window = 30;
constexpr std::size_t fewest = 10;
constexpr double few_fence = 0.25;
constexpr double least_change = 0.05;

/// Linear between the neighbours; `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const auto high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

/// A change of less than this is none, whatever its ratio.
double least_difference(Number n) {
  if (n == Number::wall_s) return 0.2;
  return n == Number::settle_ms ? 200 : 0;
}

bool is_news(Number n, double before, double now, std::optional<double> fence) {
  if (is_exact(n) && !fence) return before != now;
  if (!fence || before <= 0 || std::fabs(now - before) <= least_difference(n)) return false;
  const double change = std::fabs(now - before) / before;
  return change > *fence && change > least_change;
}

}  // namespace

const char* to_string(Number number) {
  switch (number) {
    case Number::claimed:
      return "pages claimed";
    case Number::outstanding:
      return "pages outstanding";
    case Number::cases:
      return "cases";
    case Number::wall_s:
      return "duration";
    case Number::settle_ms:
      return "time to settle";
  }
  return "?";
}

const char* unit_of(Number number) {
  switch (number) {
    case Number::claimed:
    case Number::outstanding:
      return "pages";
    case Number::wall_s:
      return "s";
    case Number::settle_ms:
      return "ms";
    case Number::cases:
      return "";
  }
  return "";
}

std::optional<double> noise_fence(std::span<const double> history) {
  const auto values = history.first(std::min(history.size(), window));
  if (values.size() < fewest) return std::nullopt;
  std::vector<double> changes;
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    if (values[i + 1] > 0) changes.push_back(std::fabs(values[i] - values[i + 1]) / values[i + 1]);
  }
  if (changes.empty()) return std::nullopt;
  std::sort(changes.begin(), changes.end());
  const double q1 = quantile(changes, 0.25);
  const double q3 = quantile(changes, 0.75);
  const double fence = q3 + 3 * (q3 - q1);
  return values.size() < window ? std::max(fence, few_fence) : fence;
}

std::vector<NumberChange> changed_numbers(std::size_t column, const std::string& test,
                                          const std::vector<Measure>& nights, std::size_t partner) {
  std::vector<NumberChange> out;
  if (nights.empty()) return out;
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    const auto now = nights[0][n];
    if (!now) continue;
    std::vector<double> history;
    for (std::size_t i = partner; i < nights.size(); ++i) {
      if (nights[i][n]) history.push_back(*nights[i][n]);
    }
    if (history.empty()) continue;
    // An exact number that did not stay the same before is as noisy as a time.
    const bool steady = std::equal(history.begin() + 1, history.end(), history.begin());
    const bool exact = is_exact(numbers[n]) && steady;
    const auto fence = exact ? std::nullopt : noise_fence(history);
    if (!exact && !fence) continue;
    if (is_news(numbers[n], history.front(), *now, fence))
      out.push_back({column, test, numbers[n], history.front(), *now, fence});
  }
  return out;
}

}  // namespace pinrig::history
