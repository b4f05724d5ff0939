// SPDX-License-Identifier: GPL-2.0
// What is known about a kernel in advance: capabilities, skips and issues.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "assess/rows.h"
#include "base/text.h"

namespace pinrig::assess {
namespace {

using model::KnownIssue;
using model::Rule;
using model::Verdict;

bool matches(const KnownIssue& issue, const Row& row) {
  return std::any_of(issue.tests.begin(), issue.tests.end(),
                     [&](const auto& glob) { return covers(glob, row.seen->verdict, false); });
}

bool looks_like(const KnownIssue& issue, Verdict v) {
  return std::find(issue.seen.begin(), issue.seen.end(), v) != issue.seen.end();
}

bool is_known(const KnownIssue& issue, const Row& row) {
  return row.says->rule == Rule::known_issue && row.says->reference == issue.name;
}

const model::TestResult* same_row(const KernelFacts& kernel, const Row& row) {
  const auto rows = rows_of(kernel);
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const auto* r) {
    return r->verdict.test == row.seen->verdict.test && r->verdict.case_name == row.seen->verdict.case_name;
  });
  return it == rows.end() ? nullptr : *it;
}

/// Why a row that looks like the issue is more than the issue; empty when it is not.
std::string excess(const KnownIssue& issue, const Row& row, bool patched, const KernelFacts* reference) {
  const auto pages = std::llabs(row.seen->outstanding());
  if (pages > issue.pages)
    return fmt::format("{} pages outstanding, known issue {} leaves {} at most", pages, issue.name,
                       issue.pages);
  if (!patched || issue.sometimes) return "";
  if (reference == nullptr)
    return fmt::format("known issue {}, but this run has no base that shows it too: add the point base",
                       issue.name);
  const auto* before = same_row(*reference, row);
  if (before == nullptr) return fmt::format("known issue {}, but not on {}", issue.name, reference->id);
  if (before->verdict.verdict != row.verdict())
    return fmt::format("known issue {}, but {} on {}", issue.name, model::to_string(before->verdict.verdict),
                       reference->id);
  // What is released too often there does not explain what stays pinned here.
  const auto here = row.seen->outstanding();
  const auto there = before->outstanding();
  if (std::llabs(there) < pages || (here != 0 && (here > 0) != (there > 0)))
    return fmt::format("known issue {}, but {:+} pages outstanding on {} and {:+} here", issue.name, there,
                       reference->id, here);
  return "";
}

void make_known(const KnownIssue& issue, Row& row, bool patched, const KernelFacts* reference) {
  if (auto why = excess(issue, row, patched, reference); !why.empty())
    row.set(Rule::issue_worse, std::move(why), issue.name);
  else
    row.set(Rule::known_issue, fmt::format("{} ({})", issue.reason, issue.reference), issue.name);
}

/// What a known issue of cases explains of their test: all that it is seen as, but no failure of the test
/// apart from its cases, such as a warning of the kernel. For that the issue has to name the test's own row.
bool explains_test(const KnownIssue& issue, const Row& test) {
  const auto& seen = test.seen->verdict;
  const bool fails = std::find(seen.own.begin(), seen.own.end(), Verdict::fail) != seen.own.end();
  return all_allowed(issue.seen, seen) && (!fails || matches(issue, test));
}

/// The test itself, when its cases are what is known: it failed because they did. And cases that a known
/// crash or hang of the test made impossible.
void spread(const KnownIssue& issue, const Block& b, bool patched, const KernelFacts* reference) {
  const auto known = [&](const Row& r) { return is_known(issue, r); };
  const bool some = std::any_of(b.test + 1, b.end, known);
  const bool all = std::all_of(b.test + 1, b.end, [](const Row& r) { return r.expected(); });
  if (some && all && !b.test->expected() && explains_test(issue, *b.test))
    make_known(issue, *b.test, patched, reference);
  if (!known(*b.test)) return;
  const Verdict end = b.test->verdict();
  const bool went_down = end == Verdict::crash || end == Verdict::timeout;
  for (auto c = b.test + 1; c != b.end; ++c) {
    const bool lost = c->verdict() == Verdict::missing || (went_down && c->verdict() == end);
    if (!c->expected() && lost) c->set(Rule::consequence, b.test->says->reason, issue.name);
  }
}

bool was_judged(Verdict v) { return v != Verdict::missing && v != Verdict::skip && v != Verdict::error; }

/// The issue was looked for but not seen.
std::string not_seen(const KnownIssue& issue, Row& row, bool patched) {
  if (patched) {
    if (!row.decided)
      row.set(Rule::issue_fixed, fmt::format("known issue {} not seen here", issue.name), issue.name);
    return fmt::format("known issue {} is fixed here: {} passes", issue.name, row.name());
  }
  row.set(Rule::issue_gone,
          fmt::format("known issue {} is no longer seen: end its range in configs/known-issues/{}.yaml",
                      issue.name, issue.name),
          issue.name);
  return fmt::format("known issue {} is no longer seen in {}", issue.name, row.name());
}

