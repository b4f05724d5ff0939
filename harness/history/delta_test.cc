// SPDX-License-Identifier: GPL-2.0
// Deltas: each file of testdata is a trap, with nights above the line of dashes and the findings below it.
#include "history/delta.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/file.h"
#include "base/text.h"
#include "history/testing.h"

namespace pinrig::history {
namespace {

using ::testing::IsEmpty;

std::string line_of(const Line& line, const Finding& f) {
  std::vector<std::string> columns;
  for (const auto c : f.columns) {
    const auto& key = line.columns[c].key;
    columns.push_back((key.point == "base" ? "" : key.point + "/") + model::to_string(key.arch));
  }
  std::string out =
      fmt::format("{} {} {}", to_string(f.section), join(columns, ","), f.test.empty() ? "*" : f.test);
  if (!f.cases.empty()) out += ":" + join(f.cases, ",");
  if (f.test.empty()) return out + " " + f.text;
  out += fmt::format(" {}>{}", f.from, f.to);
  if (f.section == Section::still_red && f.of > 0)
    out += fmt::format(" since={}", line.nights[f.since].run_id);
  if (f.section == Section::fixed) out += fmt::format(" green={}", f.streak);
  return out;
}

/// "partner: N" of a fixture; without it the newest comparable night.
std::optional<std::size_t> partner_in(const std::string& text, const Line& line) {
  const auto at = text.find("partner: ");
  if (at == std::string::npos) return default_partner(line);
  return static_cast<std::size_t>(std::stoul(text.substr(at + 9)));
}

struct Fixture {
  std::string nights;
  std::vector<std::string> want;
};

Fixture read(const fs::path& file) {
  const auto text = read_file(file);
  if (!text.has_value()) throw std::runtime_error(file.string());
  const auto dashes = text->find("---\n");
  Fixture out{text->substr(0, dashes), {}};
  const std::string below = text->substr(dashes + 4);
  for (const auto l : lines(below)) {
    if (!l.empty()) out.want.emplace_back(l);
  }
  return out;
}

std::vector<std::string> found_in(const std::string& nights) {
  const Line line = draw(nights);
  const Delta d = delta(line, partner_in(nights, line));
  std::vector<std::string> out;
  for (const auto& f : d.findings) out.push_back(line_of(line, f));
  if (!d.partner) out.emplace_back("nothing to compare with");
  return out;
}

TEST(Delta, Traps) {
  int seen = 0;
  for (const auto& e : fs::directory_iterator(PINRIG_TESTDATA)) {
    if (e.path().extension() != ".nights") continue;
    SCOPED_TRACE(e.path().filename().string());
    const Fixture f = read(e.path());
    EXPECT_EQ(found_in(f.nights), f.want);
    ++seen;
  }
  EXPECT_GE(seen, 20);
}

TEST(Delta, EqualNightsHaveNone) {
  EXPECT_THAT(found_in("x86_64 a/one ....\nx86_64 a/two ----\nx86_64 a/three xxxx\n"), IsEmpty());
}

TEST(Delta, AlarmsAreTheSectionsInCapitalsThatAreBad) {
  const auto alarms = [](const std::string& nights) {
    const Line line = draw(nights);
    return delta(line, default_partner(line)).alarms();
  };
  EXPECT_TRUE(alarms("x86_64 a/b F.\n"));
  EXPECT_TRUE(alarms("x86_64 a/b _.\nx86_64 a/c ..\n"));
  EXPECT_TRUE(alarms("x86_64 a/b X.\n"));
  EXPECT_FALSE(alarms("x86_64 a/b .F\n"));
  EXPECT_FALSE(alarms("x86_64 a/b FF\n"));
  EXPECT_FALSE(alarms("x86_64 a/b x.\n"));
  EXPECT_FALSE(alarms("x86_64 a/b ._\nx86_64 a/c ..\n"));
}

TEST(Delta, NumbersOfGreenTestsOnly) {
  const Line line = draw("x86_64 a/green ..\nx86_64 a/red F.\n");
  Measure before;
  Measure now;
  before[0] = 8;
  now[0] = 9;
  const Measures measures{{{0, "a/green"}, {now, before}}, {{0, "a/red"}, {now, before}}};
  const Delta d = delta(line, 1, measures);
  ASSERT_EQ(d.numbers.size(), 1u);
  EXPECT_EQ(d.numbers[0].test, "a/green");
  EXPECT_EQ(d.numbers[0].before, 8);
}

TEST(Delta, SectionsHaveWordsOfTheirOwn) {
  std::set<std::string> words;
  std::set<std::string> headings;
  for (const auto s : sections) {
    EXPECT_TRUE(words.insert(to_string(s)).second);
    EXPECT_TRUE(headings.insert(heading_of(s)).second);
  }
  EXPECT_FALSE(words.contains("?") || headings.contains("?"));
}

}  // namespace
}  // namespace pinrig::history
