// SPDX-License-Identifier: GPL-2.0
#include "bisect/units.h"

#include <map>
#include <string>

#include "bisect/tally.h"

namespace pinrig::bisect {

Unit unit_of(const History& history, const std::vector<Observation>& seen) {
  const Tallies tallies(history, seen);
  std::map<std::string, Tally> guests;
  bool clean_guest = false;
  for (const auto& o : seen) {
    if (o.point == reverted_point || tallies.at(o.point).red == 0) continue;
    if (o.run.empty())
      clean_guest = clean_guest || o.seen == Seen::clean;
    else
      guests[o.run].count(o.seen);
  }
  bool red_guest = false;
  for (const auto& [run, t] : guests) {
    if (t.red > 0 && t.clean > 0) return Unit::run;
    red_guest = red_guest || t.red > 1;
    clean_guest = clean_guest || t.clean > 0;
  }
  return red_guest && clean_guest ? Unit::boot : Unit::run;
}

std::vector<Observation> by_guest(const std::vector<Observation>& seen) {
  std::vector<Observation> out;
  std::map<std::string, std::size_t> at;
  for (const auto& o : seen) {
    const auto known = at.find(o.run);
    if (o.run.empty() || known == at.end()) {
      at[o.run] = out.size();
      out.push_back(o);
      continue;
    }
    auto& first = out[known->second];
    if (o.seen == Seen::red ||
        (first.seen != Seen::red && (o.seen == Seen::clean || first.seen != Seen::clean)))
      first = o;
  }
  return out;
}

}  // namespace pinrig::bisect
