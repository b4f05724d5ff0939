// SPDX-License-Identifier: GPL-2.0
#include "report/contract.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/testing.h"

namespace pinrig::report {
namespace {

using model::Arch;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using State = ContractResult::State;

/// bdev writes and reads, udmabuf only writes; `fork` is not about hugetlb.
model::Contract contract() {
  model::Contract c;
  c.memory = {{.name = "anon"}, {.name = "thp"}, {.name = "hugetlb"}};
  c.obligations = {{.name = "pages.in", .what = "exactly the pages"},
                   {.name = "pages.out", .asks = {"out"}, .otherwise = "it never reads"},
                   {.name = "fork",
                    .what = "the parent keeps the page",
                    .not_memory = {{"hugetlb", "one page is enough"}}}};
  c.users = {{.name = "bdev",
              .test = "contract/bdev",
              .what = "O_DIRECT on a drive",
              .rows = {"D1", "D7"},
              .traits = {"out"}},
             {.name = "udmabuf",
              .test = "contract/udmabuf",
              .not_cells = {{"fork.thp", "memfds only"}},
              .not_memory = {{"anon", "memfds only"}}}};
  return c;
}

Row case_of(const std::string& user, const std::string& name, Verdict v, const std::string& detail = {}) {
  return case_row("contract/" + user, name, v, detail);
}

Row known_case(const std::string& user, const std::string& name) {
  return assessed(case_of(user, name, Verdict::fail), model::Rule::known_issue, "a page leaks", "leaky");
}

/// Everything that can come of a cell, on one kernel.
std::vector<Row> some_of_all() {
  return {test_row("contract/bdev", Verdict::pass),
          case_of("bdev", "pages.in.anon", Verdict::pass),
          case_of("bdev", "pages.in.thp", Verdict::pass),
          surprising(case_of("bdev", "pages.in.hugetlb", Verdict::fail), "two pages too many"),
          known_case("bdev", "pages.out.anon"),
          case_of("bdev", "pages.out.thp", Verdict::skip, "no THP"),
          case_of("bdev", "pages.out.hugetlb", Verdict::xfail, "as always"),
          case_of("bdev", "fork.anon", Verdict::pass),
          case_of("bdev", "fork.hugetlb", Verdict::pass),
          case_of("bdev", "exec.anon", Verdict::pass),
          surprising(case_of("bdev", "cases 10 to 12", Verdict::missing), "no result")};
}

ContractMatrix matrix_of(const Fixture& f, const KernelChoice& choice = {}) {
  return contract_matrix(contract(), f.store, {f.run}, choice).value();
}

/// Of the cells that apply to a user, on the first kernel: "pages.in.anon pass".
std::vector<std::string> states(const ContractMatrix& m, std::size_t user, std::size_t column = 0) {
  static constexpr const char* names[] = {"not yet", "skip", "pass", "xfail", "known", "fail"};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < m.cells.size(); ++i) {
    if (m.cells[i].user != user || !m.cells[i].applicable()) continue;
    out.push_back(model::cell_name(m.contract.obligations[m.cells[i].obligation],
                                   m.contract.memory[m.cells[i].memory]) +
                  " " + names[static_cast<int>(m.results[i][column].state)]);
  }
  return out;
}

std::vector<std::string> texts(const std::vector<ContractRemark>& remarks) {
  std::vector<std::string> out;
  for (const auto& r : remarks) out.push_back(r.text);
  return out;
}

ContractView view(const std::string& user = {}, const std::string& obligation = {},
                  const std::string& memory = {}) {
  return contract_view(contract(), user, obligation, memory).value();
}

TEST(ContractMatrix, ACellHasWhatItsCaseSaid) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", some_of_all())});
  const auto m = matrix_of(f);
  ASSERT_EQ(m.columns.size(), 1u);
  EXPECT_THAT(states(m, 0), ElementsAre("pages.in.anon pass", "pages.in.thp pass", "pages.in.hugetlb fail",
                                        "pages.out.anon known", "pages.out.thp skip",
                                        "pages.out.hugetlb xfail", "fork.anon pass", "fork.thp not yet"));
  EXPECT_THAT(states(m, 1), ElementsAre("pages.in.thp not yet", "pages.in.hugetlb not yet"));
}

TEST(ContractMatrix, CasesThatAreNoCellsAreNamed) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", some_of_all())});
  EXPECT_THAT(texts(matrix_of(f).not_declared), ElementsAre(HasSubstr("contract/bdev:fork.hugetlb on"),
                                                            HasSubstr("contract/bdev:exec.anon on")))
      << "one that does not apply, one that nothing declares";
}

