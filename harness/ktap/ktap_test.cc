// SPDX-License-Identifier: GPL-2.0
#include "ktap/ktap.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace pinrig::ktap {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> names(const std::vector<Case>& cases) {
  std::vector<std::string> out;
  for (const auto& c : cases) out.push_back(c.name);
  return out;
}

/// "kind@line" of every finding, blank-separated.
std::string found(const Tree& tree) {
  std::string out;
  for (const auto& f : tree.findings)
    out += fmt::format("{}{}@{}", out.empty() ? "" : " ", to_string(f.kind), f.line);
  return out;
}

Case only_case(const std::string& line) {
  const Tree tree = parse("TAP version 13\n1..1\n" + line + "\n");
  EXPECT_THAT(tree.cases, SizeIs(1)) << line;
  return tree.cases.empty() ? Case{} : tree.cases.front();
}

TEST(Ktap, ReadsVersionPlanAndResultsWithTheirLines) {
  const Tree tree = parse("KTAP version 1\n1..2\n# about the first\nok 1 first\nnoise\nnot ok 2 second\n");
  EXPECT_EQ(tree.version, 1);
  EXPECT_EQ(tree.plan, 2);
  ASSERT_THAT(tree.cases, SizeIs(2));
  EXPECT_EQ(tree.cases[0].name, "first");
  EXPECT_EQ(tree.cases[0].status, Status::pass);
  EXPECT_EQ(tree.cases[0].line, 4);
  EXPECT_EQ(tree.cases[0].number, 1);
  EXPECT_THAT(tree.cases[0].diagnostics, ElementsAre("about the first"));
  EXPECT_EQ(tree.cases[1].status, Status::fail);
  EXPECT_EQ(tree.cases[1].line, 6);
  EXPECT_EQ(found(tree), "");
}

struct ResultLine {
  const char* line;
  const char* name;
  Status status;
  const char* reason;
  double time_ms;
};

class ResultLines : public testing::TestWithParam<ResultLine> {};

TEST_P(ResultLines, SayWhatTheirDialectMeans) {
  const Case c = only_case(GetParam().line);
  EXPECT_EQ(c.name, GetParam().name);
  EXPECT_EQ(to_string(c.status), std::string(to_string(GetParam().status)));
  EXPECT_EQ(c.reason, GetParam().reason);
  EXPECT_DOUBLE_EQ(c.time_ms, GetParam().time_ms);
}

INSTANTIATE_TEST_SUITE_P(
    Dialects, ResultLines,
    testing::Values(
        ResultLine{"ok 1 plain", "plain", Status::pass, "", -1},
        ResultLine{"ok 1 - dashed", "dashed", Status::pass, "", -1},
        ResultLine{"ok - unnumbered", "unnumbered", Status::pass, "", -1},
        ResultLine{"ok 1", "case 1", Status::pass, "", -1},
        ResultLine{"not ok 1 x", "x", Status::fail, "", -1},
        ResultLine{"ok 1 x # SKIP why so", "x", Status::skip, "why so", -1},
        ResultLine{"not ok 1 x # SKIP why", "x", Status::skip, "why", -1},
        ResultLine{"ok 1 x # skipped: later", "x", Status::skip, "later", -1},
        ResultLine{"ok 1 # SKIP need more free huge pages", "case 1", Status::skip,
                   "need more free huge pages", -1},
        ResultLine{"ok 1 # XFAIL Leak from parent into child", "case 1", Status::xfail,
                   "Leak from parent into child", -1},
        ResultLine{"not ok 1 x # XFAIL", "x", Status::xfail, "", -1},
        ResultLine{"ok 1 x # XPASS really", "x", Status::xpass, "really", -1},
        ResultLine{"not ok 1 x # TODO one day", "x", Status::xfail, "one day", -1},
        ResultLine{"ok 1 x # TODO one day", "x", Status::xpass, "one day", -1},
        ResultLine{"not ok 1 # error mmap() failed", "case 1", Status::error, "mmap() failed", -1},
        ResultLine{"ok 1 x # ERROR nonsense", "x", Status::error, "nonsense", -1},
        ResultLine{"ok 1 x # error count 0", "x", Status::pass, "error count 0", -1},
        ResultLine{"not ok 1 x # TIMEOUT 45 seconds", "x", Status::fail, "TIMEOUT 45 seconds", -1},
        ResultLine{"ok 1 x # TIMEOUT", "x", Status::error, "TIMEOUT", -1},
        ResultLine{"ok 1 x # time=12ms", "x", Status::pass, "", 12},
        ResultLine{"ok 1 x # time=1.5s", "x", Status::pass, "", 1500},
        ResultLine{"ok 1 x # SKIP no swap # time=80us", "x", Status::skip, "no swap", 0.08},
        ResultLine{"not ok 1 selftests: mm: cow # exit=1", "selftests: mm: cow", Status::fail, "exit=1", -1},
        ResultLine{"ok 1 x #  SKIP is plain text behind two spaces", "x", Status::pass,
                   "SKIP is plain text behind two spaces", -1},
        ResultLine{"ok 1 test #3 of C\\# and \\\\", "test #3 of C# and \\", Status::pass, "", -1},
        ResultLine{"ok 1 name\\# SKIP not", "name# SKIP not", Status::pass, "", -1},
        ResultLine{"ok 1 SKIPPER", "SKIPPER", Status::pass, "", -1}));

