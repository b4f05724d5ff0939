// SPDX-License-Identifier: GPL-2.0
#include "assess/rows.h"

#include <algorithm>

#include "base/text.h"

namespace pinrig::assess {

std::string Row::name() const {
  const auto& v = seen->verdict;
  return v.test + (v.case_name.empty() ? "" : ":" + v.case_name);
}

void Row::set(model::Rule rule, std::string reason, std::string reference) {
  *says = {rule, std::move(reason), std::move(reference)};
}

std::vector<Block> blocks_of(Rows& rows) {
  std::vector<Block> out;
  for (auto it = rows.begin(); it != rows.end();) {
    const auto next = std::find_if(it + 1, rows.end(), [](const Row& r) { return r.is_test(); });
    out.push_back({it, next});
    it = next;
  }
  return out;
}

bool fine_by_itself(model::Verdict v) {
  return v == model::Verdict::pass || v == model::Verdict::skip || v == model::Verdict::xfail;
}

bool all_allowed(const std::vector<model::Verdict>& list, const model::TestVerdict& row) {
  using model::Verdict;
  const auto has = [&](Verdict v) { return std::find(list.begin(), list.end(), v) != list.end(); };
  const Verdict v = row.verdict;
  const bool cut_short = v == Verdict::crash || v == Verdict::timeout || v == Verdict::error;
  return has(v) && (cut_short || std::all_of(row.own.begin(), row.own.end(), has));
}

std::string without_run(const std::string& test) {
  const auto tilde = test.rfind('~');
  const bool is_run = tilde != std::string::npos && tilde + 1 < test.size() &&
                      test.find_first_not_of("0123456789", tilde + 1) == std::string::npos;
  return is_run ? test.substr(0, tilde) : test;
}

bool covers(const std::string& glob, const model::TestVerdict& row, bool and_cases) {
  const auto colon = glob.find(':');
  const std::string test = without_run(row.test);
  if (colon == std::string::npos)
    return (and_cases || row.case_name.empty()) && model::means_test(glob, test);
  if (colon + 1 == glob.size())
    return row.case_name.empty() && model::means_test(glob.substr(0, colon), test);
  return !row.case_name.empty() && glob_match(glob, test + ":" + row.case_name);
}

}  // namespace pinrig::assess
