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
  r.dir = "/state/runs/" + id;
  r.host = R"({"cpus": 2})";
  return r;
}

KernelRow a_kernel(const std::string& run, const std::string& id) {
  KernelRow k;
  k.run_id = run;
  k.id = id;
  k.point = {2, "tip", "forget to unpin", "c0ffee", "7ee", "1d", "6.12.117"};
  k.is_tip = true;
  k.arch = model::Arch::aarch64;
  k.config = {"debug", {"base", "pin"}};
  k.dir = "/state/runs/x/kernels/tip";
  return k;
}

GuestRow a_guest(const std::string& run, const std::string& kernel, const std::string& id) {
  GuestRow g;
  g.run_id = run;
  g.kernel_id = kernel;
  g.id = id;
  g.reason = "kernel parameters movablecore=512M";
  g.machine = "default";
  g.planned = 7;
  g.outcome = {model::JobOutcome::Kind::timed_out, model::Phase::test, "no answer for 50 s"};
  g.accel = "tcg";
  g.accel_reason = "KVM is not usable: emulation failure";
  g.cpu_model = "max";
  g.release = "6.12.117-pinrig";
  g.boot_s = 1.25;
  g.wall_s = 31;
  g.dir = "/state/runs/x";
  g.capabilities = {{"dio.bdev", "pin"}};
  g.counters = false;
  g.setup = {"no swap"};
  g.notes = {"warning: block/bio.c:1225: unused", "second"};
  return g;
}

using Row = model::AssessedResult;

Row a_leak() {
  Row r;
  auto& v = r.result.verdict;
  v.test = "bio/dio_rw";
  v.verdict = Verdict::leak;
  v.detail = "16 pages outstanding";
  v.diagnostics = {"want 1/1", "got 1/0"};
  v.own = {Verdict::leak, Verdict::fail};
  v.apart = {Verdict::leak};
  v.splats = {{"warning", "WARNING in try_grab_page", Verdict::fail}};
  v.line = 7;
  v.foreseen = true;
  v.wall_s = 2.5;
  v.numbers = {{"get_us", 12.5}};
  auto& l = r.result.ledger.emplace();
  l.available = true;
  l.before = {4096, 4090};
  l.after = {4112, 4090};
  l.settled_before = true;
  l.settle_ms = 12.5;
  l.claim = model::PinClaim{model::PinClaim::Mode::at_least, 16, 3};
  r.result.taint_before = 512;
  r.result.taint_after = 0x8000000000000001u;
  r.result.counters = {{"pgfault", 12}, {"MemAvailable", -64}};
  return r;
}

Row plain(const std::string& test, const std::string& case_name, Verdict v) {
  Row r;
  r.result.verdict.test = test;
  r.result.verdict.case_name = case_name;
  r.result.verdict.verdict = v;
  return r;
}

/// A run with one kernel, "k", and one guest of it, "g", which has not ended.
void begin(Store& s, const std::string& run) {
  GuestRow planned;
  planned.run_id = run;
  planned.kernel_id = "k";
  planned.id = "g";
  ASSERT_TRUE(s.begin_run(a_run(run), {a_kernel(run, "k")}, {planned}).has_value());
}

TEST_F(StoreTest, KeepsEveryFieldOfARun) {
  Store s = open();
  RunRow run = a_run("20261121-010203-4f2a");
  run.faults = true;
  run.purpose = "prove";
  ASSERT_TRUE(s.begin_run(run, {}, {}).has_value());
  ASSERT_TRUE(s.finish_run("20261121-010203-4f2a", RunState::finished, 1).has_value());
  const auto rows = s.runs(10).value();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].id, "20261121-010203-4f2a");
  EXPECT_EQ(rows[0].spec, "default");
  EXPECT_EQ(rows[0].base, "debian-6.12");
  EXPECT_EQ(rows[0].series, "demo-leak");
  EXPECT_TRUE(rows[0].faults);
  EXPECT_EQ(rows[0].purpose, "prove");
  EXPECT_EQ(rows[0].started, "2026-11-21T01:02:03Z");
  EXPECT_THAT(rows[0].finished, ::testing::MatchesRegex("20..-..-..T..:..:..Z"));
  EXPECT_EQ(rows[0].state, RunState::finished);
  EXPECT_EQ(rows[0].exit_code, 1);
  EXPECT_EQ(rows[0].dir, "/state/runs/20261121-010203-4f2a");
  EXPECT_EQ(rows[0].host, R"({"cpus": 2})");
}

