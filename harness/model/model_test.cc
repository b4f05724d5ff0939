// SPDX-License-Identifier: GPL-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "model/job.h"
#include "model/known.h"

namespace pinrig::model {
namespace {

TEST(Rank, NothingOutranksMissingAndSkipIsTheLeast) {
  for (const auto v : {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::xfail, Verdict::xpass,
                       Verdict::crash, Verdict::timeout, Verdict::leak, Verdict::error}) {
    EXPECT_LT(rank(v), rank(Verdict::missing)) << to_string(v);
    EXPECT_TRUE(v == Verdict::skip || rank(v) > rank(Verdict::skip)) << to_string(v);
    EXPECT_EQ(verdict_from_string(to_string(v)), v);
  }
  EXPECT_FALSE(verdict_from_string("passed").has_value());
}

TEST(Ledger, LegacySkewIsNotALeak) {
  // vfat, 64 KiB aligned read on 6.12: 16 acquired, 48 released, 16 sections.
  PinLedger l{
      .available = true, .before = {100, 100}, .after = {116, 148}, .claim = PinClaim{.skew_sections = 16}};
  EXPECT_EQ(l.outstanding(), 0);
  l.claim.reset();
  EXPECT_EQ(l.outstanding(), -32);
}

TEST(JobJson, RoundTripAndAMissingKeyIsNamed) {
  JobSpec job;
  job.run_id = "r1";
  job.guest_id = "tip-x86_64";
  job.machine.nvme.push_back({.serial = "pin-raw", .size_mib = 256});
  job.tests.push_back({.name = "bio/dio_rw", .program = "bio/dio_rw", .claim = PinClaim::Mode::exact});
  const std::string text = job_to_json(job);
  const auto back = job_from_json(text, "job.json");
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(job_to_json(*back), text);
  auto old = nlohmann::json::parse(text);
  old["cell_id"] = old["guest_id"];
  old["missing_programs"] = nlohmann::json::array();
  for (const char* key : {"guest_id", "sandbox", "broken", "unbuilt"}) old.erase(key);
  const auto of_old = job_from_json(old.dump(), "job.json");
  ASSERT_TRUE(of_old.has_value()) << "written by an earlier version: " << of_old.error().message;
  EXPECT_EQ(of_old->guest_id, "tip-x86_64");
  const auto broken = job_from_json("{\"run_id\": \"r1\"}", "job.json");
  ASSERT_TRUE(broken.has_error());
  EXPECT_NE(broken.error().message.find("guest_id"), std::string::npos) << broken.error().message;
  const auto other = job_from_json("root:x:0:0\n", "/etc/passwd");
  ASSERT_TRUE(other.has_error());
  EXPECT_TRUE(other.error().message.starts_with("/etc/passwd: not the job.json of a guest: "));
  EXPECT_EQ(other.error().message.find("json.exception"), std::string::npos) << other.error().message;
}

TEST(Devices, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const Device d : all_devices()) names.insert(to_string(d));
  EXPECT_EQ(names.size(), all_devices().size());
  EXPECT_EQ(all_devices().size(), 8u);
}

TEST(ProofText, SaysMutantBaseAndEnvironment) {
  EXPECT_EQ(to_string(Proof{.mutant = "m01"}), "mutant m01");
  EXPECT_EQ(to_string(Proof{.base = "debian-6.1", .env = {{"A", "1"}}}), "debian-6.1 with A=1");
  EXPECT_EQ(to_string(Proof{.env = {{"A", "1"}, {"B", "2"}}}), "with A=1 B=2");
}

TEST(Versions, AreComparedByAsManyNumbersAsTheLimitHas) {
  EXPECT_EQ(compare_versions("6.1.192", "6.1"), 0);
  EXPECT_EQ(compare_versions("6.12.117-pinrig", "6.5"), 1);
  EXPECT_EQ(compare_versions("6.1.192", "6.1.200"), -1);
  EXPECT_EQ(compare_versions("6.13-rc2", "6.13"), 0);
  EXPECT_EQ(compare_versions("6.1", "6.1.3"), -1) << "a version without a third number is its first";
  EXPECT_EQ(compare_versions("", "6.1"), -1);
}

TEST(Ranges, EveryPartHasToHold) {
  const KernelRange range{.bases = {"debian-*"}, .since = "6.2", .until = "6.12", .archs = {Arch::x86_64}};
  EXPECT_TRUE(range.covers("debian-6.12", "6.12.117", Arch::x86_64));
  EXPECT_FALSE(range.covers("upstream", "6.12.117", Arch::x86_64));
  EXPECT_FALSE(range.covers("debian-6.1", "6.1.192", Arch::x86_64));
  EXPECT_FALSE(range.covers("debian-6.13", "6.13.1", Arch::x86_64));
  EXPECT_FALSE(range.covers("debian-6.12", "6.12.117", Arch::aarch64));
  EXPECT_TRUE(KernelRange{}.covers("any", "", Arch::aarch64));
}

TEST(MeansTest, AWordWithoutASlashIsASuite) {
  EXPECT_TRUE(means_test("bio", "bio/dio_rw"));
  EXPECT_TRUE(means_test("b*", "bio/dio_rw"));
  EXPECT_TRUE(means_test("bio/dio_*", "bio/dio_rw"));
  EXPECT_FALSE(means_test("dio_rw", "bio/dio_rw"));
  EXPECT_FALSE(means_test("bi", "bio/dio_rw"));
}

TEST(SourceLocation, UnknownPartsAreLeftOut) {
  EXPECT_EQ(to_string(SourceLocation{"a.yaml", 3, 7}), "a.yaml:3:7");
  EXPECT_EQ(to_string(SourceLocation{"a.yaml", 0, 0}), "a.yaml");
}

TEST(Timeouts, AKernelThatBootsSlowlyGetsMoreTimeForEverything) {
  Timeouts t;
  t.scale = 2;
  t.booted_in(2.4);
  EXPECT_DOUBLE_EQ(t.scaled(10), 20) << "a plain kernel on a host that is twice as slow";
  t.booted_in(15);
  EXPECT_DOUBLE_EQ(t.scaled(10), 100);
  t.booted_in(1);
  EXPECT_DOUBLE_EQ(t.scaled(10), 100) << "limits do not shrink";
  t.booted_in(1e9);
  EXPECT_DOUBLE_EQ(t.scaled(10), 400) << "a clock that lies does not make us wait for ever";
}

}  // namespace
}  // namespace pinrig::model
