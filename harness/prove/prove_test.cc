// SPDX-License-Identifier: GPL-2.0
#include "prove/prove.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace pinrig::prove {
namespace {

using model::TestSpec;
using Row = model::AssessedResult;
using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;

TestSpec test(const std::string& name, model::Proof proof) {
  TestSpec t;
  t.name = name;
  if (!proof.empty()) t.proofs.push_back(std::move(proof));
  return t;
}

std::vector<model::Suite> suites() {
  return {
      {"bio",
       "",
       {test("bio/a", {.mutant = "m1"}), test("bio/b", {.mutant = "m1", .red = {"one"}}),
        test("bio/none", {})}},
      {"fork",
       "",
       {test("fork/c", {.base = "debian-6.1", .env = {{"X", "1"}}}), test("fork/d", {.env = {{"Y", "2"}}})}}};
}

std::vector<std::string> names(const std::vector<Oracle>& oracles) {
  std::vector<std::string> out;
  for (const auto& o : oracles) out.push_back(o.test);
  return out;
}

TEST(Provable, TestsWithAProofThatTheGlobsChoose) {
  EXPECT_THAT(names(provable(suites(), {}).value()), ElementsAre("bio/a", "bio/b", "fork/c", "fork/d"));
  EXPECT_THAT(names(provable(suites(), {.tests = {"bio"}}).value()), ElementsAre("bio/a", "bio/b"));
  EXPECT_THAT(names(provable(suites(), {.tests = {"*/d", "bio/a"}}).value()), ElementsAre("bio/a", "fork/d"));
  const auto none = provable(suites(), {.tests = {"bio/none"}});
  ASSERT_TRUE(none.has_error());
  EXPECT_EQ(none.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(none.error().message, HasSubstr("prove bio/none: no test with a proof"));
}

TEST(Provable, ASampleIsTheSameForTheSameSeed) {
  const ProveOptions o{.sample = 2, .seed = "42"};
  EXPECT_EQ(provable(suites(), o).value().size(), 2u);
  EXPECT_EQ(names(provable(suites(), o).value()), names(provable(suites(), o).value()));
  std::set<std::vector<std::string>> seen;
  for (int seed = 0; seed < 20; ++seed)
    seen.insert(names(provable(suites(), {.sample = 2, .seed = std::to_string(seed)}).value()));
  EXPECT_GT(seen.size(), 1u);
  EXPECT_EQ(provable(suites(), {.sample = 99}).value().size(), 4u);
}

TEST(ProofRuns, AreSharedByMutantAndByBase) {
  const auto tests = provable(suites(), {}).value();
  const auto runs = proof_runs(tests, {.spec = "full"}, "debian-6.12", [](const std::string&) {
                      return Result<std::string>("debian-6.12");
                    }).value();
  std::vector<std::string> lines;
  for (const auto& r : runs)
    lines.push_back((r.faulty ? "red " : "green ") + r.name + " " + std::to_string(r.options.tests.size()));
  EXPECT_THAT(lines,
              ElementsAre("green debian-6.12 3", "red mutant m1 2", "green debian-6.1 1",
                          "red debian-6.1 and its own faults 1", "red debian-6.12 and its own faults 1"));
  EXPECT_EQ(runs[0].options.base, "debian-6.12");
  for (const auto& r : runs) EXPECT_EQ(r.options.purpose, "prove") << "not one of the user's own";
  EXPECT_EQ(runs[1].options.series, "m1");
  EXPECT_THAT(runs[1].options.points, ElementsAre("tip"));
  EXPECT_TRUE(runs[2].options.env.empty()) << "green means without the fault";
  ASSERT_EQ(runs[3].options.env.size(), 1u);
  EXPECT_EQ(runs[3].options.env[0].test, "fork/c");
  EXPECT_EQ(runs[3].options.env[0].env.at("X"), "1");
  EXPECT_EQ(runs[4].options.spec, "full");
}

TEST(ProofRuns, AMutantThatIsNotThereIsAnError) {
  const auto runs =
      proof_runs({{"a/a", {.mutant = "m9"}}}, {}, "b", [](const std::string& m) -> Result<std::string> {
        return make_error(ErrorKind::bad_input, "no mutant " + m);
      });
  ASSERT_TRUE(runs.has_error());
  EXPECT_EQ(runs.error().message, "no mutant m9");
}

Row row(const std::string& name, Verdict v) {
  Row r;
  r.result.verdict.test = "bio/b";
  r.result.verdict.case_name = name;
  r.result.verdict.verdict = v;
  return r;
}

std::vector<Row> rows(Verdict own, const std::vector<std::pair<std::string, Verdict>>& cases = {}) {
  std::vector<Row> out{row("", own)};
  for (const auto& [name, v] : cases) out.push_back(row(name, v));
  return out;
}

Proven weigh_proof(const Oracle& oracle, const std::vector<Row>& faulty, const std::vector<Row>& sound) {
  return prove::weigh_proof(oracle, {faulty, {}}, {sound, {}});
}

void make_known(Row& r) {
  r.assessment = model::Assessment{model::Rule::known_issue, "a page leaks", "leaky"};
}

TEST(WeighProof, HoldsWhenTheNamedCasesAreRedAndTheTestIsGreenWithout) {
  const Oracle t{"bio/b", {.mutant = "m1", .red = {"one*"}}};
  const auto good = rows(Verdict::pass);
  EXPECT_TRUE(weigh_proof(t, rows(Verdict::fail, {{"one_page", Verdict::fail}, {"two", Verdict::pass}}), good)
                  .holds());
  const auto other =
      weigh_proof(t, rows(Verdict::fail, {{"one_page", Verdict::pass}, {"two", Verdict::fail}}), good);
  EXPECT_FALSE(other.red);
  EXPECT_EQ(other.remark, "not red: one*");
  EXPECT_FALSE(weigh_proof(t, rows(Verdict::fail, {{"one_page", Verdict::missing}}), good).red)
      << "it ended early by itself";
}

TEST(WeighProof, ACaseThatWasNeverReachedIsNotRed) {
  const Oracle t{"bio/b", {.mutant = "m1", .red = {"one*"}}};
  const auto good = rows(Verdict::pass);
  const auto p =
      weigh_proof(t, rows(Verdict::crash, {{"zero", Verdict::crash}, {"one_page", Verdict::missing}}), good);
  EXPECT_FALSE(p.red) << "the guest went down before it";
  EXPECT_EQ(p.remark, "not red: one*");
  EXPECT_FALSE(weigh_proof(t, rows(Verdict::timeout, {{"zero", Verdict::timeout}}), good).red);
  EXPECT_TRUE(weigh_proof(t, rows(Verdict::crash, {{"one_page", Verdict::crash}}), good).holds());
}

std::vector<Row> with_pages(std::vector<Row> rows, std::int64_t outstanding) {
  rows[0].result.ledger.emplace();
  rows[0].result.ledger->available = true;
  rows[0].result.ledger->after.acquired = outstanding;
  return rows;
}

TEST(WeighProof, PagesAreOfTheSignAndTheNumberThatTheProofSays) {
  using Sign = model::ProofPages::Sign;
  const auto holds = [](Sign sign, std::int64_t pages, std::int64_t seen) {
    const Oracle t{"bio/b", {.mutant = "m1", .pages = model::ProofPages{sign, pages}}};
    return weigh_proof(t, with_pages(rows(Verdict::fail), seen), rows(Verdict::pass)).holds();
  };
  EXPECT_TRUE(holds(Sign::kept, 0, 3));
  EXPECT_TRUE(holds(Sign::kept, 3, 3));
  EXPECT_FALSE(holds(Sign::kept, 2, 3));
  EXPECT_FALSE(holds(Sign::kept, 0, -3));
  EXPECT_FALSE(holds(Sign::kept, 0, 0));
  EXPECT_TRUE(holds(Sign::over_released, 0, -3));
  EXPECT_FALSE(holds(Sign::over_released, 0, 3));
  EXPECT_TRUE(holds(Sign::balanced, 0, 0)) << "the test's own oracle, not the ledger";
  EXPECT_FALSE(holds(Sign::balanced, 0, 1));
}

TEST(WeighProof, AnEventIsLoggedWhileTheTestRuns) {
  const Oracle t{"bio/b", {.mutant = "m1", .event = "Bad page state"}};
  model::KernelEvent event;
  event.title = "BUG: Bad page state in process dio";
  event.owner = "bio/b";
  const auto weigh = [&] {
    return prove::weigh_proof(t, {rows(Verdict::fail), {event}}, {rows(Verdict::pass), {}});
  };
  EXPECT_TRUE(weigh().holds());
  event.owner = "bio/a";
  EXPECT_EQ(weigh().remark, "with the fault the kernel did not log: Bad page state");
}

TEST(WeighProof, SaysWhatTheOracleIsAndWhichCasesWereRed) {
  using Sign = model::ProofPages::Sign;
  const Oracle t{"bio/b", {.mutant = "m1", .red = {"one"}, .pages = model::ProofPages{Sign::kept, 0}}};
  const auto p =
      weigh_proof(t, with_pages(rows(Verdict::leak, {{"one", Verdict::fail}, {"two", Verdict::fail}}), 1),
                  rows(Verdict::pass));
  EXPECT_EQ(p.oracle, "one; pages +");
  EXPECT_EQ(p.remark, "leak; red: one, two");
}

TEST(ProofRuns, ATestWithTwoFaultsOfOneMutantRunsTwice) {
  const auto runs = proof_runs({{"a/a", {.mutant = "m1", .red = {"x"}}},
                                {"a/a", {.mutant = "m1", .env = {{"X", "1"}}, .red = {"y"}}}},
                               {}, "b", [](const std::string&) { return Result<std::string>("b"); })
                        .value();
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_THAT(runs[0].oracles, ElementsAre(0, 1)) << "without a fault it runs once";
  EXPECT_THAT(runs[1].oracles, ElementsAre(0));
  EXPECT_THAT(runs[2].oracles, ElementsAre(1));
  EXPECT_EQ(runs[2].options.env.size(), 1u);
}

TEST(WeighProof, WithoutNamedCasesTheTestItselfHasToBeRed) {
  const Oracle t{"bio/b", {.mutant = "m1"}};
  EXPECT_TRUE(weigh_proof(t, rows(Verdict::leak), rows(Verdict::pass)).holds());
  EXPECT_TRUE(weigh_proof(t, rows(Verdict::leak), rows(Verdict::xfail)).holds());
  for (const Verdict v : {Verdict::pass, Verdict::skip, Verdict::xfail, Verdict::error, Verdict::missing})
    EXPECT_FALSE(weigh_proof(t, rows(v), rows(Verdict::pass)).red) << model::to_string(v);
}

TEST(WeighProof, ABaseMayHaveTheFaultByItself) {
  const Oracle t{"bio/b", {.base = "debian-6.1"}};
  auto known = rows(Verdict::leak);
  make_known(known[0]);
  EXPECT_TRUE(weigh_proof(t, known, {}).holds()) << "there is no such kernel without it";
  EXPECT_FALSE(weigh_proof(t, rows(Verdict::pass), {}).holds());
  const auto runs =
      proof_runs({t}, {}, "debian-6.12", [](const std::string& m) { return Result<std::string>(m); }).value();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_TRUE(runs[0].faulty);
  EXPECT_EQ(runs[0].options.base, "debian-6.1");
  const Oracle mutant{"bio/b", {.mutant = "m1"}};
  EXPECT_FALSE(weigh_proof(mutant, rows(Verdict::leak), known).holds()) << "red without the mutant as well";
}

TEST(WeighProof, AKnownIssueOfOtherCasesIsNoHindrance) {
  const Oracle t{"bio/b", {.mutant = "m1", .red = {"one*"}}};
  const auto bad = rows(Verdict::fail, {{"one_page", Verdict::fail}, {"two", Verdict::xfail}});
  const auto sound = [](Verdict one) {
    auto out = rows(Verdict::fail, {{"one_page", one}, {"two", Verdict::fail}});
    make_known(out[0]);
    make_known(out[2]);
    return out;
  };
  EXPECT_TRUE(weigh_proof(t, bad, sound(Verdict::pass)).holds());
  for (const Verdict v : {Verdict::fail, Verdict::skip, Verdict::missing})
    EXPECT_FALSE(weigh_proof(t, bad, sound(v)).green) << model::to_string(v);
}

TEST(WeighProof, AVerdictThatIsNamedIsTheOnlyOne) {
  const Oracle t{"bio/b", {.env = {{"X", "1"}}, .verdict = Verdict::error}};
  EXPECT_TRUE(weigh_proof(t, rows(Verdict::error), rows(Verdict::pass)).holds());
  EXPECT_EQ(weigh_proof(t, rows(Verdict::fail), rows(Verdict::pass)).remark, "with the fault it is fail");
}

std::vector<Row> assessed(std::vector<Row> rows, model::Rule rule) {
  for (auto& r : rows) r.assessment = model::Assessment{rule, "why", ""};
  return rows;
}

TEST(WeighProof, ARuleIsSeenInTheAssessmentWhateverTheVerdict) {
  using model::Rule;
  const Oracle t{"bio/b", {.mutant = "m1", .red = {"one"}, .rule = Rule::lost}};
  const auto good = assessed(rows(Verdict::pass, {{"one", Verdict::pass}}), Rule::fine);
  const auto skip = rows(Verdict::skip, {{"one", Verdict::skip}});
  const auto holds = weigh_proof(t, assessed(skip, Rule::lost), good);
  EXPECT_TRUE(holds.holds()) << holds.remark;
  EXPECT_EQ(holds.remark, "skip, lost: why; red: one");
  EXPECT_EQ(weigh_proof(t, assessed(skip, Rule::fine), good).remark, "with the fault it is skip, fine: why");
  auto gone = assessed(rows(Verdict::pass), Rule::lost);
  EXPECT_EQ(weigh_proof(t, gone, good).remark, "not red: one");
  gone.push_back(assessed({row("one", Verdict::missing)}, Rule::lost).front());
  EXPECT_TRUE(weigh_proof(t, gone, good).holds());
  EXPECT_FALSE(weigh_proof(t, gone, assessed(rows(Verdict::skip), Rule::unlisted_skip)).green);
}

TEST(WeighProof, AKnownIssueThatGrowsIsGreenAtTheBase) {
  const Oracle t{"bio/b", {.mutant = "m1", .rule = model::Rule::issue_worse}};
  const auto base = assessed(rows(Verdict::leak), model::Rule::known_issue);
  EXPECT_TRUE(weigh_proof(t, assessed(rows(Verdict::leak), model::Rule::issue_worse), base).holds());
  EXPECT_FALSE(weigh_proof(t, base, base).red) << "a leak that is no worse than the base's proves nothing";
}

TEST(ProofRuns, ARuleTakesTheBaseIntoTheSameRun) {
  const auto runs =
      proof_runs({{"a/a", {.mutant = "m1"}}, {"a/b", {.mutant = "m1", .rule = model::Rule::lost}}}, {}, "b",
                 [](const std::string&) { return Result<std::string>("b"); })
          .value();
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_THAT(runs[1].options.points, ElementsAre("tip"));
  EXPECT_EQ(runs[2].name, "mutant m1 and its base");
  EXPECT_THAT(runs[2].options.points, ElementsAre("base", "tip"));
  EXPECT_THAT(runs[2].options.tests, ElementsAre("a/b"));
}

TEST(WeighProof, ATestThatIsRedAnywayProvesNothing) {
  const Oracle t{"bio/b", {.mutant = "m1"}};
  const auto p = weigh_proof(t, rows(Verdict::leak), rows(Verdict::leak));
  EXPECT_TRUE(p.red);
  EXPECT_FALSE(p.holds());
  EXPECT_EQ(p.remark, "without the fault it is leak");
  EXPECT_EQ(weigh_proof(t, {}, rows(Verdict::pass)).remark, "no verdict with the fault");
}

}  // namespace
}  // namespace pinrig::prove
