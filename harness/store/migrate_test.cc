// SPDX-License-Identifier: GPL-2.0
// Databases of earlier versions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/database.h"

namespace pinrig::store {
namespace {

using model::Verdict;

class MigrateTest : public ::testing::Test {
 protected:
  fs::path file() const { return dir_.path() / "state" / "results.db"; }
  Store open() { return std::move(Store::open(file())).value(); }

  TempDir dir_ = std::move(TempDir::create(fs::temp_directory_path(), "migrate-test")).value();
};

/// What the first published version wrote.
void write_version_1(const fs::path& file) {
  fs::create_directories(file.parent_path());
  SQLite::Database db(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(db, 1);
  db.exec("INSERT INTO runs VALUES('old','default','b','','2025-01-01T00:00:00Z','','running',-1,'/d','{}')");
  db.exec(
      "INSERT INTO jobs "
      "VALUES(1,'old','base-x86_64',0,'base','',0,'x86_64','base','default','tcg','max','k','6.1','completed'"
      ","
      "'','',0,0,0,0,'/d','{}','[]')");
  db.exec(
      "INSERT INTO "
      "verdicts(job,seq,test,case_name,verdict,detail,line,expected,expectation,wall_s,numbers,taint_before,"
      "taint_after) VALUES(1,1,'pins/selfcheck','','pass','',0,1,'',0.5,'{}',0,0)");
}

TEST_F(MigrateTest, MigratesVersion1WithItsRows) {
  write_version_1(file());
  {
    SQLite::Database db(file().string());
    ASSERT_EQ(db.execAndGet("PRAGMA user_version").getInt(), 1);
    ASSERT_THROW(db.exec("SELECT counters FROM verdicts"), SQLite::Exception);
  }
  Store s = open();
  ASSERT_EQ(s.guests("old").value().size(), 1u);
  EXPECT_EQ(s.guests("old").value()[0].accel_reason, "");
  EXPECT_EQ(s.kernels("old").value().at(0).id, "base-x86_64");
  EXPECT_TRUE(s.kernels("old").value().at(0).unmet.empty());
  ASSERT_EQ(s.results("old", "base-x86_64").value().size(), 1u);
  EXPECT_TRUE(s.results("old", "base-x86_64").value()[0].result.counters.empty());
  SQLite::Database db(file().string());
  EXPECT_EQ(db.execAndGet("PRAGMA user_version").getInt(), schema_version());
}

/// What version 3 wrote: a flat list of jobs, verdicts that known issues had replaced, facts in strings.
void write_version_3(const fs::path& file) {
  fs::create_directories(file.parent_path());
  SQLite::Database db(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(db, 3);
  db.exec(
      "INSERT INTO runs VALUES('old','full+faults','b','s','2025-01-01T00:00:00Z','2025-01-01T00:01:00Z',"
      "'finished',1,'/d','{}')");
  const auto job = [&](int id, const char* cell, int point, const char* outcome, const char* unmet) {
    SQLite::Statement s(
        db,
        "INSERT INTO jobs(id,run_id,cell_id,point,label,subject,is_tip,arch,config,machine,accel,cpu_model,"
        "kernel_key,kernel_release,outcome,phase,detail,build_wall_s,build_cached,boot_s,wall_s,dir,"
        "capabilities,notes,accel_reason,unmet)"
        " VALUES(?,'old',?,?,'l','subject',0,'x86_64','base+pin','default','tcg','max','key','6.1',?,'test',"
        "'detail',1,0,1,2,'/d','{}','[\"a note\"]','',?)");
    s.bind(1, id);
    s.bind(2, cell);
    s.bind(3, point);
    s.bind(4, outcome);
    s.bind(5, unmet);
    s.exec();
  };
  job(1, "base-x86_64.2", 0, "completed", R"(["one"])");
  job(2, "base-x86_64", 0, "panicked", R"(["two"])");
  job(3, "tip-x86_64", 1, "build_failed", "[]");
  const auto verdict = [&](int seq, const char* word, const char* detail, int expected, const char* why) {
    SQLite::Statement s(
        db,
        "INSERT INTO verdicts(job,seq,test,case_name,verdict,detail,line,expected,expectation,"
        "wall_s,numbers,taint_before,taint_after,counters)"
        " VALUES(2,?,'a/t','',?,?,0,?,?,0.5,'{}',0,0,'{}')");
    s.bind(1, seq);
    s.bind(2, word);
    s.bind(3, detail);
    s.bind(4, expected);
    s.bind(5, why);
    s.exec();
  };
  verdict(1, "pass", "", 1, "");
  verdict(2, "xfail", "leak: +5 pages", 1, "known issue leaky: a reason (a place)");
  verdict(3, "xfail", "as the kernel says", 1, "");
  verdict(4, "leak", "+5 pages", 0, "");
  verdict(5, "leak", "+5 pages", 1, "the series leaks");
  verdict(6, "pass", "", 0, "the series leaks");
  db.exec("INSERT INTO events VALUES(2,1,'warning','W','f',1,2,'a/t',0)");
}

TEST_F(MigrateTest, MigratesVersion3WithoutLoss) {
  write_version_3(file());
  Store s = open();
  const auto run = s.find_run("old").value();
  EXPECT_EQ(run->spec, "full");
  EXPECT_TRUE(run->faults);
  const auto kernels = s.kernels("old").value();
  ASSERT_EQ(kernels.size(), 2u) << "two guests of the base are one kernel";
  EXPECT_EQ(kernels[0].id, "base-x86_64");
  EXPECT_EQ(kernels[0].state, KernelState::built);
  EXPECT_EQ(kernels[0].config.fragments, (std::vector<std::string>{"base", "pin"}));
  EXPECT_THAT(kernels[0].unmet, ::testing::UnorderedElementsAre("one", "two"));
  EXPECT_EQ(kernels[1].state, KernelState::build_failed);
  EXPECT_EQ(kernels[1].failure, "detail");
  const auto guests = s.guests("old").value();
  ASSERT_EQ(guests.size(), 3u);
  EXPECT_EQ(guests[0].kernel_id, "base-x86_64");
  EXPECT_EQ(guests[1].kernel_id, "base-x86_64");
  EXPECT_EQ(guests[2].kernel_id, "tip-x86_64");
  EXPECT_EQ(guests[0].notes, (std::vector<std::string>{"a note"}));
  const auto rows = s.results("old", "base-x86_64").value();
  ASSERT_EQ(rows.size(), 6u);
  using model::Rule;
  const std::pair<Verdict, Rule> want[] = {
      {Verdict::pass, Rule::fine},    {Verdict::leak, Rule::known_issue}, {Verdict::xfail, Rule::fine},
      {Verdict::leak, Rule::failure}, {Verdict::leak, Rule::expectation}, {Verdict::pass, Rule::otherwise}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].verdict().verdict, want[i].first) << i;
    EXPECT_EQ(rows[i].assessment->rule, want[i].second) << i;
  }
  EXPECT_EQ(rows[1].assessment->reason, "known issue leaky: a reason (a place)");
  EXPECT_EQ(s.events("old", "base-x86_64").value().at(0).title, "W");
}

}  // namespace
}  // namespace pinrig::store
