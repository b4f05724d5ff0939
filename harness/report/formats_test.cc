// SPDX-License-Identifier: GPL-2.0
// JUnit, KTAP and JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "ktap/ktap.h"
#include "report/report.h"
#include "report/testing.h"

namespace pinrig::report {
namespace {

using model::Verdict;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// One guest with one test of every verdict, expected and not.
void every_verdict(Fixture& f) {
  std::vector<Row> rows;
  for (const auto v : {Verdict::pass, Verdict::fail, Verdict::skip, Verdict::xfail, Verdict::xpass,
                       Verdict::crash, Verdict::timeout, Verdict::leak, Verdict::missing, Verdict::error}) {
    const std::string word = model::to_string(v);
    rows.push_back(as_said(test_row("s/said_" + word, v), "the series says <so> & \"so\""));
    rows.push_back(surprising(test_row("s/bad_" + word, v), "detail # of " + word + " \x1b[31m\x01"));
  }
  f.write({kernel(model::Arch::x86_64, 0, "base", rows)});
}

std::string junit_text(const Fixture& f) { return junit(f.store, f.run).value(); }

/// The JUnit of a run, parsed.
struct Xml {
  explicit Xml(const Fixture& f) { EXPECT_TRUE(doc.load_string(junit_text(f).c_str())); }
  pugi::xml_node suite(const std::string& name) const {
    return doc.child("testsuites").find_child_by_attribute("testsuite", "name", name.c_str());
  }
  pugi::xml_node testcase(const std::string& suite_name, const std::string& name) const {
    // Of a run with several kernels the name says which: "mr_reg [tip x86_64]".
    return suite(suite_name).find_child([&](pugi::xml_node n) {
      const std::string own = n.attribute("name").value();
      return own == name || own.starts_with(name + " [");
    });
  }
  pugi::xml_document doc;
};

std::string property_of(pugi::xml_node node, const char* name) {
  return node.child("properties")
      .find_child_by_attribute("property", "name", name)
      .attribute("value")
      .value();
}

TEST(Junit, ShapeOfAWholeRun) {
  Fixture f;
  f.each_point();
  expect_golden("each.junit.xml", junit_text(f));
}

TEST(Junit, EveryVerdictHasItsElement) {
  Fixture f;
  every_verdict(f);
  const Xml xml(f);
  const auto suite = xml.suite("base-x86_64");
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
  EXPECT_EQ(property_of(leak, "verdict"), "leak");
  EXPECT_EQ(property_of(leak, "expected"), "the series says <so> & \"so\"");
}

TEST(Junit, ControlCharactersDoNotBreakTheXml) {
  Fixture f;
  every_verdict(f);
  const std::string text = junit_text(f);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\x01'), std::string::npos);
  EXPECT_THAT(text, HasSubstr("detail # of leak \\x1b[31m\\x01"));
}

TEST(Junit, AKernelThatWasNotBuiltIsOneErrorOfTheRun) {
  Fixture f;
  f.broken();
  const Xml xml(f);
  EXPECT_FALSE(xml.suite("1-x86_64")) << "it had no guests";
  const auto run = xml.suite("run");
  int builds = 0;
  for (const auto tc : run.children("testcase")) {
    if (std::string(tc.attribute("name").value()) != "build") continue;
    ++builds;
    const std::string kernel_id = tc.attribute("classname").value();
    EXPECT_STREQ(tc.child("error").attribute("type").value(),
                 kernel_id == "1-x86_64" ? "build_failed" : "apply_failed");
    EXPECT_THAT(tc.child("error").text().get(), HasSubstr("block/bio.c"));
  }
  EXPECT_EQ(builds, 2);
  EXPECT_EQ(run.attribute("errors").as_int(), 3) << "two kernels and the exit code";
}

TEST(Junit, AGuestThatDidNotCompleteIsAnError) {
  Fixture f;
  f.broken();
  const auto error = Xml(f).testcase("base-aarch64", "guest").child("error");
  EXPECT_STREQ(error.attribute("type").value(), "timed_out");
  EXPECT_STREQ(error.attribute("message").value(), "timed out (test): no answer for 50 s");
}

// The exit code is 0: a crash that the series announces takes its guest along.
TEST(Formats, AGuestThatDiedAsExpectedIsGreenInAllOfThem) {
  Fixture f;
  auto tip = kernel(model::Arch::x86_64, 1, "tip", {as_said(test_row("bio/x", Verdict::crash), "an oops")});
  tip.main().row.outcome = {model::JobOutcome::Kind::panicked, model::Phase::test, "bio/x: oops"};
  f.write({tip});
  f.finish(store::RunState::finished, 0);
  EXPECT_THAT(junit_text(f), Not(HasSubstr("<error")));
  EXPECT_THAT(ktap(f.store, f.run).value(), AllOf(Not(HasSubstr("not ok")), HasSubstr("panicked")));
  EXPECT_THAT(terminal(f.store, f.run, Style{}).value(), HasSubstr("ALL AS EXPECTED: 1 test"));
}

TEST(Junit, TheExitCodeIsATestCase) {
  const auto of_exit = [](store::RunState state, int code) {
    Fixture f;
    f.write({kernel(model::Arch::x86_64, 0, "base", {test_row("bio/x", Verdict::pass)})});
    if (state != store::RunState::running) f.finish(state, code);
    return junit_text(f);
  };
  using store::RunState;
  EXPECT_THAT(of_exit(RunState::finished, 4),
              AllOf(HasSubstr("finished, exit code 4"), HasSubstr("name=\"exit_code\" value=\"4\"")));
  EXPECT_THAT(of_exit(RunState::interrupted, 130), HasSubstr("interrupted, exit code 130"));
  EXPECT_THAT(of_exit(RunState::running, -1),
              AllOf(HasSubstr("no exit code yet"), Not(HasSubstr("exit_code\" value"))));
  EXPECT_THAT(of_exit(RunState::finished, 0), Not(HasSubstr("<error")));
}

TEST(Junit, UnmetExpectationsAndLostCasesAreErrorsOfTheRun) {
  Fixture unmet;
  unmet.surprises();
  const auto run = Xml(unmet).suite("run");
  const auto tc = run.find_child_by_attribute("testcase", "classname", "tip-aarch64");
  EXPECT_THAT(tc.attribute("name").value(),
              HasSubstr("expectation: kernels/series/demo-leak/series.yaml:12:5"));
  EXPECT_STREQ(tc.child("error").attribute("type").value(), "unmet");
  Fixture lost;
  lost.known_and_lost();
  const auto gone = Xml(lost).testcase("run", "bio/dio_rw:read_thp").child("error");
  EXPECT_STREQ(gone.attribute("type").value(), "lost");
  EXPECT_STREQ(gone.attribute("message").value(), "pass on base-x86_64, absent here");
}

TEST(Junit, AKnownIssuePassesAndSaysWhatWasSeen) {
  Fixture f;
  f.known_and_lost();
  const Xml xml(f);
  const auto tc = xml.testcase("tip-x86_64", "mr_cow");
  EXPECT_FALSE(tc.child("failure"));
  EXPECT_EQ(property_of(tc, "verdict"), "leak");
  EXPECT_EQ(property_of(tc, "rule"), "known_issue");
  EXPECT_THAT(property_of(tc, "expected"), HasSubstr("a write fault"));
}

TEST(Junit, AFailingTestIsOneFailureAndItsTextSaysWhy) {
  Fixture f;
  f.surprises();
  const Xml xml(f);
  const std::string text = xml.testcase("tip-x86_64", "mr_reg").child("failure").text().get();
  for (const char* part :
       {"fail: 1 of 5 cases failed\n", "pins: 1105 acquired, 1121 released: -16 base pages\n",
        "fail: half_unmapped_0 and 6 more: EFAULT was wanted", "  mr_reg.c:88: mr == NULL does not hold\n",
        "[[ATTACHMENT|", "tests/rdma/mr_reg.out]]"})
    EXPECT_THAT(text, HasSubstr(part));
  const auto part = xml.testcase("tip-x86_64", "mr_reg:half_unmapped_0");
  EXPECT_FALSE(part.child("failure"));
  EXPECT_THAT(part.child("skipped").attribute("message").value(),
              HasSubstr("fail: part of the failure of rdma/mr_reg: EFAULT was wanted"));
  EXPECT_EQ(xml.suite("tip-x86_64").attribute("failures").as_int() +
                xml.suite("tip-x86_64").attribute("errors").as_int(),
            2);
  EXPECT_THAT(xml.testcase("tip-x86_64", "dio_fork").child("error").text().get(),
              AllOf(HasSubstr("kernel log: kernel BUG at mm/gup.c:140!, console line 812, fatal\n"),
                    HasSubstr("  try_grab_folio+0x1c/0x90\n"), HasSubstr("/console.raw]]\n")));
}

TEST(Junit, ConfigurationsHaveSuitesOfTheirOwn) {
  Fixture f;
  f.two_configs();
  const Xml xml(f);
  EXPECT_FALSE(xml.testcase("tip-x86_64", "dio_rw").child("failure"));
  EXPECT_TRUE(xml.testcase("tip-x86_64-debug", "dio_rw").child("failure"));
  EXPECT_EQ(property_of(xml.suite("tip-x86_64-debug"), "config"), "debug: base+pin+debug");
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
  for (void (Fixture::*fill)() : {&Fixture::caught, &Fixture::surprises, &Fixture::each_point,
                                  &Fixture::broken, &Fixture::two_configs}) {
    Fixture f;
    (f.*fill)();
    const ktap::Tree tree = ktap_tree(f);
    EXPECT_EQ(tree.version, 1);
    EXPECT_EQ(tree.cases.size(), 4u);
  }
}

TEST(Ktap, KernelsGuestsTestsAndCasesAreNested) {
  Fixture f;
  f.surprises();
  const ktap::Tree tree = ktap_tree(f);
  const auto* tip = find_case(tree.cases, "tip-x86_64");
  ASSERT_NE(tip, nullptr);
  EXPECT_EQ(tip->status, ktap::Status::fail);
  EXPECT_EQ(find_case(tip->subtests, "build")->status, ktap::Status::pass);
  const auto* guest = find_case(tip->subtests, "tip-x86_64");
  ASSERT_NE(guest, nullptr);
  EXPECT_EQ(find_case(tree.cases, "base-x86_64")->status, ktap::Status::pass);
  const auto* test = find_case(guest->subtests, "bio/dio_rw");
  ASSERT_NE(test, nullptr);
  EXPECT_EQ(test->status, ktap::Status::pass) << "leaks as expected";
  EXPECT_EQ(find_case(test->subtests, "read_thp_whole")->status, ktap::Status::pass);
  EXPECT_EQ(find_case(test->subtests, "read_1_page")->status, ktap::Status::xfail);
  EXPECT_EQ(find_case(test->subtests, "whole test")->status, ktap::Status::xfail);
  EXPECT_EQ(find_case(guest->subtests, "rdma/mr_reg")->status, ktap::Status::fail);
  EXPECT_EQ(find_case(guest->subtests, "gup/gup_test_dump_pin")->status, ktap::Status::skip);
}

TEST(Ktap, EveryVerdict) {
  Fixture f;
  every_verdict(f);
  const ktap::Tree tree = ktap_tree(f);
  const auto* guest = find_case(tree.cases.at(0).subtests, "base-x86_64");
  ASSERT_NE(guest, nullptr);
  const auto& tests = guest->subtests;
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

TEST(Ktap, KnownIssuesLostCasesAndDiagnostics) {
  Fixture f;
  f.known_and_lost();
  const std::string text = ktap(f.store, f.run).value();
  EXPECT_THAT(text, HasSubstr("ok 1 rdma/mr_cow # XFAIL leak, a write fault"));
  EXPECT_THAT(text, HasSubstr("# gone: bio/dio_rw:read_thp, pass on base-x86_64, absent here\n"));
  const ktap::Tree tree = ktap_tree(f);
  const auto* tip = find_case(tree.cases, "tip-x86_64");
  ASSERT_NE(tip, nullptr);
  EXPECT_EQ(find_case(tip->subtests, "expectations")->status, ktap::Status::fail);
  Fixture failing;
  failing.surprises();
  EXPECT_THAT(ktap(failing.store, failing.run).value(),
              HasSubstr("# mr_reg.c:88: mr == NULL does not hold\n"));
}

TEST(Json, Golden) {
  Fixture f;
  f.each_point();
  expect_golden("each.json", json(f.store, f.run).value());
}

nlohmann::json parsed(const Fixture& f) { return nlohmann::json::parse(json(f.store, f.run).value()); }

TEST(Json, EverythingOfATest) {
  Fixture f;
  auto row = as_said(test_row("bio/x", Verdict::leak, 16, 4), "why");
  row.result.ledger->claim = model::PinClaim{model::PinClaim::Mode::at_least, 16, 0};
  row.result.counters = {{"pgfault", 3}};
  row.result.verdict.numbers = {{"get_us", 1.5}};
  row.result.taint_after = 512;
  auto skipped = case_row("bio/x", "a", Verdict::skip, "no swap");
  skipped.result.verdict.foreseen = true;
  skipped.result.verdict.diagnostics = {"first", "second"};
  f.write({kernel(model::Arch::aarch64, 2, "tip", {row, skipped})});
  const auto j = parsed(f);
  EXPECT_EQ(j["format"], "pinrig-run");
  EXPECT_EQ(j["version"], 2);
  EXPECT_EQ(j["exit_code"], nullptr) << "still running";
  EXPECT_EQ(j["host"]["cpus"], 2);
  const auto& guest = j["kernels"][0]["guests"][0];
  const auto& t = guest["tests"][0];
  EXPECT_EQ(t["name"], "bio/x");
  EXPECT_EQ(t["verdict"], "leak");
  EXPECT_EQ(t["expected"], true);
  EXPECT_EQ(t["assessment"]["rule"], "expectation");
  EXPECT_EQ(t["assessment"]["reason"], "why");
  EXPECT_EQ(t["ledger"]["acquired"], 16);
  EXPECT_EQ(t["ledger"]["outstanding"], 4);
  EXPECT_EQ(t["ledger"]["claim"]["mode"], "at_least");
  EXPECT_EQ(t["counters"]["pgfault"], 3);
  EXPECT_EQ(t["numbers"]["get_us"], 1.5);
  EXPECT_EQ(t["taint"]["after"], 512);
  EXPECT_EQ(t["cases"][0]["name"], "a");
  EXPECT_EQ(t["cases"][0]["detail"], "no swap");
  EXPECT_EQ(t["cases"][0]["foreseen"], true);
  EXPECT_EQ(t["cases"][0]["diagnostics"], nlohmann::json({"first", "second"}));
  EXPECT_EQ(guest["accel"], "tcg");
  EXPECT_EQ(j["kernels"][0]["point"]["tip"], true);
}

TEST(Json, ARowThatWasNotAssessedSaysSo) {
  Fixture f;
  auto row = test_row("bio/x", Verdict::leak, 16, 4);
  row.assessment.reset();
  f.write({kernel(model::Arch::x86_64, 0, "base", {row})});
  const auto t = parsed(f)["kernels"][0]["guests"][0]["tests"][0];
  EXPECT_EQ(t["assessment"], nullptr);
  EXPECT_EQ(t["expected"], nullptr) << "nobody has said";
}

TEST(Json, KnownIssuesAndWhatIsLost) {
  Fixture f;
  f.known_and_lost();
  const auto tip = parsed(f)["kernels"][1];
  EXPECT_EQ(tip["known_issues"][0], "known issue mr-cow-leak: 2 pages left by rdma/mr_cow");
  EXPECT_EQ(tip["guests"][0]["tests"][0]["assessment"]["reference"], "mr-cow-leak");
  EXPECT_EQ(tip["lost"], nlohmann::json::parse(R"([
    {"test": "bio/dio_rw", "case": "read_thp", "before": "pass", "reference": "base-x86_64"},
    {"test": "bio/dio_fork", "case": "", "before": "pass", "reference": "base-x86_64"}])"));
}

TEST(Json, KernelsThatWereNotBuiltHavePlannedGuests) {
  Fixture f;
  f.broken();
  const auto kernels = parsed(f)["kernels"];
  EXPECT_EQ(kernels[1]["state"], "build_failed");
  EXPECT_THAT(kernels[1]["failure"].get<std::string>(), HasSubstr("bio.c:1225:9"));
  EXPECT_EQ(kernels[1]["guests"][0]["outcome"], nullptr);
  EXPECT_TRUE(kernels[1]["guests"][0]["tests"].empty());
  EXPECT_EQ(kernels[0]["failure"], nullptr);
}

TEST(Json, AttemptsOfAGuest) {
  Fixture f;
  f.several_guests();
  const auto guests = parsed(f)["kernels"][0]["guests"];
  EXPECT_EQ(guests[0]["attempts"].size(), 1U);
  const auto& attempts = guests[2]["attempts"];
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0]["outcome"]["detail"], "BUG (during bio/crash)");
  EXPECT_EQ(attempts[1]["number"], 2);
  EXPECT_EQ(attempts[1]["outcome"]["kind"], "panicked");
  EXPECT_THAT(attempts[1]["dir"].get<std::string>(), HasSubstr("base-x86_64.3/guest-2"));
}

TEST(Json, AConfigurationHasItsNameAndFragments) {
  Fixture f;
  f.two_configs();
  const auto kernels = parsed(f)["kernels"];
  EXPECT_EQ(kernels[0]["config"], "");
  EXPECT_EQ(kernels[3]["config"], "debug");
  EXPECT_EQ(kernels[3]["fragments"], nlohmann::json({"base", "pin", "debug"}));
}

TEST(Json, AHostThatIsNoJsonIsText) {
  Fixture f;
  f.run.host = "Debian";
  EXPECT_EQ(parsed(f)["host"], "Debian");
}

TEST(Json, HasThePatchesOfTheSeriesWithTheirPlaces) {
  Fixture f;
  f.each_point();
  const auto none = nlohmann::json::parse(json(f.store, f.run).value());
  EXPECT_TRUE(none.at("series_patches").empty()) << "of a run without a series";
  ASSERT_TRUE(f.store
                  .set_series({f.run.id, "change", 1, "", ""},
                              {{1, "aa", "mm: one", "c1", "m1@x", {true, {{"mm/gup.c", 1204, 3, 2}}}},
                               {2, "bb", "mm: two", "c2", "m2@x"}})
                  .has_value());
  const auto j = nlohmann::json::parse(json(f.store, f.run).value()).at("series_patches");
  ASSERT_EQ(j.size(), 2U);
  EXPECT_EQ(j[0].at("merged"), true);
  EXPECT_EQ(j[0].at("moved_hunks"),
            nlohmann::json::parse(R"([{"file": "mm/gup.c", "line": 1204, "offset": 3, "fuzz": 2}])"));
  EXPECT_EQ(j[1].at("merged"), false);
  EXPECT_TRUE(j[1].at("moved_hunks").empty());
}

}  // namespace
}  // namespace pinrig::report
