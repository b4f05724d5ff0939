// SPDX-License-Identifier: GPL-2.0
// Ten simulated nights in a store, with the delta of each; and what is wrong with a store or a partner.
#include "report/nights.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/testing.h"

namespace pinrig::report {
namespace {

using history::Section;
using model::Rule;
using model::Verdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr Style wide{.color = false, .unicode = true, .width = 200};
constexpr Style narrow{.color = false, .unicode = true, .width = 80};

/// A test over ten nights, oldest left: . pass, F fail, L leak, x known issue, X known issue not seen, -
/// allowed skip, ! error, _ no such row.
const std::map<std::string, std::string>& script() {
  static const std::map<std::string, std::string> out{
      {"bio/steady", ".........."}, {"bio/broke", "....LLLL.."}, {"bio/flaky", ".F..F..F.F"},
      {"bio/gone", "......____"},   {"bio/fresh", "___......."}, {"mm/known", "....xxxxX."},
      {"mm/once", "..F......."},    {"mm/error", "......!..."},  {"mm/skips", "-.-.-.-.-."},
      {"mm/plain", ".........."}};
  return out;
}

Row row_of(const std::string& test, char c) {
  switch (c) {
    case 'F':
      return surprising(test_row(test, Verdict::fail, 8), "not ok 1");
    case 'L':
      return surprising(test_row(test, Verdict::leak, 8, 3), "3 pages outstanding");
    case 'x':
      return assessed(test_row(test, Verdict::fail, 8), Rule::known_issue, "as reported", "an-issue");
    case 'X':
      return assessed(test_row(test, Verdict::pass, 8), Rule::issue_gone, "no longer seen", "an-issue");
    case '-':
      return assessed(test_row(test, Verdict::skip), Rule::allowed_skip, "no drive");
    case '!':
      return surprising(test_row(test, Verdict::error, 8), "the harness failed");
    default:
      return test_row(test, Verdict::pass, 8);
  }
}

/// A store with runs of "full" on a base, one kernel each.
struct Nights {
  Fixture f;