TEST_F(StoreTest, KeepsEveryFieldOfAKernel) {
  Store s = open();
  begin(s, "r");
  KernelRow want = a_kernel("r", "k");
  EXPECT_EQ(s.kernels("r").value().at(0).state, KernelState::planned) << "as it was planned";
  want.state = KernelState::build_failed;
  want.failure = "patch 2 \"x\" does not build: mm/gup.c:7: error";
  want.build_log = "/b.log";
  want.key = "key";
  want.cached = true;
  want.build_wall_s = 412.5;
  want.notes = {"a warning"};
  ASSERT_TRUE(s.update_kernel(want).has_value());
  const auto k = s.kernels("r").value().at(0);
  EXPECT_EQ(k.id, "k");
  EXPECT_EQ(k.point.number, 2);
  EXPECT_EQ(k.point.label, "tip");
  EXPECT_EQ(k.point.subject, "forget to unpin");
  EXPECT_EQ(k.point.commit, "c0ffee");
  EXPECT_EQ(k.point.tree, want.point.tree);
  EXPECT_EQ(k.point.patch_id, want.point.patch_id);
  EXPECT_EQ(k.point.version, "6.12.117");
  EXPECT_TRUE(k.is_tip);
  EXPECT_EQ(k.arch, model::Arch::aarch64);
  EXPECT_EQ(k.config.name, "debug");
  EXPECT_EQ(k.config.fragments, want.config.fragments);
  EXPECT_EQ(k.state, KernelState::build_failed);
  EXPECT_EQ(k.failure, want.failure);
  EXPECT_EQ(k.build_log, "/b.log");
  EXPECT_EQ(k.key, "key");
  EXPECT_TRUE(k.cached);
  EXPECT_EQ(k.build_wall_s, 412.5);
  EXPECT_EQ(k.dir, want.dir);
  EXPECT_EQ(k.notes, want.notes);
}

TEST_F(StoreTest, KeepsEveryFieldOfAGuestAndItsAttempts) {
  Store s = open();
  begin(s, "r");
  EXPECT_FALSE(s.guests("r").value().at(0).outcome.has_value()) << "it has not ended";
  const GuestRow want = a_guest("r", "k", "g");
  const AttemptRow first{1, {model::JobOutcome::Kind::panicked, model::Phase::test, "BUG"}, 1.5, 20, "/a"};
  AttemptRow first_with_dump = first;
  first_with_dump.dump = model::Dump{.cause = model::DumpCause::hang, .file = "/a/vmcore", .bytes = 7};
  const AttemptRow second{2, {model::JobOutcome::Kind::completed, model::Phase::none, ""}, 1.25, 11, "/b"};
  ASSERT_TRUE(s.end_guest(want, {first_with_dump, second}, {}, {}).has_value());
  const auto guests = s.guests("r").value();
  ASSERT_EQ(guests.size(), 1u);
  const GuestRow& g = guests[0];
  EXPECT_EQ(g.kernel_id, "k");
  EXPECT_EQ(g.reason, want.reason);
  EXPECT_EQ(g.machine, want.machine);
  EXPECT_EQ(g.planned, 7);
  ASSERT_TRUE(g.outcome.has_value());
  EXPECT_EQ(g.outcome->kind, model::JobOutcome::Kind::timed_out);
  EXPECT_EQ(g.outcome->phase, model::Phase::test);
  EXPECT_EQ(g.outcome->detail, "no answer for 50 s");
  EXPECT_EQ(g.accel, "tcg");
  EXPECT_EQ(g.accel_reason, want.accel_reason);
  EXPECT_EQ(g.cpu_model, "max");
  EXPECT_EQ(g.release, want.release);
  EXPECT_EQ(g.boot_s, 1.25);
  EXPECT_EQ(g.wall_s, 31);
  EXPECT_EQ(g.dir, want.dir);
  EXPECT_EQ(g.capabilities, want.capabilities);
  EXPECT_FALSE(g.counters);
  EXPECT_EQ(g.setup, want.setup);
  EXPECT_EQ(g.notes, want.notes);
  const auto attempts = s.attempts("r", "g").value();
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].outcome.kind, model::JobOutcome::Kind::panicked);
  EXPECT_EQ(attempts[0].outcome.detail, "BUG");
  EXPECT_EQ(attempts[1].number, 2);
  EXPECT_EQ(attempts[1].wall_s, 11);
  EXPECT_EQ(attempts[1].dir, "/b");
}

