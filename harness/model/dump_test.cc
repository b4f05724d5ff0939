// SPDX-License-Identifier: GPL-2.0
#include "model/dump.h"

#include <gtest/gtest.h>

namespace pinrig::model {
namespace {

TEST(Dump, CausesAreTheWordsOfTheOption) {
  for (const auto cause : {DumpCause::crash, DumpCause::leak, DumpCause::hang})
    EXPECT_EQ(dump_cause_from_string(to_string(cause)), cause);
  EXPECT_EQ(dump_cause_from_string("on-panic"), std::nullopt);
  EXPECT_EQ(dump_cause_from_string(""), std::nullopt);
}

TEST(Dump, AnOrderWantsWhatItNames) {
  EXPECT_FALSE(DumpOrder{}.wants(DumpCause::crash)) << "nothing unless it is asked for";
  const DumpOrder order{{DumpCause::leak, DumpCause::hang}, 4096};
  EXPECT_TRUE(order.wants(DumpCause::leak));
  EXPECT_TRUE(order.wants(DumpCause::hang));
  EXPECT_FALSE(order.wants(DumpCause::crash));
}

TEST(Dump, SurvivesTheStore) {
  const Dump want{DumpCause::leak, "bio/a", "/r/vmcore", "", 5000000000, 3.5,
                  "/k/vmlinux",    true,    "/p/pins.py"};
  const auto got = dump_from_json(dump_to_json(want));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->cause, want.cause);
  EXPECT_EQ(got->test, want.test);
  EXPECT_EQ(got->file, want.file);
  EXPECT_EQ(got->bytes, want.bytes);
  EXPECT_EQ(got->took_s, want.took_s);
  EXPECT_EQ(got->vmlinux, want.vmlinux);
  EXPECT_TRUE(got->debug_info);
  EXPECT_EQ(got->script, want.script);
}

TEST(Dump, WhatIsNoDumpIsNone) {
  EXPECT_EQ(dump_to_json(std::nullopt), "");
  for (const char* text : {"", "[]", "{}", R"({"cause": "on-fire"})", R"({"cause": 3})", "{\"cause\": \"on-"})
    EXPECT_FALSE(dump_from_json(text).has_value()) << text;
}

TEST(Dump, CommandsCanBePasted) {
  const Dump d{.file = "/runs/a b/vmcore", .vmlinux = "/k/vmlinux", .script = "/p/pins.py"};
  EXPECT_EQ(crash_command(d), "crash /k/vmlinux '/runs/a b/vmcore'");
  EXPECT_EQ(drgn_command(d), "drgn -c '/runs/a b/vmcore' -s /k/vmlinux");
  EXPECT_EQ(pins_command(d), "drgn -c '/runs/a b/vmcore' -s /k/vmlinux /p/pins.py");
}

}  // namespace
}  // namespace pinrig::model
