// SPDX-License-Identifier: GPL-2.0
// Baselines, lines of runs, and the narrow table beside the results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/database.h"

namespace pinrig::store {
namespace {

using model::Rule;
using model::Verdict;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NightsTest : public ::testing::Test {
 protected:
  NightsTest() : dir_(std::move(TempDir::create(fs::temp_directory_path(), "nights-test")).value()) {}
  fs::path file() const { return dir_.path() / "results.db"; }
  Store open() { return std::move(Store::open(file())).value(); }

  TempDir dir_;
};

RunRow a_run(const std::string& id) {
  RunRow r;
  r.id = id;
  r.spec = "full";
  r.base = "debian-6.12";
  r.started = "2026-12-01T02:00:00Z";
  r.state = RunState::finished;
  r.exit_code = 0;
  r.dir = "/state/runs/" + id;
  r.host = "{}";
  return r;
}

model::AssessedResult a_row(const std::string& test, const std::string& name, Verdict v) {
  model::AssessedResult r;
  r.result.verdict.test = test;
  r.result.verdict.case_name = name;
  r.result.verdict.verdict = v;
  r.result.verdict.wall_s = 1.5;
  return r;
}

void add(Store& s, const RunRow& run, const std::vector<model::AssessedResult>& rows) {
  KernelRow k;
  k.run_id = run.id;
  k.id = "base-x86_64";
  k.point.label = "base";
  k.config = {"", {"base", "pin"}};
  k.state = KernelState::built;
  k.key = "key";
  GuestRow g;
  g.run_id = run.id;
  g.kernel_id = k.id;
  g.id = k.id;
  ASSERT_TRUE(s.begin_run(run, {k}, {g}).has_value());
  g.outcome = model::JobOutcome{model::JobOutcome::Kind::completed, model::Phase::none, ""};
  g.accel = "tcg";
  ASSERT_TRUE(s.end_guest(g, {}, rows, {}).has_value());
}

std::vector<std::string> ids(const std::vector<RunRow>& runs) {
  std::vector<std::string> out;
  for (const auto& r : runs) out.push_back(r.id);
  return out;
}

/// "test:case verdict rule" of each mark of the first guest.
std::vector<std::string> marks_of(const Store& s, const RunRow& run) {
  const auto rows = s.nights({run}).value();
  std::vector<std::string> out;
  for (const auto& m : rows.marks.at(0)) {
    const auto& n = rows.names.at(m.name);
    out.push_back(n.test + ":" + n.case_name + " " + model::to_string(m.verdict) + " " +
                  (m.rule ? model::to_string(*m.rule) : "-"));
  }
  return out;
}

TEST_F(NightsTest, ABaselineIsReplacedListedAndDropped) {
  Store s = open();
  ASSERT_TRUE(s.set_baseline({"release", "one", "", "first"}).has_value());
  ASSERT_TRUE(s.set_baseline({"release", "two", "", "second"}).has_value());
  ASSERT_TRUE(s.set_baseline({"a", "three", "", ""}).has_value());
  const auto all = s.baselines().value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].run_id, "two");
  EXPECT_EQ(all[1].note, "second");
  EXPECT_FALSE(all[1].created.empty());
  EXPECT_TRUE(s.drop_baseline("release").value());
  EXPECT_FALSE(s.drop_baseline("release").value());
}

TEST_F(NightsTest, ABaselineOutlivesItsRun) {
  Store s = open();
  add(s, a_run("one"), {});
  ASSERT_TRUE(s.set_baseline({"release", "one", "", ""}).has_value());
  ASSERT_TRUE(s.delete_run("one").has_value());
  EXPECT_EQ(s.baselines().value().at(0).run_id, "one");
  EXPECT_FALSE(s.find_run("one").value());
}

TEST_F(NightsTest, ALineIsOfItsKindAlone) {
  Store s = open();
  const auto with = [&](const std::string& id, auto change) {
    RunRow r = a_run(id);
    change(r);
    add(s, r, {});
  };
  with("first", [](auto&) {});
  with("base", [](auto& r) { r.base = "debian-6.1"; });
  with("spec", [](auto& r) { r.spec = "stress"; });
  with("series", [](auto& r) { r.series = "s"; });
  with("some", [](auto& r) { r.selection = "--test bio"; });
  with("faults", [](auto& r) { r.faults = true; });
  with("prove", [](auto& r) { r.purpose = "prove"; });
  with("broke", [](auto& r) { r.state = RunState::interrupted; });
  with("second", [](auto& r) { r.started = "1999-01-01T00:00:00Z"; });
  with("tonight", [](auto& r) { r.state = RunState::interrupted; });
  with("later", [](auto&) {});
  const auto last = s.find_run("tonight").value();
  EXPECT_THAT(ids(s.line_of(*last, 10).value()), ElementsAre("tonight", "second", "first"));
  EXPECT_THAT(ids(s.line_of(*last, 2).value()), ElementsAre("tonight", "second"));
  const auto some = s.find_run("some").value();
  EXPECT_THAT(ids(s.line_of(*some, 10).value()), ElementsAre("some"));
  EXPECT_EQ(some->selection, "--test bio");
}

