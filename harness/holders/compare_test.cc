// SPDX-License-Identifier: GPL-2.0
// What is not the series' because the base does it, too; and reports as JSON.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "holders/json.h"
#include "holders/testing.h"

namespace pinrig::holders {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Json = nlohmann::json;

int patched_pin(Tree, const model::SourceLine& l) { return l.function == "bio_iov_iter_get_pages" ? 3 : 0; }

/// So many pages pinned by one stack and never released.
Ledger held(std::uint64_t pages, const std::string& stack = pin_path) {
  Guest g;
  for (std::uint64_t pfn = 1; pfn <= pages; ++pfn) g.change(pfn, 1024, 1025, stack);
  return make_ledger(g.capture(), resolve);
}

TEST(HeldOnBase, IsOfTheSameStack) {
  const auto tip = held(4), base = held(3);
  EXPECT_EQ(held_on_base(&base, tip.holders.at(0)), 3);
  const auto other = held(3, "another stack");
  EXPECT_EQ(held_on_base(&other, tip.holders.at(0)), 0);
  EXPECT_EQ(held_on_base(nullptr, tip.holders.at(0)), 0);
}

TEST(Differs, WhatTheBaseHoldsIsNotOfTheSeries) {
  const auto base = held(4), more = held(5), none = held(0);
  EXPECT_TRUE(differs(held(4), nullptr));
  EXPECT_FALSE(differs(held(4), &base));
  EXPECT_TRUE(differs(more, &base));
  EXPECT_TRUE(differs(held(4), &none));
  EXPECT_FALSE(differs(none, nullptr));
  EXPECT_FALSE(suspect(held(4), &base, patched_pin).has_value()) << "nobody of the series";
  EXPECT_EQ(suspect(more, &base, patched_pin)->patch, 3);
}

TEST(Differs, AnExcessReleaseOfTheBaseIsNone) {
  const auto twice = [](int times) {
    Guest g;
    g.change(0x1, 1024, 1025, pin_path).change(0x1, -1024, 1, unpin_path);
    for (int i = 0; i < times; ++i) g.change(0x1, -1024, -1023, unpin_path);
    return make_ledger(g.capture(), resolve);
  };
  const auto base = twice(1);
  EXPECT_FALSE(differs(twice(1), &base));
  EXPECT_TRUE(differs(twice(2), &base));
  EXPECT_FALSE(suspect(twice(1), &base, nullptr).has_value());
}

Report report_of(Ledger tip, std::optional<Ledger> base) {
  Report r;
  r.test = "bio/dio_rw";
  r.kernel = "tip-x86_64-debug";
  r.ledger = std::move(tip);
  r.base = std::move(base);
  r.suspect = suspect(r.ledger, r.base ? &*r.base : nullptr, patched_pin);
  return r;
}

TEST(ReportOfBoth, SaysWhatTheBaseHolds) {
  EXPECT_THAT(to_text(report_of(held(4), held(4))),
              HasSubstr("  the base holds 4 pins by that stack, too: not of the series\n"));
  EXPECT_THAT(to_text(report_of(held(4), held(1))),
              HasSubstr("the base holds 1 pin by that stack: the others"));
  EXPECT_THAT(to_text(report_of(held(4), held(0))), Not(HasSubstr("the base holds")));
  EXPECT_THAT(
      summary(report_of(held(4), held(1))),
      testing::ElementsAre("4 of 4 pins held, on 4 pages; 1 of them on the base, too",
                           "look at bio_iov_iter_get_pages() at block/bio.c:10: took the pins; patch 3 "
                           "changes it"));
  auto alone = report_of(held(1), std::nullopt);
  alone.base_problem = "it does not build";
  EXPECT_THAT(to_text(alone), HasSubstr("Not compared with the base: it does not build\n"));
  EXPECT_THAT(summary(alone).back(), HasSubstr("not compared with the base"));
}

TEST(ReportAsJson, HasWhatTheTextHas) {
  const auto j = Json::parse(to_json(report_of(held(4), held(1)), "/r/guest"));
  EXPECT_EQ(j.at("test"), "bio/dio_rw");
  EXPECT_EQ(j.at("dir"), "/r/guest");
  EXPECT_EQ(j.at("complete"), true);
  EXPECT_EQ(j.at("differs_from_base"), true);
  EXPECT_EQ(j.at("suspect").at("function"), "bio_iov_iter_get_pages");
  EXPECT_EQ(j.at("suspect").at("why"), "took");
  EXPECT_EQ(j.at("suspect").at("patch"), 3);
  ASSERT_EQ(j.at("holders").size(), 1u);
  const auto& h = j.at("holders")[0];
  EXPECT_EQ(h.at("held"), 4);
  EXPECT_EQ(h.at("held_on_base"), 1);
  EXPECT_EQ(h.at("page_count"), 4);
  EXPECT_EQ(h.at("pages")[0].at("pfn"), "0x1");
  EXPECT_EQ(h.at("pages")[0].at("kind"), "anonymous");
  EXPECT_EQ(h.at("taken")[0].at("function"), "gup_fast");
  EXPECT_THAT(j.at("bad_pages"), IsEmpty());
  // Negative control.
  const auto clean = Json::parse(to_json(report_of(held(0), std::nullopt), ""));
  EXPECT_TRUE(clean.at("suspect").is_null());
  EXPECT_THAT(clean.at("holders"), IsEmpty());
  EXPECT_EQ(clean.at("differs_from_base"), false);
  EXPECT_EQ(clean.at("summary")[0], "every pin that was taken was released");
}

TEST(Findings, ComeBackAsTheyWere) {
  const std::vector<Finding> all{
      {"bio/a", "tip-x86_64", "", {"1 of 1 pin held"}, "/r/holders.txt", R"({"test":"bio/a"})"},
      {"bio/b", "tip-x86_64", "the guest ended before its trace was printed", {}, "", ""}};
  const auto read = findings_from_json(findings_to_json(all));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_THAT(*read, SizeIs(2));
  EXPECT_EQ((*read)[0].test, "bio/a");
  EXPECT_THAT((*read)[0].lines, testing::ElementsAre("1 of 1 pin held"));
  EXPECT_EQ((*read)[0].report, R"({"test":"bio/a"})");
  EXPECT_EQ((*read)[1].problem, all[1].problem);
  EXPECT_EQ((*read)[1].report, "");
  for (const char* bad : {"", "{", "[]", R"({"format": "other", "version": 1})",
                          R"({"format": "pinrig-holders", "version": 1, "findings": [{}]})",
                          R"({"format": "pinrig-holders", "version": 9, "findings": []})"})
    EXPECT_TRUE(findings_from_json(bad).has_error()) << bad;
}

}  // namespace
}  // namespace pinrig::holders