  store::RunRow run_row(int n) const {
    store::RunRow r;
    r.id = fmt::format("202612{:02}-020000-aaaa", n + 1);
    r.spec = "full";
    r.base = "debian-6.12";
    r.started = fmt::format("2026-12-{:02}T02:00:00Z", n + 1);
    r.state = store::RunState::finished;
    r.exit_code = 0;
    r.dir = (f.dir.path() / r.id).string();
    r.host = "{}";
    return r;
  }
  store::RunRow add(store::RunRow r, std::vector<Row> rows) {
    auto k = kernel(model::Arch::x86_64, 0, "base", std::move(rows));
    k.row.key = "key-" + r.id;
    f.write(r, {k});
    return r;
  }
  store::RunRow add_night(int n) {
    std::vector<Row> rows;
    for (const auto& [test, cells] : script()) {
      if (cells[static_cast<std::size_t>(n)] != '_')
        rows.push_back(row_of(test, cells[static_cast<std::size_t>(n)]));
    }
    return add(run_row(n), std::move(rows));
  }
  DeltaReport delta(const store::RunRow& run, const store::RunRow* against = nullptr) {
    auto r = load_delta(f.store, run, against);
    EXPECT_TRUE(r.has_value()) << r.error().message;
    return std::move(r).value();
  }
};

std::vector<std::string> findings(const DeltaReport& r) {
  std::vector<std::string> out;
  for (const auto& f : r.delta.findings)
    out.push_back(fmt::format("{} {} {}>{}", history::to_string(f.section), f.test, f.from, f.to));
  return out;
}

TEST(Nights, TenOfThemWithADeltaEach) {
  using Lines = std::vector<std::string>;
  const Lines want[] = {
      {},
      {"new_red bio/flaky pass>fail", "appeared mm/skips skip>pass"},
      {"new_red mm/once pass>fail", "fixed bio/flaky fail>pass"},
      {"fixed bio/flaky pass>pass", "fixed mm/once fail>pass", "appeared bio/fresh >pass"},
      {"new_red bio/broke pass>leak", "new_known mm/known pass>fail", "fixed mm/once pass>pass",
       "flaky bio/flaky pass>fail"},
      {"fixed mm/once pass>pass", "still_red bio/broke leak>leak", "flaky bio/flaky fail>pass"},
      {"still_red bio/broke leak>leak", "flaky bio/flaky pass>pass", "vanished bio/gone pass>not planned",
       "vanished mm/error pass>error"},
      {"still_red bio/broke leak>leak", "flaky bio/flaky pass>fail"},
      {"fixed bio/broke leak>pass", "known_not_seen mm/known fail>pass", "flaky bio/flaky fail>pass"},
      {"fixed bio/broke pass>pass", "flaky bio/flaky pass>fail"}};
  Nights nights;
  for (int n = 0; n < 10; ++n) {
    const auto run = nights.add_night(n);
    const auto r = nights.delta(run);
    EXPECT_EQ(r.delta.partner.has_value(), n > 0) << n;
    EXPECT_EQ(findings(r), want[n]) << "night " << n;
  }
}

TEST(Nights, TheTextHasSectionsAndSinceWhen) {
  Nights nights;
  store::RunRow run;
  for (int n = 0; n < 7; ++n) run = nights.add_night(n);
  const auto r = nights.delta(run);
  const auto text = delta_text(r, wide);
  EXPECT_THAT(text, HasSubstr("VANISHED (2)"));
  EXPECT_THAT(text, HasSubstr("bio/gone"));
  EXPECT_THAT(text, HasSubstr("pass → not planned"));
  EXPECT_THAT(text, HasSubstr("since 20261205-020000-aaaa, 3 of 7 nights"));
  EXPECT_THAT(text, Not(HasSubstr("NEW RED")));
  EXPECT_TRUE(r.delta.alarms());
  for (const auto line : lines(delta_text(r, narrow))) EXPECT_LE(line.size(), 90u) << line;
  const auto quiet = delta_text(r, {.color = false, .quiet = true});
  EXPECT_EQ(lines(quiet).size(), 1u);
  EXPECT_THAT(quiet, HasSubstr("2 vanished"));
}

TEST(Nights, JsonSaysTheSame) {
  Nights nights;
  store::RunRow run;
  for (int n = 0; n < 5; ++n) run = nights.add_night(n);
  const auto j = nlohmann::json::parse(delta_json(nights.delta(run)));
  EXPECT_EQ(j.at("format"), "pinrig-delta");
  EXPECT_EQ(j.at("against"), "20261204-020000-aaaa");
  EXPECT_EQ(j.at("alarms"), true);
  EXPECT_EQ(j.at("findings").at(0).at("test"), "bio/broke");
  EXPECT_EQ(j.at("findings").at(0).at("detail"), "3 pages outstanding");
  EXPECT_EQ(j.at("findings").at(0).at("since"), run.id);
}

TEST(Nights, WhatCannotBeComparedIsNoPartner) {
  Nights nights;
  const std::vector<Row> green{test_row("bio/a", Verdict::pass, 1)};
  const auto with = [&](int n, auto change) {
    auto r = nights.run_row(n);
    change(r);
    nights.add(r, green);
  };
  with(0, [](auto& r) { r.base = "debian-6.1"; });
  with(1, [](auto& r) { r.spec = "stress"; });
  with(2, [](auto& r) { r.selection = "--test bio"; });
  with(3, [](auto& r) { r.faults = true; });
  with(4, [](auto& r) { r.purpose = "prove"; });
  with(5, [](auto& r) { r.state = store::RunState::interrupted; });
  with(6, [](auto& r) { r.series = "demo-leak"; });
  const auto run = nights.add(nights.run_row(7), {surprising(test_row("bio/a", Verdict::fail, 1), "x")});
  const auto r = nights.delta(run);
  EXPECT_FALSE(r.delta.partner);
  EXPECT_FALSE(r.delta.alarms());
  EXPECT_THAT(delta_text(r, wide), HasSubstr("nothing to compare with"));
}

TEST(Nights, AClockThatJumpsBackChangesNoOrder) {
  Nights nights;
  nights.add(nights.run_row(8), {test_row("bio/a", Verdict::pass, 1)});
  // A clock that is a year behind: its run began later all the same.
  auto late = nights.run_row(1);
  late.started = "2025-01-01T00:00:00Z";
  nights.add(late, {surprising(test_row("bio/a", Verdict::fail, 1), "x")});
  auto last = nights.run_row(3);
  nights.add(last, {surprising(test_row("bio/a", Verdict::fail, 1), "x")});
  const auto r = nights.delta(last);
  ASSERT_TRUE(r.delta.partner);
  EXPECT_EQ(r.data.runs[*r.delta.partner].id, late.id);
  EXPECT_THAT(findings(r), ElementsAre("still_red bio/a fail>fail"));
}

TEST(Nights, AnotherLineIsComparedWhereKernelsAreAlike) {
  Nights nights;
  auto other = nights.run_row(0);
  other.base = "debian-6.1";
  nights.add(other, {test_row("bio/a", Verdict::pass, 1)});
  const auto run = nights.add(nights.run_row(1), {surprising(test_row("bio/a", Verdict::fail, 1), "x")});
  const auto r = nights.delta(run, &other);
  EXPECT_THAT(findings(r), ElementsAre("new_red bio/a pass>fail"));
  EXPECT_THAT(delta_text(r, wide), HasSubstr("the base is debian-6.1 there and debian-6.12 here"));
  const auto itself = load_delta(nights.f.store, run, &run);
  ASSERT_TRUE(itself.has_error());
  EXPECT_EQ(itself.error().kind, ErrorKind::bad_usage);
}

TEST(Nights, AnotherArchitectureIsRefused) {
  Nights nights;
  auto other = nights.run_row(0);
  other.base = "debian-6.1";
  nights.f.write(other, {kernel(model::Arch::aarch64, 0, "base", {test_row("bio/a", Verdict::pass, 1)})});
  const auto run = nights.add(nights.run_row(1), {test_row("bio/a", Verdict::pass, 1)});
  const auto r = load_delta(nights.f.store, run, &other);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(r.error().message, HasSubstr("no kernel of it"));
}

TEST(Nights, HostileNamesCannotDriveTheTerminal) {
  Nights nights;
  nights.add(nights.run_row(0), {test_row("bio/a", Verdict::pass, 1)});
  auto bad = case_row("bio/a", "\x1b[31m\x07evil\xff", Verdict::fail, "detail \x1b]0;title\x07");
  bad = surprising(bad, "detail \x1b]0;title\x07");
  const auto run =
      nights.add(nights.run_row(1), {surprising(test_row("bio/a", Verdict::fail, 1), "\x1b[2J"), bad});
  const auto r = nights.delta(run);
  EXPECT_EQ(delta_text(r, wide).find('\x1b'), std::string::npos);
  EXPECT_EQ(grid_text(r.data, history::grid(r.data.line, {.cases = true}), wide).find('\x1b'),
            std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept(delta_json(r)));
}

TEST(Nights, TheGridFitsAndNamesWhatItLeavesOut) {
  Nights nights;
  store::RunRow run;
  for (int n = 0; n < 10; ++n) run = nights.add_night(n);
  const auto data = load_line(nights.f.store, run);
  ASSERT_TRUE(data.has_value());
  const auto grid = history::grid(data->line, {});
  const auto text = grid_text(*data, grid, wide);
  EXPECT_THAT(text, HasSubstr("✗✓✗✓✓✗✓✓✗✓"));
  EXPECT_THAT(text, HasSubstr("flaky 4/10"));
  EXPECT_THAT(text, HasSubstr("not shown: "));
  for (const auto line : lines(grid_text(*data, grid, {.color = false, .unicode = false, .width = 80})))
    EXPECT_LE(line.size(), 80u) << line;
  const auto j = nlohmann::json::parse(grid_json(*data, grid));
  EXPECT_EQ(j.at("nights").size(), 10u);
  EXPECT_EQ(j.at("rows").at(0).at("cells").size(), 10u);
}

TEST(Nights, ATestHasItsHistory) {
  Nights nights;
  store::RunRow run;
  for (int n = 0; n < 7; ++n) run = nights.add_night(n);
  const auto data = load_line(nights.f.store, run);
  ASSERT_TRUE(data.has_value());
  const auto h = load_history(nights.f.store, *data, "bio/broke");
  ASSERT_TRUE(h.has_value());
  ASSERT_EQ(h->entries.size(), 7u);
  EXPECT_EQ(h->entries[0].night, 0u) << "newest first";
  const auto text = history_text(*data, *h, wide);
  EXPECT_THAT(text, HasSubstr("failing: 3 of 7 nights red"));
  EXPECT_THAT(text, HasSubstr("red since 20261205-020000-aaaa"));
  EXPECT_THAT(text, HasSubstr("3 pages outstanding"));
  EXPECT_TRUE(nlohmann::json::accept(history_json(*data, *h)));
  const auto none = load_history(nights.f.store, *data, "bio/brok");
  ASSERT_TRUE(none.has_error());
  EXPECT_THAT(none.error().message, HasSubstr("did you mean 'bio/broke'"));
}

TEST(KnownProposal, IsAFileWithAnExpiry) {
  Nights nights;
  const auto run =
      nights.add(nights.run_row(0), {surprising(test_row("bio/a", Verdict::leak, 8, 3), "3 \"pages\""),
                                     test_row("bio/b", Verdict::pass, 1)});
  const auto all = propose_known(nights.f.store, run, "", "2027-03-01");
  ASSERT_TRUE(all.has_value()) << all.error().message;
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().name, "bio-a");
  const auto& text = all->front().text;
  EXPECT_THAT(text, HasSubstr("tests: [\"bio/a:\"]\n"));
  EXPECT_THAT(text, HasSubstr("seen: [leak]\npages: 3\n"));
  EXPECT_THAT(text, HasSubstr("expires: \"2027-03-01\"\n"));
  EXPECT_THAT(text, HasSubstr("reason: \"3 \\\"pages\\\"\"\n"));
}

TEST(KnownProposal, GreenErrorsAndFloodsAreRefused) {
  Nights nights;
  const auto green = nights.add(nights.run_row(0), {test_row("bio/a", Verdict::pass, 1)});
  EXPECT_EQ(propose_known(nights.f.store, green, "", "2027-03-01").error().kind, ErrorKind::bad_usage);
  const auto error = nights.add(nights.run_row(1), {surprising(test_row("bio/a", Verdict::error), "x")});
  EXPECT_THAT(propose_known(nights.f.store, error, "", "2027-03-01").error().message,
              HasSubstr("no known issue can explain bio/a (error)"));
  std::vector<Row> many;
  for (int i = 0; i < 21; ++i)
    many.push_back(surprising(test_row("bio/t" + std::to_string(i), Verdict::fail, 1), "x"));
  const auto flood = nights.add(nights.run_row(2), many);
  EXPECT_THAT(propose_known(nights.f.store, flood, "", "2027-03-01").error().message,
              HasSubstr("one broken kernel"));
  EXPECT_TRUE(propose_known(nights.f.store, flood, "bio/t3", "2027-03-01").has_value());
}

}  // namespace
}  // namespace pinrig::report