TEST_F(StoreTest, KeepsVerdictsLedgersAndEventsInOrder) {
  Store s = open();
  begin(s, "r");
  model::KernelEvent event;
  event.kind = "warning";
  event.title = "WARNING in try_grab_page";
  event.function = "try_grab_page";
  event.first_line = 100;
  event.last_line = 120;
  event.owner = "bio/dio_rw";
  event.fatal = true;
  event.count = 3;
  event.text = {"WARNING: CPU: 0", "Call trace:"};
  ASSERT_TRUE(
      s.end_guest(a_guest("r", "k", "g"), {}, {a_leak(), plain("bio/dio_rw", "4K", Verdict::skip)}, {event})
          .has_value());

  const auto rows = s.results("r", "g").value();
  ASSERT_EQ(rows.size(), 2u);
  const auto& v = rows[0].result;
  EXPECT_EQ(v.verdict.test, "bio/dio_rw");
  EXPECT_EQ(v.verdict.verdict, Verdict::leak);
  EXPECT_EQ(v.verdict.detail, "16 pages outstanding");
  EXPECT_EQ(v.verdict.diagnostics, a_leak().result.verdict.diagnostics);
  EXPECT_EQ(v.verdict.own, a_leak().result.verdict.own);
  EXPECT_EQ(v.verdict.line, 7);
  EXPECT_TRUE(v.verdict.foreseen);
  EXPECT_EQ(v.verdict.wall_s, 2.5);
  EXPECT_EQ(v.verdict.numbers.at("get_us"), 12.5);
  EXPECT_FALSE(rows[0].assessment.has_value()) << "nobody has assessed it yet";
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
  EXPECT_FALSE(rows[1].result.taint_after.has_value()) << "a taint that is not known stays so";
  EXPECT_EQ(rows[1].verdict().case_name, "4K");
  EXPECT_EQ(rows[1].verdict().verdict, Verdict::skip);
  EXPECT_FALSE(rows[1].result.ledger.has_value());

  const auto events = s.events("r", "g").value();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].title, event.title);
  EXPECT_EQ(events[0].function, event.function);
  EXPECT_EQ(events[0].first_line, 100);
  EXPECT_EQ(events[0].last_line, 120);
  EXPECT_EQ(events[0].owner, "bio/dio_rw");
  EXPECT_TRUE(events[0].fatal);
  EXPECT_EQ(events[0].count, 3);
  EXPECT_EQ(events[0].text, event.text);
}

