// SPDX-License-Identifier: GPL-2.0
#include "report/map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/testing.h"

namespace pinrig::report {
namespace {

using model::Arch;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

model::TestSpec test(const std::string& name, std::vector<std::string> rows) {
  model::TestSpec t;
  t.name = name;
  t.rows = std::move(rows);
  return t;
}

const std::vector<model::MapRow> rows{
    {.id = "D1", .what = "raw drives"},
    {.id = "D2", .what = "ext4"},
    {.id = "D3", .what = "xfs"},
    {.id = "G19", .what = "flags | modules", .not_testable = "build time only"}};

std::vector<model::Suite> suites() {
  return {{"bio", "", {test("bio/a", {"D1"}), test("bio/b", {"D1", "D2"})}}};
}

Row known_row(const std::string& name) {
  return assessed(test_row(name, Verdict::leak), model::Rule::known_issue, "a page leaks (here)", "leaky");
}

std::vector<std::string> words(const PinMap& map, std::size_t line) {
  static constexpr const char* names[] = {"not run", "skip", "pass", "xfail", "known", "fail"};
  std::vector<std::string> out;
  for (const auto& c : map.lines[line].cells) out.emplace_back(names[static_cast<int>(c.state)]);
  return out;
}

std::vector<std::string> names(const std::vector<KernelColumn>& columns) {
  std::vector<std::string> out;
  for (const auto& c : columns) out.push_back(c.name);
  return out;
}

PinMap map_of(const Fixture& f) { return pin_map(rows, suites(), f.store, {f.run}).value(); }

TEST(PinMap, TheWorstOfTheTestsOfARowNamesIt) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", {test_row("bio/a", Verdict::pass), known_row("bio/b")}),
           kernel(Arch::aarch64, 0, "base",
                  {test_row("bio/a", Verdict::pass), test_row("bio/b", Verdict::skip)})});
  const PinMap map = map_of(f);
  EXPECT_THAT(names(map.columns), ElementsAre(HasSubstr("aarch64"), HasSubstr("x86_64")));
  EXPECT_THAT(words(map, 0), ElementsAre("pass", "known")) << "a skip beside a pass is a pass";
  EXPECT_THAT(words(map, 1), ElementsAre("skip", "known"));
  EXPECT_THAT(words(map, 2), ElementsAre("not run", "not run"));
  EXPECT_THAT(map.lines[0].tests, ElementsAre("bio/a", "bio/b"));
}

TEST(PinMap, PatchedKernelsAndTestsThatNeverBeganSayNothing) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 1, "tip", {test_row("bio/a", Verdict::leak)}),
           kernel(Arch::x86_64, 0, "base",
                  {test_row("bio/a", Verdict::missing), test_row("bio/b", Verdict::pass)})});
  const PinMap map = map_of(f);
  EXPECT_THAT(names(map.columns), ElementsAre(HasSubstr("x86_64")));
  EXPECT_THAT(words(map, 0), ElementsAre("pass"));
}

TEST(PinMap, AnUnexpectedCaseFailsTheRow) {
  Fixture f;
  f.write({kernel(
      Arch::x86_64, 0, "base",
      {test_row("bio/b", Verdict::pass), surprising(case_row("bio/b", "one", Verdict::skip), "no drive")})});
  const PinMap map = map_of(f);
  EXPECT_THAT(words(map, 1), ElementsAre("fail"));
  EXPECT_EQ(map.lines[1].cells[0].note, "bio/b one skip: no drive");
}

TEST(PinMap, ACaseThatIsExpectedToFailNamesTheRow) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base",
                  {test_row("bio/a", Verdict::pass), test_row("bio/b", Verdict::pass),
                   case_row("bio/b", "one", Verdict::pass),
                   case_row("bio/b", "fork", Verdict::xfail, "the read is lost")})});
  const PinMap map = map_of(f);
  EXPECT_THAT(words(map, 0), ElementsAre("xfail"));
  EXPECT_EQ(map.lines[1].cells[0].note, "bio/b fork: the read is lost");
}

TEST(PinMap, FaultsThatWerePutIntoTestsSayNothingOfTheKernel) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", {test_row("bio/a", Verdict::fail)})});
  f.run.faults = true;
  EXPECT_TRUE(map_of(f).columns.empty());
}

TEST(PinMap, AsText) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", {test_row("bio/a", Verdict::pass), known_row("bio/b")})});
  const PinMap map = map_of(f);
  const std::string markdown = map_markdown(map);
  EXPECT_THAT(markdown, HasSubstr("| row | what | debian-6.12 x86_64 | tests |\n|---|---|---|---|\n"));
  EXPECT_THAT(markdown, HasSubstr("| D1 | raw drives | known issue [1], 1 pass | bio/a, bio/b |"));
  EXPECT_THAT(markdown, HasSubstr("| D3 | xfs | no test |  |"));
  EXPECT_THAT(markdown, HasSubstr("| G19 | flags \\| modules | - | not testable: build time only |"));
  EXPECT_THAT(markdown, HasSubstr("4 rows: 2 with tests, 1 not testable, 1 without a test"));
  EXPECT_THAT(markdown, HasSubstr("[1] known issue leaky: a page leaks (here)"));
  EXPECT_THAT(markdown, HasSubstr("kernels: debian-6.12 is 6.12.117-pinrig\n"));
  const std::string plain = map_terminal(map, {});
  EXPECT_THAT(plain, HasSubstr("D1 "));
  EXPECT_THAT(plain, HasSubstr("not testable: build time only"));
  EXPECT_THAT(plain, Not(HasSubstr("\033[")));
}

}  // namespace
}  // namespace pinrig::report
