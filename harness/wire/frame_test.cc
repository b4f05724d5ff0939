// SPDX-License-Identifier: GPL-2.0
#include "wire/frame.h"

#include <gtest/gtest.h>

#include "wire/host_action.h"
#include "wire/messages.h"

namespace pinrig::wire {
namespace {

TEST(Frame, RoundTripOfSeveral) {
  const std::string bytes = encode(Kind::out, 7, std::string("a\0b", 3)) + encode(Kind::json, 0, "{}");
  Decoder d(bytes);
  const auto first = d.next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->test_id, 7u);
  EXPECT_EQ(first->payload, std::string_view("a\0b", 3));
  ASSERT_TRUE(d.next().has_value());
  EXPECT_FALSE(d.next().has_value());
  EXPECT_FALSE(d.corrupt());
  EXPECT_TRUE(d.rest().empty());
}

TEST(Frame, EveryCutIsAPartAndNotCorrupt) {
  const std::string bytes = encode(Kind::err, 1, "hello");
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    Decoder d(std::string_view(bytes).substr(0, n));
    EXPECT_FALSE(d.next().has_value()) << n;
    EXPECT_FALSE(d.corrupt()) << n;
    EXPECT_EQ(d.rest().size(), n);
  }
}

TEST(Frame, LiesAreCorruptForGood) {
  std::string wrong_magic = encode(Kind::out, 1, "x");
  wrong_magic[0] ^= 1;
  std::string wrong_kind = encode(Kind::out, 1, "x");
  wrong_kind[4] = 9;
  for (const auto& bytes : {wrong_magic, wrong_kind, encode_header(Kind::out, 1, max_payload + 1)}) {
    Decoder d(bytes);
    EXPECT_FALSE(d.next().has_value());
    EXPECT_TRUE(d.corrupt());
    EXPECT_FALSE(d.next().has_value());
  }
}

TEST(Messages, MissingKeysHaveDefaults) {
  const auto end = nlohmann::json::parse(R"({"type":"test_end","id":3,"how":"exited"})").get<TestEnd>();
  EXPECT_EQ(end.id, 3u);
  EXPECT_FALSE(end.before.available);
  EXPECT_EQ(end.claim.mode, "net_zero");
}

TEST(Messages, WhatATestAsksOfTheHostComesThroughWhole) {
  HostAction action;
  action.id = 3;
  action.action = HostActionKind::hold;
  action.device = "pin-gone";
  action.places = {"gup_fast+0x10", "copy_page_range"};
  const auto got = nlohmann::json::parse(nlohmann::json(action).dump()).get<HostAction>();
  EXPECT_EQ(got.type, "host_action");
  EXPECT_EQ(got.id, 3u);
  EXPECT_EQ(got.action, HostActionKind::hold);
  EXPECT_EQ(got.device, "pin-gone");
  EXPECT_EQ(got.places, action.places);
  EXPECT_EQ(nlohmann::json::parse(R"({"type":"host_action","action":"paint"})").get<HostAction>().action,
            HostActionKind::unknown);
  EXPECT_EQ(nlohmann::json::parse(R"({"type":"host_action_done","id":3})").get<HostActionDone>().problem, "");
}

}  // namespace
}  // namespace pinrig::wire
