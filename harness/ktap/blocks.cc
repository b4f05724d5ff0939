// SPDX-License-Identifier: GPL-2.0
// What is checked when a block of results ends: names, plan, totals, the parent's word.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "ktap/parser.h"

namespace pinrig::ktap {
namespace {

/// Cuts a name that no test has on purpose: reports lay names out, in time that grows faster than their
/// length.
void shorten(std::string& name) {
  constexpr std::size_t longest = 1000;
  if (name.size() <= longest) return;
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  name.resize(end);
  name += "...";
}

bool is_bad(Status s) { return s == Status::fail || s == Status::error; }

/// The order of the numbers in kselftest.h's "# Totals: pass:N fail:N xfail:N xpass:N skip:N error:N".
struct Total {
  std::string_view word;
  Status status;
};
constexpr std::array<Total, 6> total_words{{{"pass:", Status::pass},
                                            {"fail:", Status::fail},
                                            {"xfail:", Status::xfail},
                                            {"xpass:", Status::xpass},
                                            {"skip:", Status::skip},
                                            {"error:", Status::error}}};

}  // namespace

void Parser::find(FindingKind kind, int at, std::string text) {
  constexpr int most = 50;
  int& n = found_[static_cast<std::size_t>(kind)];
  if (++n > most) return;
  if (n == most) text += " (further ones omitted)";
  tree_.findings.push_back(Finding{kind, at, std::move(text)});
}

void Parser::totals(Block& block, std::string_view text) {
  std::array<int, 6> said{};
  for (const auto& t : total_words) {
    if (!text.starts_with(t.word)) return;  // kunit's "# Totals: pass:1 fail:0 skip:0 total:1" counts leaves
    text.remove_prefix(t.word.size());
    const int n = take_number(text);
    if (n < 0) return;
    said[static_cast<std::size_t>(t.status)] = n;
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  block.totals = true;
  for (const auto& t : total_words) {
    const auto i = static_cast<std::size_t>(t.status);
    if (said[i] == block.counts[i]) continue;
    find(FindingKind::totals_mismatch, line_number_,
         fmt::format("totals say {}{}, the results say {}", t.word, said[i], block.counts[i]));
  }
}

void Parser::close_orphans(std::size_t depth) {
  while (open_.size() > depth + 1) {
    Block child = std::move(open_.back());
    open_.pop_back();
    finish(child, true);
    Case orphan;
    orphan.name = child.name.empty() ? fmt::format("subtests of line {}", child.first_line) : child.name;
    orphan.reason = "no result line after its subtests";
    orphan.line = child.first_line;
    find(FindingKind::subtest_mismatch, child.first_line, orphan.name + ": " + orphan.reason);
    child.pending.move_to(orphan.diagnostics, budget_);
    orphan.subtests = std::move(child.cases);
    Block& parent = open_.back();
    parent.cases.push_back(std::move(orphan));
    parent.runs.resize(parent.cases.size());
    ++parent.counts[static_cast<std::size_t>(Status::error)];
    ++parent.last_number;
  }
}

void Parser::finish(Block& block, bool nested) {
  name_cases(block);
  for (Case& c : block.cases) shorten(c.name);
  check_plan(block, nested);
  number_duplicates(block);
}

void Parser::name_cases(Block& block) {
  block.runs.resize(block.cases.size());
  const auto same = [&](std::size_t a, std::size_t b) { return block.runs[a] == block.runs[b]; };
  for (std::size_t i = 0; i < block.cases.size(); ++i) {
    Case& c = block.cases[i];
    if (block.runs[i] == 0) {
      if (c.name.empty()) c.name = fmt::format("case {}", c.number > 0 ? c.number : static_cast<int>(i) + 1);
      continue;
    }
    const bool several = (i > 0 && same(i, i - 1)) || (i + 1 < block.cases.size() && same(i, i + 1));
    std::string outcome = std::move(c.name);
    std::string& run = block.run_texts[static_cast<std::size_t>(block.runs[i]) - 1];
    if (i + 1 < block.cases.size() && same(i, i + 1))
      c.name = run;
    else
      c.name = std::move(run);  // no other case has it
    if (several && !outcome.empty()) c.name += ": " + outcome;
    if (c.reason.empty()) c.reason = std::move(outcome);
  }
}

void Parser::check_plan(const Block& block, bool nested) {
  const int line = block.first_line;
  const int results = static_cast<int>(block.cases.size());
  if (!block.plan) {
    // ktap.rst lets subtests go without: the parent's result ends them. KUnit's parameters do.
    if (!nested && (results > 0 || block.version > 0)) {
      find(FindingKind::no_plan, line, fmt::format("{} results but no plan: some may be missing", results));
    }
  } else if (*block.plan == 0 && results == 0 && block.plan_skip.empty()) {
    find(FindingKind::no_tests, line, "no cases: the plan is 1..0 without a reason");
  } else if (results < *block.plan) {
    find(FindingKind::plan_shortfall, line, fmt::format("{} of {} planned results", results, *block.plan));
  } else if (results > *block.plan) {
    find(FindingKind::plan_excess, line, fmt::format("{} results, {} planned", results, *block.plan));
  }
}

void Parser::number_duplicates(Block& block) {
  if (block.cases.size() < 2) return;
  std::size_t size = 4;
  while (size < 2 * block.cases.size()) size *= 2;
  std::vector<std::uint32_t> slots(size, 0);  // index + 1 of a case; open addressing
  const auto slot_of = [&](const std::string& name) -> std::uint32_t& {
    std::size_t at = std::hash<std::string_view>{}(name) & (size - 1);
    while (slots[at] != 0 && block.cases[slots[at] - 1].name != name) at = (at + 1) & (size - 1);
    return slots[at];
  };
  std::unordered_map<std::string, int> seen;  // of names that are there twice
  for (std::size_t i = 0; i < block.cases.size(); ++i) {
    const std::string name = block.cases[i].name;
    if (std::uint32_t& slot = slot_of(name); slot == 0) {
      slot = static_cast<std::uint32_t>(i + 1);
      continue;
    }
    int& n = seen.emplace(name, 1).first->second;
    std::string numbered;
    do {
      numbered = fmt::format("{} ({})", name, ++n);
    } while (slot_of(numbered) != 0);
    block.cases[i].name = numbered;
    slot_of(numbered) = static_cast<std::uint32_t>(i + 1);
  }
}

void Parser::check_empty(const Case& parent, const Block* child) {
  if (parent.status != Status::pass) return;
  const bool nothing = child ? child->cases.empty() && !child->plan : !open_.back().next_name.empty();
  if (!nothing) return;
  find(FindingKind::no_tests, parent.line,
       fmt::format("\"{}\" is ok, but its subtest has neither a plan nor a result", parent.name));
}

void Parser::check_parent(const Case& parent, std::string_view subtest_name) {
  const bool any_bad = std::any_of(parent.subtests.begin(), parent.subtests.end(),
                                   [](const Case& c) { return is_bad(c.status); });
  if (parent.status == Status::pass && any_bad) {
    find(FindingKind::subtest_mismatch, parent.line,
         fmt::format("\"{}\" is ok though a subtest failed", parent.name));
  } else if (parent.status == Status::skip && any_bad) {
    find(FindingKind::subtest_mismatch, parent.line,
         fmt::format("\"{}\" is skipped though a subtest failed", parent.name));
  } else if (parent.status == Status::fail && !any_bad && !parent.subtests.empty() &&
             !parent.reason.starts_with("TIMEOUT")) {  // those that had ended by then are fine
    find(FindingKind::subtest_mismatch, parent.line,
         fmt::format("\"{}\" is not ok though no subtest failed", parent.name));
  }
  if (!subtest_name.empty() && !parent.name.empty() && subtest_name != parent.name) {
    find(FindingKind::subtest_mismatch, parent.line,
         fmt::format("subtests of \"{}\" end with the result of \"{}\"", subtest_name, parent.name));
  }
}

void Parser::whole_stream() {
  close_orphans(0);
  Block& root = open_[0];
  finish(root, false);
  tree_.version = root.version;
  tree_.plan = root.plan;
  tree_.plan_skip = std::move(root.plan_skip);
  tree_.cases = std::move(root.cases);
  root.pending.move_to(tree_.diagnostics, budget_);
  if (!any_text_) {
    find(FindingKind::no_output, 0, "no output at all");
  } else if (root.version == 0 && !tree_.plan && tree_.cases.empty()) {
    find(FindingKind::no_ktap, 0, "output without KTAP");
  }
}

}  // namespace pinrig::ktap