/// A test may have run without the cases that the issue names, such as with --quick: its own row says nothing
/// then.
bool names_cases(const KnownIssue& issue) {
  return std::any_of(issue.tests.begin(), issue.tests.end(), [](const std::string& glob) {
    return glob.find(':') != std::string::npos && glob.back() != ':';
  });
}

std::string apply_one(Rows& rows, const KnownIssue& issue, bool patched, const KernelFacts* reference) {
  std::vector<std::string> seen;
  Row* passed = nullptr;
  bool judged = false;
  const bool cases_alone = names_cases(issue);
  for (auto& row : rows) {
    if (!matches(issue, row)) continue;
    judged = judged || was_judged(row.verdict());
    if (looks_like(issue, row.verdict())) {
      if (seen.empty() || seen.back() != row.seen->verdict.test) seen.push_back(row.seen->verdict.test);
      if (!row.expected() && all_allowed(issue.seen, row.seen->verdict))
        make_known(issue, row, patched, reference);
    } else if (passed == nullptr && row.verdict() == Verdict::pass && row.expected() &&
               !(cases_alone && row.seen->verdict.case_name.empty())) {
      passed = &row;
    }
  }
  for (const Block& b : blocks_of(rows)) spread(issue, b, patched, reference);
  if (!seen.empty())
    return fmt::format("known issue {} ({}) in {}", issue.name, issue.reason, join(seen, ", "));
  if (!judged || issue.sometimes || passed == nullptr) return "";
  return not_seen(issue, *passed, patched);
}

/// Listed among the skips; `one_of_many`: also when it is one that comes and goes.
const model::AllowedSkip* listed(const Knowledge& known, const Row& row) {
  const auto it = std::find_if(known.skips.begin(), known.skips.end(),
                               [&](const auto& s) { return covers(s.tests, row.seen->verdict, true); });
  return it == known.skips.end() ? nullptr : &*it;
}

bool needs_leave(const Row& r) {
  return r.verdict() == Verdict::skip && r.expected() && !r.seen->verdict.foreseen && !r.decided;
}

}  // namespace

Knowledge knowledge_of(const Rulebook& rules, const KernelFacts& kernel) {
  const auto in_range = [&](const model::KernelRange& r) {
    return r.covers(rules.base, kernel.point.version, kernel.arch);
  };
  const auto lacks = [&](const std::string& symbol) {
    const auto it = kernel.symbols.find(symbol);
    return it == kernel.symbols.end() || it->second == "n";
  };
  const auto lacks_one = [&](const std::vector<std::string>& symbols) {
    return symbols.empty() || std::any_of(symbols.begin(), symbols.end(), lacks);
  };
  Knowledge out;
  for (const auto& r : rules.requirements) {
    if (!in_range(r.range) || !lacks_one(r.without)) continue;
    out.covered = true;
    for (const auto& [name, value] : r.capabilities) out.capabilities[name] = value;
    for (const auto& s : r.skips) {
      if (in_range(s.range) && lacks_one(s.without)) out.skips.push_back(s);
    }
  }
  for (const auto& i : rules.known_issues) {
    if (!in_range(i.range) || !lacks_one(i.without)) continue;
    const bool expired = !i.expires.empty() && !rules.today.empty() && rules.today > i.expires;
    (expired ? out.expired : out.issues).push_back(i);
  }
  return out;
}

void judge_skips(Rows& rows, const Knowledge& known) {
  if (!known.covered) return;
  for (const Block& b : blocks_of(rows)) {
    // Judged before its cases: with leave for all of them it needs none of its own.
    const bool by_cases =
        b.end - b.test > 1 && std::all_of(b.test + 1, b.end, [&](const Row& r) {
          return r.verdict() == Verdict::skip && (!needs_leave(r) || listed(known, r) != nullptr);
        });
    for (auto row = b.test; row != b.end; ++row) {
      if (!needs_leave(*row)) continue;
      if (const auto* leave = listed(known, *row))
        row->set(Rule::allowed_skip, leave->reason, leave->sometimes ? "sometimes" : "");
      else if (row != b.test || !by_cases)
        row->set(Rule::unlisted_skip, "no file of configs/expectations lists this skip");
    }
  }
}

std::vector<std::string> apply_known_issues(Rows& rows, const Knowledge& known, bool patched,
                                            const KernelFacts* reference) {
  std::vector<std::string> out;
  for (const auto& issue : known.issues) {
    if (auto line = apply_one(rows, issue, patched, reference); !line.empty()) out.push_back(std::move(line));
  }
  for (const auto& issue : known.expired) {
    for (auto& row : rows) {
      if (row.expected() || !matches(issue, row) || !looks_like(issue, row.verdict())) continue;
      if (row.says->rule == Rule::failure)
        row.set(Rule::failure, fmt::format("known issue {} expired on {}", issue.name, issue.expires));
    }
  }
  return out;
}

}  // namespace pinrig::assess
