// SPDX-License-Identifier: GPL-2.0
#include "ktap/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace pinrig::ktap {
namespace {

/// Deeper blocks are text: no test nests that deep, and a stream could otherwise exhaust the stack.
constexpr std::size_t max_depth = 16;
/// More results than this are counted and not kept: a test that prints "ok" forever must not exhaust the
/// memory.
constexpr int max_cases = 100000;
/// Longer lines are cut: no name and no diagnostic needs them.
constexpr std::size_t max_line = 64 << 10;

bool is_end_of_kernel(std::string_view text) {
  return text.starts_with("Kernel panic - not syncing") || text.starts_with("reboot: System halted") ||
         text.starts_with("reboot: Power down") || text.starts_with("reboot: Restarting system");
}

/// True when `text` of the block above (whose line starts with it) is a line of `block`; cuts its prefix.
bool take_prefix(const Block& block, std::string_view& text) {
  if (block.hash) {
    if (!text.starts_with("# ") && text != "#") return false;
    text.remove_prefix(std::min<std::size_t>(2, text.size()));
    return true;
  }
  if (text.size() <= block.width) return false;
  for (std::size_t i = 0; i < block.width; ++i) {
    if (text[i] != ' ' && text[i] != '\t') return false;
  }
  text.remove_prefix(block.width);
  return true;
}

bool is_indentation(std::string_view text, std::size_t width) {
  return width >= 2 || (width == 1 && text[0] == '\t');
}

}  // namespace

void Parser::feed(std::string_view piece) {
  plain_ = is_plain(piece);
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view text = piece.substr(0, end);
    if (end == std::string_view::npos || !tail_.empty()) {
      tail_.append(text.substr(0, max_line + 1 - std::min(tail_.size(), max_line + 1)));
      if (end == std::string_view::npos) return;
      const bool plain = std::exchange(plain_, false);
      whole_line(tail_);
      plain_ = plain;
      tail_.clear();
    } else {
      whole_line(text);
    }
    piece.remove_prefix(end + 1);
  }
}

Tree Parser::finish() {
  plain_ = false;
  if (!tail_.empty()) whole_line(tail_);
  whole_stream();
  return std::move(tree_);
}

void Parser::whole_line(std::string_view text) {
  text = text.substr(0, max_line);
  while (text.ends_with('\r')) text.remove_suffix(1);
  ++line_number_;
  line(text);
}

void Parser::line(std::string_view text) {
  if (!plain_ && !is_plain(text)) {
    bool bad = false;
    text = cleaned_ = cleaned(text, bad);
    if (bad) find(FindingKind::bad_utf8, line_number_, "bytes that are not UTF-8");
  }
  if (text.empty()) return;
  if (!prefix_known_) prefix_known_ = prefix_.learn(text);
  text = prefix_.strip(text);
  if (text.empty()) return;
  any_text_ = true;

  std::size_t depth = 0;
  while (depth + 1 < open_.size() && take_prefix(open_[depth + 1], text)) ++depth;
  const Line found = classify(text);
  if (found.kind == LineKind::other) {
    if (!behind_text(depth, text)) return other(depth, text);
    find(FindingKind::behind_text, line_number_, "a result after text of another writer on the same line");
    return structural(depth, classify(text));
  }
  if (found.kind == LineKind::diagnostic) return diagnostic(depth, found, text);
  if (found.indent > 0 && !is_indentation(text, found.indent)) return;
  structural(depth, found);
}

bool Parser::behind_text(std::size_t depth, std::string_view& text) const {
  constexpr std::string_view word = "not ok ";
  const Block& block = open_[depth];
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const Line found = classify(text.substr(at));
    // Prose does not go on with the number that is due.
    if (found.kind != LineKind::result || found.number != block.last_number + 1) continue;
    if (!block.plan || found.number > *block.plan) continue;
    text.remove_prefix(at);
    return true;
  }
  return false;
}

