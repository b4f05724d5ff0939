// SPDX-License-Identifier: GPL-2.0
#include "verdict/known.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pinrig::verdict {
namespace {

using model::KnownIssue;
using model::TestVerdict;
using model::Verdict;
using Rows = std::vector<TestVerdict>;

bool about_cases(const std::string& glob) { return glob.find(':') != std::string::npos; }

/// A pattern without ':' is about a test and all of its cases.
bool matches(const std::string& glob, const TestVerdict& row) {
  if (!about_cases(glob)) return glob_match(glob, row.test);
  return !row.case_name.empty() && glob_match(glob, row.test + ":" + row.case_name);
}

bool matches(const KnownIssue& issue, const TestVerdict& row) {
  return std::any_of(issue.tests.begin(), issue.tests.end(),
                     [&](const auto& glob) { return matches(glob, row); });
}

bool looks_like(const KnownIssue& issue, const TestVerdict& row) {
  return std::find(issue.seen.begin(), issue.seen.end(), row.verdict) != issue.seen.end();
}

void make_known(const KnownIssue& issue, TestVerdict& row) {
  row.detail =
      fmt::format("{}{}{}", model::to_string(row.verdict), row.detail.empty() ? "" : ": ", row.detail);
  row.verdict = Verdict::xfail;
  row.expected = true;
  row.expectation = fmt::format("{}{}: {} ({})", known_issue_mark, issue.name, issue.reason, issue.reference);
}

bool is_known(const KnownIssue& issue, const TestVerdict& row) {
  return row.expectation.starts_with(fmt::format("{}{}:", known_issue_mark, issue.name));
}

/// The test row and its cases, which follow it.
struct Block {
  Rows::iterator test;
  Rows::iterator end;
};

std::vector<Block> blocks_of(Rows& rows) {
  std::vector<Block> out;
  for (auto it = rows.begin(); it != rows.end();) {
    const auto next =
        std::find_if(it + 1, rows.end(), [](const TestVerdict& r) { return r.case_name.empty(); });
    out.push_back({it, next});
    it = next;
  }
  return out;
}

/// The test itself, when its cases are what is known: it failed because they did. And cases that a known
/// crash or hang of the test made impossible.
void spread(const KnownIssue& issue, const Block& b) {
  const auto known = [&](const TestVerdict& r) { return is_known(issue, r); };
  const bool some = std::any_of(b.test + 1, b.end, known);
  const bool all = std::all_of(b.test + 1, b.end, [](const TestVerdict& r) { return r.expected; });
  if (some && all && !b.test->expected && looks_like(issue, *b.test)) make_known(issue, *b.test);
  if (!known(*b.test)) return;
  for (auto c = b.test + 1; c != b.end; ++c) {
    if (!c->expected && c->verdict == Verdict::missing) {
      c->expected = true;
      c->expectation = b.test->expectation;
    }
  }
}

bool was_judged(Verdict v) { return v != Verdict::missing && v != Verdict::skip && v != Verdict::error; }

/// The issue was looked for and is not there.
std::string not_seen(const KnownIssue& issue, TestVerdict& row, bool patched) {
  const std::string name = row.test + (row.case_name.empty() ? "" : ":" + row.case_name);
  if (patched) {
    if (row.expectation.empty())
      row.expectation = fmt::format("fixed: known issue {} is not seen here", issue.name);
    return fmt::format("known issue {} is fixed here: {} passes", issue.name, name);
  }
  row.verdict = Verdict::xpass;
  row.expected = false;
  row.detail = fmt::format("known issue {} is no longer seen: end its range in configs/known-issues/{}.yaml",
                           issue.name, issue.name);
  return fmt::format("known issue {} is no longer seen in {}", issue.name, name);
}

std::string apply_one(Rows& rows, const KnownIssue& issue, bool patched) {
  std::vector<std::string> seen;
  TestVerdict* passed = nullptr;
  for (auto& row : rows) {
    if (!matches(issue, row)) continue;
    if (looks_like(issue, row)) {
      if (seen.empty() || seen.back() != row.test) seen.push_back(row.test);
      if (!row.expected) make_known(issue, row);
    } else if (passed == nullptr && row.verdict == Verdict::pass && row.expected) {
      passed = &row;
    }
  }
  for (const Block& b : blocks_of(rows)) spread(issue, b);
  if (!seen.empty())
    return fmt::format("known issue {} ({}) in {}", issue.name, issue.reason, join(seen, ", "));
  const bool judged = std::any_of(rows.begin(), rows.end(), [&](const TestVerdict& r) {
    return matches(issue, r) && was_judged(r.verdict);
  });
  if (!judged || issue.sometimes || passed == nullptr) return "";
  return not_seen(issue, *passed, patched);
}

}  // namespace

Knowledge knowledge_of(const std::vector<model::Requirements>& requirements,
                       const std::vector<KnownIssue>& issues, const Subject& kernel) {
  const auto covers = [&](const model::KernelRange& r) {
    return r.covers(kernel.base, kernel.version, kernel.arch);
  };
  const auto lacks = [&](const std::string& symbol) {
    const auto it = kernel.config.find(symbol);
    return it == kernel.config.end() || it->second == "n";
  };
  const auto lacks_one = [&](const std::vector<std::string>& symbols) {
    return symbols.empty() || std::any_of(symbols.begin(), symbols.end(), lacks);
  };
  Knowledge out;
  for (const auto& r : requirements) {
    if (!covers(r.range)) continue;
    out.lists_skips = true;
    for (const auto& [name, value] : r.capabilities) out.capabilities[name] = value;
    for (const auto& s : r.skips) {
      if (covers(s.range) && lacks_one(s.without)) out.skips.push_back(s);
    }
  }
  for (const auto& i : issues) {
    if (covers(i.range) && lacks_one(i.without)) out.issues.push_back(i);
  }
  return out;
}

int judge_skips(Rows& verdicts, const Knowledge& known) {
  if (!known.lists_skips) return 0;
  int bad = 0;
  const auto needs_leave = [](const TestVerdict& r) {
    return r.verdict == Verdict::skip && r.expected && !r.foreseen && r.expectation.empty();
  };
  const auto allowed = [&](const TestVerdict& r) {
    return std::any_of(known.skips.begin(), known.skips.end(),
                       [&](const auto& s) { return matches(s.tests, r); });
  };
  for (const Block& b : blocks_of(verdicts)) {
    // Judged before its cases: with leave for all of them it needs none of its own.
    const bool by_cases = b.end - b.test > 1 && std::all_of(b.test + 1, b.end, [&](const TestVerdict& r) {
                            return r.verdict == Verdict::skip && (!needs_leave(r) || allowed(r));
                          });
    for (auto row = b.test; row != b.end; ++row) {
      if (!needs_leave(*row) || allowed(*row) || (row == b.test && by_cases)) continue;
      row->expected = false;
      row->detail +=
          (row->detail.empty() ? "" : "; ") + std::string("no file of configs/expectations lists this skip");
      ++bad;
    }
  }
  return bad;
}

std::vector<std::string> apply_known_issues(Rows& verdicts, const Knowledge& known, bool patched) {
  std::vector<std::string> out;
  for (const auto& issue : known.issues) {
    if (auto line = apply_one(verdicts, issue, patched); !line.empty()) out.push_back(std::move(line));
  }
  return out;
}

}  // namespace pinrig::verdict
