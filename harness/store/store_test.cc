// SPDX-License-Identifier: GPL-2.0
#include "store/store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/database.h"

namespace pinrig::store {
namespace {

using model::Verdict;
using ::testing::HasSubstr;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : dir_(std::move(TempDir::create(fs::temp_directory_path(), "store-test")).value()) {}
  fs::path file() const { return dir_.path() / "state" / "results.db"; }
  Store open() { return std::move(Store::open(file())).value(); }

  TempDir dir_;
};

RunRow a_run(const std::string& id) {
  RunRow r;
  r.id = id;
  r.spec = "default";
  r.base = "debian-6.12";
  r.series = "demo-leak";
  r.started = "2026-11-21T01:02:03Z";
  r.state = "running";
  r.dir = "/state/runs/" + id;
  r.host = R"({"cpus": 2})";
  return r;
}

JobRow a_job(const std::string& run, const std::string& cell) {
  JobRow j;
  j.run_id = run;
  j.cell_id = cell;
  j.point = {2, "tip", "forget to unpin"};
  j.is_tip = true;
  j.arch = model::Arch::aarch64;
  j.config = "base+pin";
  j.machine = "default";
  j.accel = "tcg";
  j.accel_reason = "KVM does not work here: emulation failure";
  j.cpu_model = "max";
  j.kernel_key = "k";
  j.kernel_release = "6.12.117-pinrig";
  j.outcome = {model::JobOutcome::Kind::timed_out, "test", "no answer for 50 s"};
  j.build_wall_s = 412.5;
  j.build_cached = true;
  j.boot_s = 1.25;
  j.wall_s = 31;
  j.dir = "/state/runs/x";
  j.capabilities = {{"dio.bdev", "pin"}};
  j.notes = {"warning: block/bio.c:1225: unused", "second"};
  j.unmet = {"bio/x was to be leak"};
  return j;
}

VerdictRow a_leak() {
  VerdictRow r;
  r.verdict.test = "bio/dio_rw";
  r.verdict.verdict = Verdict::leak;
  r.verdict.detail = "16 pages outstanding";
  r.verdict.line = 7;
  r.verdict.expected = true;
  r.verdict.expectation = "the series forgets to unpin";
  r.verdict.wall_s = 2.5;
  r.verdict.numbers = {{"get_us", 12.5}};
  r.ledger.emplace();
  r.ledger->available = true;
  r.ledger->before = {4096, 4090};
  r.ledger->after = {4112, 4090};
  r.ledger->settled_before = true;
  r.ledger->settle_ms = 12.5;
  r.ledger->claim = model::PinClaim{model::PinClaim::Mode::at_least, 16, 3};
  r.taint_before = 512;
  r.taint_after = 0x8000000000000001u;
  r.counters = {{"pgfault", 12}, {"MemAvailable", -64}};
  return r;
}

VerdictRow plain(const std::string& test, const std::string& case_name, Verdict v) {
  VerdictRow r;
  r.verdict.test = test;
  r.verdict.case_name = case_name;
  r.verdict.verdict = v;
  return r;
}

TEST_F(StoreTest, GivesBackEveryFieldOfARun) {
  Store s = open();
  ASSERT_TRUE(s.begin_run(a_run("20261121-010203-4f2a")).has_value());
  ASSERT_TRUE(s.finish_run("20261121-010203-4f2a", "finished", 1).has_value());
  const auto rows = s.runs(10).value();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].id, "20261121-010203-4f2a");
  EXPECT_EQ(rows[0].spec, "default");
  EXPECT_EQ(rows[0].base, "debian-6.12");
  EXPECT_EQ(rows[0].series, "demo-leak");
  EXPECT_EQ(rows[0].started, "2026-11-21T01:02:03Z");
  EXPECT_THAT(rows[0].finished, ::testing::MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_EQ(rows[0].state, "finished");
  EXPECT_EQ(rows[0].exit_code, 1);
  EXPECT_EQ(rows[0].dir, "/state/runs/20261121-010203-4f2a");
  EXPECT_EQ(rows[0].host, R"({"cpus": 2})");
}