void Parser::other(std::size_t depth, std::string_view text) {
  if ((text[0] == 'K' || text[0] == 'r') && is_end_of_kernel(text)) crashed_ = true;
  if (!is_indentation(text, text.find_first_not_of(" \t"))) return;
  Block& block = open_[depth];
  constexpr std::size_t most = 128;
  if (last_result_ != line_number_ - 1 || block.cases.empty()) return block.pending.add(text);
  // Right behind a result it is about that result: TAP 13's YAML.
  ++last_result_;
  auto& kept = block.cases.back().diagnostics;
  if (kept.size() >= most || text.size() > budget_) return;
  budget_ -= text.size();
  kept.emplace_back(text);
}

void Parser::structural(std::size_t depth, const Line& found) {
  if (found.kind == LineKind::bail_out) {
    tree_.bailed_out = true;
    return find(FindingKind::bail_out, line_number_, std::string(found.rest));
  }
  if (found.indent > 0) {
    // Prose; only TAP 14 has subtests without numbers, and "not ok" is not how prose begins.
    if (found.kind == LineKind::result && found.number == 0 && (found.ok || open_[0].version < 14)) return;
    close_orphans(depth);
    open(depth, found.indent, false);
    ++depth;
  }
  if (depth >= open_.size()) return;  // nested too deep
  switch (found.kind) {
    case LineKind::version:
      return version(depth, found);
    case LineKind::plan:
      return plan(open_[depth], found);
    case LineKind::result:
      return result(depth, found);
    default:
      return;
  }
}

void Parser::version(std::size_t depth, const Line& found) {
  const bool known = found.ktap ? found.number == 1 : found.number == 13 || found.number == 14;
  if (!known) {
    find(FindingKind::unknown_directive, line_number_,
         fmt::format("unknown {} version {}", found.ktap ? "KTAP" : "TAP", found.number));
  }
  if (!open_[depth].empty()) {
    if (depth == 0) {
      Block& root = open_[0];
      close_orphans(0);
      root.totals = false;
      root.further_plan = true;
      root.last_number = 0;
      root.counts = {};
      return find(FindingKind::duplicate_plan, line_number_,
                  "second version line: two streams in one output");
    }
    const std::size_t width = open_[depth].width;
    const bool hash = open_[depth].hash;
    close_orphans(depth - 1);
    open(depth - 1, width, hash);
  }
  open_[depth].version = found.number;
}

void Parser::plan(Block& block, const Line& found) {
  if (block.plan && block.further_plan) {
    block.further_plan = false;
    block.plan = std::min(*block.plan + found.number, 999999999);
    return;
  }
  if (block.plan) {
    return find(FindingKind::duplicate_plan, line_number_,
                fmt::format("second plan 1..{} (the first was 1..{})", found.number, *block.plan));
  }
  block.plan = found.number;
  if (found.rest.starts_with('#')) {
    Case skip;
    describe(true, found.rest, skip);
    if (skip.status == Status::skip) block.plan_skip = skip.reason.empty() ? "no reason given" : skip.reason;
  }
  block.cases.reserve(std::min<std::size_t>(static_cast<std::size_t>(found.number), 4096));
}

