// SPDX-License-Identifier: GPL-2.0
#include "bisect/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::bisect {
namespace {

using model::Verdict;
using testing::HasSubstr;

model::TestResult row(const std::string& case_name, Verdict v, std::int64_t pages = 0) {
  model::TestResult r;
  r.verdict.test = "bio/dio";
  r.verdict.case_name = case_name;
  r.verdict.verdict = v;
  if (case_name.empty()) {
    r.ledger.emplace();
    r.ledger->available = true;
    r.ledger->after.acquired = pages;
  }
  return r;
}

model::KernelEvent event(const std::string& title, bool fatal = false) {
  model::KernelEvent e;
  e.kind = "bug";
  e.title = title;
  e.fatal = fatal;
  return e;
}

Signature leak_of_pages() { return *signature_of("bio/dio", "", {{row("", Verdict::leak, 5)}, {}}); }

TEST(Signature, ALeakIsTheSameOnlyWithTheSameSign) {
  const auto s = leak_of_pages();
  EXPECT_EQ(describe(s), "bio/dio: leak, pages +");
  const auto seen = [&](Verdict v, std::int64_t pages) { return judge(s, {{row("", v, pages)}, {}}).seen; };
  EXPECT_EQ(seen(Verdict::leak, 4000), Seen::red) << "the number of pages may differ";
  EXPECT_EQ(seen(Verdict::leak, -1), Seen::other);
  EXPECT_EQ(seen(Verdict::fail, 0), Seen::other);
  EXPECT_EQ(seen(Verdict::crash, 5), Seen::other);
  EXPECT_EQ(seen(Verdict::missing, 0), Seen::other);
  EXPECT_EQ(seen(Verdict::error, 0), Seen::other);
  EXPECT_EQ(seen(Verdict::pass, 0), Seen::clean);
  EXPECT_EQ(seen(Verdict::xfail, 0), Seen::clean);
  EXPECT_EQ(seen(Verdict::skip, 0), Seen::skip);
}

TEST(Signature, ACrashIsItsKernelEvent) {
  const auto s =
      signature_of("bio/dio", "", {{row("", Verdict::crash)}, {event("WARN a"), event("BUG b", true)}});
  ASSERT_TRUE(s.has_value());
  EXPECT_EQ(s->title, "BUG b");
  EXPECT_EQ(judge(*s, {{row("", Verdict::crash)}, {event("BUG b", true)}}).seen, Seen::red);
  EXPECT_EQ(judge(*s, {{row("", Verdict::crash)}, {event("BUG c", true)}}).seen, Seen::other);
  EXPECT_EQ(judge(*s, {{row("", Verdict::pass)}, {}}).seen, Seen::clean);
}

TEST(Signature, OfACaseOnlyThatCaseCounts) {
  const auto s = signature_of("bio/dio", "two", {{row("", Verdict::fail), row("two", Verdict::fail)}, {}});
  ASSERT_TRUE(s.has_value());
  EXPECT_EQ(
      judge(*s, {{row("", Verdict::fail), row("one", Verdict::fail), row("two", Verdict::pass)}, {}}).seen,
      Seen::clean);
  EXPECT_EQ(judge(*s, {{row("", Verdict::pass), row("one", Verdict::pass)}, {}}).seen, Seen::skip)
      << "this point has no such case";
  EXPECT_EQ(judge(*s, {{row("", Verdict::crash), row("one", Verdict::pass)}, {}}).seen, Seen::other)
      << "it went down before the case";
}

TEST(Signature, OfANumberTheLimitDecides) {
  const auto s = number_signature(test_name("bio/dio"), "get_us>150");
  ASSERT_TRUE(s.has_value());
  auto r = row("", Verdict::pass);
  r.verdict.numbers["get_us"] = 200;
  EXPECT_EQ(judge(*s, {{r}, {}}).seen, Seen::red);
  EXPECT_DOUBLE_EQ(judge(*s, {{r}, {}}).value, 200);
  r.verdict.numbers["get_us"] = 150;
  EXPECT_EQ(judge(*s, {{r}, {}}).seen, Seen::clean);
  r.verdict.numbers.clear();
  EXPECT_EQ(judge(*s, {{r}, {}}).seen, Seen::other) << "not measured";
  const auto pages = number_signature(test_name("bio/dio"), "pages>3");
  EXPECT_EQ(judge(*pages, {{row("", Verdict::leak, 4)}, {}}).seen, Seen::red);
  for (const char* bad : {"get_us", ">3", "get_us>", "get_us>x", "get_us>3x"})
    EXPECT_TRUE(number_signature(test_name("bio/dio"), bad).has_error()) << bad;
}

TEST(Signature, ASkipSaysWhyThereIsNoAnswer) {
  const auto s = signature_of("bio/dio", "two", {{row("", Verdict::fail), row("two", Verdict::fail)}, {}});
  ASSERT_TRUE(s.has_value());
  EXPECT_EQ(why_skipped(*s, {{row("", Verdict::pass)}, {}}), "bio/dio has no case 'two' here");
  auto skipped = row("two", Verdict::skip);
  EXPECT_EQ(why_skipped(*s, {{row("", Verdict::pass), skipped}, {}}), "the test skips");
  skipped.verdict.detail = "needs io_uring";
  EXPECT_EQ(why_skipped(*s, {{row("", Verdict::pass), skipped}, {}}), "needs io_uring");
}

TEST(Signature, APassHasNone) {
  EXPECT_FALSE(signature_of("bio/dio", "", {{row("", Verdict::pass)}, {}}));
  EXPECT_FALSE(signature_of("bio/dio", "", {{row("", Verdict::error)}, {}})) << "that is no finding";
  EXPECT_FALSE(signature_of("bio/dio", "", {}));
}

TEST(Signature, IsTheSameAfterALineOfTheLog) {
  auto number = *number_signature(test_name("a/b:c d"), "x<-2.5");
  auto crash = leak_of_pages();
  crash.kind = Signature::Kind::event;
  crash.verdict = Verdict::fail;
  crash.sign = 0;
  crash.event = "bug";
  crash.title = "BUG: Bad page state in process x";
  for (const auto& s : {leak_of_pages(), number, crash}) {
    const auto read = signature_from_line(to_line(s));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(*read, s) << to_line(s);
  }
  for (const char* bad : {"", "leak", "verdict a/b", "verdict a/b odd +", "number a/b x near 3",
                          "event a/b bug", "number a/b x above much"})
    EXPECT_TRUE(signature_from_line(bad).has_error()) << bad;
}

TEST(TestName, TheCaseIsWhatFollowsTheFirstColon) {
  EXPECT_EQ(test_name("a/b:c:d").case_name, "c:d");
  EXPECT_EQ(test_name("a/b").case_name, "");
}

}  // namespace
}  // namespace pinrig::bisect
