// SPDX-License-Identifier: GPL-2.0
#include "assess/compare.h"

#include <cstdlib>
#include <map>
#include <utility>

namespace pinrig::assess {
namespace {

using model::Verdict;
using Key = std::pair<std::string, std::string>;

int level(Verdict v) {
  switch (v) {
    case Verdict::pass:
      return 0;
    case Verdict::xfail:
      return 1;
    case Verdict::skip:
      return 2;
    default:
      return 3 + model::rank(v);
  }
}

DeltaKind kind_of(const Seen& before, const Seen& after) {
  if (level(after.verdict) > level(before.verdict)) return DeltaKind::regression;
  if (level(after.verdict) < level(before.verdict) && level(after.verdict) < 2) return DeltaKind::fixed;
  const bool leaks_more = after.verdict == Verdict::leak && before.verdict == Verdict::leak &&
                          std::llabs(after.pages) > std::llabs(before.pages);
  return leaks_more ? DeltaKind::regression : DeltaKind::same;
}

Key key_of(const model::TestResult& r) { return {r.verdict.test, r.verdict.case_name}; }

Seen seen_of(const model::TestResult& r) { return {r.verdict.verdict, r.outstanding(), r.verdict.numbers}; }

std::map<Key, Seen> index(const Results& rows) {
  std::map<Key, Seen> out;
  for (const auto* r : rows) out.emplace(key_of(*r), seen_of(*r));
  return out;
}

}  // namespace

const char* to_string(DeltaKind kind) {
  switch (kind) {
    case DeltaKind::regression:
      return "regression";
    case DeltaKind::fixed:
      return "fixed";
    case DeltaKind::fresh:
      return "new";
    case DeltaKind::gone:
      return "gone";
    case DeltaKind::same:
      return "same";
  }
  return "?";
}

std::vector<Delta> compare(const Results& before, const Results& after) {
  const auto old = index(before);
  std::map<Key, Seen> seen;
  std::vector<Delta> out;
  for (const auto* r : after) {
    const Key key = key_of(*r);
    const auto [now, first] = seen.emplace(key, seen_of(*r));
    if (!first) continue;
    Delta d{DeltaKind::fresh, key.first, key.second, std::nullopt, now->second};
    if (const auto it = old.find(key); it != old.end()) {
      d.before = it->second;
      d.kind = kind_of(it->second, now->second);
    }
    out.push_back(std::move(d));
  }
  for (const auto* r : before) {
    const Key key = key_of(*r);
    if (!seen.emplace(key, Seen{}).second) continue;
    out.push_back({DeltaKind::gone, key.first, key.second, old.at(key), std::nullopt});
  }
  return out;
}

}  // namespace pinrig::assess
