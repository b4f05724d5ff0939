// SPDX-License-Identifier: GPL-2.0
#include "job/guest_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "job/repro.h"
#include "job/testing.h"
#include "verdict/judge.h"
#include "vm/testing.h"

namespace pinrig::job {
namespace {

using model::JobOutcome;
using model::Verdict;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(GuestJob, AllTestsOfOneGuest) {
  Place place;
  const vm::FakeQemu fake("measures");
  const auto job = job_spec(place.dir.path(), {"bio/a", "bio/b"});
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->guests, 1);
  EXPECT_EQ(r->hello.release, "6.12.1-fake");
  EXPECT_THAT(r->setup_problems, IsEmpty());
  const auto j = verdict::judge(r->facts);
  EXPECT_EQ(j.outcome.kind, JobOutcome::Kind::completed) << j.outcome.detail;
  for (const auto& v : j.verdicts) EXPECT_EQ(v.verdict, Verdict::pass) << v.test << ": " << v.detail;
}

// Whatever that kernel warned of, nobody heard it.
TEST(GuestJob, ASilentConsoleIsNoGoodLog) {
  Place place;
  const vm::FakeQemu fake("mute_console");
  const auto r = run_guest_job(job_spec(place.dir.path(), {"bio/a"}), {}, place.dir.path() / "job",
                               place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  const auto j = verdict::judge(r->facts);
  EXPECT_EQ(j.verdicts.at(0).verdict, Verdict::error);
  EXPECT_THAT(j.verdicts.at(0).detail, HasSubstr("the kernel's log is lost"));
}

TEST(GuestJob, AGuestThatIsLessThanItWasToBeIsSaidSo) {
  Place place;
  const vm::FakeQemu fake("lacks_things");
  const auto r = run_guest_job(job_spec(place.dir.path(), {"bio/a"}), {}, place.dir.path() / "job",
                               place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_THAT(r->setup_problems, ElementsAre("huge pages: 64 wanted, 3 reserved", "1 of 2 CPUs are online"));
}

TEST(GuestJob, ASecondGuestThatCannotStartKeepsTheFirstsVerdicts) {
  Place place;
  const vm::FakeQemu fake("second_test_kills");
  const auto job = job_spec(place.dir.path(), {"bio/a", "bio/b", "bio/c"});
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->guests, 2);
  EXPECT_THAT(r->problems, Contains(HasSubstr("no new guest for the remaining tests")));
  const auto j = verdict::judge(r->facts);
  EXPECT_EQ(j.outcome.kind, JobOutcome::Kind::panicked);
  EXPECT_THAT(j.outcome.detail, HasSubstr("bio/b"));
  std::map<std::string, Verdict> found;
  for (const auto& v : j.verdicts) {
    if (v.case_name.empty()) found[v.test] = v.verdict;
  }
  EXPECT_EQ(found, (std::map<std::string, Verdict>{
                       {"bio/a", Verdict::pass}, {"bio/b", Verdict::crash}, {"bio/c", Verdict::missing}}));
}

TEST(GuestJob, WhatIsLeftRunsInASecondGuest) {
  Place place;
  const vm::FakeQemu fake("second_test_kills_once");
  const auto job = job_spec(place.dir.path(), {"bio/a", "bio/b", "bio/c"});
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->guests, 2);
  ASSERT_THAT(r->facts.records, SizeIs(3));
  EXPECT_EQ(r->facts.records[2].guest, 2);
  const auto j = verdict::judge(r->facts);
  EXPECT_EQ(j.outcome.kind, JobOutcome::Kind::panicked);
  std::map<std::string, Verdict> found;
  for (const auto& v : j.verdicts) {
    if (v.case_name.empty()) found[v.test] = v.verdict;
  }
  EXPECT_EQ(found, (std::map<std::string, Verdict>{
                       {"bio/a", Verdict::pass}, {"bio/b", Verdict::crash}, {"bio/c", Verdict::pass}}));
}

TEST(GuestJob, AGuestWithAProcessThatCannotBeKilledRunsNoFurtherTest) {
  Place place;
  const vm::FakeQemu fake("second_test_hangs_on");
  const auto job = job_spec(place.dir.path(), {"bio/a", "bio/b", "bio/c"});
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->guests, 2);
  const auto j = verdict::judge(r->facts);
  EXPECT_EQ(j.outcome.kind, JobOutcome::Kind::completed) << j.outcome.detail;
  std::map<std::string, Verdict> found;
  for (const auto& v : j.verdicts) {
    if (v.case_name.empty()) found[v.test] = v.verdict;
    if (v.case_name.empty() && v.test == "bio/b") {
      EXPECT_THAT(v.detail, HasSubstr("41 (reader) in state D"));
      EXPECT_THAT(v.diagnostics, Contains(HasSubstr("folio_wait_bit_common")));
    }
  }
  EXPECT_EQ(found, (std::map<std::string, Verdict>{
                       {"bio/a", Verdict::pass}, {"bio/b", Verdict::timeout}, {"bio/c", Verdict::pass}}));
}

