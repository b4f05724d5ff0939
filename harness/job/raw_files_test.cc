// SPDX-License-Identifier: GPL-2.0
#include "job/raw_files.h"

#include <gtest/gtest.h>

#include "verdict/judge.h"
#include "wire/frame.h"

namespace pinrig::job {
namespace {

class RawFiles : public testing::Test {
 protected:
  void SetUp() override { result_.facts.control_pages = 16; }

  // What one guest of the job left: its hello and how its negative control went.
  void add_guest(const wire::HoldResult& hold) {
    wire::Hello hello;
    hello.counters = true;
    std::string raw;
    for (const auto& message : {nlohmann::json(hello), nlohmann::json(hold)})
      raw += wire::encode(wire::Kind::json, 0, message.dump());
    ASSERT_TRUE(write_file_atomic(files_.results(), raw).has_value());
    ASSERT_TRUE(add_guest_results(files_, console::Log{}, {}, result_).has_value());
  }
  static wire::HoldResult good() {
    wire::HoldResult h;
    h.available = true;
    h.outstanding_held = 16;
    return h;
  }
  model::JobOutcome::Kind outcome() {
    result_.facts.outcome.kind = model::JobOutcome::Kind::completed;
    return verdict::judge(result_.facts).outcome.kind;
  }

  TempDir dir_ = TempDir::create("/tmp", "pinrig-raw-").value();
  vm::GuestFiles files_{dir_.path()};
  GuestJobResult result_;
};

constexpr auto completed = model::JobOutcome::Kind::completed;
constexpr auto infra_error = model::JobOutcome::Kind::infra_error;

TEST_F(RawFiles, TwoGuestsThatProveTheirLedgers) {
  add_guest(good());
  add_guest(good());
  EXPECT_EQ(outcome(), completed);
}

TEST_F(RawFiles, ALaterGuestWhoseControlCouldNotBeCarriedOutCounts) {
  wire::HoldResult bad = good();
  bad.problem = "io_uring_setup: Function not implemented";
  add_guest(good());
  add_guest(bad);
  EXPECT_EQ(outcome(), infra_error);
}

TEST_F(RawFiles, ALaterGuestThatSawNoCountersCounts) {
  add_guest(good());
  add_guest(wire::HoldResult{});
  EXPECT_EQ(outcome(), infra_error);
}

TEST_F(RawFiles, AGoodGuestDoesNotWipeOutTheFailureOfAnEarlierOne) {
  wire::HoldResult bad = good();
  bad.outstanding_held = 0;
  add_guest(bad);
  add_guest(good());
  EXPECT_EQ(outcome(), infra_error);
}

TEST_F(RawFiles, ATestThatNobodyAskedForLeavesNoRecord) {
  std::string raw;
  std::uint32_t id = 0;
  for (const char* name : {"../../evil", "bio/dio_rw"}) {
    wire::TestBegin begin;
    begin.id = ++id;
    begin.name = name;
    raw += wire::encode(wire::Kind::json, 0, nlohmann::json(begin).dump());
  }
  ASSERT_TRUE(write_file_atomic(files_.results(), raw).has_value());
  ASSERT_TRUE(
      add_guest_results(files_, console::Log{}, {{2, "bio/dio_rw", std::nullopt}}, result_).has_value());
  ASSERT_EQ(result_.facts.records.size(), 1u);
  EXPECT_EQ(result_.facts.records[0].name, "bio/dio_rw");
  ASSERT_EQ(result_.problems.size(), 1u);
  EXPECT_NE(result_.problems[0].find("../../evil"), std::string::npos) << result_.problems[0];
}

// A test of the first guest writes the record of one that the second guest is going to run.
TEST_F(RawFiles, ALaterGuestsRecordIsNotBeatenByAForgedOne) {
  const auto frame = [](const nlohmann::json& message) {
    return wire::encode(wire::Kind::json, 0, message.dump());
  };
  wire::TestEnd good;
  good.id = 2;
  good.how = "exited";
  wire::TestEnd bad = good;
  bad.code = 1;
  const std::string begin = frame(wire::TestBegin{"test_begin", 2, "b/b"});
  result_.guests = 1;
  ASSERT_TRUE(write_file_atomic(files_.results(), begin + frame(good)).has_value());
  ASSERT_TRUE(add_guest_results(files_, console::Log{}, {{1, "a/a", std::nullopt}}, result_).has_value());
  result_.guests = 2;
  ASSERT_TRUE(write_file_atomic(files_.results(), begin + frame(bad)).has_value());
  ASSERT_TRUE(add_guest_results(files_, console::Log{}, {{2, "b/b", bad}}, result_).has_value());
  ASSERT_EQ(result_.facts.records.size(), 1u);
  EXPECT_EQ(result_.facts.records[0].exit.code, 1);
  EXPECT_EQ(result_.facts.records[0].guest, 2);
}

}  // namespace
}  // namespace pinrig::job
