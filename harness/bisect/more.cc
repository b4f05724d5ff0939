// SPDX-License-Identifier: GPL-2.0
#include "bisect/more.h"

#include <fmt/format.h>

#include "bisect/tally.h"
#include "bisect/text.h"

namespace pinrig::bisect {
namespace {

std::string reason_to_stop(const Log& log, const Conclusion& end) {
  if (!has_culprit(end.word) || end.suspects.size() != 1)
    return "no single patch was found that could be reverted";
  if (log.settings.fixed) return "a fix was searched";
  if (!end.posterior.empty())
    return "a patch that changes the rate of a red leaves the red when it is reverted";
  const int culprit = end.suspects.front();
  if (culprit == static_cast<int>(log.points.size()) - 1)
    return "the culprit is the newest point, and the point before it is clean";
  const auto reverted = Tallies(log.history(), log.seen).reverted;
  if (reverted.red > 0) return "";
  if (reverted.clean > 0) return "with the culprit reverted the newer end is clean";
  return "the newer end could not be tested with the culprit reverted";
}

}  // namespace

More next_search(const Log& log, const Conclusion& end) {
  More out{{}, reason_to_stop(log, end)};
  if (!out.why.empty()) return out;
  const int culprit = end.suspects.front();
  const auto history = log.history();
  Log next = log;
  next.without.push_back(culprit);
  next.settings.each = false;
  next.seen.clear();
  for (int p = culprit; p <= history.last(); ++p) {
    if (history.upto(p).has(culprit)) next.points[static_cast<std::size_t>(p)].image.clear();
  }
  // Without its own change it is the point before it.
  auto& own = next.points[static_cast<std::size_t>(culprit)];
  if (own.parents.size() == 1) own.image = next.points[static_cast<std::size_t>(own.parents.front())].image;
  for (auto o : log.seen) {
    if (o.seen != Seen::red && o.seen != Seen::clean) continue;
    if (o.point == reverted_point)
      o.point = history.last();
    else if (history.upto(o.point).has(culprit))
      continue;
    o.purpose = Purpose::known;
    next.seen.push_back(std::move(o));
  }
  out.why = fmt::format("still red at the newer end without {}", point_name(log, culprit));
  out.log = std::move(next);
  return out;
}

}  // namespace pinrig::bisect
