// SPDX-License-Identifier: GPL-2.0
// KCIDB, CTRF, GitHub and Prometheus; our JSON against its schema; hostile names in every format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <regex>
#include <set>

#include "base/text.h"
#include "ktap/ktap.h"
#include "report/formats.h"
#include "report/testing.h"
#include "report/testing_hostile.h"
#include "report/testing_schema.h"

namespace pinrig::report {
namespace {

using model::Verdict;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

json schema(const std::string& file) {
  return json::parse(read_file(fs::path(PINRIG_SOURCE_DIR) / "harness" / file).value());
}

std::string text_in(const Fixture& f, const char* format) {
  return format_of(format)->finished(f.store, f.run, {}).value();
}

json parsed(const Fixture& f, const char* format) { return json::parse(text_in(f, format)); }

using Fill = void (Fixture::*)();
constexpr Fill every_fixture[] = {&Fixture::caught,     &Fixture::surprises,      &Fixture::each_point,
                                  &Fixture::broken,     &Fixture::several_guests, &Fixture::known_and_lost,
                                  &Fixture::two_configs};

void expect_schema(const char* format, const char* file) {
  SchemaCheck check(schema(file));
  for (const Fill fill : every_fixture) {
    Fixture f;
    (f.*fill)();
    EXPECT_THAT(check.problems(parsed(f, format)), IsEmpty());
  }
  Fixture running;
  running.write({kernel(model::Arch::x86_64, 0, "base", {test_row("bio/x", Verdict::pass)})});
  EXPECT_THAT(check.problems(parsed(running, format)), IsEmpty()) << "of a run that was killed";
  EXPECT_THAT(check.problems(json::parse(format_of(format)->unfinished({}))), IsEmpty());
}

TEST(Schema, OursHoldsForEveryRun) { expect_schema("json", "docs/pinrig-run.schema.json"); }
TEST(Schema, KcidbHoldsForEveryRun) { expect_schema("kcidb", "report/testdata/kcidb-5.3.schema.json"); }
TEST(Schema, CtrfHoldsForEveryRun) { expect_schema("ctrf", "report/testdata/ctrf-schema-0.0.json"); }

TEST(Schema, TheCheckSeesWhatDoesNotFit) {
  SchemaCheck check(schema("report/testdata/kcidb-5.3.schema.json"));
  EXPECT_THAT(check.problems({{"version", {{"major", 4}}}}), ElementsAre("/version/major: is not 5"));
  EXPECT_THAT(check.problems(json::object()), ElementsAre("/: has no \"version\""));
  json report{{"version", {{"major", 5}}}, {"more", 1}};
  report["checkouts"] = {{{"id", "pinrig_local:1"}, {"origin", "Pinrig"}, {"valid", "yes"}}};
  report["checkouts"][0]["log_excerpt"] = std::string(16385, 'x');
  EXPECT_THAT(check.problems(report),
              ElementsAre("/checkouts/0/log_excerpt: is too long", HasSubstr("/origin: does not match"),
                          "/checkouts/0/valid: is no [\"boolean\"]", "/more: is not in the schema"));
  SchemaCheck odd(json{{"type", "object"}, {"oneOf", json::array()}});
  EXPECT_THAT(odd.problems(json::object()), ElementsAre("/: the schema has an unknown keyword oneOf"));
}

TEST(Kcidb, Golden) {
  Fixture f;
  f.broken();
  expect_golden("broken.kcidb.json", text_in(f, "kcidb"));
}

TEST(Kcidb, AKnownIssueFailsAndHasAnIncident) {
  Fixture f;
  f.known_and_lost();
  const auto j = parsed(f, "kcidb");
  ASSERT_EQ(j["issues"].size(), 1U) << "one issue for two kernels";
  EXPECT_EQ(j["issues"][0]["id"], "pinrig_local:mr-cow-leak");
  EXPECT_EQ(j["issues"][0]["version"], 20261121);
  ASSERT_EQ(j["incidents"].size(), 2U);
  std::size_t known = 0;
  for (const auto& t : j["tests"]) {
    if (t["path"] != "pinrig.rdma.mr_cow") continue;
    ++known;
    EXPECT_EQ(t["status"], "FAIL");
    EXPECT_EQ(t["number"], json({{"value", 2}, {"unit", "pages"}}));
    EXPECT_EQ(t["misc"]["expected"], true);
    EXPECT_EQ(t["id"], j["incidents"][known - 1]["test_id"]);
  }
  EXPECT_EQ(known, 2U);
}

TEST(Kcidb, EveryVerdictHasItsStatus) {
  const std::vector<std::pair<Verdict, std::string>> table{
      {Verdict::pass, "PASS"},     {Verdict::fail, "FAIL"},   {Verdict::leak, "FAIL"},
      {Verdict::crash, "FAIL"},    {Verdict::xpass, "FAIL"},  {Verdict::xfail, "FAIL"},
      {Verdict::timeout, "ERROR"}, {Verdict::error, "ERROR"}, {Verdict::missing, "MISS"},
      {Verdict::skip, "SKIP"}};
  Fixture f;
  std::vector<Row> rows;
  for (const auto& [v, _] : table) rows.push_back(test_row(std::string("s/") + model::to_string(v), v));
  f.write({kernel(model::Arch::x86_64, 0, "base", rows)});
  const auto tests = parsed(f, "kcidb")["tests"];
  for (std::size_t i = 0; i < table.size(); ++i) EXPECT_EQ(tests[i]["status"], table[i].second) << tests[i];
}

TEST(Kcidb, ATimeoutInAKernelThatHungIsAFailure) {
  Fixture f;
  auto k = kernel(model::Arch::x86_64, 0, "base", {test_row("bio/x", Verdict::timeout)});
  k.main().attempts.front().loss = model::Loss::kernel_hung;
  f.write({k});
  EXPECT_EQ(parsed(f, "kcidb")["tests"][0]["status"], "FAIL");
}

TEST(Ctrf, Golden) {
  Fixture f;
  f.each_point();
  expect_golden("each.ctrf.json", text_in(f, "ctrf"));
}

TEST(Ctrf, TheSummaryIsTheSumOfTheTests) {
  for (const Fill fill : every_fixture) {
    Fixture f;
    (f.*fill)();
    const auto r = parsed(f, "ctrf")["results"];
    std::map<std::string, int> counted;
    for (const auto& t : r["tests"]) ++counted[t["status"].get<std::string>()];
    for (const char* status : {"passed", "failed", "skipped", "pending", "other"})
      EXPECT_EQ(r["summary"][status], counted[status]) << status;
    EXPECT_EQ(r["summary"]["tests"], r["tests"].size());
  }
}

TEST(Ctrf, AKnownIssuePassesWithItsOwnWord) {
  Fixture f;
  f.known_and_lost();
  const auto tests = parsed(f, "ctrf")["results"]["tests"];
  EXPECT_EQ(tests[0]["name"], "rdma/mr_cow [x86_64 base]");
  EXPECT_EQ(tests[0]["status"], "passed");
  EXPECT_EQ(tests[0]["rawStatus"], "leak");
  EXPECT_EQ(tests[0]["extra"]["rule"], "known_issue");
}

TEST(Github, Golden) {
  Fixture f;
  f.surprises();
  expect_golden("surprises.github.md", text_in(f, "github"));
}

TEST(Annotations, Golden) {
  Fixture f;
  f.surprises();
  expect_golden("surprises.annotations.txt", text_in(f, "annotations"));
}

TEST(Annotations, GitHubShowsTenAndTheLastCountsTheRest) {
  const auto lines_of = [](int tests) {
    Fixture f;
    std::vector<Row> rows;
    for (int i = 0; i < tests; ++i)
      rows.push_back(surprising(test_row("s/t" + std::to_string(i), Verdict::fail), std::to_string(i)));
    f.write({kernel(model::Arch::x86_64, 0, "base", rows)});
    return split(std::string(trim(text_in(f, "annotations"))), '\n');
  };
  EXPECT_EQ(lines_of(10).size(), 10U);
  EXPECT_THAT(lines_of(10).back(), HasSubstr("title=fail in s/t9::"));
  EXPECT_EQ(lines_of(30).size(), 10U);
  EXPECT_EQ(lines_of(30).back(), "::error title=pinrig::and 21 more");
}

TEST(Annotations, ARunThatFailedWithoutAFindingIsAnError) {
  Fixture f;
  f.write({kernel(model::Arch::x86_64, 0, "base", {test_row("bio/x", Verdict::pass)})});
  EXPECT_THAT(text_in(f, "annotations"),
              HasSubstr("::error title=pinrig::run 20261121-010203-4f2a: running"));
  f.finish(store::RunState::finished, 0);
  EXPECT_EQ(text_in(f, "annotations"), "");
}

TEST(Metrics, Golden) {
  Fixture f;
  f.known_and_lost();
  expect_golden("known.prom", text_in(f, "metrics"));
}

TEST(Metrics, ManyPointsDoNotFloodTheServer) {
  Fixture f;
  std::vector<KernelSetup> kernels;
  for (int point = 0; point < 8; ++point) {
    std::vector<Row> rows;
    for (int i = 0; i < 500; ++i) rows.push_back(test_row("s/t" + std::to_string(i), Verdict::pass, 1));
    if (point == 3) rows[7] = surprising(test_row("s/t7", Verdict::leak, 1, 1), "1 page");
    kernels.push_back(kernel(model::Arch::x86_64, point,
                             point == 0   ? "base"
                             : point == 7 ? "tip"
                                          : std::to_string(point),
                             rows));
  }
  f.write(std::move(kernels));
  const std::string text = text_in(f, "metrics");
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 5100);
  EXPECT_THAT(
      text, HasSubstr("pinrig_outstanding_pages{arch=\"x86_64\",config=\"\",point=\"3\",test=\"s/t7\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("# 5998 values of single tests were omitted\n"));
}

/// What of these is in a text: control characters but '\n' and '\t', what is no character, what is no UTF-8.
std::string unclean(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') return "a control character";
  }
  for (const char* bad : {"\xef\xbf\xbe", "\xef\xbf\xbf", "\x7f"}) {
    const auto at = text.find(bad);
    if (at != std::string::npos) return "no character: " + text.substr(at < 200 ? 0 : at - 200, 220);
  }
  try {
    static_cast<void>(json(text).dump());
  } catch (const json::exception& e) {
    return e.what();
  }
  return "";
}

TEST(Hostile, EveryFormatStaysWhatItIs) {
  Fixture f;
  write_hostile(f);
  for (const auto& format : formats()) {
    SCOPED_TRACE(format.name);
    EXPECT_EQ(unclean(text_in(f, format.name)), "");
    EXPECT_EQ(unclean(format.unfinished({hostile(), hostile(), 1})), "");
  }
  pugi::xml_document doc;
  EXPECT_TRUE(doc.load_string(text_in(f, "junit").c_str()));
  EXPECT_TRUE(ktap::parse(text_in(f, "ktap")).findings.empty());
  EXPECT_THAT(SchemaCheck(schema("docs/pinrig-run.schema.json")).problems(parsed(f, "json")), IsEmpty());
  EXPECT_THAT(SchemaCheck(schema("report/testdata/kcidb-5.3.schema.json")).problems(parsed(f, "kcidb")),
              IsEmpty());
  EXPECT_THAT(SchemaCheck(schema("report/testdata/ctrf-schema-0.0.json")).problems(parsed(f, "ctrf")),
              IsEmpty());
}

TEST(Hostile, MarkdownHasNoMarkupOfOthers) {
  Fixture f;
  write_hostile(f);
  const std::string text = text_in(f, "github");
  EXPECT_THAT(text, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("@all")), Not(HasSubstr("](http")),
                          Not(HasSubstr("#1 ")), Not(HasSubstr("http://"))));
  for (const auto line : lines(text)) {
    if (!line.starts_with("| ") && !line.starts_with("|---")) continue;
    EXPECT_LE(std::count(line.begin(), line.end(), '|'), 5) << line.substr(0, 100);
  }
  EXPECT_LT(text.size(), 200U * 1024);
}

