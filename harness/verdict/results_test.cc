// SPDX-License-Identifier: GPL-2.0
#include "verdict/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "verdict/test_end.h"
#include "wire/frame.h"
#include "wire/line_counters.h"

namespace pinrig::verdict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Exit = model::TestExit::Kind;
using Finding = model::RecordFinding::Kind;
using Mode = model::PinClaim::Mode;

template <typename T>
std::string message(const T& m) {
  return wire::encode(wire::Kind::json, 0, nlohmann::json(m).dump());
}

std::string text_message(const std::string& text) { return wire::encode(wire::Kind::json, 0, text); }

std::string begin(std::uint32_t id, const std::string& name) {
  wire::TestBegin b;
  b.id = id;
  b.name = name;
  return message(b);
}

wire::TestEnd end_of(std::uint32_t id) {
  wire::TestEnd e;
  e.id = id;
  e.how = "exited";
  e.before.available = e.after.available = true;
  e.before.settled = e.after.settled = true;
  return e;
}

std::string out(std::uint32_t id, const std::string& text) { return wire::encode(wire::Kind::out, id, text); }

Results read_results(std::string_view raw) {
  ResultsReader reader;
  reader.feed(raw);
  return reader.finish();
}

Results read_results(std::string_view raw, const std::vector<SentTest>& sent) {
  ResultsReader reader(&sent);
  reader.feed(raw);
  return reader.finish();
}

TEST(ReadResults, PiecesOfAnySizeGiveTheSame) {
  const std::string raw = message(wire::Hello{}) + begin(1, "bio/a") + out(1, "ok 1 a\n") +
                          message(end_of(1)) + begin(2, "bio/b") + out(2, "half");
  const Results whole = read_results(raw);
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{100}}) {
    ResultsReader reader;
    for (std::size_t at = 0; at < raw.size(); at += size) reader.feed(std::string_view(raw).substr(at, size));
    const Results r = reader.finish();
    ASSERT_THAT(r.records, SizeIs(2));
    EXPECT_EQ(r.records[0].output, "ok 1 a\n");
    EXPECT_EQ(r.records[1].output, "half");
    EXPECT_EQ(r.problems, whole.problems);
  }
}

TEST(ReadResults, DamageIsWhereItIsWhateverThePieces) {
  const std::string raw = message(wire::Hello{}) + std::string(20, 'x') + begin(1, "bio/a");
  ResultsReader reader;
  for (const char c : raw) reader.feed(std::string_view(&c, 1));
  const Results r = reader.finish();
  EXPECT_EQ(r.problems, read_results(raw).problems);
  EXPECT_THAT(r.problems, ElementsAre(HasSubstr("damaged frame at byte")));
  EXPECT_THAT(r.records, IsEmpty());
}

// The agent cuts the output of tests; a guest that lies does not.
TEST(ReadResults, OutputWithoutEndIsCut) {
  std::string raw = begin(1, "bio/a");
  const std::string piece = out(1, std::string(wire::max_payload, 'x'));
  ResultsReader reader;
  reader.feed(raw);
  for (int i = 0; i < 12; ++i) reader.feed(piece);
  const Results r = reader.finish();
  ASSERT_THAT(r.records, SizeIs(1));
  EXPECT_EQ(r.records[0].output.size(), max_stream);
  EXPECT_THAT(r.problems, ElementsAre("bio/a wrote more than 8 MiB: the rest is dropped"));
}

wire::LineCounters counters(std::uint32_t id, const std::string& data) {
  wire::LineCounters c;
  c.id = id;
  c.object = "build/block/bio.gcda";
  c.data = data;
  return c;
}

TEST(ReadResults, LineCountersBelongToTheTestThatRuns) {
  const Results r = read_results(begin(1, "bio/a") + message(counters(1, "61")) + message(end_of(1)) +
                                 begin(2, "bio/b") + message(counters(2, "62")) + message(end_of(2)));
  EXPECT_THAT(r.problems, IsEmpty());
  ASSERT_THAT(r.records, SizeIs(2));
  EXPECT_EQ(r.line_counters.at("bio/a").at("build/block/bio.gcda"), "61");
  EXPECT_EQ(r.line_counters.at("bio/b").at("build/block/bio.gcda"), "62");
}