TEST(ContractMatrix, ATestThatFailedAsAWholeIsNamedAndWhatItLeftIsNotYet) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base",
                  {surprising(test_row("contract/udmabuf", Verdict::crash), "panic in unpin_user_page"),
                   case_of("udmabuf", "pages.in.thp", Verdict::pass)})});
  const auto m = matrix_of(f);
  EXPECT_THAT(texts(m.tests), ElementsAre(HasSubstr("contract/udmabuf on debian-6.12 x86_64")));
  EXPECT_THAT(states(m, 1), ElementsAre("pages.in.thp pass", "pages.in.hugetlb not yet"));
}

TEST(ContractMatrix, ASkippedTestSkipsItsCells) {
  Fixture f;
  Row row = test_row("contract/udmabuf", Verdict::skip);
  row.result.verdict.detail = "no UDMABUF";
  f.write({kernel(Arch::x86_64, 0, "base", {row})});
  EXPECT_THAT(states(matrix_of(f), 1), ElementsAre("pages.in.thp skip", "pages.in.hugetlb skip"));
}

// `pinrig run --quick` asks for one kind of memory.
TEST(ContractMatrix, EachCellHasItsNewestResult) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base",
                  {test_row("contract/bdev", Verdict::pass), case_of("bdev", "fork.anon", Verdict::pass),
                   case_of("bdev", "fork.thp", Verdict::pass), case_of("bdev", "old.thp", Verdict::pass)})});
  store::RunRow quick = f.run;
  quick.id = "quick";
  f.write(quick, {kernel(Arch::x86_64, 0, "base",
                         {test_row("contract/bdev", Verdict::pass),
                          surprising(case_of("bdev", "fork.anon", Verdict::fail), "torn")})});
  const auto m = contract_matrix(contract(), f.store, {quick, f.run}, {}).value();
  EXPECT_THAT(states(m, 0), testing::IsSupersetOf({"fork.anon fail", "fork.thp pass"}));
  EXPECT_THAT(texts(m.not_declared), IsEmpty()) << "cases that only an older run has";
}

TEST(ContractMatrix, PatchedKernelsAndOtherTestsSayNothing) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 1, "tip", {test_row("contract/bdev", Verdict::pass)}),
           kernel(Arch::aarch64, 0, "base", {test_row("bio/a", Verdict::pass)})});
  EXPECT_THAT(matrix_of(f).columns, IsEmpty());
}

TEST(ContractMatrix, TheKernelsCanBeChosen) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", {test_row("contract/bdev", Verdict::pass)}),
           kernel(Arch::aarch64, 0, "base", {test_row("contract/bdev", Verdict::pass)})});
  EXPECT_EQ(matrix_of(f).columns.size(), 2u);
  const auto one = matrix_of(f, {.base = "", .arch = Arch::aarch64});
  ASSERT_EQ(one.columns.size(), 1u);
  EXPECT_THAT(one.columns[0].name, HasSubstr("aarch64"));
  EXPECT_THAT(matrix_of(f, {.base = "other", .arch = {}}).columns, IsEmpty());
}

TEST(ContractView, AnUnknownNameIsRefusedWithTheNearest) {
  const auto r = contract_view(contract(), "", "page.in", "");
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(r.error().message,
              HasSubstr("--obligation: the contract has no 'page.in'; did you mean 'pages.in'?"));
}

TEST(ContractText, UsersByObligationsCountsKindsOfMemory) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", some_of_all())});
  const auto m = matrix_of(f);
  expect_golden("contract.txt", contract_terminal(m, view(), {}));
  EXPECT_THAT(contract_terminal(m, view(), {.color = false}), Not(HasSubstr("\033[")));
}

TEST(ContractText, ObligationsThatDoNotFitAreCountedByGroup) {
  Fixture f;
  f.write({});
  model::Contract many = contract();
  for (int i = 0; i < 30; ++i) many.obligations.push_back({.name = fmt::format("stay.{}", i)});
  const auto m = contract_matrix(many, f.store, {f.run}, {}).value();
  EXPECT_THAT(
      contract_terminal(m, {}, {}),
      HasSubstr("user     pages  fork  stay\nbdev     6?     2?    90?\nudmabuf  2?     -     60?\n"));
  // Neither do these groups: the table is in parts.
  for (int i = 0; i < 30; ++i) many.obligations.push_back({.name = fmt::format("group_{}", i)});
  const auto wide = contract_matrix(many, f.store, {f.run}, {}).value();
  const std::string text = contract_terminal(wide, {}, {});
  EXPECT_THAT(text, HasSubstr("\n\nuser "));
  for (const auto line : lines(text)) EXPECT_LE(line.size(), 100u) << line;
}