GuestJobResult of_tainted_guest(const std::string& role, const std::vector<std::string>& tests,
                                Place& place) {
  const vm::FakeQemu fake(role);
  const auto r = run_guest_job(job_spec(place.dir.path(), tests), {}, place.dir.path() / "job", place.cancel,
                               place.listener);
  EXPECT_TRUE(r.has_value()) << r.error().message;
  return r.has_value() ? *r : GuestJobResult{};
}

std::vector<int> guests_of(const GuestJobResult& r) {
  std::vector<int> out;
  for (const auto& record : r.facts.records) out.push_back(record.guest);
  return out;
}

TEST(GuestJob, AfterAReportThatTaintsTheKernelWhatIsLeftRunsInANewGuest) {
  Place place;
  const auto r = of_tainted_guest("bio_b_taint", {"bio/a", "bio/b", "bio/c", "bio/d"}, place);
  EXPECT_THAT(guests_of(r), ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(place.listener.events,
              Contains(testing::Field(&Event::text,
                                      "bio/b tainted the kernel (W); 2 tests continue in a new guest")));
  const auto j = verdict::judge(r.facts);
  EXPECT_EQ(j.outcome.kind, JobOutcome::Kind::completed) << j.outcome.detail;
  std::map<std::string, Verdict> found;
  for (const auto& v : j.verdicts) {
    if (v.case_name.empty()) found[v.test] = v.verdict;
  }
  EXPECT_EQ(found, (std::map<std::string, Verdict>{{"bio/a", Verdict::pass},
                                                   {"bio/b", Verdict::fail},
                                                   {"bio/c", Verdict::pass},
                                                   {"bio/d", Verdict::pass}}));
}

// Nothing is left to be protected, nobody was surprised, or nothing happened.
TEST(GuestJob, AGuestThatNeedNotBeReplacedIsKept) {
  Place last;
  EXPECT_EQ(of_tainted_guest("bio_b_taint", {"bio/a", "bio/b"}, last).guests, 1);
  Place announced;
  const auto r = of_tainted_guest("bio_b_announces_taint", {"bio/a", "bio/b", "bio/c"}, announced);
  EXPECT_EQ(r.guests, 1);
  for (const auto& v : verdict::judge(r.facts).verdicts)
    EXPECT_EQ(v.verdict, Verdict::pass) << v.test << v.detail;
  Place clean;
  EXPECT_EQ(of_tainted_guest("measures", {"bio/a", "bio/b", "bio/c"}, clean).guests, 1);
}

TEST(GuestJob, AKernelThatIsTaintedInEveryTestDoesNotGetAGuestForEach) {
  Place place;
  const auto r =
      of_tainted_guest("all_taint", {"bio/a", "bio/b", "bio/c", "bio/d", "bio/e", "bio/f", "bio/g"}, place);
  EXPECT_THAT(guests_of(r), ElementsAre(1, 2, 3, 4, 5, 5, 5));
  EXPECT_THAT(r.problems, ElementsAre(HasSubstr("bio/e and 4 tests before it tainted the kernel")));
}

std::vector<std::string> names_of(const std::vector<model::TestSpec>& tests) {
  std::vector<std::string> out;
  for (const auto& t : tests) out.push_back(t.name);
  return out;
}

TEST(GuestJob, IsSteered) {
  Place place;
  const vm::FakeQemu fake("measures");
  const auto job = job_spec(place.dir.path(), {"bio/a", "bio/b", "bio/c"});
  // bio/b is not wanted any more, and something else is, in a new guest.
  const auto steer = [](const model::TestSpec& test, const wire::TestEnd* end,
                        std::vector<model::TestSpec>& todo) {
    EXPECT_NE(end, nullptr);
    if (test.name != "bio/a") return Next::go_on;
    todo.front() = test_spec("bio/more");
    return Next::new_guest;
  };
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener, steer);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->guests, 2);
  EXPECT_THAT(names_of(r->facts.planned), ElementsAre("bio/a", "bio/more", "bio/c"));
  const auto j = verdict::judge(r->facts);
  EXPECT_EQ(j.outcome.kind, JobOutcome::Kind::completed) << j.outcome.detail;
  for (const auto& v : j.verdicts) EXPECT_EQ(v.verdict, Verdict::pass) << v.test << ": " << v.detail;
}