TEST_F(StoreTest, GivesBackEveryFieldOfAJob) {
  Store s = open();
  ASSERT_TRUE(s.begin_run(a_run("r")).has_value());
  ASSERT_TRUE(s.add_job(a_job("r", "tip-aarch64"), {}, {}).has_value());
  const auto jobs = s.jobs("r").value();
  ASSERT_EQ(jobs.size(), 1u);
  const JobRow& j = jobs[0];
  const JobRow want = a_job("r", "tip-aarch64");
  EXPECT_EQ(j.cell_id, want.cell_id);
  EXPECT_EQ(j.point.number, 2);
  EXPECT_EQ(j.point.label, "tip");
  EXPECT_EQ(j.point.subject, "forget to unpin");
  EXPECT_TRUE(j.is_tip);
  EXPECT_EQ(j.arch, model::Arch::aarch64);
  EXPECT_EQ(j.config, want.config);
  EXPECT_EQ(j.machine, want.machine);
  EXPECT_EQ(j.accel, "tcg");
  EXPECT_EQ(j.accel_reason, want.accel_reason);
  EXPECT_EQ(j.cpu_model, "max");
  EXPECT_EQ(j.kernel_key, "k");
  EXPECT_EQ(j.kernel_release, want.kernel_release);
  EXPECT_EQ(j.outcome.kind, model::JobOutcome::Kind::timed_out);
  EXPECT_EQ(j.outcome.phase, "test");
  EXPECT_EQ(j.outcome.detail, "no answer for 50 s");
  EXPECT_EQ(j.build_wall_s, 412.5);
  EXPECT_TRUE(j.build_cached);
  EXPECT_EQ(j.boot_s, 1.25);
  EXPECT_EQ(j.wall_s, 31);
  EXPECT_EQ(j.dir, want.dir);
  EXPECT_EQ(j.capabilities, want.capabilities);
  EXPECT_EQ(j.notes, want.notes);
  EXPECT_EQ(j.unmet, want.unmet);
}

TEST_F(StoreTest, GivesBackVerdictsLedgersAndEventsInOrder) {
  Store s = open();
  ASSERT_TRUE(s.begin_run(a_run("r")).has_value());
  model::KernelEvent event{"warning", "WARNING in try_grab_page", "try_grab_page", 100, 120, "bio/dio_rw",
                           true};
  ASSERT_TRUE(
      s.add_job(a_job("r", "c"), {a_leak(), plain("bio/dio_rw", "4K", Verdict::skip)}, {event}).has_value());

  const auto rows = s.verdicts("r", "c").value();
  ASSERT_EQ(rows.size(), 2u);
  const VerdictRow& v = rows[0];
  EXPECT_EQ(v.verdict.test, "bio/dio_rw");
  EXPECT_EQ(v.verdict.verdict, Verdict::leak);
  EXPECT_EQ(v.verdict.detail, "16 pages outstanding");
  EXPECT_EQ(v.verdict.line, 7);
  EXPECT_TRUE(v.verdict.expected);
  EXPECT_EQ(v.verdict.expectation, "the series forgets to unpin");
  EXPECT_EQ(v.verdict.wall_s, 2.5);
  EXPECT_EQ(v.verdict.numbers.at("get_us"), 12.5);
  ASSERT_TRUE(v.ledger.has_value());
  EXPECT_TRUE(v.ledger->available);
  EXPECT_EQ(v.ledger->acquired(), 16);
  EXPECT_EQ(v.ledger->released(), 0);
  EXPECT_EQ(v.ledger->outstanding(), 22);  // 16 and the two uncounted pins of each of 3 sections
  EXPECT_TRUE(v.ledger->settled_before);
  EXPECT_FALSE(v.ledger->settled_after);
  EXPECT_EQ(v.ledger->settle_ms, 12.5);
  EXPECT_EQ(v.ledger->claim->mode, model::PinClaim::Mode::at_least);
  EXPECT_EQ(v.ledger->claim->pages, 16);
  EXPECT_EQ(v.taint_before, 512u);
  EXPECT_EQ(v.taint_after, 0x8000000000000001u);
  EXPECT_EQ(v.counters.at("MemAvailable"), -64);
  EXPECT_FALSE(rows[1].taint_after.has_value()) << "a taint that is not known stays so";
  EXPECT_EQ(rows[1].verdict.case_name, "4K");
  EXPECT_EQ(rows[1].verdict.verdict, Verdict::skip);
  EXPECT_FALSE(rows[1].ledger.has_value());

  const auto events = s.events("r", "c").value();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].title, event.title);
  EXPECT_EQ(events[0].function, event.function);
  EXPECT_EQ(events[0].first_line, 100);
  EXPECT_EQ(events[0].last_line, 120);
  EXPECT_EQ(events[0].owner, "bio/dio_rw");
  EXPECT_TRUE(events[0].fatal);
}