TEST(Ktap, NestsByTwoSpacesToAnyDepth) {
  const Tree tree = parse(
      "KTAP version 1\n1..2\n"
      "  KTAP version 1\n  1..2\n"
      "    KTAP version 1\n    1..2\n    not ok 1 one\n    ok 2 two\n"
      "  not ok 1 inner\n  ok 2 other # SKIP\n"
      "# it failed\nnot ok 1 outer\nok 2 last\n");
  EXPECT_EQ(found(tree), "");
  EXPECT_THAT(names(tree.cases), ElementsAre("outer", "last"));
  EXPECT_THAT(names(tree.cases[0].subtests), ElementsAre("inner", "other"));
  EXPECT_THAT(names(tree.cases[0].subtests[0].subtests), ElementsAre("one", "two"));
  EXPECT_THAT(tree.cases[0].diagnostics, ElementsAre("it failed"));
  EXPECT_THAT(tree.cases[1].subtests, IsEmpty());
}

TEST(Ktap, NestsAsTap14DoesWithTheSubtestLineOutside) {
  const Tree tree = parse(
      "TAP version 14\n1..2\n# Subtest: first\n    1..1\n    ok 1 - a\nok 1 - first\n"
      "# Subtest: second\n    ok 1 - b\n    1..1\nok 2 - second\n");
  EXPECT_EQ(found(tree), "");
  EXPECT_THAT(names(tree.cases[1].subtests), ElementsAre("b"));
}

TEST(Ktap, NestsAsKunitDoesBehindPrintkStampsThatGrow) {
  const Tree tree = parse(
      "[    0.050000][    T1] printk: console enabled\n"
      "[    0.060000][    T1] TAP version 14\n"
      "[    0.060000][    T1] 1..1\n"
      "[    0.060000][    T1] \t# Subtest: resource\n"
      "[    0.060000][    T1] \t# module: pins\n"
      "[99999.999999][    T1] \t1..2\n"
      "[100000.000000][    T1] \tok 1 - init\n"
      "user space came between\n"
      "[100000.000000][T12345] \tok 2 - exit\n"
      "[100000.000000][    T1] ok 1 - resource\n");
  EXPECT_EQ(found(tree), "");
  ASSERT_THAT(tree.cases, SizeIs(1));
  EXPECT_THAT(names(tree.cases[0].subtests), ElementsAre("init", "exit"));
  EXPECT_EQ(tree.cases[0].line, 10);
}

TEST(Ktap, CutsAPrefixOfConstantWidth) {
  const Tree tree = parse("guest0: TAP version 13\nguest0: 1..1\nguest0: ok 1 x\n");
  EXPECT_EQ(found(tree), "");
  EXPECT_THAT(names(tree.cases), ElementsAre("x"));
}

