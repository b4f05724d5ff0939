// SPDX-License-Identifier: GPL-2.0
#include "bisect/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "bisect/bayes.h"
#include "bisect/rate.h"
#include "bisect/tally.h"
#include "bisect/units.h"

namespace pinrig::bisect {
namespace {

constexpr int reds_to_calibrate = 4;
constexpr int calibration_limit = 64;
constexpr int first_batch = 4;
constexpr int largest_batch = 16;  ///< runs that share a guest
constexpr int rate_batch = 4;
constexpr int rate_budget = 200;
constexpr double sure = 0.95;
constexpr double lower = 0.10;  ///< quantiles of two rates that must not overlap
constexpr double upper = 0.90;
constexpr int infra_in_a_row = 3;
constexpr int enough_others = 3;

Calibration calibration_from(const Tally& t) {
  return {t.red, t.clean, t.red >= reds_to_calibrate ? clean_runs(t.red, t.clean) : 0};
}

/// What every point is. A red run is certain, a clean point is not: what must have the red of a red point has
/// it.
std::vector<State> states_of(const History& h, const Settings& s, const Tallies& t, int clean_runs) {
  std::vector<State> state;
  for (int p = 0; p <= h.last(); ++p) state.push_back(state_of(t.at(p), clean_runs));
  const int clean_end = s.fixed ? h.last() : 0;
  for (int p = 0; p <= h.last(); ++p) {
    for (int r = 0; state[static_cast<std::size_t>(p)] == State::clean && r <= h.last(); ++r) {
      const bool follows = s.fixed ? h.upto(r).has(p) : h.upto(p).has(r);
      if (r != clean_end && follows && t.at(r).red > 0) state[static_cast<std::size_t>(p)] = State::red;
    }
  }
  return state;
}

std::vector<int> suspects_from(const History& h, const Settings& s, const Tallies& t, int clean_runs) {
  const auto state = states_of(h, s, t, clean_runs);
  PointSet set(h.points().size(), true);
  set.remove(0);
  for (int p = 0; p <= h.last(); ++p) {
    const auto st = state[static_cast<std::size_t>(p)];
    if (st == State::unknown || st == State::skipped) continue;
    if ((st == State::red) != s.fixed)
      set &= h.upto(p);
    else
      set -= h.upto(p);
  }
  std::vector<int> out;
  for (int p = 1; p <= h.last(); ++p) {
    if (set.has(p)) out.push_back(p);
  }
  return out;
}

Unit unit_for(const History& h, const Settings& s, const std::vector<Observation>& seen) {
  return s.per_boot ? Unit::boot : unit_of(h, seen);
}

/// What was seen, in what counts as one observation.
std::vector<Observation> counted(const History& h, const Settings& s, const std::vector<Observation>& seen) {
  return unit_for(h, s, seen) == Unit::boot ? by_guest(seen) : seen;
}

/// One decision: the stages in their order, each with what it asks for or concludes, if anything.
class Decision {
 public:
  Decision(const History& h, const Settings& s, const std::vector<Observation>& seen)
      : h_(h),
        s_(s),
        raw_(seen),
        unit_(unit_for(h, s, seen)),
        seen_(counted(h, s, seen)),
        t_(h, seen_),
        red_end_(s.fixed ? 0 : h.last()),
        clean_end_(s.fixed ? h.last() : 0) {}

  Step step() {
    if (auto c = broken()) return *c;
    if (auto step = calibrate()) return *step;
    const auto end = t_.at(clean_end_);
    if (end.red > 0) return both_ends(end);
    if (auto step = prove_clean_end(end)) return *step;
    if (over_budget(s_.budget)) return noisy(fmt::format("{} runs are the budget", s_.budget));
    const auto left = suspects_from(h_, s_, t_, n_);
    if (auto ask = each()) return *ask;
    if (auto ask = search(left)) return *ask;
    if (auto step = verify(left)) return *step;
    if (auto step = revert(left)) return *step;
    if (auto step = ends()) return *step;
    return conclusion(left);
  }