TEST_F(StoreTest, EveryVerdictAndOutcomeSurvives) {
  using Kind = model::JobOutcome::Kind;
  Store s = open();
  ASSERT_TRUE(s.begin_run(a_run("r")).has_value());
  std::vector<VerdictRow> rows;
  for (const auto v : {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::xfail, Verdict::xpass,
                       Verdict::crash, Verdict::timeout, Verdict::leak, Verdict::missing, Verdict::error})
    rows.push_back(plain("t", model::to_string(v), v));
  const std::vector<Kind> kinds{Kind::completed,   Kind::apply_failed, Kind::build_failed,
                                Kind::boot_failed, Kind::panicked,     Kind::timed_out,
                                Kind::no_output,   Kind::infra_error,  Kind::cancelled};
  for (const auto kind : kinds) {
    JobRow j = a_job("r", model::to_string(kind));
    j.outcome.kind = kind;
    ASSERT_TRUE(s.add_job(j, rows, {}).has_value());
  }
  const auto jobs = s.jobs("r").value();
  ASSERT_EQ(jobs.size(), kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(jobs[i].outcome.kind, kinds[i]);
  for (const auto& r : s.verdicts("r", "no_output").value())
    EXPECT_EQ(r.verdict.case_name, model::to_string(r.verdict.verdict));
}

TEST_F(StoreTest, BytesThatAreNoUtf8AreKeptOutOfTheJson) {
  Store s = open();
  ASSERT_TRUE(s.begin_run(a_run("r")).has_value());
  JobRow j = a_job("r", "c");
  j.notes = {"garbled \xff\xfe console"};
  ASSERT_TRUE(s.add_job(j, {}, {}).has_value());
  EXPECT_EQ(s.jobs("r").value()[0].notes[0], "garbled \xef\xbf\xbd\xef\xbf\xbd console");
}

TEST_F(StoreTest, ALaterAttemptReplacesTheEarlierWithItsVerdicts) {
  Store s = open();
  ASSERT_TRUE(s.begin_run(a_run("r")).has_value());
  ASSERT_TRUE(
      s.add_job(a_job("r", "c"), {plain("a", "", Verdict::missing), plain("b", "", Verdict::pass)}, {})
          .has_value());
  JobRow again = a_job("r", "c");
  again.outcome = {};
  again.outcome.kind = model::JobOutcome::Kind::completed;
  ASSERT_TRUE(s.add_job(again, {plain("a", "", Verdict::pass)}, {}).has_value());
  ASSERT_EQ(s.jobs("r").value().size(), 1u);
  EXPECT_EQ(s.jobs("r").value()[0].outcome.kind, model::JobOutcome::Kind::completed);
  ASSERT_EQ(s.verdicts("r", "c").value().size(), 1u);
}

TEST_F(StoreTest, CapabilitiesOfAKernelAreThoseOfOtherRunsTheNewestFirst) {
  Store s = open();
  for (const char* run : {"old", "new", "mine"}) ASSERT_FALSE(s.begin_run(a_run(run)).has_error());
  JobRow job = a_job("old", "c");
  job.capabilities = {{"alg", "get"}, {"dio.bdev", "get"}, {"dio.fuse", "pin"}};
  ASSERT_FALSE(s.add_job(job, {}, {}).has_error());
  job.run_id = "new";
  job.capabilities = {{"alg", "unknown"}, {"dio.bdev", "pin"}};
  ASSERT_FALSE(s.add_job(job, {}, {}).has_error());
  job.cell_id = "another kernel";
  job.kernel_key = "l";
  job.capabilities = {{"lt.file_rw", "refused"}};
  ASSERT_FALSE(s.add_job(job, {}, {}).has_error());
  job = a_job("mine", "c");
  job.capabilities = {{"dio.iomap", "pin"}};
  ASSERT_FALSE(s.add_job(job, {}, {}).has_error());
  const std::map<std::string, std::string> wanted{{"alg", "get"}, {"dio.bdev", "pin"}, {"dio.fuse", "pin"}};
  EXPECT_EQ(s.capabilities("k", "mine").value(), wanted);
  EXPECT_TRUE(s.capabilities("m", "mine").value().empty());
}

TEST_F(StoreTest, AJobOfNoRunIsRefusedAndLeavesNothing) {
  Store s = open();
  const auto r = s.add_job(a_job("nobody", "c"), {a_leak()}, {});
  ASSERT_TRUE(r.has_error());
  EXPECT_THAT(r.error().message, HasSubstr("FOREIGN KEY"));
  EXPECT_TRUE(s.jobs("nobody").value().empty());
}

TEST_F(StoreTest, FinishingAnUnknownRunIsAnError) {
  Store s = open();
  EXPECT_THAT(s.finish_run("x", "finished", 0).error().message, HasSubstr("there is no run x"));
}

TEST_F(StoreTest, RunsAreNewestFirst) {
  Store s = open();
  for (const char* id : {"one", "two", "three"}) ASSERT_TRUE(s.begin_run(a_run(id)).has_value());
  const auto rows = s.runs(2).value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].id, "three");
  EXPECT_EQ(rows[1].id, "two");
}