TEST(ReadResults, LineCountersOfNoTestOrTwiceAreAProblem) {
  const Results r =
      read_results(message(counters(1, "61")) + begin(1, "bio/a") + message(counters(1, "61")) +
                   message(counters(1, "62")) + message(end_of(1)) + message(counters(1, "63")));
  EXPECT_THAT(r.problems,
              ElementsAre(HasSubstr("does not run"), HasSubstr("came twice"), HasSubstr("does not run")));
  EXPECT_EQ(r.line_counters.at("bio/a").at("build/block/bio.gcda"), "61");
}

TEST(ReadResults, SetUpsAddUp) {
  wire::SetupDone first;
  first.devices = {{"pin-raw:1", "/dev/nvme0n2"}};
  wire::SetupDone second;
  second.problems = {"no rxe"};
  const Results r = read_results(message(wire::Hello{}) + message(first) + message(second));
  EXPECT_THAT(r.problems, IsEmpty());
  EXPECT_THAT(r.setup.value().problems, ElementsAre("no rxe"));
  EXPECT_EQ(r.setup.value().devices.at("pin-raw:1"), "/dev/nvme0n2");
}

TEST(ReadResults, ReadsAWholeSession) {
  wire::Hello hello;
  hello.release = "6.12.117";
  hello.counters = true;
  wire::SetupDone setup;
  setup.problems = {"no rxe"};
  wire::HoldResult hold;
  hold.available = true;
  hold.outstanding_held = 16;
  wire::TestEnd end = end_of(1);
  end.code = 1;
  end.wall_s = 2.5;
  end.dropped = 7;
  end.claim = {"exact", 272, 3};
  end.before.acquired = 10;
  end.before.taint = 1;
  end.before.counters = {{"pgfault", 5}};
  end.after.acquired = 282;
  end.after.released = 272;
  end.after.settle_ms = 40;
  end.after.taint = 513;
  const Results r =
      read_results(message(hello) + message(setup) + message(hold) + begin(1, "bio/dio") + out(1, "KTAP ") +
                   wire::encode(wire::Kind::err, 1, "oh\n") + out(1, "version 1\n") + message(end));
  EXPECT_THAT(r.problems, IsEmpty());
  EXPECT_EQ(r.hello.value().release, "6.12.117");
  EXPECT_THAT(r.setup.value().problems, ElementsAre("no rxe"));
  EXPECT_EQ(r.hold.value().outstanding_held, 16);
  ASSERT_THAT(r.records, SizeIs(1));
  const model::TestRecord& t = r.records[0];
  EXPECT_EQ(t.name, "bio/dio");
  EXPECT_EQ(t.exit.kind, Exit::exited);
  EXPECT_EQ(t.exit.code, 1);
  EXPECT_DOUBLE_EQ(t.wall_s, 2.5);
  EXPECT_EQ(t.output, "KTAP version 1\n");
  EXPECT_EQ(t.errors, "oh\n");
  EXPECT_EQ(t.dropped, 7U);
  EXPECT_TRUE(t.ledger.available);
  EXPECT_TRUE(t.ledger.settled_before);
  EXPECT_TRUE(t.ledger.settled_after);
  EXPECT_EQ(t.ledger.acquired(), 272);
  EXPECT_EQ(t.ledger.released(), 272);
  EXPECT_EQ(t.ledger.settle_ms, 40);
  ASSERT_TRUE(t.ledger.claim.has_value());
  EXPECT_EQ(t.ledger.claim->mode, Mode::exact);
  EXPECT_EQ(t.ledger.claim->pages, 272);
  EXPECT_EQ(t.ledger.claim->skew_sections, 3);
  EXPECT_EQ(t.taint_before, 1U);
  EXPECT_EQ(t.taint_after, 513U);
  EXPECT_EQ(t.counters_before.at("pgfault"), 5);
}

TEST(ReadResults, ATaintThatTheGuestCouldNotReadIsUnknown) {
  wire::TestEnd end = end_of(1);
  end.before.taint = 0;
  end.after.taint = -1;
  const Results r = read_results(begin(1, "bio/dio") + message(end));
  ASSERT_THAT(r.records, SizeIs(1));
  EXPECT_EQ(r.records[0].taint_before, 0U);
  EXPECT_FALSE(r.records[0].taint_after.has_value());
}

TEST(ReadResults, TakesATestWithoutAnEndForLost) {
  const Results r = read_results(begin(1, "a/a") + out(1, "half"));
  ASSERT_THAT(r.records, SizeIs(1));
  EXPECT_EQ(r.records[0].exit.kind, Exit::lost);
  EXPECT_EQ(r.records[0].output, "half");
  EXPECT_FALSE(r.records[0].ledger.available);
}