 private:
  /// A guest that counts once has few runs.
  Ask ask(int point, int runs, Purpose purpose) const {
    return {point, unit_ == Unit::boot ? runs_of_a_boot : runs, purpose};
  }

  std::optional<Conclusion> broken() const {
    for (int p = reverted_point; p <= h_.last(); ++p) {
      const auto& t = p == reverted_point ? t_.reverted : t_.own[static_cast<std::size_t>(p)];
      const int all = t.runs() + t.other + t.skips + t.infra;
      if (t.infra_in_a_row < infra_in_a_row && (t.infra < 2 || t.infra * 3 <= all)) continue;
      return Conclusion{
          .word = Word::infra,
          .suspects = {},
          .why = fmt::format("{} of {} runs {} failed in harness or machine", t.infra, all,
                             p < 0 ? "with the culprit reverted" : fmt::format("at point {}", p)),
          .posterior = {}};
    }
    return std::nullopt;
  }

  std::optional<Step> calibrate() {
    const auto c = calibration_from(t_.calibration[static_cast<std::size_t>(red_end_)]);
    calibration_ = c;
    n_ = c.runs;
    const auto t = t_.calibration[static_cast<std::size_t>(red_end_)];
    if (t.skips > 0 || (t.red == 0 && state_of(t, calibration_limit) == State::skipped))
      return unusable(red_end_);
    if (n_ > 0) return std::nullopt;
    const int runs = t.red + t.clean + t.other;
    if (runs >= calibration_limit) return noisy(fmt::format("seen {} of {}; not bisected", t.red, runs));
    int total = first_batch;
    while (total <= runs) total *= 2;
    return ask(red_end_, std::min(total - runs, largest_batch), Purpose::calibrate);
  }

  Step both_ends(const Tally& end) const {
    const auto& c = calibration_;
    const double most = rate_quantile(end.red, end.clean, upper);
    if (most < rate_quantile(c.red, c.clean, lower)) return rate_step();
    const int enough = std::max(2 * first_batch, c.red + c.clean);
    if (end.runs() < enough)
      return ask(clean_end_, std::min(enough - end.runs(), largest_batch), Purpose::clean_end);
    return Conclusion{
        .word = Word::oldest,
        .suspects = {},
        .why = fmt::format("{} of {} runs are red at the {} end, {} of {} at the other", end.red, end.runs(),
                           s_.fixed ? "newer" : "older", c.red, c.red + c.clean),
        .posterior = {}};
  }

  Step rate_step() const {
    const auto post = posterior(h_, seen_);
    const auto top = std::max_element(post.begin(), post.end());
    const int culprit = static_cast<int>(top - post.begin());
    PointSet skipped(h_.points().size());
    for (int p = 0; p <= h_.last(); ++p) {
      if (state_of(t_.at(p), calibration_limit) == State::skipped) skipped.add(p);
    }
    Conclusion end{
        .word = Word::likely, .suspects = {culprit}, .error = 1 - *top, .why = {}, .posterior = post};
    if (*top >= sure) {
      end.why = fmt::format("the rate changes here with probability {:.3f}", *top);
      return end;
    }
    const auto point = most_telling(h_, seen_, post, skipped);
    const int budget = s_.budget > 0 ? s_.budget : rate_budget;
    if (point && !over_budget(budget)) return ask(*point, rate_batch, Purpose::search);
    end.word = Word::noisy;
    end.why = fmt::format("after {} runs the most likely point has a probability of {:.2f}", budget, *top);
    return end;
  }

  std::optional<Step> prove_clean_end(const Tally& end) const {
    const auto state = state_of(end, n_);
    if (state == State::skipped) return unusable(clean_end_);
    if (state == State::clean) return std::nullopt;
    return ask(clean_end_, std::min(n_ - end.clean, largest_batch), Purpose::clean_end);
  }

  std::optional<Step> each() const {
    for (int p = 1; s_.each && p < h_.last(); ++p) {
      const auto t = t_.at(p);
      if (t.runs() + t.other + t.skips == 0) return ask(p, std::min(n_, first_batch), Purpose::search);
    }
    return std::nullopt;
  }