TEST(Hostile, AnAnnotationIsOneLine) {
  Fixture f;
  write_hostile(f);
  const std::string all = text_in(f, "annotations");
  for (const auto line : lines(all))
    EXPECT_THAT(std::string(line),
                ::testing::AnyOf(StartsWith("::error title="), StartsWith("::warning title=")));
}

TEST(Hostile, AMetricIsOneLineWithItsValue) {
  Fixture f;
  write_hostile(f);
  const std::regex line(R"re([a-z_]+(\{([a-z]+="([^"\\]|\\["\\])*",?)*\})? -?[0-9.e+]+)re");
  const std::string all = text_in(f, "metrics");
  for (const auto text : lines(all)) {
    if (text.starts_with("#")) continue;
    // std::regex recurses: long labels are shortened first.
    std::string shorter(text);
    if (const auto at = shorter.find("nnnnnnnnnn"); at != std::string::npos)
      shorter.erase(at, shorter.find_last_of('n') - at);
    EXPECT_TRUE(std::regex_match(shorter, line)) << shorter;
  }
}

// --- JUnit: one fault is one failure ---

pugi::xml_document xml_of(const Fixture& f, const Selection& what = {}) {
  pugi::xml_document doc;
  EXPECT_TRUE(doc.load_string(junit(f.store, f.run, what).value().c_str()));
  return doc;
}