TEST(ContractText, OneUserHasASignAndAReasonForEachCell) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", some_of_all())});
  const auto m = matrix_of(f);
  expect_golden("contract-user.txt", contract_terminal(m, view("bdev"), {}));
  expect_golden("contract-obligation.txt", contract_terminal(m, view("", "fork"), {}));
  EXPECT_THAT(contract_terminal(m, view("bdev"), {.unicode = false}), HasSubstr("anon +"));
}

TEST(ContractText, WhatIsSaidOfAnotherUserIsNotShown) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", some_of_all())});
  EXPECT_THAT(contract_terminal(matrix_of(f), view("udmabuf"), {}), Not(HasSubstr("exec.anon")));
}

TEST(ContractText, OfSeveralKernelsTheWorstCountsAndIsNamed) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base",
                  {test_row("contract/bdev", Verdict::pass), case_of("bdev", "fork.anon", Verdict::pass),
                   case_of("bdev", "fork.thp", Verdict::skip, "no THP")}),
           kernel(Arch::aarch64, 0, "base",
                  {test_row("contract/bdev", Verdict::pass),
                   surprising(case_of("bdev", "fork.anon", Verdict::fail), "torn"),
                   case_of("bdev", "fork.thp", Verdict::pass)})});
  const std::string text = contract_terminal(matrix_of(f), view("bdev", "fork"), {});
  EXPECT_THAT(text, HasSubstr("fork    F1 ✓ -2"));
  EXPECT_THAT(text, HasSubstr("aarch64: fail: torn"));
  EXPECT_THAT(text,
              HasSubstr("debian-6.12 x86_64\n  2 cells: 1 pass, 0 fail, 0 known issue, 1 skip, 0 not yet"));
}

TEST(ContractText, WithoutRunsEverythingIsNotYet) {
  Fixture f;
  f.write({});
  const auto m = matrix_of(f);
  EXPECT_THAT(contract_terminal(m, view(), {}),
              HasSubstr("no stored run has a test of the contract\n"
                        "10 cells: 0 pass, 0 fail, 0 known issue, 0 skip, 10 not yet, 8 not applicable\n"));
  EXPECT_EQ(contract_terminal({}, {}, {}), "the contract has no users\n");
}

TEST(ContractText, Markdown) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", some_of_all())});
  const auto m = matrix_of(f);
  const std::string all = contract_markdown(m, view());
  EXPECT_THAT(
      all,
      HasSubstr(
          "| user | rows | pages | fork |\n|---|---|---|---|\n| bdev | D1, D7 | 2 1F 1k 1x 1s | 1 1? |\n"));
  const std::string user = contract_markdown(m, view("udmabuf"));
  EXPECT_THAT(user, HasSubstr("| obligation | anon | thp | hugetlb |"));
  EXPECT_THAT(user, HasSubstr("| pages.in | -1 | ? | ? |"));
  EXPECT_THAT(user, HasSubstr("\n[1] udmabuf: memfds only\n"));
  auto wordy = m;
  for (auto& c : wordy.cells) {
    for (int i = 0; i < 20; ++i) c.reason += " many words";
  }
  const auto lines = split(contract_markdown(wordy, view("udmabuf")), '\n');
  EXPECT_TRUE(std::all_of(lines.begin(), lines.end(), [](const auto& line) {
    return line.size() <= 120 || line.starts_with('|');
  })) << join(lines, "\n");
}

TEST(ContractText, ListNeedsNoRuns) {
  EXPECT_EQ(contract_list(contract(), view("udmabuf", "", "thp")),
            "contract/udmabuf:pages.in.thp\n"
            "contract/udmabuf:pages.out.thp  not applicable: it never reads\n"
            "contract/udmabuf:fork.thp  not applicable: memfds only\n"
            "1 cell, 2 not applicable\n");
}

TEST(ContractJson, HasEveryCell) {
  Fixture f;
  f.write({kernel(Arch::x86_64, 0, "base", some_of_all())});
  const auto json = nlohmann::json::parse(contract_json(matrix_of(f), view()));
  ASSERT_EQ(json["cells"].size(), 18u);
  const auto& failed = json["cells"][2];
  EXPECT_EQ(failed["case"], "pages.in.hugetlb");
  EXPECT_EQ(failed["results"]["debian-6.12 x86_64"]["state"], "fail");
  const auto& other = json["cells"][9];
  EXPECT_EQ(other["user"], "udmabuf");
  EXPECT_EQ(other["said_by"], "user");
  EXPECT_EQ(json["not_declared"].size(), 2u);
}

}  // namespace
}  // namespace pinrig::report