TEST(Ktap, DoesNotTakeProseForAPrefix) {
  const Tree tree = parse("this test speaks TAP version 13\nKTAP version 1\n1..1\nok 1 this is all\n");
  EXPECT_EQ(found(tree), "");
  EXPECT_THAT(names(tree.cases), ElementsAre("this is all"));
}

TEST(Ktap, NestsWhatTheKselftestRunnerPrefixes) {
  const Tree tree = parse(
      "TAP version 13\n1..2\n# timeout set to 45\n# selftests: mm: a\n"
      "# TAP version 13\n# 1..2\n# # a remark\n# ok 1 one\n# some text\n# not ok 2 two\n"
      "# # Totals: pass:1 fail:1 xfail:0 xpass:0 skip:0 error:0\n"
      "not ok 1 selftests: mm: a # exit=1\n"
      "# selftests: mm: b\n# 1..1\n# ok 1 three\nok 2 selftests: mm: b\n");
  EXPECT_EQ(found(tree), "");
  ASSERT_THAT(tree.cases, SizeIs(2));
  EXPECT_THAT(names(tree.cases[0].subtests), ElementsAre("one", "two"));
  EXPECT_THAT(tree.cases[0].subtests[0].diagnostics, ElementsAre("a remark"));
  EXPECT_THAT(tree.cases[0].diagnostics, ElementsAre("timeout set to 45", "selftests: mm: a"));
  EXPECT_THAT(names(tree.cases[1].subtests), ElementsAre("three"));
}

// The form of cow.c: names are outcomes, and only the RUN line says which case it is.
constexpr const char* cow =
    "# [INFO] detected THP size: 2048 KiB\nTAP version 13\n1..5\n"
    "# [INFO] Anonymous memory tests in private mappings\n"
    "# [RUN] Basic COW after fork() ... with base page\nok 1 No leak from parent into child\n"
    "# [RUN] Basic COW after fork() ... with swapped out base page\nok 2 # SKIP MADV_PAGEOUT did not work, "
    "is swap enabled?\n"
    "# [RUN] vmsplice() + unmap in child ... with base page\nok 3 No leak from parent into child\n"
    "# [RUN] vmsplice() + unmap in child ... with hugetlb (2048 kB)\nok 4 # XFAIL Leak from parent into "
    "child\n"
    "# [RUN] Non-anonymous memory tests in private mappings\n"
    "# [RUN] Basic COW ... with shared zeropage\nnot ok 5 Other mapping modified\n"
    "Bail out! 1 out of 5 tests failed\n# Totals: pass:2 fail:1 xfail:1 xpass:0 skip:1 error:0\n";

TEST(Ktap, NamesCasesOfCowByTheirRunLine) {
  const Tree tree = parse(cow);
  EXPECT_THAT(names(tree.cases), ElementsAre("Basic COW after fork() ... with base page",
                                             "Basic COW after fork() ... with swapped out base page",
                                             "vmsplice() + unmap in child ... with base page",
                                             "vmsplice() + unmap in child ... with hugetlb (2048 kB)",
                                             "Basic COW ... with shared zeropage"));
  EXPECT_EQ(tree.cases[0].reason, "No leak from parent into child");
  EXPECT_EQ(tree.cases[1].reason, "MADV_PAGEOUT did not work, is swap enabled?");
  EXPECT_EQ(tree.cases[4].reason, "Other mapping modified");
  EXPECT_EQ(found(tree), "bail_out@16");
  EXPECT_TRUE(tree.bailed_out);
}

TEST(Ktap, KeepsTheCasesNameWhateverItsOutcome) {
  const auto name = [](const char* result) {
    return parse(fmt::format("TAP version 13\n1..1\n# [RUN] R/W pin ... with memfd\n{}\n", result))
        .cases.at(0)
        .name;
  };
  EXPECT_EQ(name("ok 1 Should have worked"), "R/W pin ... with memfd");
  EXPECT_EQ(name("not ok 1 Should have worked"), "R/W pin ... with memfd");
  EXPECT_EQ(name("ok 1 # SKIP gup_test not available"), "R/W pin ... with memfd");
}

