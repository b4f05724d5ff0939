// SPDX-License-Identifier: GPL-2.0
#include "bisect/bayes.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "bisect/rate.h"
#include "bisect/tally.h"

namespace pinrig::bisect {
namespace {

constexpr double prior = 0.5;
constexpr double same_entropy = 1e-9;

struct Side {
  double red = 0;
  double clean = 0;
};
/// What was seen without and with the change, were it point `culprit`.
struct Sides {
  Side before;
  Side after;
};

std::vector<Tally> tallies(const History& history, const std::vector<Observation>& seen) {
  std::vector<Tally> out(history.points().size());
  for (const auto& o : seen) {
    if (o.point < 0) continue;
    auto& t = out[static_cast<std::size_t>(o.point)];
    t.red += o.seen == Seen::red ? 1 : 0;
    t.clean += o.seen == Seen::clean ? 1 : 0;
  }
  return out;
}

Sides sides_of(const History& history, const std::vector<Tally>& counted, int culprit) {
  Sides s;
  for (int p = 0; p <= history.last(); ++p) {
    auto& side = history.upto(p).has(culprit) ? s.after : s.before;
    side.red += counted[static_cast<std::size_t>(p)].red;
    side.clean += counted[static_cast<std::size_t>(p)].clean;
  }
  return s;
}

double chance_of_red(const Side& side) { return (side.red + prior) / (side.red + side.clean + 2 * prior); }

double entropy(const std::vector<double>& weights) {
  double sum = 0;
  for (const double w : weights) sum += w;
  double h = 0;
  for (const double w : weights) {
    if (w > 0 && sum > 0) h -= w / sum * std::log(w / sum);
  }
  return h;
}

}  // namespace

std::vector<double> posterior(const History& history, const std::vector<Observation>& seen) {
  const auto counted = tallies(history, seen);
  std::vector<double> out(history.points().size(), 0.0);
  double most = 0;
  for (int c = 1; c <= history.last(); ++c) {
    const auto s = sides_of(history, counted, c);
    const double l = log_beta(prior + s.before.red, prior + s.before.clean) +
                     log_beta(prior + s.after.red, prior + s.after.clean);
    out[static_cast<std::size_t>(c)] = l;
    most = c == 1 ? l : std::max(most, l);
  }
  double sum = 0;
  for (std::size_t c = 1; c < out.size(); ++c) sum += out[c] = std::exp(out[c] - most);
  for (std::size_t c = 1; c < out.size(); ++c) out[c] /= sum;
  return out;
}

std::optional<int> most_telling(const History& history, const std::vector<Observation>& seen,
                                const std::vector<double>& post, const PointSet& skipped) {
  const auto counted = tallies(history, seen);
  std::vector<Sides> sides{{}};
  for (int c = 1; c <= history.last(); ++c) sides.push_back(sides_of(history, counted, c));
  std::optional<int> best;
  double least = 0;
  const auto off_middle = [&](int p) { return std::abs(2 * p - history.last()); };
  for (int p = 0; p <= history.last(); ++p) {
    if (skipped.has(p)) continue;
    std::vector<double> if_red(post.size(), 0.0);
    std::vector<double> if_clean(post.size(), 0.0);
    double red = 0;
    for (std::size_t c = 1; c < post.size(); ++c) {
      const bool after = history.upto(p).has(static_cast<int>(c));
      const double chance = chance_of_red(after ? sides[c].after : sides[c].before);
      if_red[c] = post[c] * chance;
      if_clean[c] = post[c] * (1 - chance);
      red += if_red[c];
    }
    const double h = red * entropy(if_red) + (1 - red) * entropy(if_clean);
    if (!best || h < least - same_entropy ||
        (h < least + same_entropy && off_middle(p) < off_middle(*best))) {
      best = p;
      least = h;
    }
  }
  return best;
}

}  // namespace pinrig::bisect