TEST_F(StoreTest, FindsARunByIdByPrefixAndTheLast) {
  Store s = open();
  EXPECT_FALSE(s.find_run("last").value().has_value());
  for (const char* id : {"20261121-01-aa", "20261121-01-ab", "20261121-01"})
    ASSERT_TRUE(s.begin_run(a_run(id)).has_value());
  EXPECT_EQ(s.find_run("20261121-01-ab").value()->id, "20261121-01-ab");
  EXPECT_EQ(s.find_run("last").value()->id, "20261121-01");
  EXPECT_EQ(s.find_run("20261121-01").value()->id, "20261121-01") << "the whole id wins over being a prefix";
  EXPECT_FALSE(s.find_run("2025").value().has_value());
  EXPECT_FALSE(s.find_run("%").value().has_value()) << "no pattern";
  EXPECT_FALSE(s.find_run("").value().has_value());
  const auto r = s.find_run("20261121-01-a");
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
  EXPECT_EQ(r.error().message,
            "'20261121-01-a' is the beginning of several runs: 20261121-01-ab, 20261121-01-aa");
}

TEST_F(StoreTest, RunsOfDeadProcessesBecomeInterrupted) {
  Store s = open();
  for (const char* id : {"alive", "dead", "done"}) ASSERT_TRUE(s.begin_run(a_run(id)).has_value());
  ASSERT_TRUE(s.finish_run("done", "finished", 0).has_value());
  EXPECT_EQ(s.mark_interrupted({"dead", "done"}).value(), 1);
  EXPECT_EQ(s.find_run("alive").value()->state, "running");
  EXPECT_EQ(s.find_run("dead").value()->state, "interrupted");
  EXPECT_EQ(s.find_run("done").value()->state, "finished");
}

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

