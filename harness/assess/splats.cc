// SPDX-License-Identifier: GPL-2.0
// The policy on reports of the kernel.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "assess/rows.h"
#include "base/text.h"

namespace pinrig::assess {
namespace {

using model::Rule;
using model::SplatRule;
using model::Verdict;

bool is_about(const SplatRule& rule, const Rulebook& rules, const KernelFacts& kernel) {
  return rule.range.covers(rules.base, kernel.point.version, kernel.arch);
}

bool has_expired(const SplatRule& rule, const Rulebook& rules) {
  return !rule.expires.empty() && !rules.today.empty() && rules.today > rule.expires;
}

bool fits(const SplatRule& rule, const model::Splat& splat) {
  return rule.kind == splat.kind && (rule.title.empty() || glob_match(rule.title, splat.title));
}

/// The entry that decides about a report; nullptr when none does.
const SplatRule* rule_for(const model::Splat& splat, const Rulebook& rules, const KernelFacts& kernel) {
  const auto it = std::find_if(rules.splats.begin(), rules.splats.end(), [&](const SplatRule& r) {
    return is_about(r, rules, kernel) && !has_expired(r, rules) && fits(r, splat);
  });
  return it == rules.splats.end() ? nullptr : &*it;
}

/// Nothing but reports of the kernel speaks against the row, and its cases are as expected.
bool only_splats(const Block& b) {
  const auto& seen = b.test->seen->verdict;
  return b.test->says->rule == Rule::failure && !seen.splats.empty() && seen.apart.empty() &&
         std::all_of(b.test + 1, b.end, [](const Row& r) { return r.expected(); });
}

}  // namespace

std::vector<std::string> allow_splats(Rows& rows, const Rulebook& rules, const KernelFacts& kernel) {
  std::map<std::string, std::vector<std::string>> used;  // name and reason -> tests
  for (const Block& b : blocks_of(rows)) {
    if (!only_splats(b)) continue;
    const SplatRule* last = nullptr;
    bool all = true;
    for (const auto& splat : b.test->seen->verdict.splats) {
      if (splat.verdict == Verdict::pass) continue;
      const SplatRule* rule = rule_for(splat, rules, kernel);
      all = all && rule != nullptr && rule->allow;
      if (rule != nullptr) last = rule;
    }
    if (!all || last == nullptr) continue;
    b.test->set(Rule::allowed_splat, last->reason, last->name);
    used[fmt::format("configs/policy {} ({})", last->name, last->reason)].push_back(
        b.test->seen->verdict.test);
  }
  std::vector<std::string> out;
  for (const auto& [rule, tests] : used) out.push_back(fmt::format("{} in {}", rule, join(tests, ", ")));
  return out;
}

void deny_splats(Rows& rows, const Rulebook& rules, const KernelFacts& kernel) {
  for (auto& row : rows) {
    for (const auto& splat : row.seen->verdict.splats) {
      const SplatRule* rule = rule_for(splat, rules, kernel);
      if (rule == nullptr || rule->allow) continue;
      row.set(Rule::denied_splat, fmt::format("{}: {}", splat.title, rule->reason), rule->name);
      break;
    }
  }
}

std::vector<std::string> idle_splat_rules(const std::vector<KernelFacts>& run, const Rulebook& rules) {
  std::vector<std::string> out;
  for (const auto& rule : rules.splats) {
    bool about = false;
    bool fitting = false;
    for (const auto& kernel : run) {
      if (!is_about(rule, rules, kernel)) continue;
      for (const auto* row : rows_of(kernel)) {
        about = true;
        const auto& splats = row->verdict.splats;
        fitting = fitting ||
                  std::any_of(splats.begin(), splats.end(), [&](const auto& s) { return fits(rule, s); });
      }
    }
    if (!about) continue;
    if (has_expired(rule, rules))
      out.push_back(fmt::format("configs/policy {} expired on {}: it is void{}", rule.name, rule.expires,
                                fitting ? ", and its reports count" : ""));
    else if (!fitting)
      out.push_back(fmt::format("configs/policy {} ({} {}) fits no report of this run", rule.name,
                                rule.allow ? "allow" : "deny", rule.kind));
  }
  return out;
}

}  // namespace pinrig::assess