int faults_in(const pugi::xml_document& doc) {
  const auto root = doc.child("testsuites");
  return root.attribute("failures").as_int() + root.attribute("errors").as_int();
}

TEST(JunitFaults, TheExitCodeIsNoFailureOfItsOwnWhenOthersExplainIt) {
  Fixture f;
  f.two_configs();
  const auto doc = xml_of(f);
  EXPECT_EQ(faults_in(doc), 1) << "the leak, and not also the exit code 1";
  const auto run = doc.child("testsuites").child("testsuite");
  EXPECT_THAT(run.last_child().child("system-out").text().get(), HasSubstr("exit code 1"));
}

TEST(JunitFaults, TestsThatWentWithTheirGuestAreOneError) {
  Fixture f;
  std::vector<Row> rows{test_row("bio/a", Verdict::pass)};
  for (int i = 0; i < 50; ++i)
    rows.push_back(surprising(test_row("bio/b" + std::to_string(i), Verdict::missing), "not started"));
  auto k = kernel(model::Arch::x86_64, 0, "base", rows);
  k.main().row.outcome = {model::JobOutcome::Kind::timed_out, model::Phase::test, "no answer"};
  f.write({k});
  f.finish(store::RunState::finished, 1);
  const auto doc = xml_of(f);
  EXPECT_EQ(faults_in(doc), 1);
  EXPECT_EQ(doc.child("testsuites").attribute("skipped").as_int(), 50);
}