TEST_F(StoreTest, MigratesVersion1WithItsRows) {
  write_version_1(file());
  {
    SQLite::Database db(file().string());
    ASSERT_EQ(db.execAndGet("PRAGMA user_version").getInt(), 1);
    ASSERT_THROW(db.exec("SELECT counters FROM verdicts"), SQLite::Exception);
  }
  Store s = open();
  ASSERT_EQ(s.jobs("old").value().size(), 1u);
  EXPECT_EQ(s.jobs("old").value()[0].accel_reason, "");
  EXPECT_TRUE(s.jobs("old").value()[0].unmet.empty());
  ASSERT_EQ(s.verdicts("old", "base-x86_64").value().size(), 1u);
  EXPECT_TRUE(s.verdicts("old", "base-x86_64").value()[0].counters.empty());
  ASSERT_TRUE(s.add_job(a_job("old", "tip-x86_64"), {a_leak()}, {}).has_value());
  EXPECT_EQ(s.verdicts("old", "tip-x86_64").value()[0].counters.size(), 2u);
  SQLite::Database db(file().string());
  EXPECT_EQ(db.execAndGet("PRAGMA user_version").getInt(), schema_version());
}

TEST_F(StoreTest, ANewerSchemaIsBadInputAndUntouched) {
  { open(); }
  {
    SQLite::Database db(file().string(), SQLite::OPEN_READWRITE);
    db.exec("PRAGMA user_version = 99");
  }
  const auto r = Store::open(file());
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_EQ(r.error().message, fmt::format("{}: has schema version 99, this pinrig knows versions up to {}",
                                           file().string(), schema_version()));
}

TEST_F(StoreTest, TheDatabaseOfAnotherProgramIsBadInput) {
  fs::create_directories(file().parent_path());
  {
    SQLite::Database db(file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("CREATE TABLE bookmarks(url TEXT)");
  }
  const auto r = Store::open(file());
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(r.error().message, HasSubstr("another program"));
}

TEST_F(StoreTest, GarbageBytesNameTheFileAndTheWayOut) {
  fs::create_directories(file().parent_path());
  std::ofstream(file()) << std::string(8192, 'x');
  const auto r = Store::open(file());
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::infra);
  EXPECT_THAT(r.error().message, HasSubstr(file().string() + ": is damaged or no database"));
  EXPECT_THAT(r.error().hint, HasSubstr("move it away"));
}

TEST_F(StoreTest, APageOverwrittenLaterIsFoundWhenItIsRead) {
  {
    Store s = open();
    ASSERT_TRUE(s.begin_run(a_run("r")).has_value());
  }
  const auto size = fs::file_size(file());
  std::fstream f(file(), std::ios::in | std::ios::out | std::ios::binary);
  f.seekp(4096);
  f << std::string(size - 4096, '\xa5');
  f.close();
  auto opened = Store::open(file());
  const Error e = opened.has_error() ? opened.error() : opened.value().runs(5).error();
  EXPECT_EQ(e.kind, ErrorKind::infra);
  EXPECT_THAT(e.message, HasSubstr("is damaged or no database"));
}

TEST_F(StoreTest, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(dir_.path() / "plain") << "a file\n";
  const auto r = Store::open(dir_.path() / "plain" / "results.db");
  ASSERT_TRUE(r.has_error());
  EXPECT_THAT(r.error().message, HasSubstr((dir_.path() / "plain").string()));
}