TEST(Ktap, AddsTheResultsTextWhenOneRunHasSeveral) {
  const Tree tree = parse("TAP version 13\n1..3\n# [RUN] pin\nok 1 read\nok 2 write\nok 3 write\n");
  EXPECT_THAT(names(tree.cases), ElementsAre("pin: read", "pin: write", "pin: write (2)"));
  EXPECT_EQ(found(tree), "");
}

struct Trap {
  const char* name;
  const char* text;
  const char* findings;
};

class Traps : public testing::TestWithParam<Trap> {};

TEST_P(Traps, AreFindingsOfTheirOwn) { EXPECT_EQ(found(parse(GetParam().text)), GetParam().findings); }

INSTANTIATE_TEST_SUITE_P(
    Streams, Traps,
    testing::Values(
        Trap{"nothing", "", "no_output@0"}, Trap{"blank_lines", "\r\n\n", "no_output@0"},
        Trap{"other_text", "Segmentation fault\n", "no_ktap@0"},
        Trap{"prose_that_begins_with_ok", "ok then, nothing to do\n", "no_ktap@0"},
        Trap{"header_only", "KTAP version 1\n", "no_plan@0"},
        Trap{"no_plan", "KTAP version 1\nok 1 a\n", "no_plan@0"},
        Trap{"late_plan_is_fine", "TAP version 13\nok 1 a\n1..1\n", ""},
        Trap{"plan_and_nothing", "KTAP version 1\n1..3\n", "plan_shortfall@0"},
        Trap{"shortfall", "KTAP version 1\n1..3\nok 1 a\nok 2 b\n", "plan_shortfall@0"},
        Trap{"excess", "KTAP version 1\n1..1\nok 1 a\nok 2 b\n", "plan_excess@0"},
        Trap{"two_plans", "KTAP version 1\n1..1\n1..1\nok 1 a\n", "duplicate_plan@3"},
        Trap{"two_streams", "KTAP version 1\n1..1\nok 1 a\nKTAP version 1\n1..1\nok 1 b\n",
             "duplicate_plan@4"},
        Trap{"equal_names_are_numbered", "KTAP version 1\n1..2\nok 1 a\nok 2 a\n", ""},
        Trap{"plan_of_none", "KTAP version 1\n1..0\n", "no_tests@0"},
        Trap{"plan_of_none_with_a_reason", "KTAP version 1\n1..0 # SKIP no device\n", ""},
        Trap{"empty_subtest", "KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: p\nok 1 p\n",
             "no_tests@5"},
        Trap{"empty_subtest_of_tap14", "TAP version 14\n1..1\n# Subtest: p\nok 1 - p\n", "no_tests@4"},
        Trap{"empty_subtest_of_a_skip",
             "KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: p\nok 1 p # SKIP\n", ""},
        Trap{"subtests_need_no_plan",
             "KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: p\n  ok 1 a\nok 1 p\n", ""},
        Trap{"timeout_over_subtests_that_had_passed",
             "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  ok 1 a\nnot ok 1 p # TIMEOUT 45 seconds\n",
             ""},
        Trap{"not_ok_behind_text", "KTAP version 1\n1..2\nDiff too high: not ok 1 a\nok 2 b\n",
             "behind_text@3"},
        Trap{"prose_with_not_ok", "KTAP version 1\n1..1\nthis is not ok 7 times\nok 1 b\n", ""},
        Trap{"skipped_number", "KTAP version 1\n1..2\nok 1 a\nok 3 b\n", "wrong_number@4"},
        Trap{"one_wrong_number_is_one_finding", "KTAP version 1\n1..3\nok 1 a\nok 3 b\nok 4 c\n",
             "wrong_number@4"},
        Trap{"exit_skip_counts_itself", "TAP version 13\n1..1\nok 2 # SKIP no device\n", ""},
        Trap{"bail_out", "KTAP version 1\n1..1\nBail out! no memory\nok 1 a\n", "bail_out@3"},
        Trap{"unknown_directive", "KTAP version 1\n1..1\nok 1 a # FLAKY sometimes\n", "unknown_directive@3"},
        Trap{"unknown_version", "KTAP version 7\n1..1\nok 1 a\n", "unknown_directive@1"},
        Trap{"parent_lies", "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  not ok 1 a\nok 1 p\n",
             "subtest_mismatch@6"},
        Trap{"skipped_parent_lies",
             "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  not ok 1 a\nok 1 p # SKIP\n",
             "subtest_mismatch@6"},
        Trap{"parent_fails_alone", "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  ok 1 a\nnot ok 1 p\n",
             "subtest_mismatch@6"},
        Trap{"no_parent_result", "KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  ok 1 a\n",
             "subtest_mismatch@3"},
        Trap{"two_blocks_one_result",
             "KTAP version 1\n1..2\n  KTAP version 1\n  1..1\n  ok 1 a\n  KTAP version 1\n  1..1\n  ok 1 "
             "b\nok 2 p\n",
             "subtest_mismatch@3"},
        Trap{"wrong_parent",
             "KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: p\n  1..1\n  ok 1 a\nok 1 q\n",
             "subtest_mismatch@7"},
        Trap{"subtest_shortfall", "KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 a\nok 1 p\n",
             "plan_shortfall@3"},
        Trap{"same_names_below_different_parents",
             "KTAP version 1\n1..2\n  KTAP version 1\n  1..1\n  ok 1 a\nok 1 p\n  KTAP version 1\n  1..1\n  "
             "ok 1 a\nok 2 q\n",
             ""},
        Trap{"totals_disagree",
             "TAP version 13\n1..1\nok 1 a\n# Totals: pass:0 fail:1 xfail:0 xpass:0 skip:0 error:0\n",
             "totals_mismatch@4 totals_mismatch@4"},
        Trap{"kunit_totals_count_leaves",
             "KTAP version 1\n1..1\nok 1 a\n# Totals: pass:7 fail:0 skip:0 total:7\n", ""},
        Trap{"result_after_totals",
             "TAP version 13\n1..1\nok 1 a\n# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0\nok 2 b\n",
             "output_after_end@5"},
        Trap{"result_after_panic", "KTAP version 1\n1..2\nok 1 a\nKernel panic - not syncing: x\nok 2 b\n",
             "output_after_end@5 plan_shortfall@0"},
        Trap{"not_ok_without_a_number", "KTAP version 1\n1..1\nok 1 a\nnot ok b\n", "wrong_number@4"},
        Trap{"not_ok_with_a_number_that_is_none", "KTAP version 1\n1..1\nok 1 a\nnot ok 99999999999 b\n",
             "wrong_number@4 plan_excess@0"},
        Trap{"unnumbered_subtest_of_tap14", "TAP version 14\n1..1\n    not ok - a\n    1..1\nok 1 p\n",
             "subtest_mismatch@5"},
        Trap{"not_utf8", "KTAP version 1\n1..1\nok 1 a\xff\n", "bad_utf8@3"},
        Trap{"overlong_utf8", "KTAP version 1\n1..1\nok 1 a\xc0\xaf\n", "bad_utf8@3"},
        Trap{"one_space_is_no_nesting", "KTAP version 1\n1..1\n ok 1 to go on\nok 1 a\n", ""},
        Trap{"yaml_block_of_tap13", "TAP version 13\n1..1\nok 1 a\n  ---\n  message: fine\n  ...\n", ""}),
    [](const auto& trap) { return trap.param.name; });