  std::optional<Step> search(const std::vector<int>& left) const {
    PointSet set(h_.points().size());
    for (const int p : left) set.add(p);
    const auto total = left.size();
    int best = -1;
    std::size_t most = 0;
    std::vector<std::pair<int, std::size_t>> built;
    for (int p = 1; p <= h_.last(); ++p) {
      const auto t = t_.at(p);
      if (state_of(t, n_) != State::unknown) continue;
      PointSet with = h_.upto(p);
      with &= set;
      const std::size_t value = std::min(with.size(), total - with.size());
      // What was clean at every point a few times most likely is: the point before the first red one decides.
      if (value > (s_.each ? 0 : most)) best = p;
      most = std::max(most, value);
      if (!s_.each && value > 0 && h_.at(p).cached) built.emplace_back(p, value);
    }
    if (best < 0) return std::nullopt;
    const std::size_t tolerance = total / 10;
    std::size_t of_built = 0;
    for (const auto& [p, value] : built) {
      if (value + tolerance < most || value <= of_built) continue;
      best = p;
      of_built = value;
    }
    const auto t = t_.at(best);
    return ask(best, std::min(n_ - t.clean, largest_batch), Purpose::search);
  }

  /// The newest point that has all suspects, and those right before them.
  int head_of(const std::vector<int>& left) const {
    int head = h_.last();
    for (int p = h_.last(); p >= 1; --p) {
      const auto all = std::all_of(left.begin(), left.end(), [&](int c) { return h_.upto(p).has(c); });
      const auto state = state_of(t_.at(p), n_);
      const bool after = state == (s_.fixed ? State::clean : State::red);
      if (all && after && h_.upto(p).size() < h_.upto(head).size()) head = p;
    }
    return head;
  }

  std::vector<int> before(const std::vector<int>& left) const {
    std::vector<int> out;
    for (const int c : left) {
      for (const int p : h_.at(c).parents) {
        const bool inside = std::find(left.begin(), left.end(), p) != left.end();
        if (!inside && std::find(out.begin(), out.end(), p) == out.end()) out.push_back(p);
      }
    }
    return out;
  }

  /// Whether a point is red (or clean) once more; counts of this stage.
  std::optional<Step> once_more(int point, bool red, Purpose purpose) {
    // The red of the newer end has to come back, also when that is the culprit and was just seen.
    const auto& looks = purpose == Purpose::ends && red ? t_.ends : t_.verified;
    const auto t = purpose == Purpose::revert ? t_.reverted : looks[static_cast<std::size_t>(point)];
    if (t.skips > 0 || (t.other >= enough_others && t.other > t.runs())) {
      unverified_ = true;
      return std::nullopt;
    }
    if (!red && t.clean < n_) return ask(point, std::min(n_ - t.clean, largest_batch), purpose);
    if (!red || t.red > 0) return std::nullopt;
    if (t.clean < 2 * n_)
      return ask(point, calibration_.clean == 0 ? 1 : std::min(n_, largest_batch), purpose);
    return noisy(fmt::format("the red does not show again in {} runs at point {}", t.clean, point));
  }

  std::optional<Step> verify(const std::vector<int>& left) {
    for (const int p : before(left)) {
      if (auto step = once_more(p, s_.fixed, Purpose::verify)) return step;
    }
    return once_more(head_of(left), !s_.fixed, Purpose::verify);
  }

  std::optional<Step> revert(const std::vector<int>& left) {
    if (left.size() != 1) return std::nullopt;
    // Without its last patch the newer end is the point before it, and that was just seen.
    if (left.front() == h_.last()) return std::nullopt;
    const auto t = t_.reverted;
    if (!s_.can_revert) {
      unverified_ = true;
      why_ = "a revert was not tried";
    } else if (t.skips > 0) {
      unverified_ = true;
      why_ = "the patch cannot be reverted at the newer end";
    } else if (!s_.fixed && t.red > 0) {
      unverified_ = true;
      why_ = "still red at the newer end with the patch reverted";
    } else if (s_.fixed && t.red == 0 && t.clean >= 2 * n_) {
      unverified_ = true;
      why_ = "clean at the newer end even with the fix reverted";
    } else {
      return once_more(reverted_point, s_.fixed, Purpose::revert);
    }
    return std::nullopt;
  }