TEST_F(StoreTest, KeepsWhatTheKernelReportedAndWhereThatIsInTheSource) {
  Store s = open();
  begin(s, "r");
  model::KernelEvent event;
  event.lines = {{1, "try_grab_page", "mm/gup.c", 140, true, 2}};
  ASSERT_TRUE(s.end_guest(a_guest("r", "k", "g"), {}, {a_leak()}, {event}).has_value());
  const auto rows = s.results("r", "g").value();
  const auto& v = rows.at(0).result.verdict;
  EXPECT_EQ(v.apart, a_leak().result.verdict.apart);
  ASSERT_EQ(v.splats.size(), 1u);
  EXPECT_EQ(v.splats[0].kind, "warning");
  EXPECT_EQ(v.splats[0].title, "WARNING in try_grab_page");
  EXPECT_EQ(v.splats[0].verdict, Verdict::fail);
  const auto events = s.events("r", "g").value();
  ASSERT_EQ(events.at(0).lines.size(), 1u);
  EXPECT_EQ(events[0].lines[0].frame, 1);
  EXPECT_EQ(events[0].lines[0].function, "try_grab_page");
  EXPECT_EQ(events[0].lines[0].file, "mm/gup.c");
  EXPECT_EQ(events[0].lines[0].line, 140);
  EXPECT_TRUE(events[0].lines[0].inlined);
  EXPECT_EQ(events[0].lines[0].patch, 2);
}

TEST_F(StoreTest, AnAssessmentStandsInColumnsOfItsOwnAndCanBeMadeAgain) {
  Store s = open();
  begin(s, "r");
  ASSERT_TRUE(
      s.end_guest(a_guest("r", "k", "g"), {}, {a_leak(), plain("bio/dio_rw", "4K", Verdict::fail)}, {})
          .has_value());
  using model::Rule;
  model::KernelAssessment says;
  says.kernel_id = "k";
  says.guests = {{"g", {{Rule::known_issue, "it leaks", "leaky"}, {Rule::failure, "", ""}}}};
  says.unmet = {"expected x"};
  says.known = {"known issue leaky"};
  says.lost = {{"bio/dio_rw", "8K", Verdict::xfail, "base-x86_64"}};
  ASSERT_TRUE(s.assess_run("r", {says}).has_value());
  auto rows = s.results("r", "g").value();
  EXPECT_EQ(rows[0].verdict().verdict, Verdict::leak) << "what was seen stays";
  EXPECT_TRUE(rows[0].expected());
  EXPECT_EQ(rows[0].assessment->rule, Rule::known_issue);
  EXPECT_EQ(rows[0].assessment->reason, "it leaks");
  EXPECT_EQ(rows[0].assessment->reference, "leaky");
  EXPECT_FALSE(rows[1].expected());
  const auto k = s.kernels("r").value().at(0);
  EXPECT_EQ(k.unmet, says.unmet);
  EXPECT_EQ(k.known, says.known);
  ASSERT_EQ(k.lost.size(), 1u);
  EXPECT_EQ(k.lost[0].case_name, "8K");
  EXPECT_EQ(k.lost[0].before, Verdict::xfail);
  EXPECT_EQ(k.lost[0].reference, "base-x86_64");

  says.guests[0].rows[0] = {Rule::failure, "no longer excused", ""};
  says.lost.clear();
  ASSERT_TRUE(s.assess_run("r", {says}).has_value());
  rows = s.results("r", "g").value();
  EXPECT_EQ(rows[0].assessment->rule, Rule::failure);
  EXPECT_EQ(rows[0].verdict().detail, "16 pages outstanding");
  EXPECT_TRUE(s.kernels("r").value().at(0).lost.empty());
}