TEST(GuestJob, ASteeredGuestThatDiesIsToldOf) {
  Place place;
  const vm::FakeQemu fake("second_test_kills_once");
  const auto job = job_spec(place.dir.path(), {"bio/a", "bio/b", "bio/c"});
  std::vector<std::string> dead;
  const auto steer = [&](const model::TestSpec& test, const wire::TestEnd* end,
                         std::vector<model::TestSpec>& todo) {
    if (end == nullptr) {
      dead.push_back(test.name);
      todo.clear();
    }
    return Next::go_on;
  };
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener, steer);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_THAT(dead, ElementsAre("bio/b"));
  EXPECT_EQ(r->guests, 1);
  EXPECT_THAT(names_of(r->facts.planned), ElementsAre("bio/a", "bio/b"));
}

GuestJobResult of_silent_guest(const Place& place, const std::string& role) {
  const vm::FakeQemu fake(role);
  auto job = job_spec(place.dir.path(), {"bio/a"});
  job.timeouts.boot_s = 0.3;
  const CancelToken never;
  Listener listener;
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", never, listener);
  EXPECT_TRUE(r.has_value()) << r.error().message;
  return r.has_value() ? *r : GuestJobResult{};
}

TEST(GuestJob, AKernelThatDiesBeforeItsConsoleIsUpSaysWhyOnAnEarlyOne) {
  const Place place;
  const auto r = of_silent_guest(place, "dies_before_its_console");
  EXPECT_EQ(r.facts.outcome.kind, JobOutcome::Kind::boot_failed);
  EXPECT_THAT(r.facts.outcome.detail, HasSubstr("the console stayed empty"));
  EXPECT_THAT(r.facts.outcome.detail, HasSubstr("with earlyprintk=ttyS0,115200: panic: No memory"));
  ASSERT_EQ(r.facts.events.size(), 1U);
  EXPECT_TRUE(r.facts.events.front().fatal);
}

TEST(GuestJob, AKernelThatComesUpTheSecondTimeOnlyIsNoGoodKernel) {
  const Place place;
  const auto r = of_silent_guest(place, "comes_up_with_earlycon");
  EXPECT_EQ(r.facts.outcome.kind, JobOutcome::Kind::no_output);
  EXPECT_THAT(r.facts.outcome.detail, HasSubstr("with earlyprintk=ttyS0,115200 it booted"));
  EXPECT_TRUE(r.facts.records.empty()) << "no test ran";
}

TEST(GuestJob, AKernelThatStaysSilentIsReportedAsThat) {
  const Place place;
  const auto r = of_silent_guest(place, "silent");
  EXPECT_EQ(r.facts.outcome.kind, JobOutcome::Kind::no_output);
  EXPECT_THAT(r.facts.outcome.detail, HasSubstr("with earlyprintk=ttyS0,115200: the console stayed empty"));
}

