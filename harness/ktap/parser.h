// SPDX-License-Identifier: GPL-2.0
// The state of one parse: a stack of open blocks, from the stream itself to the innermost subtest.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ktap/ktap.h"
#include "ktap/line.h"

namespace pinrig::ktap {

/// Bytes of diagnostics in a tree; what comes later is dropped.
inline constexpr std::size_t max_diagnostics = std::size_t{16} << 20;

/// The printk time stamp (or another writer's prefix) in front of every line, learned from the version line.
class Prefix {
 public:
  /// True when `line` ends in a version line after something that can be a prefix.
  bool learn(std::string_view line);
  /// The line without the prefix; unchanged when it has none.
  std::string_view strip(std::string_view line) const;

 private:
  std::size_t width_ = 0;
  bool blank_ = false;  ///< the whole stream is indented
  int groups_ = 0;      ///< "[...]" and "<N>" groups; their width may grow ("[99999.9]" to "[100000.0]")
};

/// Diagnostics since the last result: the first few and the latest. The strings are used again.
class Pending {
 public:
  void add(std::string_view text);
  /// Appends as many of them to `out` as `budget` bytes allow, takes their bytes off it, and forgets them.
  void move_to(std::vector<std::string>& out, std::size_t& budget);

 private:
  std::vector<std::string> lines_;
  std::size_t added_ = 0;
};

/// One level of results that is still being read.
struct Block {
  std::size_t width = 0;  ///< whitespace before its lines, relative to the block above
  bool hash = false;      ///< kselftest's "# " instead
  int first_line = 0;
  int version = 0;
  std::optional<int> plan;
  std::string plan_skip;
  std::string name;       ///< of "# Subtest:" inside the block
  std::string next_name;  ///< of "# Subtest:" before the next one (TAP 14)
  std::string run;        ///< latest "# [RUN] ..." text, until a result follows it
  int run_index = 0;      ///< then its place in run_texts, from 1
  Pending pending;
  std::vector<Case> cases;
  std::vector<std::string> run_texts;
  std::vector<int> runs;        ///< per case, the RUN it followed, as run_index; 0: none
  std::array<int, 6> counts{};  ///< per Status
  int last_number = 0;
  bool totals = false;
  bool further_plan = false;  ///< a second stream: its plan adds to the first

  bool empty() const { return version == 0 && !plan && cases.empty(); }
};

class Parser {
 public:
  Parser() { open_.emplace_back(); }
  void feed(std::string_view piece);
  Tree finish();

 private:
  void whole_line(std::string_view text);
  void line(std::string_view text);
  void other(std::size_t depth, std::string_view text);
  void structural(std::size_t depth, const Line& line);
  void version(std::size_t depth, const Line& line);
  void plan(Block& block, const Line& line);
  void result(std::size_t depth, const Line& line);
  void diagnostic(std::size_t depth, const Line& line, std::string_view text);
  void totals(Block& block, std::string_view text);
  void check_number(Block& block, const Line& line, const Case& found);
  void open(std::size_t depth, std::size_t width, bool hash);
  /// Closes everything deeper than `depth`; blocks without a parent result become cases of their own.
  void close_orphans(std::size_t depth);
  void finish(Block& block, bool nested);
  void name_cases(Block& block);
  void check_plan(const Block& block, bool nested);
  void number_duplicates(Block& block);
  void check_parent(const Case& parent, std::string_view subtest_name);
  void check_empty(const Case& parent, const Block* child);
  /// Finds a result in a line that does not begin with it; sets `text` to its start.
  bool behind_text(std::size_t depth, std::string_view& text) const;
  void whole_stream();
  void find(FindingKind kind, int at, std::string text);

  std::string tail_;    ///< a line whose end has not come yet
  bool plain_ = false;  ///< is_plain() holds for the piece that is read
  Prefix prefix_;
  bool prefix_known_ = false;
  std::string cleaned_;
  std::size_t budget_ = max_diagnostics;  ///< bytes of diagnostics that the tree may still take
  std::vector<Block> open_;
  Tree tree_;
  std::array<int, 16> found_{};
  int line_number_ = 0;
  int total_cases_ = 0;
  int last_result_ = -1;  ///< line of the last result and the indented text right after it
  bool crashed_ = false;
  bool any_text_ = false;
};

}  // namespace pinrig::ktap
