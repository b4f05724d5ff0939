// SPDX-License-Identifier: GPL-2.0
#include "history/pattern.h"

#include <algorithm>
#include <cmath>

namespace pinrig::history {
namespace {

/// A usable verdict, oldest first.
struct Seen {
  std::size_t night;
  bool red;
};

std::vector<Seen> usable_of(std::span<const Cell> newest_first) {
  std::vector<Seen> out;
  for (std::size_t i = newest_first.size(); i-- > 0;) {
    if (usable(newest_first[i].state)) out.push_back({i, is_red(newest_first[i].state)});
  }
  return out;
}

/// `seen` newest first.
int flips_of(const std::vector<bool>& seen) {
  int flips = 0;
  for (std::size_t i = 0; i < seen.size();) {
    std::size_t end = i;
    while (end < seen.size() && seen[end] == seen[i]) ++end;
    if (seen[i] && end - i < 3) flips += (i > 0 ? 1 : 0) + (end < seen.size() ? 1 : 0);
    i = end;
  }
  return flips;
}

Word word_of(const Pattern& p, bool there) {
  if (!there) return Word::stale;
  if (p.of == 0) return Word::broken;
  if (p.red == 0) return Word::passing;
  if (p.red_now && (p.streak >= 3 || p.flips < 2)) return Word::failing;
  return p.flips >= 2 ? Word::flaky : Word::passing;
}

constexpr double acceptance = 6.907755278982137;  // ln 1000: one change in a thousand nights
constexpr double as_likely = 4.605170185988092;   // ln 100

/// Where a part of a history that ends with the newest night is split best.
struct Split {
  std::size_t begin = 0;      ///< of the part
  std::size_t at = 0;         ///< begin of its right side; as `begin`: no split counts
  std::vector<double> gains;  ///< of each place from `begin` on; 0 where no split may be
};

class Segments {
 public:
  Segments(const std::vector<Seen>& seen, std::span<const Built> nights)
      : seen_(seen), nights_(nights), reds_{0} {
    for (const auto& s : seen) reds_.push_back(reds_.back() + (s.red ? 1 : 0));
  }

  int red_from(std::size_t begin) const { return reds_.back() - reds_[begin]; }

  Split split(std::size_t begin) const {
    const std::size_t end = seen_.size();
    Split out{begin, begin, std::vector<double>(end - begin, 0)};
    for (std::size_t k = begin + 1; k < end; ++k) {
      if (same_kernel(k)) continue;
      out.gains[k - begin] = likelihood(begin, k) + likelihood(k, end) - likelihood(begin, end);
      if (out.gains[k - begin] > out.gains[out.at - begin]) out.at = k;
    }
    if (out.gains[out.at - begin] <= acceptance) out.at = begin;
    return out;
  }

 private:
  double likelihood(std::size_t begin, std::size_t end) const {
    return log_likelihood(reds_[end] - reds_[begin], static_cast<int>(end - begin));
  }
  bool same_kernel(std::size_t k) const {
    const auto& before = nights_[seen_[k - 1].night].key;
    return !before.empty() && before == nights_[seen_[k].night].key;
  }

  const std::vector<Seen>& seen_;
  std::span<const Built> nights_;
  std::vector<int> reds_;  ///< before each position
};

}  // namespace

const char* to_string(Word word) {
  switch (word) {
    case Word::passing:
      return "passing";
    case Word::failing:
      return "failing";
    case Word::flaky:
      return "flaky";
    case Word::stale:
      return "stale";
    case Word::broken:
      return "broken";
  }
  return "?";
}

Pattern pattern_of(std::span<const Cell> newest_first) {
  Pattern p;
  bool there = false;
  std::vector<bool> seen;
  for (std::size_t i = 0; i < newest_first.size(); ++i) {
    const State s = newest_first[i].state;
    if (i < recent) there = there || s != State::absent;
    if (!usable(s)) continue;
    if (seen.empty()) p.red_now = is_red(s);
    if (static_cast<std::size_t>(p.streak) == seen.size() && is_red(s) == p.red_now) ++p.streak;
    seen.push_back(is_red(s));
    if (i < recent) {
      ++p.of;
      if (is_red(s)) ++p.red;
    }
  }
  seen.resize(static_cast<std::size_t>(p.of));
  p.flips = flips_of(seen);
  p.word = word_of(p, there);
  return p;
}

double log_likelihood(int red, int of) {
  constexpr double a = 0.05;
  constexpr double b = 0.5;
  const auto beta = [](double x, double y) { return std::lgamma(x) + std::lgamma(y) - std::lgamma(x + y); };
  return beta(red + a, of - red + b) - beta(a, b);
}

Since since(std::span<const Cell> newest_first, std::span<const Built> nights) {
  const auto seen = usable_of(newest_first);
  if (seen.empty()) return {};
  const Segments segments(seen, nights);
  Split stands = segments.split(0);
  for (Split next = stands; next.at != next.begin; next = segments.split(next.at)) stands = next;
  Since out;
  out.night = out.newest = out.oldest = seen[stands.at].night;
  out.red = segments.red_from(stands.at);
  out.of = static_cast<int>(seen.size() - stands.at);
  if (stands.at == stands.begin) return out;
  const double best = stands.gains[stands.at - stands.begin];
  for (std::size_t k = 0; k < stands.gains.size(); ++k) {
    if (stands.gains[k] == 0 || best - stands.gains[k] > as_likely) continue;
    const std::size_t night = seen[stands.begin + k].night;
    out.oldest = std::max(out.oldest, night);
    out.newest = std::min(out.newest, night);
  }
  return out;
}

std::size_t red_since(std::span<const Cell> newest_first, std::span<const Built> nights) {
  const Since change = since(newest_first, nights);
  std::size_t first = newest_first.size();
  for (std::size_t i = 0; i < newest_first.size(); ++i) {
    if (!usable(newest_first[i].state)) continue;
    if (!is_red(newest_first[i].state)) break;
    first = i;
  }
  if (first == newest_first.size()) return change.night;
  // Of a row that comes and goes the segment began before its newest reds.
  return change.red * 2 >= change.of && change.night > first ? change.night : first;
}

}  // namespace pinrig::history
