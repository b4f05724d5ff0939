// SPDX-License-Identifier: GPL-2.0
#include "verdict/compare.h"

#include <map>
#include <utility>

namespace pinrig::verdict {
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

DeltaKind kind_of(Verdict base, Verdict tip) {
  if (level(tip) > level(base)) return DeltaKind::regression;
  if (level(tip) < level(base) && level(tip) < 2) return DeltaKind::fixed;
  return DeltaKind::same;
}

std::map<Key, Verdict> index(const std::vector<model::TestVerdict>& rows) {
  std::map<Key, Verdict> out;
  for (const auto& r : rows) out.emplace(Key{r.test, r.case_name}, r.verdict);
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

std::vector<Delta> compare(const std::vector<model::TestVerdict>& base,
                           const std::vector<model::TestVerdict>& tip) {
  const auto before = index(base);
  std::map<Key, Verdict> after;
  std::vector<Delta> out;
  for (const auto& r : tip) {
    const Key key{r.test, r.case_name};
    if (!after.emplace(key, r.verdict).second) continue;
    Delta d{DeltaKind::fresh, r.test, r.case_name, std::nullopt, r.verdict};
    if (const auto it = before.find(key); it != before.end()) {
      d.base = it->second;
      d.kind = kind_of(it->second, r.verdict);
    }
    out.push_back(std::move(d));
  }
  for (const auto& r : base) {
    const Key key{r.test, r.case_name};
    if (!after.emplace(key, r.verdict).second) continue;
    out.push_back({DeltaKind::gone, r.test, r.case_name, before.at(key), std::nullopt});
  }
  return out;
}

}  // namespace pinrig::verdict