TEST(ReadResults, LosesOnlyTheFrameThatIsCutOff) {
  const std::string whole = begin(1, "a/a") + out(1, "one");
  const std::string cut = whole + out(1, "two").substr(0, 17);
  const Results r = read_results(cut);
  EXPECT_EQ(r.records.at(0).output, "one");
  EXPECT_THAT(r.problems, ElementsAre("the last frame is truncated after 17 bytes"));
  EXPECT_THAT(read_results(whole).problems, IsEmpty());
}

TEST(ReadResults, StopsAtDamageAndSaysWhere) {
  const std::string good = begin(1, "a/a");
  const Results r = read_results(good + std::string(16, 'x') + message(end_of(1)));
  ASSERT_THAT(r.problems, SizeIs(1));
  EXPECT_THAT(r.problems[0], HasSubstr("damaged frame at byte " + std::to_string(good.size())));
  EXPECT_EQ(r.records.at(0).exit.kind, Exit::lost);
}

TEST(ReadResults, SaysNothingOfNothing) {
  const Results r = read_results("");
  EXPECT_THAT(r.problems, IsEmpty());
  EXPECT_THAT(r.records, IsEmpty());
  EXPECT_FALSE(r.hello.has_value());
}

struct Lie {
  const char* name;
  std::string raw;
  const char* problem;
};

class Lies : public testing::TestWithParam<Lie> {};

TEST_P(Lies, AreProblemsAndNoExceptions) {
  const Results r = read_results(GetParam().raw);
  ASSERT_THAT(r.problems, SizeIs(1));
  EXPECT_THAT(r.problems[0], HasSubstr(GetParam().problem));
}

std::string end_with(const std::function<void(wire::TestEnd&)>& spoil) {
  wire::TestEnd e = end_of(1);
  spoil(e);
  return begin(1, "a/a") + message(e);
}

INSTANTIATE_TEST_SUITE_P(
    Guest, Lies,
    testing::Values(
        Lie{"not_json", text_message("{\"type\": "), "invalid message"},
        Lie{"no_type", text_message("{}"), "invalid message"},
        Lie{"no_object", text_message("[1,2]"), "invalid message"},
        Lie{"type_is_a_number", text_message("{\"type\":1}"), "invalid message"},
        Lie{"wrong_type", text_message("{\"type\":\"hello\",\"cpus\":\"two\"}"), "invalid message"},
        Lie{"not_utf8", text_message("{\"type\":\"hello\",\"release\":\"\xff\"}"), "invalid message"},
        Lie{"unknown_type", text_message("{\"type\":\"gossip\"}"), "unknown message type \"gossip\""},
        Lie{"huge_number", text_message("{\"type\":\"hello\",\"cpus\":1e300}"), "an invalid number"},
        Lie{"deep_nesting", text_message("{\"type\":\"hello\",\"x\":[[[[[[[[[[1]]]]]]]]]]}"), "nesting"},
        Lie{"hello_twice", message(wire::Hello{}) + message(wire::Hello{}), "duplicate message \"hello\""},
        Lie{"begin_without_id", begin(0, "a/a"), "without an id or a name"},
        Lie{"begin_without_name", begin(1, ""), "without an id or a name"},
        Lie{"id_taken", begin(1, "a/a") + begin(1, "b/b"), "id 1, which is already in use"},
        Lie{"name_twice", begin(1, "a/a") + begin(2, "a/a"), "a/a began twice"},
        Lie{"end_without_begin", message(end_of(3)), "id 3 ended but never began"},
        Lie{"end_twice", begin(1, "a/a") + message(end_of(1)) + message(end_of(1)), "ended twice"},
        Lie{"output_without_begin", out(9, "x") + out(9, "y"), "id 9, which never began"},
        Lie{"output_after_end", begin(1, "a/a") + message(end_of(1)) + out(1, "x"), "had ended already"}),
    [](const auto& lie) { return lie.param.name; });

struct Doubt {
  const char* name;
  std::function<void(wire::TestEnd&)> spoil;
  Finding kind;
  const char* text;
};

class Doubts : public testing::TestWithParam<Doubt> {};