TEST(Ktap, ReadsCrLfNulAndALastLineWithoutNewline) {
  using namespace std::string_literals;
  const Tree tree = parse("KTAP version 1\r\n1..2\r\r\nok 1 a\0b\r\nok 2 \xc3\xa9t\xc3\xa9"s);
  EXPECT_EQ(found(tree), "");
  EXPECT_THAT(names(tree.cases), ElementsAre("ab", "\xc3\xa9t\xc3\xa9"));
}

TEST(Ktap, KnowsASkippedStream) {
  const Tree tree = parse("TAP version 13\n1..0 # SKIP no gup_test in this kernel\n");
  EXPECT_EQ(tree.plan, 0);
  EXPECT_EQ(tree.plan_skip, "no gup_test in this kernel");
  EXPECT_EQ(found(tree), "");
  EXPECT_EQ(parse("TAP version 13\n1..0\n").plan_skip, "");
}

TEST(Ktap, KeepsOrphansAsErrorsWithTheirSubtests) {
  const Tree tree = parse("KTAP version 1\n1..1\n  KTAP version 1\n  # Subtest: p\n  1..1\n  ok 1 a\n");
  ASSERT_THAT(tree.cases, SizeIs(1));
  EXPECT_EQ(tree.cases[0].name, "p");
  EXPECT_EQ(tree.cases[0].status, Status::error);
  EXPECT_THAT(names(tree.cases[0].subtests), ElementsAre("a"));
}