TEST_F(StoreTest, EveryEnumerationSurvives) {
  using Kind = model::JobOutcome::Kind;
  Store s = open();
  std::vector<Row> rows;
  for (const auto v : {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::xfail, Verdict::xpass,
                       Verdict::crash, Verdict::timeout, Verdict::leak, Verdict::missing, Verdict::error})
    rows.push_back(plain("t", model::to_string(v), v));
  const std::vector<Kind> kinds{Kind::completed,   Kind::apply_failed, Kind::build_failed,
                                Kind::boot_failed, Kind::panicked,     Kind::timed_out,
                                Kind::no_output,   Kind::infra_error,  Kind::cancelled};
  std::vector<GuestRow> guests;
  for (const auto kind : kinds) {
    guests.push_back(a_guest("r", "k", model::to_string(kind)));
    guests.back().outcome->kind = kind;
  }
  ASSERT_TRUE(s.begin_run(a_run("r"), {a_kernel("r", "k")}, guests).has_value());
  for (const auto& g : guests) ASSERT_TRUE(s.end_guest(g, {}, rows, {}).has_value());
  const auto stored = s.guests("r").value();
  ASSERT_EQ(stored.size(), kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(stored[i].outcome->kind, kinds[i]);
  for (const auto& r : s.results("r", "no_output").value())
    EXPECT_EQ(r.verdict().case_name, model::to_string(r.verdict().verdict));
  for (const auto state : {KernelState::planned, KernelState::built, KernelState::apply_failed,
                           KernelState::build_failed, KernelState::infra_error, KernelState::cancelled}) {
    auto k = a_kernel("r", "k");
    k.state = state;
    ASSERT_TRUE(s.update_kernel(k).has_value());
    EXPECT_EQ(s.kernels("r").value().at(0).state, state);
  }
  for (const auto state : {RunState::running, RunState::finished, RunState::interrupted, RunState::failed}) {
    ASSERT_TRUE(s.finish_run("r", state, 0).has_value());
    EXPECT_EQ(s.find_run("r").value()->state, state);
  }
}

TEST_F(StoreTest, BytesThatAreNoUtf8AreKeptOutOfTheJson) {
  Store s = open();
  begin(s, "r");
  GuestRow g = a_guest("r", "k", "g");
  g.notes = {"garbled \xff\xfe console"};
  ASSERT_TRUE(s.end_guest(g, {}, {}, {}).has_value());
  EXPECT_EQ(s.guests("r").value()[0].notes[0], "garbled \xef\xbf\xbd\xef\xbf\xbd console");
}

TEST_F(StoreTest, GuestsStayInTheOrderOfThePlanAndAreReplacedWhole) {
  Store s = open();
  ASSERT_TRUE(
      s.begin_run(a_run("r"), {a_kernel("r", "k")}, {a_guest("r", "k", "first"), a_guest("r", "k", "second")})
          .has_value());
  ASSERT_TRUE(s.end_guest(a_guest("r", "k", "second"), {}, {plain("b", "", Verdict::pass)}, {}).has_value());
  ASSERT_TRUE(s.end_guest(a_guest("r", "k", "first"), {},
                          {plain("a", "", Verdict::missing), plain("c", "", Verdict::pass)}, {})
                  .has_value());
  ASSERT_TRUE(s.end_guest(a_guest("r", "k", "first"), {}, {plain("a", "", Verdict::pass)}, {}).has_value());
  ASSERT_EQ(s.guests("r").value().size(), 2u);
  EXPECT_EQ(s.guests("r").value()[0].id, "first");
  ASSERT_EQ(s.results("r", "first").value().size(), 1u);
  EXPECT_EQ(s.results("r", "first").value()[0].verdict().verdict, Verdict::pass);
}

TEST_F(StoreTest, CapabilitiesOfAKernelAreThoseOfOtherRunsTheNewestFirst) {
  Store s = open();
  const auto add = [&](const std::string& run, const std::string& key,
                       const std::map<std::string, std::string>& found) {
    begin(s, run);
    auto k = a_kernel(run, "k");
    k.key = key;
    ASSERT_FALSE(s.update_kernel(k).has_error());
    auto g = a_guest(run, "k", "g");
    g.capabilities = found;
    ASSERT_FALSE(s.end_guest(g, {}, {}, {}).has_error());
  };
  add("old", "key", {{"alg", "get"}, {"dio.bdev", "get"}, {"dio.fuse", "pin"}});
  add("new", "key", {{"alg", "unknown"}, {"dio.bdev", "pin"}});
  add("another", "other key", {{"lt.file_rw", "refused"}});
  add("mine", "key", {{"dio.iomap", "pin"}});
  const std::map<std::string, std::string> wanted{{"alg", "get"}, {"dio.bdev", "pin"}, {"dio.fuse", "pin"}};
  EXPECT_EQ(s.capabilities("key", "mine").value(), wanted);
  EXPECT_TRUE(s.capabilities("none", "mine").value().empty());
}

TEST_F(StoreTest, AGuestOfNoKernelIsRefusedAndLeavesNothing) {
  Store s = open();
  const auto r = s.end_guest(a_guest("nobody", "k", "g"), {}, {a_leak()}, {});
  ASSERT_TRUE(r.has_error());
  EXPECT_THAT(r.error().message, HasSubstr("guests.kernel"));
  EXPECT_TRUE(s.guests("nobody").value().empty());
}

TEST_F(StoreTest, ADeletedRunTakesAllItsRowsAlong) {
  Store s = open();
  begin(s, "r");
  ASSERT_TRUE(s.end_guest(a_guest("r", "k", "g"), {}, {a_leak()}, {}).has_value());
  begin(s, "kept");
  ASSERT_TRUE(s.delete_run("r").has_value());
  EXPECT_FALSE(s.find_run("r").value().has_value());
  EXPECT_TRUE(s.guests("r").value().empty());
  EXPECT_TRUE(s.results("r", "g").value().empty());
  EXPECT_EQ(s.guests("kept").value().size(), 1u);
  SQLite::Database db(file().string());
  EXPECT_EQ(db.execAndGet("SELECT count(*) FROM results").getInt(), 0);
}

TEST_F(StoreTest, FinishingAnUnknownRunIsAnError) {
  Store s = open();
  EXPECT_THAT(s.finish_run("x", RunState::finished, 0).error().message, HasSubstr("no run x"));
}

TEST_F(StoreTest, RunsAreNewestFirst) {
  Store s = open();
  for (const char* id : {"one", "two", "three"}) ASSERT_TRUE(s.begin_run(a_run(id), {}, {}).has_value());
  const auto rows = s.runs(2).value();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].id, "three");
  EXPECT_EQ(rows[1].id, "two");
}

