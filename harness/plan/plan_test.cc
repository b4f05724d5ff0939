// SPDX-License-Identifier: GPL-2.0
#include "plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::plan {
namespace {

using model::Arch;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

model::TestSpec test(const std::string& name, double limit = 30) {
  model::TestSpec t;
  t.name = name;
  t.program = name;
  t.limit_s = limit;
  t.what = "guards " + name;
  t.where = {"guest-tests/x/suite.yaml", 4, 5};
  return t;
}

/// What a plan is made from, kept together.
struct Input {
  model::RunSpec run;
  model::Machine machine;
  std::vector<model::Suite> suites;
  std::vector<model::Point> points;
};

/// The base and patches with these subjects.
std::vector<model::Point> points_of(const std::vector<std::string>& subjects) {
  std::vector<model::Point> out{{.label = "base", .tree = "tree0"}};
  for (std::size_t i = 1; i <= subjects.size(); ++i)
    out.push_back({.number = static_cast<int>(i),
                   .label = i == subjects.size() ? "tip" : std::to_string(i),
                   .subject = subjects[i - 1],
                   .tree = "tree" + std::to_string(i)});
  return out;
}

Input input() {
  Input in;
  in.run.name = "default";
  in.run.base = "debian-6.12";
  in.run.series = "demo-leak";
  in.run.points = {"base", "tip"};
  in.run.archs = {Arch::x86_64, Arch::aarch64};
  in.run.configs = {{"", {"base", "pin"}}};
  in.run.suites = {"*"};
  in.run.where = {"configs/runs/default.yaml", 2, 1};
  in.points = points_of({"block: tidy up", "block: forget to unpin", "block: more"});
  in.machine.name = "default";
  in.machine.nvme = {{"raw0", 1, 64, 0, ""}, {"fs0", 1, 512, 0, "ext4"}};
  in.suites = {{"bio", "", {test("bio/dio_rw", 60), test("bio/dio_fork", 20)}},
               {"mm", "", {test("mm/cow", 120)}},
               {"pins", "", {test("pins/selfcheck", 90), test("pins/caps", 10)}}};
  return in;
}

Result<Plan> make_plan(const Input& in) {
  return plan::make_plan(in.run, {in.machine, in.suites, in.points});
}

Result<std::vector<model::TestSpec>> select_tests(const Input& in) {
  return plan::select_tests(in.run, in.suites);
}

Result<std::vector<model::Point>> resolve_points(const Input& in, std::vector<std::string>& notes) {
  return plan::resolve_points(in.run, in.points, notes);
}

std::vector<std::string> ids(const Plan& p) {
  std::vector<std::string> out;
  for (const auto& k : p.kernels) {
    for (const auto& g : k.guests) out.push_back(g.id);
  }
  return out;
}

std::vector<std::string> names(const std::vector<model::TestSpec>& tests) {
  std::vector<std::string> out;
  for (const auto& t : tests) out.push_back(t.name);
  return out;
}

std::vector<std::string> labels(const Input& in) {
  std::vector<std::string> notes;
  std::vector<std::string> out;
  for (const auto& p : resolve_points(in, notes).value())
    out.push_back(std::to_string(p.number) + ":" + p.label);
  return out;
}

TEST(MakePlan, PerArchitectureTheBaseFirst) {
  const Plan p = make_plan(input()).value();
  EXPECT_THAT(ids(p), ElementsAre("base-x86_64", "tip-x86_64", "base-aarch64", "tip-aarch64"));
  EXPECT_EQ(p.kernels[1].point.number, 3);
  EXPECT_EQ(p.kernels[1].point.subject, "block: more");
  EXPECT_EQ(p.kernels[1].point.tree, "tree3") << "a point is its source, not its number";
  EXPECT_TRUE(p.kernels[1].is_tip);
  EXPECT_FALSE(p.kernels[0].is_tip);
  EXPECT_EQ(p.kernels[0].point.subject, "");
  EXPECT_EQ(p.kernels[2].arch, Arch::aarch64);
  EXPECT_EQ(p.kernels[0].config.text(), "base+pin");
  EXPECT_TRUE(p.kernels[0].guests[0].machine.nvme.empty()) << "no test needs a drive";
  EXPECT_EQ(p.kernels[0].guests[0].id, p.kernels[0].id);
  EXPECT_EQ(p.kernels[3].guests[0].tests.size(), 5u);
  for (const auto& k : p.kernels) EXPECT_EQ(k.guests.size(), 1u) << k.id;
  EXPECT_EQ(p.patches, 3);
  EXPECT_TRUE(p.notes.empty());
}

TEST(MakePlan, PinsFirstThenByLimitDestructiveLast) {
  Input in = input();
  in.suites[0].tests[1].destructive = true;
  EXPECT_THAT(names(select_tests(in).value()),
              ElementsAre("pins/selfcheck", "pins/caps", "bio/dio_rw", "mm/cow", "bio/dio_fork"));
}

TEST(MakePlan, AKernelHasItsGuests) {
  Input in = input();
  in.suites[1].tests[0].needs.kernel_args = {"movablecore=512M"};
  in.run.archs = {Arch::x86_64};
  const Plan p = make_plan(in).value();
  EXPECT_THAT(ids(p), ElementsAre("base-x86_64", "base-x86_64.2", "tip-x86_64", "tip-x86_64.2"));
  EXPECT_EQ(p.kernels[0].guests[1].reason, "kernel parameters movablecore=512M");
  EXPECT_THAT(names(p.kernels[1].guests[1].tests), ElementsAre("mm/cow"));
}

TEST(MakePlan, EachConfigurationIsAColumn) {
  Input in = input();
  in.run.archs = {Arch::x86_64};
  in.run.configs = {{"plain", {"base", "pin"}}, {"debug", {"base", "pin", "lockdep"}}};
  const Plan p = make_plan(in).value();
  EXPECT_THAT(ids(p),
              ElementsAre("base-x86_64-plain", "tip-x86_64-plain", "base-x86_64-debug", "tip-x86_64-debug"));
  EXPECT_EQ(p.kernels[3].config.fragments.size(), 3u);
  EXPECT_EQ(p.kernels[2].config.name, p.kernels[3].config.name);
  EXPECT_NE(p.kernels[1].config.name, p.kernels[3].config.name);
  EXPECT_THAT(to_text(p), HasSubstr("config  plain: base+pin; debug: base+pin+lockdep"));
}

TEST(MakePlan, TheSameInputGivesTheSameTextEveryTime) {
  const std::string first = to_text(make_plan(input()).value());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(to_text(make_plan(input()).value()), first);
}

TEST(MakePlan, ItsTextCannotControlTheTerminal) {
  auto p = make_plan(input()).value();
  p.kernels.back().point.subject = "caf\xe9 \x1b[31mred";
  p.notes.emplace_back("mm/go\x1b[31mne.c");
  EXPECT_THAT(to_text(p), HasSubstr("caf\xef\xbf\xbd \\x1b[31mred\n"));
  EXPECT_THAT(to_text(p), HasSubstr("mm/go\\x1b[31mne.c\n"));
}

TEST(MakePlan, AnArchitectureNamedTwiceRunsOnce) {
  Input in = input();
  in.run.archs = {Arch::x86_64, Arch::x86_64};
  EXPECT_THAT(ids(make_plan(in).value()), ElementsAre("base-x86_64", "tip-x86_64"));
}

TEST(MakePlan, NoArchitectureIsAnError) {
  Input in = input();
  in.run.archs.clear();
  EXPECT_THAT(make_plan(in).error().message, HasSubstr("no architecture"));
}

TEST(Points, EachMeansTheBaseAndEveryPatch) {
  Input in = input();
  in.run.points = {"each"};
  EXPECT_THAT(labels(in), ElementsAre("0:base", "1:1", "2:2", "3:tip"));
}

TEST(Points, AreSortedAndNumbersOfTheEndsGetTheirNames) {
  Input in = input();
  in.run.points = {"3", "2", "0"};
  EXPECT_THAT(labels(in), ElementsAre("0:base", "2:2", "3:tip"));
}

TEST(Points, TheTipOfOnePatchIsPatch1) {
  Input in = input();
  in.points = points_of({"only"});
  in.run.points = {"base", "1", "tip"};
  const Plan p = make_plan(in).value();
  EXPECT_THAT(ids(p), ElementsAre("base-x86_64", "tip-x86_64", "base-aarch64", "tip-aarch64"));
  EXPECT_THAT(p.notes, ElementsAre("points '1' and 'tip' are the same kernel and run once"));
}

TEST(Points, AWordNamedTwiceIsNoted) {
  Input in = input();
  in.run.points = {"tip", "tip"};
  EXPECT_THAT(make_plan(in).value().notes, ElementsAre("duplicate point 'tip': runs once"));
}

TEST(Points, EachBesideOthersNeedsNoNote) {
  Input in = input();
  in.run.points = {"base", "each", "tip"};
  EXPECT_TRUE(make_plan(in).value().notes.empty());
}

TEST(Points, ABaseAlone) {
  Input in = input();
  in.run.series.clear();
  in.points = points_of({});
  in.run.points = {"base"};
  EXPECT_THAT(ids(make_plan(in).value()), ElementsAre("base-x86_64", "base-aarch64"));
}

struct BadPoints {
  std::vector<std::string> points;
  bool series;
  std::string message;
};

TEST(Points, WhatCannotBeIsRefused) {
  const std::string at = "configs/runs/default.yaml:2:1: points: ";
  const std::string words = ": not a point: expected base, tip, each or a patch number";
  const std::vector<BadPoints> table{
      {{"4"}, true, at + "'4': no such patch: series demo-leak has 3 patches"},
      {{"99999999999"}, true, at + "'99999999999'" + words},
      {{"-1"}, true, at + "'-1'" + words},
      {{"top"}, true, at + "'top'" + words},
      {{"tip"}, false, at + "'tip': this run has no series"},
      {{"each"}, false, at + "'each': this run has no series"},
      {{"1"}, false, at + "'1': this run has no series"},
      {{}, true, "configs/runs/default.yaml:2:1: no point given"},
  };
  for (const auto& row : table) {
    Input in = input();
    in.run.points = row.points;
    if (!row.series) {
      in.run.series.clear();
      in.points = points_of({});
    }
    const auto r = make_plan(in);
    ASSERT_TRUE(r.has_error()) << row.message;
    EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
    EXPECT_EQ(r.error().message, row.message);
  }
}

TEST(CheckExpectedPoints, APatchThatASeriesDoesNotHaveIsRefused) {
  model::Series series;
  series.name = "mine";
  series.expect.resize(2);
  series.expect[0].points = {"base", "2", "tip"};
  EXPECT_FALSE(check_expected_points(series, 2).has_error());
  series.expect[1].points = {"3"};
  series.expect[1].where = {"mine/series.yaml", 7, 5};
  const auto r = check_expected_points(series, 2);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_EQ(r.error().message, "mine/series.yaml:7:5: points: '3': no such patch: series mine has 2 patches");
}

TEST(CheckWords, SaysWhatIsWrongBeforeTheSeriesIsRead) {
  Input in = input();
  Origins from = origins_of(in.run);
  const auto message = [&] {
    const auto r = check_words(in.run, in.machine, in.suites, from);
    return r.has_error() ? r.error().message : "accepted";
  };
  EXPECT_EQ(message(), "accepted");
  from.points = {{}, "--point"};
  in.run.points = {"top"};
  EXPECT_EQ(message(), "--point top: not a point: expected base, tip, each or a patch number");
  in.run.points = {"99"};
  EXPECT_EQ(message(), "accepted") << "how many patches there are is not known yet";
  in.run.series.clear();
  EXPECT_EQ(message(), "--point 99: this run has no series");
  in.run.points = {"base"};
  from.tests = {{}, "--test"};
  in.run.suites = {"bio/dio_rv"};
  EXPECT_EQ(message(), "--test bio/dio_rv: no such test; did you mean 'bio/dio_rw'?");
  in.run.suites = {"mm"};
  in.suites[1].tests[0].needs.nvme = {"slow0"};
  EXPECT_THAT(message(), HasSubstr("needs the NVMe drive 'slow0'"));
}

TEST(Suites, GlobsChooseSuitesOrTests) {
  Input in = input();
  in.run.suites = {"bio"};
  EXPECT_THAT(names(select_tests(in).value()), ElementsAre("bio/dio_fork", "bio/dio_rw"));
  in.run.suites = {"bio/*_rw", "mm"};
  EXPECT_THAT(names(select_tests(in).value()), ElementsAre("bio/dio_rw", "mm/cow"));
  in.run.suites = {"*/dio_*", "bio"};
  EXPECT_THAT(names(select_tests(in).value()), ElementsAre("bio/dio_fork", "bio/dio_rw")) << "each once";
}

TEST(Suites, WhatIsLeftOutStaysOutWhereverThatStands) {
  Input in = input();
  in.run.suites = {"!pins", "*", "!bio/*_fork"};
  EXPECT_THAT(names(select_tests(in).value()), ElementsAre("bio/dio_rw", "mm/cow"));
  in.run.suites = {"*", "!boi"};
  EXPECT_THAT(make_plan(in).error().message, HasSubstr("'boi': no such suite; did you mean 'bio'?"));
  in.run.suites = {"!bio"};
  EXPECT_THAT(make_plan(in).error().message, HasSubstr("no test selected"));
}

TEST(Suites, WhatTakesLongRunsWhenItIsNamed) {
  Input in = input();
  in.suites[0].tests[0].known_long = true;
  in.run.suites = {"*"};
  EXPECT_THAT(names(select_tests(in).value()), testing::Not(testing::Contains("bio/dio_rw")));
  in.run.suites = {"bio", "bio/*"};
  EXPECT_THAT(names(select_tests(in).value()), ElementsAre("bio/dio_fork"));
  in.run.suites = {"bio/dio_rw"};
  EXPECT_THAT(names(select_tests(in).value()), ElementsAre("bio/dio_rw"));
  in.run.suites = {"bio/dio_r?"};
  EXPECT_THAT(make_plan(in).error().message, HasSubstr("take minutes"));
}

TEST(Suites, AGlobWithoutAMatchNamesTheNearest) {
  Input in = input();
  in.run.suites = {"pins", "boi"};
  const auto whole = make_plan(in);
  EXPECT_EQ(whole.error().kind, ErrorKind::bad_input);
  EXPECT_EQ(whole.error().message,
            "configs/runs/default.yaml:2:1: suites: 'boi': no such suite; did you mean 'bio'?");
  EXPECT_THAT(whole.error().hint, HasSubstr("suites: bio, mm, pins"));
  in.run.suites = {"bio/dio_wr"};
  EXPECT_THAT(make_plan(in).error().message,
              HasSubstr("'bio/dio_wr': no such test; did you mean 'bio/dio_rw'?"));
}

TEST(Suites, NoTestAtAllIsAnError) {
  Input in = input();
  in.run.suites.clear();
  EXPECT_THAT(make_plan(in).error().message, HasSubstr("no test selected"));
  in.run.suites = {"*"};
  in.suites.clear();
  EXPECT_THAT(make_plan(in).error().message, HasSubstr("there are no tests"));
}

TEST(Offer, WhatTheMachineLacksIsNamed) {
  const auto message = [](auto change) {
    Input in = input();
    change(in.suites[1].tests[0].needs);
    in.machine.net = false;
    const auto r = make_plan(in);
    EXPECT_TRUE(r.has_error() && r.error().kind == ErrorKind::bad_input);
    return r.has_error() ? r.error().message : "accepted";
  };
  const std::string begin = "guest-tests/x/suite.yaml:4:5: test mm/cow needs ";
  const std::string end = ", which machine 'default' does not have";
  EXPECT_EQ(message([](auto& n) { n.nvme = {"raw0", "slow0"}; }), begin + "the NVMe drive 'slow0'" + end);
  EXPECT_EQ(message([](auto& n) { n.fs = "xfs"; }), begin + "a drive with xfs" + end);
  EXPECT_EQ(message([](auto& n) { n.hugepages_2m = 1; }), begin + "1 huge page" + end);
  EXPECT_EQ(message([](auto& n) { n.swap_mib = 64; }), begin + "64 MiB of swap" + end);
  EXPECT_EQ(message([](auto& n) { n.rdma = true; }), begin + "soft RDMA and so a network device" + end);
}

TEST(Offer, WhatItHasIsEnough) {
  Input in = input();
  in.machine.hugepages_2m = 8;
  in.machine.swap_mib = 64;
  in.suites[1].tests[0].needs = {
      .nvme = {"raw0", "fs0"}, .fs = "ext4", .hugepages_2m = 8, .swap_mib = 64, .rdma = true};
  EXPECT_FALSE(make_plan(in).has_error());
  in.suites[1].tests[0].needs.fs = "tmpfs";
  EXPECT_FALSE(make_plan(in).has_error()) << "every guest has tmpfs";
}

TEST(Offer, ATestThatIsNotChosenNeedsNothing) {
  Input in = input();
  in.suites[1].tests[0].needs.nvme = {"slow0"};
  in.run.suites = {"bio"};
  EXPECT_FALSE(make_plan(in).has_error());
}

TEST(ToText, ShowsCellsTestsAndNotes) {
  Input in = input();
  in.run.points = {"base", "1", "tip", "3"};
  in.run.archs = {Arch::x86_64};
  in.run.suites = {"bio", "pins"};
  in.suites[0].tests[0].destructive = true;
  in.suites[0].tests[0].needs.kernel_args = {"x=1"};
  in.suites[0].tests[0].needs.swap_mib = 64;
  in.suites[0].tests[1].needs.nvme = {"raw0", "fs0"};
  in.suites[0].tests[1].needs.hugepages_2m = 8;
  in.machine.nvme.push_back({"fs0", 2, 64, 4, ""});
  in.machine.hugepages_2m = 64;
  in.machine.swap_mib = 256;
  EXPECT_EQ(to_text(make_plan(in).value()),
            R"(run default: debian-6.12 + series demo-leak (3 patches)
config  base+pin
machine default

3 kernels
  base-x86_64  the base, no patch
  1-x86_64     1 of 3: block: tidy up
  tip-x86_64   3 of 3: block: more

2 guests per kernel
  KERNEL      3 tests  2 CPUs, 2G memory, nvme raw0 64M raw, nvme fs0/2 64M raw at 4 IOPS, )"
            R"(64 huge pages, no network
  KERNEL.2     1 test  destructive: bio/dio_rw
                       2 CPUs, 2G memory, nvme fs0 512M ext4, 256M swap, no network, kernel parameters x=1

tests in order, with time limits
  KERNEL
  pins/selfcheck     90s  guards pins/selfcheck
  pins/caps          10s  guards pins/caps
  bio/dio_fork       20s  guards bio/dio_fork
  KERNEL.2
  bio/dio_rw         60s  destructive; guards bio/dio_rw

notes
  points 'tip' and '3' are the same kernel and run once
)");
}