void Parser::result(std::size_t depth, const Line& found) {
  if (found.number == 0 && open_[0].version < 13) {  // KTAP numbers every result; this is prose
    if (!found.ok) find(FindingKind::wrong_number, line_number_, "\"not ok\" without a number");
    return;
  }
  if (crashed_ || open_[depth].totals) {
    return find(FindingKind::output_after_end, line_number_,
                crashed_ ? "a result after the kernel went down" : "a result after the totals");
  }
  if (++total_cases_ > max_cases) {
    if (total_cases_ == max_cases + 1) {
      find(FindingKind::plan_excess, line_number_,
           fmt::format("more than {} results: the rest is ignored", max_cases));
    }
    return;
  }
  close_orphans(depth + 1);
  Case found_case;
  const std::string_view unknown = describe(found.ok, found.rest, found_case);
  if (!unknown.empty()) {
    find(FindingKind::unknown_directive, line_number_, fmt::format("unknown directive {}", unknown));
  }
  found_case.number = found.number;
  found_case.line = line_number_;
  open_[depth].pending.move_to(found_case.diagnostics, budget_);
  if (depth + 1 < open_.size()) {
    Block& child = open_[depth + 1];
    finish(child, true);
    check_empty(found_case, &child);
    found_case.subtests = std::move(child.cases);
    child.pending.move_to(found_case.diagnostics, budget_);
    check_parent(found_case, child.name);
    open_.pop_back();
  } else {
    check_empty(found_case, nullptr);
  }
  Block& block = open_[depth];
  block.next_name.clear();
  check_number(block, found, found_case);
  ++block.counts[static_cast<std::size_t>(found_case.status)];
  block.cases.push_back(std::move(found_case));
  last_result_ = line_number_;
  if (block.run_index == 0 && !block.run.empty()) {
    block.run_texts.push_back(std::move(block.run));
    block.run.clear();
    block.run_index = static_cast<int>(block.run_texts.size());
  }
  if (block.run_index == 0 && block.runs.empty()) return;
  block.runs.resize(block.cases.size() - 1);
  block.runs.push_back(block.run_index);
}

void Parser::check_number(Block& block, const Line& found, const Case& found_case) {
  const int expected = block.last_number + 1;
  // ksft_exit_skip() of 6.12 counts itself before it prints: its line is one too high.
  const bool exit_skip =
      found_case.status == Status::skip && found_case.name.empty() && found.number == expected + 1;
  if (found.number > 0 && found.number != expected && !exit_skip) {
    find(FindingKind::wrong_number, line_number_,
         fmt::format("number {} instead of {}", found.number, expected));
  }
  block.last_number = found.number > 0 ? found.number : expected;
}

void Parser::diagnostic(std::size_t depth, const Line& found, std::string_view text) {
  if (found.indent == 0 && depth + 1 == open_.size() && text.starts_with("# ") && open_.size() < max_depth) {
    const Line nested = classify(found.rest);
    if (nested.indent == 0 && (nested.kind == LineKind::version || nested.kind == LineKind::plan)) {
      open(depth, 0, true);
      return structural(depth + 1, nested);
    }
  }
  if (found.rest.starts_with("Subtest: ")) {
    const std::string_view name = trim(found.rest.substr(9));
    if (found.indent > 0 && is_indentation(text, found.indent)) {
      close_orphans(depth);
      open(depth, found.indent, false);
      if (open_.size() > depth + 1) open_[depth + 1].name = name;
      return;
    }
    Block& here = open_[depth];
    const bool own = depth > 0 && !here.plan && here.cases.empty() && here.name.empty();
    (own ? here.name : here.next_name) = name;
    return;
  }
  Block& block = open_[depth];
  if (found.rest.starts_with("Totals: ")) return totals(block, found.rest.substr(8));
  if (found.rest.starts_with("[RUN]")) {
    block.run = trim(found.rest.substr(5));  // becomes the name of what follows
    block.run_index = 0;
  } else {
    block.pending.add(found.rest);
  }
}

void Parser::open(std::size_t depth, std::size_t width, bool hash) {
  if (open_.size() >= max_depth)
    return find(FindingKind::subtest_mismatch, line_number_,
                fmt::format("subtests nested more than {} deep were not read", max_depth - 1));
  Block block;
  block.width = width;
  block.hash = hash;
  block.first_line = line_number_;
  block.name = std::exchange(open_[depth].next_name, {});
  open_.push_back(std::move(block));
}

Tree parse(std::string_view text) {
  Parser parser;
  parser.feed(text);
  return parser.finish();
}

struct Reader::Impl {
  Parser parser;
};

Reader::Reader() : impl_(std::make_unique<Impl>()) {}
Reader::~Reader() = default;
void Reader::feed(std::string_view piece) { impl_->parser.feed(piece); }
Tree Reader::finish() { return impl_->parser.finish(); }

}  // namespace pinrig::ktap