TEST_F(StoreTest, FindsARunByIdByPrefixAndTheLast) {
  Store s = open();
  EXPECT_FALSE(s.find_run("last").value().has_value());
  for (const char* id : {"20261121-01-aa", "20261121-01-ab", "20261121-01"})
    ASSERT_TRUE(s.begin_run(a_run(id), {}, {}).has_value());
  EXPECT_EQ(s.find_run("20261121-01-ab").value()->id, "20261121-01-ab");
  EXPECT_EQ(s.find_run("last").value()->id, "20261121-01");
  EXPECT_EQ(s.find_run("20261121-01").value()->id, "20261121-01") << "the whole id wins over being a prefix";
  EXPECT_FALSE(s.find_run("2025").value().has_value());
  EXPECT_FALSE(s.find_run("%").value().has_value()) << "no pattern";
  EXPECT_FALSE(s.find_run("").value().has_value());
  const auto r = s.find_run("20261121-01-a");
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
  EXPECT_EQ(r.error().message, "'20261121-01-a' matches several runs: 20261121-01-ab, 20261121-01-aa");
}

TEST(Journal, HostsThatShareNoMemoryGetARollbackJournal) {
  EXPECT_STREQ(journal_mode_for(0x6969), "delete");                        // NFS
  EXPECT_STREQ(journal_mode_for(0x0bd00bd0), "delete");                    // Lustre
  EXPECT_STREQ(journal_mode_for(static_cast<int>(0xff534d42)), "delete");  // CIFS, as a signed int
  EXPECT_STREQ(journal_mode_for(0xef53), "wal");                           // ext4
  EXPECT_STREQ(journal_mode_for(0x01021994), "wal");                       // tmpfs
  EXPECT_STREQ(journal_mode_for(0x794c7630), "wal");                       // overlayfs
}