TEST(ToText, AnEmptyPlanSaysSo) {
  Plan p;
  p.name = "x";
  p.base = "b";
  EXPECT_EQ(to_text(p), "run x: b\nnothing to run\n");
}

Result<Plan> make_coverage_plan(const Input& in) {
  Offer offer{in.machine, in.suites, in.points};
  offer.coverage = true;
  return plan::make_plan(in.run, offer);
}

TEST(Coverage, IsOneKernelMoreOfTheLastPoint) {
  Input in = input();
  in.run.archs = {Arch::x86_64};
  const auto plan = make_coverage_plan(in);
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_THAT(ids(*plan), ElementsAre("base-x86_64", "tip-x86_64", "tip-x86_64-coverage"));
  const auto& k = plan->kernels.back();
  EXPECT_TRUE(k.is_tip);
  EXPECT_THAT(plan->counting, ElementsAre(k.id));
  EXPECT_THAT(k.config.fragments, ElementsAre("base", "pin", "gcov"));
}

TEST(Coverage, OfAConfigurationHasItsName) {
  EXPECT_EQ(coverage_config({"debug", {"base", "lockdep"}}).name, "debug-coverage");
}

TEST(Coverage, TheBaseHasNoChangedLines) {
  Input in = input();
  in.run.points = {"base"};
  const auto plan = make_coverage_plan(in);
  ASSERT_TRUE(plan.has_error());
  EXPECT_EQ(plan.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(plan.error().hint, HasSubstr("--series"));
}

TEST(Debug, AConfigurationGetsTheFragmentOnce) {
  const auto plain = debug_config({"", {"base", "pin"}}, false);
  EXPECT_EQ(plain.name, "debug");
  EXPECT_THAT(plain.fragments, ElementsAre("base", "pin", "debug"));
  const auto twice = debug_config(plain, true);
  EXPECT_EQ(twice.name, plain.name) << "it is one already";
  EXPECT_EQ(twice.fragments, plain.fragments);
  const auto named = debug_config({"lockdep", {"base"}}, true);
  EXPECT_EQ(named.name, "lockdep-debug");
  EXPECT_THAT(named.fragments, ElementsAre("base", "debug", "btf"));
}

TEST(MakePlan, ARepeatedTestHasItsRunsInOneGuest) {
  const Input in = input();
  const Plan once = make_plan(in).value();
  const Plan p =
      plan::make_plan(in.run, {.machine = in.machine, .suites = in.suites, .points = in.points, .repeat = 3})
          .value();
  std::vector<std::string> names;
  for (const auto& t : p.kernels[0].guests[0].tests) names.push_back(t.name);
  const auto& first = once.kernels[0].guests[0].tests.front().name;
  ASSERT_GE(names.size(), 3u);
  EXPECT_EQ(names[0], first);
  EXPECT_EQ(names[1], repeated_name(first, 2));
  EXPECT_EQ(names[2], first + "~3");
}

}  // namespace
}  // namespace pinrig::plan