TEST(Ktap, KeepsBothEndsOfLongDiagnostics) {
  std::string text = "KTAP version 1\n1..1\n";
  for (int i = 0; i < 1000; ++i) text += fmt::format("# line {}\n", i);
  const Tree tree = parse(text + "ok 1 a\n# the end\n");
  const auto& kept = tree.cases.at(0).diagnostics;
  EXPECT_LT(kept.size(), 200U);
  EXPECT_EQ(kept.front(), "line 0");
  EXPECT_EQ(kept.back(), "line 999");
  EXPECT_THAT(tree.diagnostics, ElementsAre("the end"));
}

TEST(Ktap, KeepsIndentedTextWithTheCaseItIsAbout) {
  const Tree tree = parse(
      "TAP version 13\n1..2\nnot ok 1 a\n  ---\n  message: read 0xbb\n  ...\nnoise\n"
      "# b.c:12: expected\n      (5) but was (4)\nnot ok 2 b\n");
  EXPECT_EQ(found(tree), "");
  EXPECT_THAT(tree.cases.at(0).diagnostics, ElementsAre("  ---", "  message: read 0xbb", "  ..."));
  EXPECT_THAT(tree.cases.at(1).diagnostics, ElementsAre("b.c:12: expected", "      (5) but was (4)"));
}

TEST(Ktap, ReadsParametersWithoutAPlan) {
  const Tree tree = parse(
      "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: suite\n    1..1\n        KTAP version 1\n"
      "        # Subtest: param\n        ok 1 a\n        ok 2 b\n        ok 3 c # SKIP none\n"
      "    # param: pass:2 fail:0 skip:1 total:3\n    ok 1 param\nok 1 suite\n");
  EXPECT_EQ(found(tree), "");
  const auto& parameters = tree.cases.at(0).subtests.at(0).subtests;
  EXPECT_THAT(names(parameters), ElementsAre("a", "b", "c"));
  EXPECT_EQ(parameters[2].status, Status::skip);
}

TEST(Ktap, NumbersEqualNames) {
  const Tree tree = parse("KTAP version 1\n1..4\nok 1 a\nok 2 a (2)\nok 3 a\nok 4 a\n");
  EXPECT_THAT(names(tree.cases), ElementsAre("a", "a (2)", "a (3)", "a (4)"));
}

TEST(Ktap, KeepsTheResultsOfASecondStream) {
  const Tree tree = parse(
      "TAP version 13\n1..1\nok 1 a\n# Totals: pass:1 fail:0 xfail:0 xpass:0 skip:0 error:0\n"
      "TAP version 13\n1..1\nnot ok 1 b\n# Totals: pass:0 fail:1 xfail:0 xpass:0 skip:0 error:0\n");
  EXPECT_EQ(found(tree), "duplicate_plan@5");
  EXPECT_THAT(names(tree.cases), ElementsAre("a", "b"));
  EXPECT_EQ(tree.cases.at(1).status, Status::fail);
}