TEST_P(Doubts, AreFindingsOfTheTest) {
  const Results r = read_results(end_with(GetParam().spoil));
  EXPECT_THAT(r.problems, IsEmpty());
  ASSERT_THAT(r.records.at(0).findings, SizeIs(1));
  EXPECT_EQ(r.records[0].findings[0].kind, GetParam().kind);
  EXPECT_THAT(r.records[0].findings[0].text, HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Ends, Doubts,
    testing::Values(
        Doubt{"ended_by_magic", [](auto& e) { e.how = "vanished"; }, Finding::unknown_end, "\"vanished\""},
        Doubt{"negative_counter", [](auto& e) { e.before.acquired = -1; }, Finding::impossible_counters,
              "impossible"},
        Doubt{"overflowing_counter", [](auto& e) { e.after.released = INT64_MAX; },
              Finding::impossible_counters, "impossible"},
        Doubt{"line_that_is_no_claim", [](auto& e) { e.bad_claim = "not understood: \"exactly 3\""; },
              Finding::bad_claim, "exactly 3"},
        Doubt{"unknown_claim", [](auto& e) { e.claim.mode = "some"; }, Finding::impossible_claim, "\"some\""},
        Doubt{"negative_claim",
              [](auto& e) {
                e.claim = {"exact", -1, 0};
              },
              Finding::impossible_claim, "-1"},
        Doubt{"overflowing_skew",
              [](auto& e) {
                e.claim = {"exact", 1, INT64_MAX};
              },
              Finding::impossible_claim, "skew"}),
    [](const auto& doubt) { return doubt.param.name; });

TEST(ReadResults, KeepsWhatCouldNotBeKilled) {
  const auto r = read_results(end_with([](wire::TestEnd& e) {
    e.leftover = 3;
    for (int pid = 0; pid < 12; ++pid) e.stuck.push_back({pid, "fio", "D", std::string(9999, 'x')});
    e.stuck_count = 40;
  }));
  EXPECT_THAT(r.problems, IsEmpty());
  const auto& record = r.records.at(0);
  EXPECT_EQ(record.leftover, 3);
  EXPECT_EQ(record.stuck_count, 40);
  ASSERT_THAT(record.stuck, SizeIs(8));
  EXPECT_EQ(record.stuck[7].pid, 7);
  EXPECT_EQ(record.stuck[7].state, "D");
  EXPECT_EQ(record.stuck[7].stack.size(), 4096U);
}

TEST(ReadResults, BelievesNothingOfAnUnbelievableEnd) {
  const auto record = [](const std::function<void(wire::TestEnd&)>& spoil) {
    return read_results(end_with(spoil)).records.at(0);
  };
  EXPECT_EQ(record([](wire::TestEnd& e) { e.how = "vanished"; }).exit.kind, Exit::lost);
  const auto counters = record([](wire::TestEnd& e) { e.after.released = INT64_MIN; });
  EXPECT_FALSE(counters.ledger.available);
  EXPECT_EQ(counters.ledger.outstanding(), 0);
  EXPECT_FALSE(record([](wire::TestEnd& e) { e.claim.mode = "some"; }).ledger.claim.has_value());
  EXPECT_FALSE(record([](wire::TestEnd& e) { e.after.available = false; }).ledger.available);
  EXPECT_FALSE(record([](wire::TestEnd& e) { e.before.available = false; }).ledger.available);
  EXPECT_EQ(record([](wire::TestEnd& e) { e.wall_s = -1; }).wall_s, 0);
}

TEST(ReadResults, KnowsEveryWayToEnd) {
  for (const Exit kind : {Exit::exited, Exit::signaled, Exit::timed_out, Exit::not_run}) {
    const auto r = read_results(end_with([&](wire::TestEnd& e) {
      e.how = model::to_string(kind);
      e.code = 9;
      e.problem = "why";
    }));
    EXPECT_EQ(r.records.at(0).exit.kind, kind);
    EXPECT_EQ(r.records.at(0).exit.code, 9);
    EXPECT_EQ(r.records.at(0).errors, "agent: why\n");
  }
}

TEST(ReadResults, KeepsASkewWithoutAClaimAndNoEmptyClaim) {
  const auto claim = [](const wire::Claim& c) {
    return read_results(end_with([&](wire::TestEnd& e) { e.claim = c; })).records.at(0).ledger.claim;
  };
  EXPECT_FALSE(claim({"net_zero", 0, 0}).has_value());
  EXPECT_EQ(claim({"net_zero", 0, 16})->skew_sections, 16);
  EXPECT_EQ(claim({"at_least", 4, 0})->mode, Mode::at_least);
  EXPECT_EQ(claim({"exact", 0, 0})->mode, Mode::exact);
}

TEST(ReadResults, TellsTestsThatOverlapApart) {
  const Results r = read_results(begin(1, "a/a") + begin(2, "b/b") + out(1, "A") + out(2, "B") + out(1, "a"));
  ASSERT_THAT(r.records, SizeIs(2));
  EXPECT_EQ(r.records[0].output, "Aa");
  EXPECT_EQ(r.records[1].output, "B");
}

std::vector<Finding> findings_of(const model::TestRecord& record) {
  std::vector<Finding> out;
  for (const auto& f : record.findings) out.push_back(f.kind);
  return out;
}

// What the host knows: it asked for a/a, and the control port brought the end `e`.
std::vector<SentTest> sent(std::optional<wire::TestEnd> e = end_of(1)) { return {{1, "a/a", std::move(e)}}; }

TEST(SentTests, ARecordThatIsAsTheHostWasToldCounts) {
  const Results r = read_results(begin(1, "a/a") + message(end_of(1)), sent());
  EXPECT_THAT(r.problems, IsEmpty());
  EXPECT_THAT(r.records.at(0).findings, IsEmpty());
  EXPECT_EQ(r.records[0].exit.kind, Exit::exited);
}

TEST(SentTests, AnEndThatTheHostNeverHeardOfIsNone) {
  const Results r = read_results(begin(1, "a/a") + message(end_of(1)), sent(std::nullopt));
  EXPECT_EQ(r.records.at(0).exit.kind, Exit::lost);
  EXPECT_THAT(r.problems, ElementsAre(HasSubstr("the agent did not report it")));
}

TEST(SentTests, AnotherEndThanTheHostsIsAFinding) {
  wire::TestEnd forged = end_of(1);
  forged.after.released = 5;
  const Results r = read_results(begin(1, "a/a") + message(forged) + message(end_of(1)), sent());
  EXPECT_THAT(findings_of(r.records.at(0)), ElementsAre(Finding::ends_differ, Finding::forged));
}

TEST(SentTests, AnEndThatOnlyTheHostHasIsAFinding) {
  Results r = read_results(begin(1, "a/a"), sent());
  EXPECT_THAT(findings_of(r.records.at(0)), ElementsAre(Finding::no_end));
  r = read_results("", sent());
  ASSERT_THAT(r.records, SizeIs(1));
  EXPECT_EQ(r.records[0].name, "a/a");
  EXPECT_EQ(r.records[0].exit.kind, Exit::lost);
}

TEST(SentTests, ARecordOfATestThatThisGuestWasNotAskedForIsOfNobody) {
  const Results r = read_results(
      begin(1, "a/a") + begin(2, "b/b") + message(end_of(2)) + begin(3, "a/a") + message(end_of(1)), sent());
  ASSERT_THAT(r.records, SizeIs(1));
  EXPECT_EQ(r.records[0].name, "a/a");
  EXPECT_THAT(findings_of(r.records[0]), ElementsAre(Finding::forged, Finding::forged, Finding::forged));
  EXPECT_THAT(r.problems, SizeIs(3));
}

TEST(ReadResults, WhatARunningTestMayHaveWrittenIsItsFinding) {
  const Results r = read_results(begin(1, "a/a") + text_message("{\"type\":\"gossip\"}") + text_message("{") +
                                 message(end_of(1)) + text_message("{}"));
  EXPECT_THAT(findings_of(r.records.at(0)), ElementsAre(Finding::forged, Finding::forged));
  EXPECT_THAT(r.problems, SizeIs(3));
}

TEST(ReadResults, LimitsItsComplaints) {
  std::string raw;
  for (int i = 0; i < 500; ++i) raw += text_message("{}");
  EXPECT_THAT(read_results(raw).problems, SizeIs(101));
  EXPECT_EQ(read_results(raw).problems.back(), "further problems are omitted");
}

TEST(ReadResults, NeverFailsOnDamagedBytes) {
  const std::string whole =
      message(wire::Hello{}) + begin(1, "a/a") + out(1, "KTAP version 1\n") + message(end_of(1));
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string raw = whole;
    for (int i = 0; i < 3; ++i) raw[random() % raw.size()] = static_cast<char>(random() % 256);
    EXPECT_LE(read_results(raw.substr(0, random() % raw.size())).records.size(), 1U);
  }
}

}  // namespace
}  // namespace pinrig::verdict
