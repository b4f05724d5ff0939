// SPDX-License-Identifier: GPL-2.0
#include "run/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TraceEvents, GroupsAreSystemsOfTracefs) {
  EXPECT_THAT(trace_events("page_ref,syscalls, block:block_rq_issue").value(),
              ElementsAre("page_ref:*", "raw_syscalls:*", "block:block_rq_issue"));
  EXPECT_THAT(trace_events("kmem:mm_*").value(), ElementsAre("kmem:mm_*"));
}

TEST(TraceEvents, WhatIsNoneIsNamed) {
  EXPECT_EQ(trace_events("").error().message, "--trace: no event given");
  EXPECT_THAT(trace_events("a'b").error().message, HasSubstr("is no trace event"));
  EXPECT_THAT(trace_events("block;reboot").error().message, HasSubstr("is no trace event"));
  EXPECT_THAT(trace_events("gup").error().hint, HasSubstr("page_ref"));
}

TEST(TraceScript, TracesNothingButTheTest) {
  const auto script = trace_script("cd /tmp && /tests/bio/a", {"page_ref:*"});
  EXPECT_THAT(
      script,
      HasSubstr("echo 'page_ref:*' >> set_event 2>/dev/null || echo 'pinrig: no event page_ref:*'\n"));
  EXPECT_THAT(script,
              HasSubstr("(echo 1 > /sys/kernel/tracing/tracing_on; cd /tmp && /tests/bio/a)\ncode=$?\n"
                        "echo 0 > tracing_on\n"));
}

constexpr const char* console =
    "[    0.5] boots\r\npinrig: no event io_uring:*\r\nKTAP version 1\r\nok 1 a\r\n\r\npinrig: exit code "
    "1\r\n"
    "pinrig: trace begins\r\n# tracer: nop\r\n#\r\n   a-77  [000] .....  1.5: page_ref_mod: pfn=0x1\r\n"
    "   a-77  [001] .....  1.6: page_ref_mod: pfn=0x2\r\npinrig: trace ends\r\nreboot: Power down\r\n";

TEST(ReadTrace, FindsItBetweenItsMarks) {
  const auto t = read_trace(console);
  ASSERT_TRUE(t.has_value()) << t.error().message;
  EXPECT_EQ(t->code, 1);
  EXPECT_THAT(t->lacking, ElementsAre("io_uring:*"));
  EXPECT_EQ(t->text,
            "# tracer: nop\n#\n   a-77  [000] .....  1.5: page_ref_mod: pfn=0x1\n"
            "   a-77  [001] .....  1.6: page_ref_mod: pfn=0x2\n");
  EXPECT_EQ(count_events(*t), 2u);
}

TEST(ReadTrace, OneThatIsNotWholeIsAnError) {
  const std::string text = console;
  EXPECT_THAT(read_trace(text.substr(0, text.find("[001]"))).error().message, HasSubstr("in the middle"));
  EXPECT_THAT(read_trace("[    0.5] boots\n").error().message, HasSubstr("before its trace"));
  EXPECT_THAT(read_trace("pinrig: no tracefs\r\n").error().message, HasSubstr("no tracefs"));
}

TEST(StraceScript, HasTheTestAsOneWordAndAFileOfItsOwn) {
  const std::string script = strace_script("cd /tmp && A='b c' /tests/bio/a");
  EXPECT_THAT(script, ::testing::HasSubstr("-o /run/strace.txt sh -c 'cd /tmp && A='"));
  EXPECT_THAT(script, ::testing::HasSubstr("tail -c 2097152 /run/strace.txt"));
}

TEST(StraceScript, WhatItLeavesIsRead) {
  const auto read = read_trace(
      "[    1.0] boot\r\n\r\npinrig: exit code 1\r\npinrig: trace begins\r\n"
      "41 00:00:01.5 openat(AT_FDCWD</tmp>, \"a\", O_RDONLY) = 3</tmp/a>\r\npinrig: trace ends\r\n");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->code, 1);
  EXPECT_EQ(count_events(*read), 1U);
}

TEST(StraceScript, AGuestWithoutStraceSaysSo) {
  const auto read = read_trace("pinrig: no strace\r\n");
  ASSERT_FALSE(read.has_value());
  EXPECT_THAT(read.error().message, ::testing::HasSubstr("strace"));
}

}  // namespace
}  // namespace pinrig::run