TEST(Ktap, ReadsColouredLinesAndOnesWithTheTime) {
  const Tree coloured = parse("TAP version 13\n1..2\n\x1b[31mnot ok 1 a\x1b[0m\n\x1b[1;32mok\x1b[0m 2 b\n");
  EXPECT_EQ(found(coloured), "");
  EXPECT_THAT(names(coloured.cases), ElementsAre("a", "b"));
  EXPECT_EQ(coloured.cases.at(0).status, Status::fail);
  for (const std::string stamp :
       {"2026-11-29T20:00:00.123Z ", "20:00:01 ", "[20:00:01] ", "2026/11/29 20:00:01,5 "}) {
    const Tree tree = parse(stamp + "TAP version 13\n" + stamp + "1..1\n" + stamp + "not ok 1 a\n");
    EXPECT_EQ(found(tree), "") << stamp;
    EXPECT_THAT(names(tree.cases), ElementsAre("a")) << stamp;
  }
}

TEST(Ktap, StopsCountingEndlessResults) {
  std::string text = "KTAP version 1\n";
  for (int i = 1; i <= 100002; ++i) text += fmt::format("ok {}\n", i);
  const Tree tree = parse(text);
  EXPECT_THAT(tree.cases, SizeIs(100000));
  EXPECT_THAT(found(tree), HasSubstr("plan_excess@100002"));
}

TEST(Ktap, SaysOfManyFindingsThatSomeAreLeftOut) {
  std::string text = "KTAP version 1\n1..200\n";
  for (int i = 1; i <= 200; ++i) text += fmt::format("ok {} a # FLAKY\n", i);
  const Tree tree = parse(text);
  EXPECT_THAT(tree.findings, SizeIs(50));
  EXPECT_THAT(tree.findings.back().text, HasSubstr("omitted"));
}

TEST(Ktap, SurvivesNestingWithoutEnd) {
  std::string text;
  for (int depth = 0; depth < 2000; ++depth)
    text += std::string(static_cast<std::size_t>(2 * depth), ' ') + "KTAP version 1\n";
  for (int depth = 0; depth < 2000; ++depth) {
    for (int i = 0; i < depth; ++i) text += "# ";
    text += "1..1\n";
  }
  EXPECT_THAT(found(parse(text)), HasSubstr("subtest_mismatch"));
}

TEST(Ktap, AFailureBelowTheDeepestLevelThatIsReadIsAFinding) {
  std::string down;
  std::string up;
  for (int depth = 0; depth < 20; ++depth) {
    const std::string indent(static_cast<std::size_t>(2 * depth), ' ');
    down += indent + "KTAP version 1\n" + indent + "1..1\n";
    up.insert(0, indent + (depth == 19 ? "not ok 1 deepest\n" : "ok 1 x\n"));
  }
  EXPECT_THAT(found(parse(down + up)), HasSubstr("subtest_mismatch"));
}

TEST(Ktap, NeverFailsOnDamagedStreams) {
  std::mt19937 random(42);
  const std::string bytes = std::string("ok not1.#\n\r \tKTAP version:-\\") + '\0' + '\xff' + '\xc3';
  for (int round = 0; round < 300; ++round) {
    std::string text = cow;
    for (int i = 0; i < 40; ++i) {
      const std::size_t at = random() % text.size();
      if (random() % 2 == 0)
        text[at] = bytes[random() % bytes.size()];
      else
        text.insert(at, 1, bytes[random() % bytes.size()]);
    }
    const auto j = nlohmann::json::parse(to_json(parse(text)));
    EXPECT_TRUE(j.contains("cases"));
  }
}

TEST(Ktap, WritesItsTreeAsJson) {
  const auto j =
      nlohmann::json::parse(to_json(parse("KTAP version 1\n1..2\n  KTAP version 1\n  1..1\n  ok 1 a # SKIP "
                                          "why\nok 1 p\n# d\nnot ok 2 q # time=3ms\n")));
  EXPECT_EQ(j["version"], 1);
  EXPECT_EQ(j["plan"], 2);
  EXPECT_EQ(j["cases"][0]["subtests"][0]["reason"], "why");
  EXPECT_EQ(j["cases"][1]["status"], "fail");
  EXPECT_EQ(j["cases"][1]["time_ms"], 3);
  EXPECT_EQ(j["cases"][1]["diagnostics"][0], "d");
  EXPECT_TRUE(j["findings"].empty());
  EXPECT_TRUE(nlohmann::json::parse(to_json(parse("")))["plan"].is_null());
}

}  // namespace
}  // namespace pinrig::ktap