TEST_F(StoreTest, RunsOfDeadProcessesBecomeInterrupted) {
  Store s = open();
  for (const char* id : {"alive", "dead", "done"}) ASSERT_TRUE(s.begin_run(a_run(id), {}, {}).has_value());
  ASSERT_TRUE(s.finish_run("done", RunState::finished, 0).has_value());
  EXPECT_EQ(s.mark_interrupted({"dead", "done"}).value(), 1);
  EXPECT_EQ(s.find_run("alive").value()->state, RunState::running);
  EXPECT_EQ(s.find_run("dead").value()->state, RunState::interrupted);
  EXPECT_EQ(s.find_run("done").value()->state, RunState::finished);
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
  EXPECT_THAT(r.error().message, HasSubstr(file().string() + ": is damaged or not a database"));
  EXPECT_THAT(r.error().hint, HasSubstr("move it away"));
}

TEST_F(StoreTest, APageOverwrittenLaterIsFoundWhenItIsRead) {
  {
    Store s = open();
    ASSERT_TRUE(s.begin_run(a_run("r"), {}, {}).has_value());
  }
  const auto size = fs::file_size(file());
  std::fstream f(file(), std::ios::in | std::ios::out | std::ios::binary);
  f.seekp(4096);
  f << std::string(size - 4096, '\xa5');
  f.close();
  auto opened = Store::open(file());
  const Error e = opened.has_error() ? opened.error() : opened.value().runs(5).error();
  EXPECT_EQ(e.kind, ErrorKind::infra);
  EXPECT_THAT(e.message, HasSubstr("is damaged or not a database"));
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

TEST_F(StoreTest, AKilledRunKeepsTheGuestsBeforeIt) {
  const int status = in_child([&] {
    Store s = open();
    if (!s.begin_run(a_run("r"), {a_kernel("r", "k")}, {a_guest("r", "k", "g")}).has_value()) return 1;
    if (!s.end_guest(a_guest("r", "k", "g"), {}, {a_leak()}, {}).has_value()) return 2;
    // In the middle of the second guest: rows written, not committed.
    SQLite::Database db(file().string(), SQLite::OPEN_READWRITE);
    db.exec(
        "PRAGMA cache_size = 1; BEGIN IMMEDIATE; DELETE FROM results; DELETE FROM guests;"
        "UPDATE runs SET state = 'finished'");
    ::kill(::getpid(), SIGKILL);
    return 3;
  });
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  Store s = open();
  EXPECT_EQ(s.find_run("last").value()->state, RunState::running);
  ASSERT_EQ(s.guests("r").value().size(), 1u);
  EXPECT_EQ(s.results("r", "g").value().size(), 1u);
  EXPECT_EQ(s.mark_interrupted({"r"}).value(), 1);
}

TEST_F(StoreTest, TwoProcessesOpenAndWriteAtOnce) {
  std::vector<pid_t> children;
  for (int c = 0; c < 4; ++c) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto s = Store::open(file());
      const std::string id = fmt::format("run{}", c);
      if (s.has_error() || s.value().begin_run(a_run(id), {a_kernel(id, "k")}, {}).has_error()) ::_exit(1);
      for (int i = 0; i < 10; ++i) {
        if (s.value().end_guest(a_guest(id, "k", std::to_string(i)), {}, {a_leak()}, {}).has_error())
          ::_exit(2);
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
  for (int c = 0; c < 4; ++c) EXPECT_EQ(s.guests(fmt::format("run{}", c)).value().size(), 10u);
}

TEST_F(StoreTest, AFullDiskIsDiskFullAndKeepsWhatWasThere) {
  constexpr int cannot_mount = 77;
  const int status = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return cannot_mount;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return cannot_mount;
    if (::mount("none", dir_.path().c_str(), "tmpfs", 0, "size=512k") != 0) return cannot_mount;
    auto s = Store::open(file());
    if (s.has_error() || s.value().begin_run(a_run("r"), {a_kernel("r", "k")}, {}).has_error()) return 1;
    Row big = a_leak();
    big.result.verdict.detail = std::string(100000, 'x');
    for (int i = 0; i < 100; ++i) {
      const auto r = s.value().end_guest(a_guest("r", "k", std::to_string(i)), {}, {big}, {});
      if (!r.has_error()) continue;
      if (r.error().kind != ErrorKind::disk_full) return 2;
      return s.value().guests("r").value().size() == static_cast<std::size_t>(i) ? 0 : 3;
    }
    return 4;
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) == cannot_mount)
    GTEST_SKIP() << "no right to mount a small tmpfs";
  EXPECT_EQ(status, 0) << "exit " << WEXITSTATUS(status);
}

