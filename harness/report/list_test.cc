// SPDX-License-Identifier: GPL-2.0
#include "report/list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/testing.h"

namespace pinrig::report {
namespace {

using model::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;

/// A run with one test on one kernel, written to the store of `f`.
void add_run(Fixture& f, const std::string& id, const std::string& started, Verdict verdict, int code,
             const std::string& purpose = "") {
  store::RunRow run = f.run;
  run.id = id;
  run.started = started;
  run.purpose = purpose;
  auto row = test_row("bio/dio_faults", verdict, 4, verdict == Verdict::leak ? 2 : 0);
  if (verdict != Verdict::pass) row = surprising(row, "2 pages outstanding");
  f.write(run, {kernel(model::Arch::x86_64, 0, "base", {row})});
  if (code < 0) return;
  ASSERT_FALSE(f.store.finish_run(id, store::RunState::finished, code).has_error());
}

struct Night : testing::Test {
  Night() {
    add_run(f, "20261119-220000-0001", "2026-11-19T22:00:00Z", Verdict::pass, 0);
    add_run(f, "20261120-220000-0002", "2026-11-20T22:00:00Z", Verdict::leak, 1);
    add_run(f, "20261121-010000-0003", "2026-11-21T01:00:00Z", Verdict::fail, 1, "prove");
    add_run(f, "20261121-020000-0004", "2026-11-21T02:00:00Z", Verdict::pass, -1);
  }
  std::vector<std::string> ids(const ListFilter& filter) {
    std::vector<std::string> out;
    for (const auto& line : run_list(f.store, filter).value().lines) out.push_back(line.run.id.substr(16));
    return out;
  }
  Fixture f;
};

TEST_F(Night, TheNewestFirstAndProofsOnlyWhenAsked) {
  EXPECT_THAT(ids({}), ElementsAre("0004", "0002", "0001"));
  EXPECT_THAT(ids({.all = true}), ElementsAre("0004", "0003", "0002", "0001"));
  EXPECT_THAT(ids({.limit = 1}), ElementsAre("0004"));
  EXPECT_THAT(list_text(run_list(f.store, {}).value(), {}),
              HasSubstr("1 run of `pinrig prove` not listed (--all)\n"));
}

TEST_F(Night, FailedOnesSinceADate) {
  EXPECT_THAT(ids({.failed = true}), ElementsAre("0002")) << "one that goes on has not failed";
  EXPECT_THAT(ids({.all = true, .since = "2026-11-21"}), ElementsAre("0004", "0003"));
  EXPECT_THAT(ids({.failed = true, .since = "2026-11-21"}), ElementsAre());
}

TEST_F(Night, ALineSaysWhatFailedAndWhatGoesOn) {
  const std::string text = list_text(run_list(f.store, {}).value(), {});
  EXPECT_THAT(text, HasSubstr("exit 1: leak in bio/dio_faults (+2)\n"));
  EXPECT_THAT(text, HasSubstr("  running\n"));
  EXPECT_THAT(text, HasSubstr("  as expected\n"));
}

TEST_F(Night, AsJson) {
  const auto j = nlohmann::json::parse(list_json(run_list(f.store, {.failed = true}).value()));
  EXPECT_EQ(j["format"], "pinrig-runs");
  ASSERT_EQ(j["runs"].size(), 1u);
  EXPECT_EQ(j["runs"][0]["headline"], "leak in bio/dio_faults (+2)");
  EXPECT_EQ(j["runs"][0]["exit_code"], 1);
  EXPECT_EQ(j["runs"][0]["state"], "finished");
}

TEST(List, WithoutRuns) {
  Fixture f;
  EXPECT_EQ(list_text(run_list(f.store, {}).value(), {}), "no such run; start one with `pinrig run`\n");
}

TEST(SinceTime, DatesAndTimesAgo) {
  EXPECT_EQ(since_time("2026-11-21", 0).value(), "2026-11-21");
  EXPECT_EQ(since_time("2026-11-21T10:30Z", 0).value(), "2026-11-21T10:30");
  EXPECT_EQ(since_time("36h", 36 * 3600 + 1).value(), "1970-01-01T00:00:01");
  EXPECT_EQ(since_time("7d", 8 * 86400).value(), "1970-01-02T00:00:00");
  for (const char* word : {"", "yesterday", "2026-11", "2026-11-21T1", "7w", "-3d", "2026/11/21",
                           "2026-13-01", "2026-02-31", "2026-11-21T24:00", "2026-11-21T10:60"}) {
    const auto r = since_time(word, 0);
    ASSERT_TRUE(r.has_error()) << word;
    EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
    EXPECT_THAT(r.error().message, testing::StartsWith("--since "));
  }
}

}  // namespace
}  // namespace pinrig::report
