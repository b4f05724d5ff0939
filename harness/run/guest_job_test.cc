// SPDX-License-Identifier: GPL-2.0
#include "run/guest_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/repro.h"
#include "run/rerun.h"
#include "run/testing.h"
#include "vm/fake_qemu_test.h"

namespace pinrig::run {
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

TEST(GuestJob, AGuestThatIsLessThanItWasToBeIsSaidSo) {
  Place place;
  const vm::FakeQemu fake("lacks_things");
  const auto r = run_guest_job(job_spec(place.dir.path(), {"bio/a"}), {}, place.dir.path() / "job",
                               place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_THAT(r->setup_problems,
              ElementsAre("huge pages: 64 wanted, 3 reserved", "1 of 2 processors are online"));
}

TEST(GuestJob, ASecondGuestThatCannotStartKeepsTheFirstsVerdicts) {
  Place place;
  const vm::FakeQemu fake("second_test_kills");
  const auto job = job_spec(place.dir.path(), {"bio/a", "bio/b", "bio/c"});
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  EXPECT_EQ(r->guests, 2);
  EXPECT_THAT(r->problems, Contains(HasSubstr("no fresh guest for the tests that are left")));
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

TEST(GuestJob, AFirstGuestThatCannotStartIsAnError) {
  Place place;
  const vm::FakeQemu fake("refuses");
  const auto r = run_guest_job(job_spec(place.dir.path(), {"bio/a"}), {}, place.dir.path() / "job",
                               place.cancel, place.listener);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::infra);
}

TEST(GuestJob, WhatTheTreeLacksNeverReachesAGuest) {
  Place place;
  const vm::FakeQemu fake("measures");
  auto job = job_spec(place.dir.path(), {"mm/cow", "bio/a"});
  job.tests[0].program = "kernel:cow";
  job.missing_programs = {"kernel:cow"};
  const auto r = run_guest_job(job, {}, place.dir.path() / "job", place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  const auto j = verdict::judge(r->facts);
  EXPECT_EQ(j.verdicts[0].verdict, Verdict::skip);
  EXPECT_THAT(j.verdicts[0].detail, HasSubstr("this kernel tree has no cow"));
}

class Rerun : public testing::Test {
 protected:
  void save(const std::vector<std::string>& tests) {
    const auto job = job_spec(place_.dir.path(), tests);
    ASSERT_TRUE(write_repro(job, place_.dir.path(), "/usr/bin/pinrig").has_value());
  }
  Result<ReadyJob> again(std::vector<std::string> globs = {}) {
    return ready_again({place_.dir.path() / "job.json", std::move(globs)}, place_.services);
  }
  Place place_;
};

TEST_F(Rerun, EachHasAFolderOfItsOwnWithItsScript) {
  save({"bio/a"});
  EXPECT_EQ(again()->dir, place_.dir.path() / "rerun-1");
  EXPECT_EQ(again()->dir, place_.dir.path() / "rerun-2");
  EXPECT_TRUE(fs::exists(place_.dir.path() / "rerun-2/repro.sh"));
}

TEST_F(Rerun, GlobsChooseTests) {
  save({"bio/a", "bio/b", "gup/c"});
  EXPECT_THAT(again({"bio/*"})->spec.tests, SizeIs(2));
  EXPECT_EQ(again({"gup/c"})->spec.tests[0].name, "gup/c");
  const auto none = again({"mm/*"});
  ASSERT_TRUE(none.has_error());
  EXPECT_EQ(none.error().kind, ErrorKind::bad_usage);
}

TEST_F(Rerun, AnArtifactThatIsGoneIsNamed) {
  save({"bio/a"});
  fs::remove(place_.dir.path() / "image");
  const auto r = again();
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(r.error().message,
              HasSubstr((place_.dir.path() / "image").string() + " is no longer in the cache"));
  EXPECT_THAT(r.error().hint, HasSubstr("pinrig build"));
}

TEST_F(Rerun, AJobThatIsNoneIsBadInput) {
  ASSERT_TRUE(write_file_atomic(place_.dir.path() / "job.json", "{}").has_value());
  EXPECT_EQ(again().error().kind, ErrorKind::bad_input);
  fs::remove(place_.dir.path() / "job.json");
  EXPECT_EQ(again().error().kind, ErrorKind::bad_input);
}

TEST_F(Rerun, ItsExitCodeSpeaksForTheVerdicts) {
  save({"bio/a", "bio/b", "bio/c"});
  {
    const vm::FakeQemu fake("measures");
    const auto good = rerun(*again(), place_.services);
    EXPECT_EQ(good->code, ExitCode::ok) << good->text;
    EXPECT_THAT(good->text, HasSubstr("pass     bio/a"));
  }
  const vm::FakeQemu fake("second_test_kills");
  const auto bad = rerun(*again(), place_.services);
  EXPECT_EQ(bad->code, ExitCode::regressions) << bad->text;
  EXPECT_THAT(bad->text, HasSubstr("crash    bio/b"));
  EXPECT_THAT(bad->text, HasSubstr("missing  bio/c"));
}

TEST(Manifest, HashesOfLargeFilesAreKeptUntilTheyChange) {
  const auto dir = TempDir::create("/tmp", "pinrig-manifest-").value();
  const fs::path image = dir.path() / "ext4.img";
  ASSERT_TRUE(write_file_atomic(image, "one").has_value());
  const auto one = kept_sha256(image);
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->size(), 64u);
  EXPECT_EQ(*kept_sha256(image), *one);
  ASSERT_TRUE(write_file_atomic(image, "three").has_value());
  EXPECT_NE(*kept_sha256(image), *one);
  // A file that is no hash of ours is not believed.
  ASSERT_TRUE(write_file_atomic(image.string() + ".sha256", "junk").has_value());
  EXPECT_NE(kept_sha256(image)->substr(0, 4), "junk");
  ASSERT_TRUE(write_manifest(dir.path(), {{"kernel", image}}, {{"pin-fs:1", image}}, {{"qemu", "7.2.22"}})
                  .has_value());
  const auto text = read_file(dir.path() / "manifest.json");
  for (const char* part : {"\"drives\"", "\"pin-fs:1\"", "\"qemu\": \"7.2.22\""})
    EXPECT_THAT(*text, HasSubstr(part));
}

}  // namespace
}  // namespace pinrig::run