TEST_F(NightsTest, MarksFollowTheResults) {
  Store s = open();
  const RunRow run = a_run("one");
  add(s, run,
      {a_row("b/t", "", Verdict::fail), a_row("b/t", "c", Verdict::fail), a_row("a/t", "", Verdict::pass)});
  EXPECT_THAT(marks_of(s, run),
              ::testing::UnorderedElementsAre("b/t: fail -", "b/t:c fail -", "a/t: pass -"));
  model::KernelAssessment a{"base-x86_64", {{"base-x86_64", {}}}, {}, {}, {}};
  for (const auto rule : {Rule::failure, Rule::known_issue, Rule::fine})
    a.guests[0].rows.push_back({rule, "", ""});
  ASSERT_TRUE(s.assess_run("one", {a}).has_value());
  EXPECT_THAT(marks_of(s, run), ::testing::UnorderedElementsAre("b/t: fail failure", "b/t:c fail known_issue",
                                                                "a/t: pass fine"));
  const auto guest = s.nights({run}).value().guests.at(0).guest;
  const auto row = s.history("b/t", "c", {guest}).value();
  ASSERT_EQ(row.size(), 1u);
  EXPECT_EQ(row[0].row.assessment->rule, Rule::known_issue);
  EXPECT_THAT(s.history("b/t", "nothing", {guest}).value(), IsEmpty());
  const auto numbers = s.measures({guest}).value();
  ASSERT_EQ(numbers.size(), 2u);
  EXPECT_EQ(numbers[0].cases, 1);
  EXPECT_EQ(numbers[0].wall_s, 1.5);
}

TEST_F(NightsTest, OfRowsWithEqualNamesTheFirstCounts) {
  Store s = open();
  const RunRow run = a_run("one");
  add(s, run, {a_row("b/t", "", Verdict::fail), a_row("b/t", "", Verdict::pass)});
  model::KernelAssessment a{
      "base-x86_64", {{"base-x86_64", {{Rule::failure, "", ""}, {Rule::fine, "", ""}}}}, {}, {}, {}};
  ASSERT_TRUE(s.assess_run("one", {a}).has_value());
  EXPECT_THAT(marks_of(s, run), ElementsAre("b/t: fail failure"));
}

TEST_F(NightsTest, ADeletedRunLeavesNoMarks) {
  {
    Store s = open();
    add(s, a_run("one"), {a_row("b/t", "", Verdict::fail)});
    ASSERT_TRUE(s.delete_run("one").has_value());
  }
  SQLite::Database db(file().string());
  EXPECT_EQ(db.execAndGet("SELECT count(*) FROM marks").getInt(), 0);
}

TEST_F(NightsTest, ResultsOfVersion10GetTheirMarks) {
  const RunRow run = a_run("one");
  {
    Store s = open();
    add(s, run, {a_row("b/t", "", Verdict::leak), a_row("b/t", "c", Verdict::fail)});
  }
  {
    // Back to what version 10 had.
    SQLite::Database db(file().string(), SQLite::OPEN_READWRITE);
    db.exec(
        "DROP TRIGGER results_inserted; DROP TRIGGER results_assessed; DROP TABLE marks; DROP TABLE names;"
        "DROP TABLE baselines; DROP INDEX runs_line; ALTER TABLE runs DROP COLUMN selection;"
        "UPDATE results SET rule = 'failure' WHERE seq = 1; PRAGMA user_version = 10");
    ASSERT_THROW(db.exec("SELECT selection FROM runs"), SQLite::Exception);
  }
  Store s = open();
  EXPECT_THAT(marks_of(s, run), ::testing::UnorderedElementsAre("b/t: leak failure", "b/t:c fail -"));
  EXPECT_EQ(s.find_run("one").value()->selection, "");
  EXPECT_THAT(s.baselines().value(), IsEmpty());
}

TEST_F(NightsTest, AKernelWithoutAGuestIsAColumnAllTheSame) {
  Store s = open();
  KernelRow k;
  k.run_id = "one";
  k.id = "base-x86_64";
  k.point.label = "base";
  k.state = KernelState::build_failed;
  k.failure = "x.c:1";
  ASSERT_TRUE(s.begin_run(a_run("one"), {k}, {}).has_value());
  const auto rows = s.nights({a_run("one")}).value();
  ASSERT_EQ(rows.guests.size(), 1u);
  EXPECT_EQ(rows.guests[0].guest, 0);
  EXPECT_EQ(rows.guests[0].failure, "x.c:1");
  EXPECT_THAT(rows.marks.at(0), IsEmpty());
}

}  // namespace
}  // namespace pinrig::store