TEST_F(StoreTest, FindsTheRunsOfAMailOrAPatch) {
  Store s = open();
  for (const std::string id : {"one", "two", "three"}) {
    ASSERT_TRUE(s.begin_run(a_run(id), {}, {}).has_value());
    const PatchRow patch{1,
                         id == "three" ? "other" : "1d",
                         "a subject",
                         "c0ffee",
                         "p-" + id + "@x",
                         {id == "two", {{"mm/gup.c", 1204, 3, 2}}},
                         {"mm/gup.c", "mm/swap.c"}};
    ASSERT_TRUE(s.set_series({id, "change", 2, "cover-" + id + "@x", "hash"}, {patch}).has_value());
  }
  EXPECT_THAT(s.runs_of_mail("", "1d").value(), ::testing::ElementsAre("two", "one"));
  EXPECT_THAT(s.runs_of_mail("p-three@x", "").value(), ::testing::ElementsAre("three"));
  EXPECT_THAT(s.runs_of_mail("cover-one@x", "other").value(), ::testing::ElementsAre("three", "one"));
  EXPECT_THAT(s.runs_of_mail("", "").value(), ::testing::IsEmpty());
  EXPECT_THAT(s.runs_of_mail("", "", a_run("one").series).value(),
              ::testing::ElementsAre("three", "two", "one"));
  EXPECT_THAT(s.runs_of_mail("", "", "mail-0123456789ab").value(), ::testing::IsEmpty());
  EXPECT_EQ(s.series("two").value()->version, 2);
  EXPECT_EQ(s.patches("two").value().at(0).message_id, "p-two@x");
  EXPECT_TRUE(s.patches("two").value().at(0).fit.merged);
  EXPECT_EQ(s.patches("two").value().at(0).files.at(1), "mm/swap.c");
  EXPECT_FALSE(s.patches("one").value().at(0).fit.merged);
  EXPECT_EQ(s.patches("one").value().at(0).fit.hunks.at(0).line, 1204);
  ASSERT_TRUE(s.set_series({"two", "change", 3, "", "hash"}, {{2, "2d", "another", "", ""}}).has_value());
  ASSERT_EQ(s.patches("two").value().size(), 1u) << "what was there is replaced";
  EXPECT_EQ(s.patches("two").value().at(0).subject, "another");
  ASSERT_TRUE(s.set_series({"two", "change", 3, "", "hash"}, {{1, "1d", "a subject", "", ""}}).has_value());
  ASSERT_TRUE(s.delete_run("two").has_value());
  EXPECT_THAT(s.runs_of_mail("", "1d").value(), ::testing::ElementsAre("one"));
  EXPECT_FALSE(s.series("two").value().has_value());
}

}  // namespace
}  // namespace pinrig::store
