// SPDX-License-Identifier: GPL-2.0
#include "mutate/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "assess/compare.h"
#include "base/text.h"

namespace pinrig::mutate {
namespace {

// Seconds of tests in the first, the second and every later boot of a mutant.
constexpr std::array<double, 3> boot_budget_s{3, 12, 1e9};

// Far above what load alone can cost.
constexpr double least_limit_s = 10;
constexpr double limit_factor = 10;

struct Choice {
  double wall_s = 0;
  std::size_t guest = 0;
  model::TestSpec test;
  bool taken = false;
};

bool fine(model::Verdict v) {
  return v == model::Verdict::pass || v == model::Verdict::skip || v == model::Verdict::xfail;
}

std::string named(const assess::Delta& d) {
  return d.case_name.empty() ? d.test : d.test + ":" + d.case_name;
}

std::string said(const std::optional<assess::Seen>& seen) {
  return seen ? to_string(seen->verdict) : "no result";
}

using Rows = std::vector<model::TestResult>;

assess::Results pointers(const Rows& rows, const std::vector<std::string>* tests) {
  assess::Results out;
  for (const auto& r : rows) {
    const bool of_boot = tests == nullptr || model::is_harness_row(r.verdict.test) ||
                         std::find(tests->begin(), tests->end(), r.verdict.test) != tests->end();
    if (of_boot) out.push_back(&r);
  }
  return out;
}

bool speaks_against(const assess::Delta& d) {
  switch (d.kind) {
    case assess::DeltaKind::regression:
      return true;
    case assess::DeltaKind::gone:
      // A row about the harness that is gone was a finding.
      return !model::is_harness_row(d.test) && d.before && d.before->verdict != model::Verdict::skip;
    case assess::DeltaKind::fresh:
      return d.after && !fine(d.after->verdict);
    default:
      return false;
  }
}

}  // namespace

std::set<int> numbers_of(const std::string& ranges, int most) {
  std::set<int> out;
  for (const auto& part : split(ranges, ',')) {
    int first = 0;
    const char* end = part.data() + part.size();
    const auto [at, ec] = std::from_chars(part.data(), end, first);
    if (ec != std::errc{} || first < 0) continue;
    int last = first;
    if (at != end && *at == '-') std::from_chars(at + 1, end, last);
    for (int n = first; n <= std::min(last, most); ++n) out.insert(n);
  }
  return out;
}

std::string ranges_of(const std::set<int>& numbers) {
  std::string out;
  for (auto it = numbers.begin(); it != numbers.end();) {
    const int first = *it;
    int last = first;
    while (++it != numbers.end() && *it == last + 1) last = *it;
    out += out.empty() ? "" : ",";
    out += first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
  }
  return out;
}

std::vector<Boot> boots_for(int mutant, const Reference& reference, const std::vector<model::Guest>& guests) {
  std::vector<Choice> all;
  for (std::size_t g = 0; g < guests.size(); ++g) {
    for (const auto& test : guests[g].tests) {
      const auto reached = reference.reached.find(test.name);
      if (reached == reference.reached.end() || !reached->second.contains(mutant)) continue;
      const auto wall = reference.wall_s.find(test.name);
      Choice c{wall == reference.wall_s.end() ? test.limit_s : wall->second, g, test};
      c.test.limit_s = std::min(test.limit_s, std::max(least_limit_s, limit_factor * c.wall_s));
      all.push_back(std::move(c));
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Choice& a, const Choice& b) { return a.wall_s < b.wall_s; });
  std::vector<Boot> out;
  for (auto& first : all) {
    if (first.taken) continue;
    const double budget = boot_budget_s.at(std::min(out.size(), boot_budget_s.size() - 1));
    Boot boot{first.guest, {}};
    double sum = 0;
    for (auto& c : all) {
      if (c.taken || c.guest != first.guest || (!boot.tests.empty() && sum + c.wall_s > budget)) continue;
      c.taken = true;
      sum += c.wall_s;
      boot.tests.push_back(c.test);
    }
    out.push_back(std::move(boot));
  }
  return out;
}

std::string noticed(const Rows& reference, const Rows& seen, const std::vector<std::string>& tests) {
  const auto deltas = assess::compare(pointers(reference, &tests), pointers(seen, &tests));
  // A case says more than its test, and a verdict more than an absence.
  const assess::Delta* best = nullptr;
  const auto weight = [](const assess::Delta& d) {
    return (d.after && d.after->verdict != model::Verdict::missing ? 2 : 0) + (d.case_name.empty() ? 0 : 1);
  };
  for (const auto& d : deltas) {
    if (speaks_against(d) && (best == nullptr || weight(d) > weight(*best))) best = &d;
  }
  return best == nullptr ? "" : fmt::format("{} ({})", named(*best), said(best->after));
}

std::vector<std::string> differences(const Rows& before, const Rows& after) {
  std::vector<std::string> out;
  for (const auto& d : assess::compare(pointers(before, nullptr), pointers(after, nullptr))) {
    const bool equal = d.before && d.after && d.before->verdict == d.after->verdict;
    if (!equal)
      out.push_back(
          fmt::format("{}: {} without mutants, {} with all off", named(d), said(d.before), said(d.after)));
  }
  return out;
}

}  // namespace pinrig::mutate
