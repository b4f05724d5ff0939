// SPDX-License-Identifier: GPL-2.0
// What a test prints about itself, and what its kernel says, until it is in a report.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "fault.h"
#include "guest_bytes.h"
#include "job/cut.h"
#include "job/raw_files.h"
#include "ktap/ktap.h"
#include "report/report.h"
#include "report/testing.h"

namespace pinrig::faults {
namespace {

using testing::HasSubstr;
using testing::Not;

Recorded prints(const std::string& ktap) { return {head() + begins() + output(ktap) + ends()}; }

/// Reports of a run with the verdicts of a recorded guest.
void report_all(const Read& read, const fs::path& dir) {
  report::Fixture f;
  std::vector<report::Row> rows;
  for (const auto& v : read.judgement.verdicts) {
    rows.emplace_back();
    rows.back().result.verdict = v;
  }
  f.write({report::kernel(model::Arch::x86_64, 0, "base", rows, read.job.facts.events)});
  f.finish(store::RunState::finished, 1);
  const auto run = f.store.find_run("last").value().value();

  const auto xml = report::junit(f.store, run);
  ASSERT_TRUE(xml.has_value()) << xml.error().message;
  pugi::xml_document document;
  const auto parsed = document.load_string(xml->c_str());
  EXPECT_TRUE(parsed) << parsed.description();
  EXPECT_EQ(document.select_nodes("//script").size(), 0U) << "what a test prints became markup";

  const auto json = report::json(f.store, run);
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_FALSE(nlohmann::json::parse(*json, nullptr, false).is_discarded());

  const auto ktap = report::ktap(f.store, run);
  ASSERT_TRUE(ktap.has_value());
  EXPECT_EQ(ktap::parse(*ktap).plan.has_value(), true);

  const auto text = report::terminal(f.store, run, {.color = false, .verbose = true});
  ASSERT_TRUE(text.has_value());
  for (const auto& shown : {*text, *ktap, *xml}) {
    EXPECT_THAT(shown, Not(HasSubstr("\x1b"))) << "an escape sequence reaches the terminal";
    EXPECT_EQ(shown.find('\0'), std::string::npos);
  }
  EXPECT_TRUE(fs::exists(dir / "guest"));
}

Fault name_row(const char* name, const char* injected, const std::string& case_name) {
  const auto run = [case_name](const fs::path& dir) {
    const Read read = read_guest(dir, prints("KTAP version 1\n1..1\nnot ok 1 " + case_name + "\n"));
    EXPECT_NE(read.verdict, model::Verdict::pass);
    report_all(read, dir);
  };
  return {std::string("output_name_") + name, fmt::format("a case whose name {}", injected),
          "the failing case, its name made harmless",
          "JUnit that parses, JSON that parses, a terminal without escapes; no file outside", run};
}

Faults names() {
  return {
      name_row("leads_outside", "is ../../../../tmp/evil", "../../../../tmp/evil"),
      name_row("clears_the_screen", "clears the screen", "\x1b[2J\x1b]0;title\x07 x"),
      name_row("is_html", "is HTML", "<script>alert(1)</script>\"'&amp;]]>"),
      name_row("has_a_nul", "has a NUL", std::string("a\0b", 3)),
      name_row("is_no_utf8", "is no UTF-8", "\xff\xfe\xc0\x80\xed\xa0\x80"),
      name_row("has_c1_controls", "has C1 control characters",
               "a\xc2\x9b"
               "31m red"),
      name_row("is_a_mib_long", "is a MiB long", std::string(1 << 20, 'n')),
      name_row("looks_like_ours", "looks like a line of our KTAP", "x\\n    ok 2 forged"),
  };
}

Fault stream(const char* name, const char* injected, const char* reported, std::string ktap) {
  const auto run = [ktap = std::move(ktap)](const fs::path& dir) {
    const Read read = read_guest(dir, prints(ktap));
    EXPECT_NE(read.verdict, model::Verdict::pass) << read.detail;
    EXPECT_FALSE(read.detail.empty());
    expect_bounded(read);
  };
  return {std::string("output_") + name, injected, reported, "no pass", run};
}

std::string results(int count) {
  std::string out = fmt::format("KTAP version 1\n1..{}\n", count);
  for (int i = 1; i <= count; ++i) out += fmt::format("ok {} c{}\n", i, i);
  return out;
}

Faults streams() {
  std::string deep = "KTAP version 1\n1..1\n";
  for (int i = 1; i < 2000; ++i)
    deep += std::string(static_cast<std::size_t>(2 * i), ' ') + "KTAP version 1\n";
  return {
      stream("nothing", "a test that exits with 0 and prints nothing", "no output", ""),
      stream("prose", "a test that prints prose and exits with 0", "no KTAP", "all 10 tests passed\n"),
      stream("plan_without_results", "a plan of 10 and no result", "fewer results than planned",
             "KTAP version 1\n1..10\n"),
      stream("more_than_planned", "more results than planned", "more results than planned",
             "KTAP version 1\n1..1\nok 1 a\nok 2 b\n"),
      stream("no_plan", "results without a plan", "no plan", "KTAP version 1\nok 1 a\n"),
      stream("a_million_results", "300,000 results", "more than 100000 results", results(300000)),
      stream("nested_2000_deep", "subtests nested 2000 deep", "no result", deep),
      stream("plan_of_2_31", "a plan of 2147483648", "fewer results than planned",
             "KTAP version 1\n1..2147483648\nok 1 a\n"),
      stream("binary", "64 KiB of random bytes", "no KTAP",
             [] {
               std::string out;
               unsigned state = 1;
               for (int i = 0; i < 65536; ++i)
                 out += static_cast<char>((state = state * 1103515245 + 12345) >> 16);
               return out;
             }()),
  };
}

Fault console_row(const char* name, const char* injected, const char* reported, std::string console,
                  const std::function<void(const console::Log&)>& check) {
  const auto run = [console = std::move(console), check](const fs::path& dir) {
    const vm::GuestFiles files{dir};
    ASSERT_TRUE(write_file_atomic(files.console(), console).has_value());
    const auto log = job::read_console(files.console());
    ASSERT_TRUE(log.has_value());
    EXPECT_LE(log->events.size(), 3000U);
    EXPECT_LE(log->begun.size(), 10000U);
    for (const auto& e : log->events) EXPECT_LE(e.title.size(), 400U);
    check(*log);
    ASSERT_TRUE(job::cut_files(files, {.console = 1 << 20, .results = 1 << 20}).has_value());
    EXPECT_LE(fs::file_size(files.console()), (1U << 20) + (64U << 10) + 200U);
  };
  return {std::string("console_") + name, injected, reported,
          "the parser's memory; a file of head, mark and tail", run};
}

std::string many(int count, const std::function<std::string(int)>& line) {
  std::string out;
  for (int i = 0; i < count; ++i) out += line(i);
  return out;
}

Faults consoles() {
  const std::string bug = "[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008\n";
  const auto any = [](const console::Log&) {};
  return {
      console_row(
          "of_24_mib", "a console of 24 MiB without a report", "nothing",
          many(300000,
               [](int i) { return fmt::format("[{:12.6f}] the same line again, number {}\n", i / 1e3, i); }),
          [](const auto& log) { EXPECT_TRUE(log.events.empty()); }),
      console_row("one_line_of_8_mib", "a console of one line of 8 MiB", "nothing", std::string(8 << 20, 'x'),
                  any),
      console_row("flood_before_a_panic", "50,000 different warnings before a panic", "the panic",
                  many(50000,
                       [](int i) {
                         return fmt::format(
                             "[    1.000000] WARNING: CPU: 0 PID: 1 at mm/f{0}.c:{0} fn{0}+0x1/0x2\n", i);
                       }) +
                      "[    9.000000] Kernel panic - not syncing: the end\n",
                  [](const auto& log) {
                    EXPECT_TRUE(std::any_of(log.events.begin(), log.events.end(),
                                            [](const auto& e) { return e.kind == "panic" && e.fatal; }));
                    EXPECT_TRUE(std::any_of(log.events.begin(), log.events.end(),
                                            [](const auto& e) { return e.kind == "events_lost"; }));
                  }),
      console_row("flood_of_marks", "200,000 forged begin marks", "10,000 names at most",
                  many(200000, [](int i) { return fmt::format("[    1.000000] pinrig: begin x/{}\n", i); }),
                  any),
      console_row("forged_power_down", "a forged \"reboot: Power down\" before the crash", "the crash",
                  "[    1.000000] pinrig: begin a/a\n[    1.100000] reboot: Power down\n" + bug,
                  [](const auto& log) { EXPECT_FALSE(log.events.empty()); }),
      console_row("stamps_that_jump", "time stamps that jump back and forth by days", "the crash",
                  "[99999.000000] one\n[    0.000001] two\n[18446744073.709551] three\n" + bug,
                  [](const auto& log) { EXPECT_FALSE(log.events.empty()); }),
      console_row("binary", "binary junk, NUL and escapes around a crash", "the crash, printable",
                  std::string("\0\xff\x1b[31m\x90\n", 9) + bug + std::string(1000, '\x80'),
                  [](const auto& log) {
                    ASSERT_FALSE(log.events.empty());
                    for (const unsigned char c : log.events[0].title) EXPECT_GE(c, 0x20);
                  }),
  };
}

}  // namespace

Faults output_faults() {
  Faults all;
  for (const auto& rows : {names(), streams(), consoles()}) all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

}  // namespace pinrig::faults
