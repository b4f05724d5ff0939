// SPDX-License-Identifier: GPL-2.0
// KTAP (Documentation/dev-tools/ktap.rst), TAP 13/14 and kselftest's dialect of them, as values. Pure.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pinrig::ktap {

enum class Status { pass, fail, skip, xfail, xpass, error };
const char* to_string(Status s);

struct Case {
  std::string name;  ///< stable, never empty, unique among its neighbours: without number, directive and
                     ///< "time=" tail; see below
  Status status = Status::error;
  std::string reason;   ///< text after # SKIP, # XFAIL, ...; the outcome's text when the name is from [RUN]
  int number = 0;       ///< as printed; 0 = none
  int line = 0;         ///< of the result line; line numbers count from 1
  double time_ms = -1;  ///< "# time=12ms" tail, -1 = none
  std::vector<std::string> diagnostics;  ///< "# ..." lines before the result, without "# ", and indented text
                                         ///< after it (TAP 13's YAML); long runs: both ends
  std::vector<Case> subtests;            ///< KTAP: indented by 2; TAP 14: by 4; kselftest: prefixed "# "
};

/// Everything that makes a stream untrustworthy is a finding of its own.
enum class FindingKind {
  no_output,       ///< nothing at all
  no_ktap,         ///< output, but no version line and no result line
  no_plan,         ///< results without "1..N"
  plan_shortfall,  ///< fewer results than planned
  plan_excess,     ///< more results than planned
  duplicate_plan,
  no_tests,      ///< a plan of none without a reason, or an "ok" for an empty subtest
  wrong_number,  ///< numbers not 1, 2, 3, ...
  bail_out,
  unknown_directive,
  subtest_mismatch,  ///< the parent's status contradicts its subtests, or a subtest block has no parent
                     ///< result
  totals_mismatch,   ///< kselftest's "# Totals:" line disagrees with the results
  behind_text,       ///< "not ok" after unfinished text of another writer
  output_after_end,  ///< result lines after the kernel crashed or after the totals
  bad_utf8,
};
const char* to_string(FindingKind k);

struct Finding {
  FindingKind kind;
  int line = 0;  ///< 0: concerns the whole stream or its outermost block
  std::string text;
};

struct Tree {
  int version = 0;          ///< 1 for KTAP, 13 or 14 for TAP, 0 = no version line
  std::optional<int> plan;  ///< "1..N"; 0 with skip reason = all skipped
  std::string plan_skip;    ///< reason of "1..0 # SKIP reason"
  std::vector<Case> cases;  ///< top level
  std::vector<Finding> findings;
  std::vector<std::string> diagnostics;  ///< "# ..." lines that belong to no case
  bool bailed_out = false;
};

/// How cases get their names. cow.c and gup_longterm.c of the kernel name a result by its outcome ("No leak
/// from parent into child", hundreds of times; another text when it fails; none when it is skipped) and
/// announce the case itself by "# [RUN] R/W pin ... with base page". So a result that follows a RUN line gets
/// the RUN text as its name and its own text as reason; when several results follow one RUN, the name is "RUN
/// text: own text". A result with neither text is "case NUMBER". Of equal names the second is "NAME (2)":
/// several kselftests of the kernel print them and are otherwise correct.
///
/// Parses a whole stream. Copes with time stamps of constant width, colours, "\r\n", text lines of other
/// writers, NUL bytes and a last line without newline; never throws, never fails.
Tree parse(std::string_view text);

/// The same piece by piece, cut anywhere: a stream of any length needs no more memory than the tree, which is
/// bounded (100000 results, 16 MiB of diagnostics, lines of 64 KiB). parse() is feed() once and finish().
class Reader {
 public:
  Reader();
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  void feed(std::string_view piece);
  Tree finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Same tree as JSON text, for `pinrig parse ktap --json`.
std::string to_json(const Tree& tree);
/// The same in pieces, of some 64 KiB.
void write_json(const Tree& tree, const std::function<void(std::string_view)>& write);

}  // namespace pinrig::ktap
