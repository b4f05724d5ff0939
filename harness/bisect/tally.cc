// SPDX-License-Identifier: GPL-2.0
#include "bisect/tally.h"

#include <map>
#include <string>

namespace pinrig::bisect {
namespace {

constexpr int others_that_hide = 3;

void add(Tally& to, const Tally& from) {
  to.red += from.red;
  to.clean += from.clean;
  to.other += from.other;
  to.skips += from.skips;
  to.infra += from.infra;
}

void merge_images(const History& history, std::vector<Tally>& counted) {
  std::map<std::string, Tally> by_image;
  for (int p = 0; p <= history.last(); ++p) {
    if (!history.at(p).image.empty())
      add(by_image[history.at(p).image], counted[static_cast<std::size_t>(p)]);
  }
  for (int p = 0; p <= history.last(); ++p) {
    if (!history.at(p).image.empty()) counted[static_cast<std::size_t>(p)] = by_image[history.at(p).image];
  }
}

}  // namespace

void Tally::count(Seen seen) {
  red += seen == Seen::red ? 1 : 0;
  clean += seen == Seen::clean ? 1 : 0;
  other += seen == Seen::other ? 1 : 0;
  skips += seen == Seen::skip ? 1 : 0;
  infra += seen == Seen::infra ? 1 : 0;
  infra_in_a_row = seen == Seen::infra ? infra_in_a_row + 1 : 0;
}

Tallies::Tallies(const History& history, const std::vector<Observation>& seen)
    : own(history.points().size()), calibration(own), verified(own), ends(own) {
  for (const auto& o : seen) {
    if (o.point == reverted_point) {
      reverted.count(o.seen);
      continue;
    }
    const auto p = static_cast<std::size_t>(o.point);
    own[p].count(o.seen);
    if (o.purpose == Purpose::known || o.purpose == Purpose::calibrate) calibration[p].count(o.seen);
    if (o.purpose == Purpose::verify || o.purpose == Purpose::ends) verified[p].count(o.seen);
    if (o.purpose == Purpose::ends) ends[p].count(o.seen);
  }
  all = own;
  for (auto* counted : {&all, &calibration, &verified, &ends}) merge_images(history, *counted);
}

State state_of(const Tally& t, int clean_runs) {
  if (t.red > 0) return State::red;
  if (t.skips > 0) return State::skipped;
  if (t.clean >= clean_runs) return State::clean;
  return t.other >= others_that_hide && t.other > t.clean ? State::skipped : State::unknown;
}

State state_of_runs(const std::vector<Seen>& runs) {
  Tally t;
  for (const auto s : runs) t.count(s);
  if (t.red > 0) return State::red;
  if (t.infra > 0 || runs.empty()) return State::unknown;
  return t.skips + t.other > 0 ? State::skipped : State::clean;
}

}  // namespace pinrig::bisect
