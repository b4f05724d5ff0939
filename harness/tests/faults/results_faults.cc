// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fault.h"
#include "guest_bytes.h"
#include "wire/line_counters.h"

namespace pinrig::faults {
namespace {

using model::Verdict;
using testing::Contains;
using testing::HasSubstr;

/// A row: bytes instead of, before or in the middle of those of a good test.
struct Row {
  const char* name;
  const char* injected;
  const char* problem;  ///< a part of what the guest's notes or the test's verdict must say
  std::function<Recorded()> guest;
};

Recorded with(std::string results) { return {head() + std::move(results)}; }

/// A test that runs well, and `lie` while it runs.
Recorded during(const std::string& lie) { return with(begins() + output(good_ktap) + lie + ends()); }

std::string times(int count, const std::function<std::string(int)>& frame) {
  std::string out;
  for (int i = 0; i < count; ++i) out += frame(i);
  return out;
}

Recorded with_end(const std::function<void(wire::TestEnd&)>& spoil) {
  Recorded out;
  spoil(out.control_end);
  out.results = head() + begins() + output(good_ktap) + message(out.control_end);
  return out;
}

Fault fault_of(const Row& row, bool may_pass = false) {
  const auto run = [row, may_pass](const fs::path& dir) {
    const Read read = read_guest(dir, row.guest());
    expect_bounded(read);
    if (!may_pass) {
      EXPECT_NE(read.verdict, Verdict::pass) << read.detail;
    }
    auto said = read.job.problems;
    said.push_back(read.detail);
    said.push_back(read.judgement.outcome.detail);
    EXPECT_THAT(said, Contains(HasSubstr(row.problem)));
  };
  return {std::string("results_") + row.name, row.injected, std::string("\"") + row.problem + "\"",
          may_pass ? "the test's own verdict; notes of bounded number and length"
                   : "no pass; notes of bounded number and length; nothing outside of the guest's folder",
          run};
}

Faults frames() {
  using wire::encode_header;
  using wire::Kind;
  const Row rows[] = {
      {"frame_of_4_gib", "a frame of 4 GiB", "damaged frame",
       [] {
         return during(encode_header(Kind::out, 1, 0) +
                       std::string("PRF1\2\0\0\0\1\0\0\0\xff\xff\xff\xff", 16));
       }},
      {"frame_one_byte_too_long", "a frame of one byte more than allowed", "damaged frame",
       [] { return during(encode_header(Kind::out, 1, wire::max_payload + 1)); }},
      {"frame_of_unknown_kind", "a frame of kind 77", "damaged frame",
       [] { return during(encode_header(static_cast<Kind>(77), 1, 0)); }},
      {"frame_without_magic", "64 bytes that are no frame", "damaged frame",
       [] { return during(std::string(64, 'x')); }},
      {"frame_cut_off", "the last frame cut off in the middle", "truncated",
       [] { return with(begins() + output(good_ktap).substr(0, 20)); }},
      {"nothing_at_all", "an empty results file of a guest that ended well", "",
       [] { return Recorded{.results = "", .console = "", .end_on_control = false}; }},
      {"unknown_message", "a message of an unknown type", "unknown message type \"gossip\"",
       [] { return during(text_message(R"({"type":"gossip"})")); }},
      {"no_json", "a message that is no JSON", "invalid message", [] { return during(text_message("{")); }},
      {"no_utf8", "a message that is no UTF-8", "invalid message",
       [] { return during(text_message("{\"type\":\"hello\",\"release\":\"\xff\xfe\"}")); }},
      {"type_is_a_list", "a message whose type is a list", "invalid message",
       [] { return during(text_message(R"({"type":[1]})")); }},
      {"nested_250000_deep", "a message nested 250,000 deep", "invalid message",
       [] { return during(text_message(std::string(250000, '['))); }},
      {"closed_nesting", "a whole message nested 100,000 deep", "nesting",
       [] {
         return during(text_message(R"({"type":"hello","x":)" + std::string(100000, '[') +
                                    std::string(100000, ']') + "}"));
       }},
      {"number_1e300", "a number that no integer holds", "invalid number",
       [] { return during(text_message(R"({"type":"test_end","id":1e300})")); }},
      {"a_mib_of_escapes", "an invalid message of a MiB with escape sequences", "invalid message",
       [] {
         return during(
             text_message("{\"type\":\"" + times(100000, [](int) { return std::string("\x1b[2J"); })));
       }},
  };
  Faults out;
  for (const auto& row : rows) out.push_back(fault_of(row));
  return out;
}

Faults lies() {
  const Row rows[] = {
      {"end_of_no_test", "the end of a test that never began", "id 7 ended but never began",
       [] { return during(ends(7)); }},
      {"test_nobody_asked_for", "a test that this guest was not asked for", "was not requested",
       [] { return during(begins(9, "x/y") + output(good_ktap, 9) + ends(9)); }},
      {"name_that_leads_outside", "a test named ../../../etc/passwd", "was not requested",
       [] { return during(begins(9, "../../../etc/passwd") + output("x", 9) + ends(9)); }},
  };
  Faults out;
  for (const auto& row : rows) out.push_back(fault_of(row));
  return out;
}

Faults lies_about_ends() {
  const Row rows[] = {
      {"two_ends", "two ends for one test, the second one better", "ended twice",
       [] {
         auto bad = good_end();
         bad.code = 1;
         Recorded g = with(begins() + output(good_ktap) + message(bad) + ends());
         g.control_end = bad;
         return g;
       }},
      {"end_only_in_the_results", "an end that the control port never brought", "the agent did not report it",
       [] {
         Recorded g = during("");
         g.end_on_control = false;
         return g;
       }},
      {"end_only_on_the_control_port", "an end that is not in the results", "the results do not contain it",
       [] { return with(begins() + output(good_ktap)); }},
      {"ends_that_differ", "an end other than that of the control port",
       "differs from what the agent reported",
       [] {
         Recorded g = during("");
         g.control_end.code = 1;
         return g;
       }},
      {"ktap_without_a_run", "a perfect KTAP stream, and nothing ran", "",
       [] {
         return Recorded{.results = head() + output(good_ktap), .console = "", .end_on_control = false};
       }},
      {"no_marks_on_the_console", "a perfect test that the kernel's log never saw",
       "the kernel's log is lost",
       [] {
         Recorded g = during("");
         g.console = "[    1.000000] quiet\n";
         return g;
       }},
      {"begin_twice", "a second begin of the running test", "already in use",
       [] { return during(begins()); }},
      {"begin_without_id", "a test that begins with the id 0", "without an id",
       [] { return during(begins(0)); }},
  };
  Faults out;
  for (const auto& row : rows) out.push_back(fault_of(row));
  return out;
}

Faults lies_about_the_ledger() {
  const Row rows[] = {
      {"second_proof", "a second proof of the ledger, while a test runs", "duplicate message \"hold_result\"",
       [] {
         return during(message(wire::HoldResult{"hold_result", true, "", wire::hold_pages, 0}));
       }},
      {"no_proof", "no proof of the ledger", "negative control",
       [] {
         wire::Hello hello;
         hello.counters = true;
         return Recorded{message(hello) + begins() + output(good_ktap) + ends()};
       }},
      {"proof_that_saw_nothing", "a proof of the ledger that saw 0 pages", "",
       [] {
         wire::Hello hello;
         hello.counters = true;
         return Recorded{message(hello) + message(wire::HoldResult{"hold_result", true, "", 0, 0}) +
                         begins() + output(good_ktap) + ends()};
       }},
      {"counters_of_no_test", "line counters of a test that does not run", "which does not run",
       [] {
         wire::LineCounters c;
         c.id = 5;
         c.object = "../../x";
         return during(message(c));
       }},
  };
  Faults out;
  for (const auto& row : rows) out.push_back(fault_of(row));
  return out;
}

Faults impossible_ends() {
  struct Spoilt {
    const char* name;
    const char* injected;
    const char* problem;
    std::function<void(wire::TestEnd&)> spoil;
  };
  const Spoilt rows[] = {
      {"negative_counters", "pin counters below 0", "impossible pin counters",
       [](auto& e) { e.before.acquired = -1; }},
      {"counters_near_overflow", "pin counters of 2^63 - 1", "impossible pin counters",
       [](auto& e) { e.after.released = INT64_MAX; }},
      {"counters_that_run_backwards", "pin counters that run backwards", "",
       [](auto& e) { e.before.acquired = 10; }},
      {"claim_of_2_63", "a claim of 2^63 - 1 pages", "impossible claim",
       [](auto& e) {
         e.claim = {"exact", INT64_MAX, 0};
       }},
      {"claim_of_no_kind", "a claim of an unknown kind with escapes", "impossible claim",
       [](auto& e) { e.claim.mode = "\x1b[31mall"; }},
      {"end_of_no_kind", "an end of an unknown kind", "ended in an unknown way",
       [](auto& e) { e.how = "well"; }},
      {"stuck_100000", "100,000 stuck processes with long names", "",
       [](auto& e) {
         e.stuck.assign(2000, {1, std::string(200, 'n'), "D", std::string(200, 's')});
         e.stuck_count = 100000;
       }},
      {"problem_of_a_mib", "an agent's problem of 900 KB", "",
       [](auto& e) {
         e.how = "not_run";
         e.problem = std::string(900000, '<');
       }},
      {"taint_unknown", "a taint that could not be read", "taint", [](auto& e) { e.after.taint = -7; }},
  };
  Faults out;
  for (const auto& row : rows)
    out.push_back(
        fault_of({row.name, row.injected, row.problem, [spoil = row.spoil] { return with_end(spoil); }}));
  return out;
}

Faults floods() {
  const Row rows[] = {
      {"flood_of_ends", "2000 ends of the same test", "ended twice",
       [] { return with(begins() + output(good_ktap) + times(2000, [](int) { return ends(); })); }},
      {"flood_of_bad_messages", "20,000 messages that are no JSON", "further problems are omitted",
       [] { return during(times(20000, [](int) { return text_message("x"); })); }},
      {"flood_of_begins", "10,000 begins with names of their own", "further problems are omitted",
       [] { return during(times(10000, [](int i) { return begins(10 + i, "x/" + std::to_string(i)); })); }},
      {"flood_of_output", "40 MiB of output of one test", "wrote more than 8 MiB",
       [] {
         const std::string piece = output(std::string(1 << 20, 'x'));
         return during(times(40, [&](int) { return piece; }));
       }},
  };
  const Row harmless[] = {
      {"flood_of_strays", "50,000 outputs of tests that do not exist", "which never began",
       [] { return during(times(50000, [](int i) { return output("", 100 + i); })); }},
      {"flood_of_set_ups", "3000 set-ups with problems of 100 bytes", "",
       [] {
         wire::SetupDone done;
         done.problems.assign(20, std::string(100, 'p'));
         const std::string frame = message(done);
         return during(times(3000, [&](int) { return frame; }));
       }},
      {"flood_of_counters", "40,000 empty line counters", "MiB of counters",
       [] {
         return during(times(40000, [](int i) {
           wire::LineCounters c;
           c.id = 1;
           c.object = std::to_string(i);
           return message(c);
         }));
       }},
      {"counters_with_10000_names", "10,000 counters with long names", "",
       [] {
         return with_end([](auto& e) {
           for (int i = 0; i < 10000; ++i) e.before.counters[std::to_string(i) + std::string(60, 'c')] = i;
           e.after.counters = {{"pgfault", 1}};
         });
       }},
      {"forged_cut", "a forged mark that bytes were cut out", "were cut out",
       [] {
         return during(message({{"type", "cut"}, {"bytes", 1}}));
       }},
  };
  Faults out;
  for (const auto& row : rows) out.push_back(fault_of(row));
  for (const auto& row : harmless) out.push_back(fault_of(row, true));
  return out;
}

/// Without the list of what was sent, as after a killed pinrig: what the guest names is all there is.
Faults unsent_floods() {
  const auto read = [](const std::string& raw) {
    verdict::ResultsReader reader;
    reader.feed(raw);
    return reader.finish();
  };
  return {
      {"leftover_begins_without_end", "a killed run whose guest began 10,000 tests", "\"tests began\"",
       "4096 records at most",
       [read](const fs::path&) {
         const auto r =
             read(head() + times(10000, [](int i) { return begins(1 + i, "x/" + std::to_string(i)); }));
         EXPECT_LE(r.records.size(), 4096U);
         EXPECT_THAT(r.problems, Contains(HasSubstr("tests began")));
       }},
      {"leftover_accusations", "a killed run whose guest forged 10,000 messages under 4000 tests",
       "8 findings for each test", "time and memory of the reader",
       [read](const fs::path&) {
         const auto r =
             read(head() + times(4000, [](int i) { return begins(1 + i, "x/" + std::to_string(i)); }) +
                  times(10000, [](int) { return text_message("x"); }));
         EXPECT_EQ(r.records.size(), 4000U);
         for (const auto& record : r.records) EXPECT_EQ(record.findings.size(), 8U);
       }},
  };
}

}  // namespace

Faults results_faults() {
  Faults all;
  for (const auto& rows : {frames(), lies(), lies_about_ends(), lies_about_the_ledger(), impossible_ends(),
                           floods(), unsent_floods()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

// The rows above are about the lies, and not about the guest that tells them.
TEST(FaultControl, WithoutALieTheTestPasses) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "fault-").value();
  const Read read = read_guest(dir.path(), during(""));
  EXPECT_EQ(read.verdict, Verdict::pass) << read.detail;
  EXPECT_EQ(read.judgement.outcome.kind, model::JobOutcome::Kind::completed) << read.judgement.outcome.detail;
  EXPECT_TRUE(read.job.problems.empty());
}

}  // namespace pinrig::faults
