// SPDX-License-Identifier: GPL-2.0
#include "request.h"

#include <gtest/gtest.h>

namespace pinrig::agent {
namespace {

using nlohmann::json;

std::string why(std::string_view text) {
  const Request request = parse_request(text);
  const auto* bad = std::get_if<BadRequest>(&request);
  return bad ? bad->why : "";
}

template <typename Message>
Message good(std::string_view text) {
  const Request request = parse_request(text);
  EXPECT_TRUE(std::holds_alternative<Message>(request)) << text << ": " << why(text);
  const auto* message = std::get_if<Message>(&request);
  return message ? *message : Message{};
}

TEST(Request, WhatTheHostSendsComesThroughWhole) {
  wire::Run run;
  run.id = 7;
  run.name = "bio/dio_rw";
  run.argv = {"/tests/bio/dio_rw", "--all"};
  run.env = {{"A", "1"}, {"*", "2"}};
  run.limit_ms = 60000;
  const auto got = good<wire::Run>(json(run).dump());
  EXPECT_EQ(json(got), json(run));

  wire::Setup setup;
  setup.mounts = {{"pin-fs", 1, "ext4", "/mnt/ext4"}};
  setup.drives = {"pin-raw:1"};
  setup.hugepages = 4;
  setup.rxe = true;
  EXPECT_EQ(json(good<wire::Setup>(json(setup).dump())), json(setup));
  EXPECT_EQ(good<wire::HostActionDone>(R"({"type":"host_action_done","id":4,"problem":"no"})").problem, "no");
  good<wire::PowerOff>(R"({"type":"power_off"})");
}

TEST(Request, AMissingKeyHasItsDefaultAndAnUnknownOneIsIgnored) {
  const auto run = good<wire::Run>(R"({"type":"run","id":1,"argv":["x"],"colour":{"a":[1]}})");
  EXPECT_EQ(run.limit_ms, wire::Run{}.limit_ms);
  EXPECT_EQ(run.cwd, "/tmp");
}

// With exceptions off the JSON library aborts on each of these, and with it PID 1.
TEST(Request, WrongTypesAreToldAndNotConverted) {
  EXPECT_EQ(why(R"({"type":"run","id":"1","argv":["x"]})"), "run.id has the wrong type: string");
  EXPECT_EQ(why(R"({"type":"run","id":-1,"argv":["x"]})"), "run.id has the wrong type: number");
  EXPECT_EQ(why(R"({"type":"run","id":1.5,"argv":["x"]})"), "run.id has the wrong type: number");
  EXPECT_EQ(why(R"({"type":"run","id":1,"argv":"x"})"), "run.argv has the wrong type: string");
  EXPECT_EQ(why(R"({"type":"run","id":1,"argv":["x",null]})"), "run.argv[] has the wrong type: null");
  EXPECT_EQ(why(R"({"type":"run","id":1,"argv":["x"],"env":{"a":1}})"),
            "run.env.a has the wrong type: number");
  EXPECT_EQ(why(R"({"type":"run","id":1,"argv":["x"],"env":[]})"), "run.env has the wrong type: array");
  EXPECT_EQ(why(R"({"type":"setup","mounts":[{"serial":3}]})"),
            "setup.mounts[].serial has the wrong type: number");
  EXPECT_EQ(why(R"({"type":"setup","mounts":[3]})"), "setup.mounts[] has the wrong type: number");
  EXPECT_EQ(why(R"({"type":"setup","rxe":1})"), "setup.rxe has the wrong type: number");
  EXPECT_EQ(why(R"({"type":"host_action_done","id":"4"})"), "host_action_done.id has the wrong type: string");
  EXPECT_EQ(why(R"({"type":"setup","hugepages":true})"), "setup.hugepages has the wrong type: boolean");
  EXPECT_EQ(why(R"({"type":"setup","hugepages":3000000000})"), "setup.hugepages has the wrong type: number");
}

TEST(Request, WhatIsNoRequestIsToldAsSuch) {
  EXPECT_EQ(why(""), "no JSON");
  EXPECT_EQ(why("{"), "no JSON");
  EXPECT_EQ(why("\xff\xfe"), "no JSON");
  EXPECT_EQ(why("[]"), "expected an object, got: array");
  EXPECT_EQ(why("{}"), "missing type");
  EXPECT_EQ(why(R"({"type":3})"), "missing type");
  EXPECT_EQ(why(R"({"type":"dance"})"), "unknown type: dance");
  EXPECT_NE(why(std::string(100000, '[')), "");
}

TEST(Request, ARunNeedsAnIdAndAProgram) {
  EXPECT_EQ(why(R"({"type":"run","argv":["x"]})"), "run.id is 0, which means no test");
  EXPECT_EQ(why(R"({"type":"run","id":1})"), "run.argv is empty");
  EXPECT_EQ(why(R"({"type":"run","id":1,"argv":[""]})"), "run.argv is empty");
}

TEST(Request, BytesThatAreNoTextCanBeSent) {
  wire::SetupDone done;
  done.problems = {"mounting \xff"};
  EXPECT_EQ(json::parse(dump(done)).at("problems").at(0), "mounting \xEF\xBF\xBD");
}

}  // namespace
}  // namespace pinrig::agent