TEST(GuestJob, AQemuThatCrashesAtBootIsStartedOnceMore) {
  Place place;
  const vm::FakeQemu fake("qemu_crashes_once");
  const auto r = run_guest_job(job_spec(place.dir.path(), {"bio/a"}), {}, place.dir.path() / "job",
                               place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->facts.outcome.kind, JobOutcome::Kind::completed) << r->facts.outcome.detail;
  ASSERT_THAT(r->attempts, SizeIs(2));
  EXPECT_EQ(r->attempts[0].outcome.kind, JobOutcome::Kind::infra_error);
  EXPECT_THAT(r->attempts[0].outcome.detail, HasSubstr("SIGSEGV"));
  EXPECT_THAT(place.listener.events,
              Contains(testing::Field(&Event::text, HasSubstr("SIGSEGV; 1 test continues"))));
  const auto j = verdict::judge(r->facts);
  EXPECT_EQ(j.verdicts.at(0).verdict, Verdict::pass) << j.verdicts.at(0).detail;
}

TEST(GuestJob, AQemuThatCrashesTwiceIsReported) {
  Place place;
  const vm::FakeQemu fake("qemu_crashes");
  const auto r = run_guest_job(job_spec(place.dir.path(), {"bio/a"}), {}, place.dir.path() / "job",
                               place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->guests, 2);
  EXPECT_EQ(r->facts.outcome.kind, JobOutcome::Kind::infra_error);
  EXPECT_THAT(r->facts.outcome.detail, HasSubstr("SIGSEGV"));
}

TEST(GuestJob, AFirstGuestThatCannotStartIsAnError) {
  Place place;
  const vm::FakeQemu fake("refuses");
  const auto r = run_guest_job(job_spec(place.dir.path(), {"bio/a"}), {}, place.dir.path() / "job",
                               place.cancel, place.listener);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::infra);
}

TEST(Manifest, HashesOfLargeFilesAreKeptUntilTheyChange) {
  const auto dir = TempDir::create("/tmp", "pinrig-manifest-").value();
  const fs::path image = dir.path() / "ext4.img";
  ASSERT_TRUE(write_file_atomic(image, "one").has_value());
  const auto one = cached_sha256(image);
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->size(), 64u);
  EXPECT_EQ(*cached_sha256(image), *one);
  ASSERT_TRUE(write_file_atomic(image, "three").has_value());
  EXPECT_NE(*cached_sha256(image), *one);
  // A file that is no hash of ours is not believed.
  ASSERT_TRUE(write_file_atomic(image.string() + ".sha256", "junk").has_value());
  EXPECT_NE(cached_sha256(image)->substr(0, 4), "junk");
  ASSERT_TRUE(write_manifest(dir.path(), {{"kernel", image}}, {{"pin-fs:1", image}}, {{"qemu", "7.2.22"}})
                  .has_value());
  const auto text = read_file(dir.path() / "manifest.json");
  for (const char* part : {"\"drives\"", "\"pin-fs:1\"", "\"qemu\": \"7.2.22\""})
    EXPECT_THAT(*text, HasSubstr(part));
}

TEST(GuestJob, WhatTheTreeLacksNeverReachesAGuest) {
  Place place;
  const vm::FakeQemu fake("measures");
  auto job = job_spec(place.dir.path(), {"mm/cow", "gup/matrix", "mm/x", "bio/a"});
  job.skips = {{"mm/cow", "this kernel tree has no cow"}};
  job.unbuilt = {{"gup/matrix", "gup_test does not compile: gup_test.c:3:2: error: no"}};
  job.broken = {{"mm/x", "the built kernel has no x, for an unknown reason"}};
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  const auto j = verdict::judge(r->facts);
  EXPECT_EQ(j.verdicts[0].verdict, Verdict::skip);
  EXPECT_THAT(j.verdicts[0].detail, HasSubstr("this kernel tree has no cow"));
  EXPECT_TRUE(j.verdicts[0].foreseen);
  EXPECT_EQ(j.verdicts[1].verdict, Verdict::skip);
  EXPECT_FALSE(j.verdicts[1].foreseen) << "a kernel whose selftests are known to build has to have it listed";
  EXPECT_THAT(j.verdicts[1].detail, HasSubstr("gup_test does not compile: gup_test.c:3:2"));
  EXPECT_EQ(j.verdicts[2].verdict, Verdict::error);
}

}  // namespace
}  // namespace pinrig::job