TEST(DatabaseError, EveryCodeHasItsKindAndNextStep) {
  const auto kind = [](int code) { return database_error("/x/results.db", code, "m").kind; };
  EXPECT_EQ(kind(SQLITE_FULL), ErrorKind::disk_full);
  EXPECT_EQ(kind(SQLITE_IOERR_WRITE), ErrorKind::infra);
  EXPECT_EQ(kind(SQLITE_ERROR), ErrorKind::infra);
  EXPECT_THAT(database_error("/x/results.db", SQLITE_READONLY_DIRECTORY, "m").message,
              HasSubstr("/x/results.db: cannot be opened for writing"));
  EXPECT_THAT(database_error("/x/results.db", SQLITE_BUSY_SNAPSHOT, "m").message,
              HasSubstr("held by another process"));
  EXPECT_THAT(database_error("/x/results.db", SQLITE_CANTOPEN, "m").hint, HasSubstr("PINRIG_STATE"));
}

/// Runs `body` in a child and gives its wait status.
template <typename F>
int in_child(F body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status;
}

TEST_F(StoreTest, AKilledRunKeepsTheJobsBeforeIt) {
  const int status = in_child([&] {
    Store s = open();
    if (!s.begin_run(a_run("r")).has_value()) return 1;
    if (!s.add_job(a_job("r", "base-x86_64"), {a_leak()}, {}).has_value()) return 2;
    // In the middle of the second job: rows written, not committed.
    SQLite::Database db(file().string(), SQLite::OPEN_READWRITE);
    db.exec(
        "PRAGMA cache_size = 1; BEGIN IMMEDIATE; DELETE FROM verdicts; DELETE FROM jobs;"
        "UPDATE runs SET state = 'finished'");
    ::kill(::getpid(), SIGKILL);
    return 3;
  });
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  Store s = open();
  EXPECT_EQ(s.find_run("last").value()->state, "running");
  ASSERT_EQ(s.jobs("r").value().size(), 1u);
  EXPECT_EQ(s.verdicts("r", "base-x86_64").value().size(), 1u);
  EXPECT_EQ(s.mark_interrupted({"r"}).value(), 1);
}

TEST_F(StoreTest, TwoProcessesOpenAndWriteAtOnce) {
  std::vector<pid_t> children;
  for (int c = 0; c < 4; ++c) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto s = Store::open(file());
      const std::string id = fmt::format("run{}", c);
      if (s.has_error() || s.value().begin_run(a_run(id)).has_error()) ::_exit(1);
      for (int i = 0; i < 10; ++i) {
        if (s.value().add_job(a_job(id, std::to_string(i)), {a_leak()}, {}).has_error()) ::_exit(2);
      }
      ::_exit(0);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  Store s = open();
  EXPECT_EQ(s.runs(10).value().size(), 4u);
  for (int c = 0; c < 4; ++c) EXPECT_EQ(s.jobs(fmt::format("run{}", c)).value().size(), 10u);
}

TEST_F(StoreTest, AFullDiskIsDiskFullAndKeepsWhatWasThere) {
  constexpr int cannot_mount = 77;
  const int status = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return cannot_mount;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return cannot_mount;
    if (::mount("none", dir_.path().c_str(), "tmpfs", 0, "size=512k") != 0) return cannot_mount;
    auto s = Store::open(file());
    if (s.has_error() || s.value().begin_run(a_run("r")).has_error()) return 1;
    VerdictRow big = a_leak();
    big.verdict.detail = std::string(100000, 'x');
    for (int i = 0; i < 100; ++i) {
      const auto r = s.value().add_job(a_job("r", std::to_string(i)), {big}, {});
      if (!r.has_error()) continue;
      if (r.error().kind != ErrorKind::disk_full) return 2;
      return s.value().jobs("r").value().size() == static_cast<std::size_t>(i) ? 0 : 3;
    }
    return 4;
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) == cannot_mount)
    GTEST_SKIP() << "no right to mount a small tmpfs";
  EXPECT_EQ(status, 0) << "exit " << WEXITSTATUS(status);
}

}  // namespace
}  // namespace pinrig::store