TEST(JunitFaults, CasesWithTheSameWordsAreOneFailure) {
  Fixture f;
  std::vector<Row> rows{test_row("bio/a", Verdict::pass)};
  for (int i = 0; i < 9; ++i)
    rows.push_back(surprising(case_row("bio/a", "c" + std::to_string(i), Verdict::fail), "EFAULT"));
  rows.push_back(surprising(case_row("bio/a", "other", Verdict::fail), "EINVAL"));
  f.write({kernel(model::Arch::x86_64, 0, "base", rows)});
  f.finish(store::RunState::finished, 1);
  EXPECT_EQ(faults_in(xml_of(f)), 2);
}

TEST(JunitFaults, RepeatedRunsAreOneTestCaseWithReruns) {
  const auto of = [](const Row& first, const Row& second, const Row& third) {
    Fixture f;
    std::vector<Row> rows{first, second, third};
    rows[1].result.verdict.test = "bio/a~2";
    rows[2].result.verdict.test = "bio/a~3";
    f.write({kernel(model::Arch::x86_64, 0, "base", rows)});
    f.finish(store::RunState::finished, 1);
    return xml_of(f);
  };
  const auto green = test_row("bio/a", Verdict::pass);
  const auto red = surprising(test_row("bio/a", Verdict::leak, 4, 4), "4 pages");
  const auto flaky = of(green, red, red);
  const auto tc = flaky.child("testsuites").last_child().child("testcase");
  EXPECT_STREQ(tc.attribute("classname").value(), "pinrig.x86_64.base.bio");
  EXPECT_STREQ(tc.attribute("name").value(), "a");
  EXPECT_TRUE(tc.child("failure")) << "a red does not heal by a rerun";
  EXPECT_TRUE(tc.child("rerunFailure"));
  EXPECT_FALSE(tc.next_sibling("testcase"));
  EXPECT_EQ(faults_in(flaky), 1);
  const auto known = of(green, assessed(red, model::Rule::known_issue, "seen before", "x"), green);
  const auto known_tc = known.child("testsuites").last_child().child("testcase");
  EXPECT_FALSE(known_tc.child("failure"));
  EXPECT_STREQ(known_tc.child("flakyFailure").attribute("message").value(), "4 pages");
}

TEST(JunitFaults, NoTwoTestCasesHaveTheSameName) {
  for (const Fill fill : every_fixture) {
    Fixture f;
    (f.*fill)();
    std::set<std::string> seen;
    const auto doc = xml_of(f);
    for (const auto suite : doc.child("testsuites").children("testsuite")) {
      for (const auto tc : suite.children("testcase")) {
        const std::string name =
            std::string(tc.attribute("classname").value()) + " " + tc.attribute("name").value();
        EXPECT_TRUE(seen.insert(name).second) << name;
      }
    }
  }
}

TEST(JunitFaults, AttachmentsAreRelativeToTheProjectForGitLab) {
  Fixture f;
  f.two_configs();
  const auto text = [&](const Selection& what) { return junit(f.store, f.run, what).value(); };
  EXPECT_THAT(text({}), HasSubstr("\n[[ATTACHMENT|/state/pinrig/runs/"));
  EXPECT_THAT(text({.attach_root = "/state"}),
              HasSubstr("\n[[ATTACHMENT|pinrig/runs/20261121-010203-4f2a/guests/"));
  EXPECT_THAT(text({.attach_root = "/elsewhere"}), HasSubstr("\n[[ATTACHMENT|/state/"));
}

}  // namespace
}  // namespace pinrig::report
