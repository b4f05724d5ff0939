// SPDX-License-Identifier: GPL-2.0
// JUnit, KTAP and JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "ktap/ktap.h"
#include "report/fixture.h"
#include "report/report.h"

namespace pinrig::report {
namespace {

using model::Verdict;
using ::testing::HasSubstr;

/// One job with one test of every verdict, expected and not.
void every_verdict(Fixture& f) {
  std::vector<store::VerdictRow> rows;
  for (const auto v : {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::xfail, Verdict::xpass,
                       Verdict::crash, Verdict::timeout, Verdict::leak, Verdict::missing, Verdict::error}) {
    const std::string word = model::to_string(v);
    rows.push_back(as_said(test_row("s/said_" + word, v), "the series says <so> & \"so\""));
    rows.push_back(surprising(test_row("s/bad_" + word, v), "detail # of " + word + " \x1b[31m\x01"));
  }
  f.add(job_row(f.run.id, model::Arch::x86_64, 0, "base"), rows);
}

std::string junit_text(const Fixture& f) { return junit(f.store, f.run).value(); }

TEST(Junit, ShapeOfAWholeRun) {
  Fixture f;
  f.each_point();
  expect_golden("each.junit.xml", junit_text(f));
}

TEST(Junit, EveryVerdictHasItsElement) {
  Fixture f;
  every_verdict(f);
  pugi::xml_document doc;
  ASSERT_TRUE(doc.load_string(junit_text(f).c_str()));
  const auto suite = doc.child("testsuites").child("testsuite");
  const auto element = [&](const std::string& name) -> std::string {
    const auto tc = suite.find_child_by_attribute("testcase", "name", name.c_str());
    if (!tc) return "absent";
    for (const char* tag : {"failure", "error", "skipped"}) {
      if (tc.child(tag)) return tag;
    }
    return "passed";
  };
  for (const char* v : {"missing", "error", "crash", "timeout"})
    EXPECT_EQ(element(std::string("bad_") + v), "error") << v;
  for (const char* v : {"fail", "leak", "xpass", "pass", "xfail", "skip"})
    EXPECT_EQ(element(std::string("bad_") + v), "failure") << v;
  for (const char* v : {"pass", "fail", "xfail", "xpass", "crash", "timeout", "leak", "missing", "error"})
    EXPECT_EQ(element(std::string("said_") + v), "passed") << v;
  EXPECT_EQ(element("said_skip"), "skipped");
  EXPECT_EQ(suite.attribute("tests").as_int(), 20);
  EXPECT_EQ(suite.attribute("failures").as_int(), 6);
  EXPECT_EQ(suite.attribute("errors").as_int(), 4);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 1);
  const auto leak = suite.find_child_by_attribute("testcase", "name", "said_leak");
  EXPECT_STREQ(leak.child("properties")
                   .find_child_by_attribute("property", "name", "expected")
                   .attribute("value")
                   .value(),
               "the series says <so> & \"so\"");
}

TEST(Junit, ControlCharactersDoNotBreakTheXml) {
  Fixture f;
  every_verdict(f);
  const std::string text = junit_text(f);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x01'), std::string::npos);
  EXPECT_THAT(text, HasSubstr("detail # of leak \\x1b[31m\\x01"));
}

TEST(Junit, AJobThatDidNotCompleteIsAnError) {
  Fixture f;
  f.broken();
  pugi::xml_document doc;
  ASSERT_TRUE(doc.load_string(junit_text(f).c_str()));
  const auto suite = doc.child("testsuites").find_child_by_attribute("testsuite", "name", "1-x86_64");
  EXPECT_EQ(suite.attribute("errors").as_int(), 1);
  EXPECT_THAT(suite.child("testcase").child("error").attribute("message").value(),
              HasSubstr("block/bio.c:1225:9"));
  EXPECT_STREQ(suite.child("testcase").child("error").attribute("type").value(), "build_failed");
}

ktap::Tree ktap_tree(const Fixture& f) {
  const std::string text = ktap(f.store, f.run).value();
  ktap::Tree tree = ktap::parse(text);
  for (const auto& finding : tree.findings)
    ADD_FAILURE() << "line " << finding.line << ": " << finding.text << "\n" << text;
  return tree;
}

const ktap::Case* find_case(const std::vector<ktap::Case>& cases, const std::string& name) {
  for (const auto& c : cases) {
    if (c.name == name) return &c;
  }
  ADD_FAILURE() << "no case " << name;
  return nullptr;
}

TEST(Ktap, OurOwnParserReadsItWithoutAFinding) {
  for (void (Fixture::*fill)() :
       {&Fixture::caught, &Fixture::surprises, &Fixture::each_point, &Fixture::broken}) {
    Fixture f;
    (f.*fill)();
    const ktap::Tree tree = ktap_tree(f);
    EXPECT_EQ(tree.version, 1);
    EXPECT_EQ(tree.cases.size(), 4u);
  }
}

TEST(Ktap, CellsTestsAndCasesAreNested) {
  Fixture f;
  f.surprises();
  const ktap::Tree tree = ktap_tree(f);
  const auto* cell = find_case(tree.cases, "tip-x86_64");
  ASSERT_NE(cell, nullptr);
  EXPECT_EQ(cell->status, ktap::Status::fail);
  EXPECT_EQ(find_case(tree.cases, "base-x86_64")->status, ktap::Status::pass);
  const auto* test = find_case(cell->subtests, "bio/dio_rw");
  ASSERT_NE(test, nullptr);
  EXPECT_EQ(test->status, ktap::Status::pass) << "leaks as expected";
  EXPECT_EQ(find_case(test->subtests, "read_thp_whole")->status, ktap::Status::pass);
  EXPECT_EQ(find_case(test->subtests, "read_1_page")->status, ktap::Status::xfail);
  EXPECT_EQ(find_case(test->subtests, "whole test")->status, ktap::Status::xfail);
  EXPECT_EQ(find_case(cell->subtests, "rdma/mr_reg")->status, ktap::Status::fail);
  EXPECT_EQ(find_case(cell->subtests, "gup/gup_test_dump_pin")->status, ktap::Status::skip);
}

TEST(Ktap, EveryVerdict) {
  Fixture f;
  every_verdict(f);
  const ktap::Tree tree = ktap_tree(f);
  const auto& tests = tree.cases.at(0).subtests;
  using ktap::Status;
  for (const char* v :
       {"missing", "error", "crash", "timeout", "fail", "leak", "xpass", "pass", "xfail", "skip"}) {
    const auto* c = find_case(tests, std::string("s/bad_") + v);
    ASSERT_NE(c, nullptr);
    EXPECT_TRUE(c->status == Status::fail || c->status == Status::error)
        << v << " is " << ktap::to_string(c->status);
  }
  for (const char* v : {"fail", "xfail", "xpass", "crash", "timeout", "leak", "missing", "error"})
    EXPECT_EQ(find_case(tests, std::string("s/said_") + v)->status, Status::xfail) << v;
  EXPECT_EQ(find_case(tests, "s/said_pass")->status, Status::pass);
  EXPECT_EQ(find_case(tests, "s/said_skip")->status, Status::skip);
}

TEST(Ktap, Golden) {
  Fixture f;
  f.broken();
  expect_golden("broken.ktap", ktap(f.store, f.run).value());
}

TEST(Json, Golden) {
  Fixture f;
  f.each_point();
  expect_golden("each.json", json(f.store, f.run).value());
}

TEST(Json, EverythingOfATest) {
  Fixture f;
  auto row = as_said(test_row("bio/x", Verdict::leak, 16, 4), "why");
  row.ledger->claim = model::PinClaim{model::PinClaim::Mode::at_least, 16, 0};
  row.counters = {{"pgfault", 3}};
  row.verdict.numbers = {{"get_us", 1.5}};
  row.taint_after = 512;
  f.add(job_row(f.run.id, model::Arch::aarch64, 2, "tip"),
        {row, case_row("bio/x", "a", Verdict::skip, "no swap")});
  const auto j = nlohmann::json::parse(json(f.store, f.run).value());
  EXPECT_EQ(j["format"], "pinrig-run");
  EXPECT_EQ(j["exit_code"], nullptr) << "still running";
  EXPECT_EQ(j["host"]["cpus"], 2);
  const auto& t = j["jobs"][0]["tests"][0];
  EXPECT_EQ(t["name"], "bio/x");
  EXPECT_EQ(t["verdict"], "leak");
  EXPECT_EQ(t["expected"], true);
  EXPECT_EQ(t["expectation"], "why");
  EXPECT_EQ(t["ledger"]["acquired"], 16);
  EXPECT_EQ(t["ledger"]["outstanding"], 4);
  EXPECT_EQ(t["ledger"]["claim"]["mode"], "at_least");
  EXPECT_EQ(t["counters"]["pgfault"], 3);
  EXPECT_EQ(t["numbers"]["get_us"], 1.5);
  EXPECT_EQ(t["taint"]["after"], 512);
  EXPECT_EQ(t["cases"][0]["name"], "a");
  EXPECT_EQ(t["cases"][0]["detail"], "no swap");
  EXPECT_EQ(j["jobs"][0]["guest"]["accel"], "tcg");
  EXPECT_EQ(j["jobs"][0]["point"]["tip"], true);
}

TEST(Json, AHostThatIsNoJsonIsText) {
  Fixture f;
  f.run.host = "Debian";
  EXPECT_EQ(nlohmann::json::parse(json(f.store, f.run).value())["host"], "Debian");
}

}  // namespace
}  // namespace pinrig::report