  std::optional<Step> ends() {
    if (auto step = once_more(red_end_, true, Purpose::ends)) return step;
    return once_more(clean_end_, false, Purpose::ends);
  }

  Conclusion conclusion(const std::vector<int>& left) const {
    Conclusion c{.word = Word::verified, .suspects = left, .why = why_, .posterior = {}};
    if (left.size() != 1)
      c.word = Word::one_of;
    else if (unverified_)
      c.word = Word::likely;
    c.error = error();
    if (unit_ == Unit::boot && !s_.per_boot)
      c.why += fmt::format("{}decided when the kernel boots, so that every guest counts once",
                           c.why.empty() ? "" : "; ");
    return c;
  }

  /// Over the clean points that no other clean point proves: the red stays once it is there, so that with the
  /// newest clean point of a line those before it are clean (of a fix, the oldest and those after it).
  double error() const {
    const auto state = states_of(h_, s_, t_, n_);
    const auto proves = [&](int q, int p) {
      return q != p && state[static_cast<std::size_t>(q)] == State::clean &&
             (s_.fixed ? h_.upto(p).has(q) : h_.upto(q).has(p));
    };
    double right = 1;
    for (int p = 0; p <= h_.last(); ++p) {
      bool counts = state[static_cast<std::size_t>(p)] == State::clean;
      for (int q = 0; counts && q <= h_.last(); ++q) counts = !proves(q, p);
      if (counts) right *= 1 - chance_missed(calibration_.red, calibration_.clean, t_.at(p).clean);
    }
    return 1 - right;
  }

  Conclusion noisy(std::string why) const {
    return {.word = Word::noisy,
            .suspects = n_ > 0 ? suspects_from(h_, s_, t_, n_) : std::vector<int>{},
            .why = std::move(why),
            .posterior = {}};
  }

  Conclusion unusable(int point) const {
    return {.word = Word::unusable_end,
            .suspects = {},
            .why = fmt::format("point {} cannot be tested, and it is the {} end", point,
                               point == 0 ? "older" : "newer"),
            .posterior = {}};
  }

  bool over_budget(int budget) const {
    const auto runs = std::count_if(raw_.begin(), raw_.end(), [](const auto& o) {
      return o.seen != Seen::infra && o.seen != Seen::skip && o.purpose != Purpose::known;
    });
    return budget > 0 && runs >= budget;
  }

  const History& h_;
  const Settings& s_;
  const std::vector<Observation>& raw_;
  Unit unit_;
  std::vector<Observation> seen_;
  Tallies t_;
  int red_end_;
  int clean_end_;
  int n_ = 0;
  Calibration calibration_;
  bool unverified_ = false;
  std::string why_;
};

}  // namespace

const char* to_string(Word word) {
  switch (word) {
    case Word::verified:
      return "VERIFIED";
    case Word::likely:
      return "LIKELY";
    case Word::one_of:
      return "ONE OF";
    case Word::oldest:
      return "PRESENT AT THE OLDEST";
    case Word::noisy:
      return "TOO NOISY";
    case Word::unusable_end:
      return "NOT TESTABLE";
    case Word::infra:
      return "ABORTED";
  }
  return "?";
}

bool has_culprit(Word word) { return word == Word::verified || word == Word::likely || word == Word::one_of; }

Calibration calibration_of(const History& h, const Settings& s, const std::vector<Observation>& seen) {
  auto out = calibration_from(
      Tallies(h, counted(h, s, seen)).calibration[static_cast<std::size_t>(s.fixed ? 0 : h.last())]);
  out.guests = unit_for(h, s, seen) == Unit::boot;
  return out;
}

std::vector<int> candidates(const History& h, const Settings& s, const std::vector<Observation>& seen,
                            int clean_runs) {
  return suspects_from(h, s, Tallies(h, counted(h, s, seen)), clean_runs);
}

Step next_step(const History& h, const Settings& s, const std::vector<Observation>& seen) {
  return Decision(h, s, seen).step();
}

}  // namespace pinrig::bisect
