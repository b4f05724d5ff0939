// SPDX-License-Identifier: GPL-2.0
// A run that is killed with SIGKILL at each stage and resumed has the rows of one that was not.
#include "run/resume.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>

#include "job/repro.h"
#include "job/testing.h"
#include "run/leftovers.h"
#include "run/record.h"
#include "vm/testing.h"

namespace pinrig::run {
namespace {

using nlohmann::json;
using store::KernelState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Where a pinrig of these tests is killed.
enum class Kill {
  nowhere,
  after_plan,      ///< run.json and the plan are written
  in_build,        ///< of the second kernel
  after_build,     ///< of the second kernel, whose row is written
  in_guest,        ///< while the second test of the tip's guest runs
  after_guest,     ///< of the base's second guest, before its row is written
  before_the_end,  ///< all rows are written, the run is not assessed
};

/// Kills this process at an event of the pipeline.
struct Killer : job::Observer {
  explicit Killer(Kill stage) : at(stage) {}
  void on(const Event& e) override {
    const bool test_begins = e.kind == Event::Kind::test && e.text.empty();
    if (at == Kill::in_guest && test_begins && e.task == "tip-x86_64" && e.what == "bio/b") ::raise(SIGKILL);
    if (e.kind == Event::Kind::end && e.what == "guest" && ++ended == 3 && at == Kill::before_the_end)
      ::raise(SIGKILL);
  }
  Kill at;
  std::atomic<int> ended = 0;
};

/// Everything of a run that does not depend on the clock, as text.
std::string rows_of(const store::Store& s, const std::string& run) {
  json out;
  for (const auto& k : s.kernels(run).value())
    out["kernels"].push_back({k.id, to_string(k.state), k.failure, k.key, k.cached, k.inherits, k.notes,
                              k.unmet, k.known, k.point.tree});
  for (const auto& g : s.guests(run).value()) {
    json guest{g.id, g.kernel_id, g.planned, g.accel, g.release, g.capabilities, g.setup, g.notes};
    guest.push_back(g.outcome ? to_string(g.outcome->kind) : "none");
    guest.push_back(g.outcome ? g.outcome->detail : "");
    for (const auto& a : s.attempts(run, g.id).value())
      guest.push_back({a.number, to_string(a.outcome.kind)});
    for (const auto& r : s.results(run, g.id).value())
      guest.push_back({r.verdict().test, r.verdict().case_name, to_string(r.verdict().verdict),
                       r.verdict().detail, r.assessment ? to_string(r.assessment->rule) : "none",
                       r.assessment ? r.assessment->reason : ""});
    for (const auto& e : s.events(run, g.id).value()) guest.push_back({e.title, e.owner});
    out["guests"].push_back(guest);
  }
  return out.dump(1);
}

/// Two kernels: the base with two guests, the tip with one; a third point does not build.
class Resume : public testing::Test {
 protected:
  void SetUp() override {
    // The child finds that of its parent first in PATH. Nobody is left to remove what it makes itself.
    if (!is_child_) fake_.emplace("second_test_kills_once");
    if (is_child_) fs::remove_all(place_.dir.path());
    in_.spec.name = "default";
    in_.spec.archs = {model::Arch::x86_64};
    in_.base.name = "debian-6.12";
    in_.base.source = model::KernelBase::Git{"/linux", "v6.12"};
    plan_.kernels = {kernel(0), kernel(1), kernel(2)};
    plan_.kernels[0].guests.push_back(guest("base-x86_64.2", {"gup/c", "gup/d"}));
    plan_.kernels[2].is_tip = true;
    sources_.base.tree = "tree0";
    sources_.series.subjects = {"one", "two"};
    for (int n = 1; n <= 2; ++n)
      sources_.series.patches.push_back({.number = n,
                                         .subject = fmt::format("patch {}", n),
                                         .author = "",
                                         .commit = fmt::format("c{}", n),
                                         .tree = fmt::format("tree{}", n)});
    ASSERT_TRUE(write_file_atomic(root_ / "config", "CONFIG_BLOCK=y\n").has_value());
    platform_.accel = model::Accel::tcg;
  }

  static model::Guest guest(const std::string& id, const std::vector<std::string>& tests) {
    model::Guest g{.id = id, .reason = "", .machine = {}, .tests = {}};
    for (const auto& t : tests) g.tests.push_back(job::test_spec(t));
    return g;
  }
  static model::Kernel kernel(int point) {
    static constexpr const char* labels[] = {"base", "1", "tip"};
    model::Kernel k;
    k.point.number = point;
    k.point.label = labels[point];
    k.point.tree = fmt::format("tree{}", point);
    k.id = fmt::format("{}-x86_64", labels[point]);
    k.guests = {guest(k.id, {"bio/a", "bio/b", "bio/c"})};
    return k;
  }

  void did(const std::string& what) { std::ofstream(log_, std::ios::app) << what << "\n"; }
  std::vector<std::string> done() const {
    std::vector<std::string> out;
    std::ifstream in(log_);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }

  /// A real guest job with a QEMU that is none; kernels without a compiler.
  Stages stages(Kill kill, const Services& services) {
    Stages s;
    s.platform = [this](model::Arch) { return Result<job::Platform>(platform_); };
    s.build = [this, kill](const model::Kernel& k, const job::Platform&) -> Result<job::Built> {
      if (kill == Kill::in_build && k.id == "1-x86_64") ::raise(SIGKILL);
      if (kill == Kill::after_build && k.is_tip) ::raise(SIGKILL);
      did("build " + k.id);
      if (k.id == "1-x86_64") return make_error(ErrorKind::build_failed, "mm/gup.c:7: error", "see it");
      job::Built b;
      b.kernel.key = key_ + k.id;
      b.kernel.config = root_ / "config";
      return b;
    };
    s.code = [](const kbuild::Artifact& a) { return Result<std::string>(a.key); };
    s.guest = [this, kill, &services](const model::Kernel&, const model::Guest& g, const job::Built&,
                                      const job::Platform&, const std::string& run,
                                      const fs::path& dir) -> Result<job::GuestResult> {
      did("guest " + g.id);
      job::ReadyJob job{.spec = job::job_spec(root_, {}), .dir = dir, .drives = {}};
      job.spec.run_id = run;
      job.spec.guest_id = g.id;
      job.spec.tests = g.tests;
      PINRIG_CHECK(make_dirs(dir));
      PINRIG_CHECK(job::write_repro(job.spec, dir, "/usr/bin/pinrig"));
      auto result = job::run_and_judge(job, services);
      if (kill == Kill::after_guest && g.id == "base-x86_64.2") ::raise(SIGKILL);
      return result;
    };
    return s;
  }

  /// What `pinrig run` does once it has its plan.
  ExitCode whole(Kill kill) {
    auto record = RunRecord::begin(open(), options_, in_, sources_, plan_, services_).value();
    if (kill == Kill::after_plan) ::raise(SIGKILL);
    Killer killer(kill);
    const Services services{services_.paths, place_.cancel, killer, 1};
    const auto with = stages(kill, services);
    return carry_out(
               {in_, sources_, plan_}, services, record, [] {}, with)
        .value()
        .code;
  }

  /// In a process of its own: this test program again, up to here, in the place of this one.
  void killed(Kill kill) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    ::setenv(place_variable, root_.c_str(), 1);
    EXPECT_EXIT(whole(kill), testing::KilledBySignal(SIGKILL), "");
    ::unsetenv(place_variable);
  }

  store::Store open() { return std::move(open_store(services_.paths)).value(); }
  store::RunRow last() { return open().runs(1).value().at(0); }

  /// What resume() does once nothing differs from run.json.
  Result<RunEnd> go_on(Kill kill = Kill::nowhere) {
    auto s = open();
    const auto run = s.runs(1).value().at(0);
    PINRIG_TRY(alive, claim_run(s, run));
    const auto rest = remainder_of(s.kernels(run.id).value(), s.guests(run.id).value());
    PINRIG_TRY(record, RunRecord::resume(std::move(s), run, std::move(alive), rest.kernels, rest.guests));
    Killer killer(kill);
    const Services services{services_.paths, place_.cancel, killer, 1};
    return carry_out(
        {in_, sources_, plan_}, services, record, [] {}, stages(kill, services), rest.kept);
  }

  /// Of the builds and guests of the run those that have no end yet.
  std::vector<std::string> left_to_do() {
    const auto s = open();
    const auto run = s.runs(1).value().at(0);
    const auto kept = remainder_of(s.kernels(run.id).value(), s.guests(run.id).value()).kept;
    std::vector<std::string> out;
    for (const auto& k : plan_.kernels) {
      const auto row = kept.kernels.find(k.id);
      if (row != kept.kernels.end() && row->second.state != KernelState::built) continue;
      const std::size_t before = out.size();
      for (const auto& g : k.guests) {
        if (k.id != "1-x86_64" && !kept.guests.contains(g.id)) out.push_back("guest " + g.id);
      }
      if (out.size() > before || row == kept.kernels.end()) out.push_back("build " + k.id);
    }
    return out;
  }

  static constexpr const char* place_variable = "PINRIG_RESUME_TEST";
  bool is_child_ = std::getenv(place_variable) != nullptr;
  job::Place place_;
  fs::path root_ = is_child_ ? fs::path(std::getenv(place_variable)) : place_.dir.path();
  Services services_{Paths{root_ / "project", root_ / "cache", root_ / "state"}, place_.cancel,
                     place_.listener, 1};
  fs::path log_ = root_ / "done";
  RunOptions options_;
  Inputs in_;
  Sources sources_;
  plan::Plan plan_;
  job::Platform platform_;
  std::string key_ = "key-of-";
  std::optional<vm::FakeQemu> fake_;
};

struct Stage {
  Kill kill;
  const char* name;
};

class KilledAt : public Resume, public testing::WithParamInterface<Stage> {};

TEST_P(KilledAt, ResumedItHasTheRowsOfAWholeRun) {
  killed(GetParam().kill);
  const auto left = left_to_do();
  fs::remove(log_);
  const std::string id = last().id;
  EXPECT_EQ(last().state, store::RunState::interrupted);
  const std::string before = rows_of(open(), id);
  const auto end = go_on();
  ASSERT_TRUE(end.has_value()) << end.error().message;
  EXPECT_EQ(end->run_id, id);
  EXPECT_THAT(done(), testing::UnorderedElementsAreArray(left)) << "what ended is not done again";
  const auto run = last();
  EXPECT_EQ(run.state, store::RunState::finished);
  EXPECT_EQ(run.resumed, 1);
  const std::string resumed = rows_of(open(), id);
  const auto code = whole(Kill::nowhere);
  ASSERT_NE(last().id, id);
  EXPECT_EQ(resumed, rows_of(open(), last().id));
  if (!left.empty()) {
    EXPECT_NE(resumed, before) << "the comparison sees what is missing";
  }
  EXPECT_EQ(end->code, code);
  EXPECT_EQ(run.exit_code, static_cast<int>(code));
}

INSTANTIATE_TEST_SUITE_P(EachStage, KilledAt,
                         testing::Values(Stage{Kill::after_plan, "plan"}, Stage{Kill::in_build, "build"},
                                         Stage{Kill::after_build, "built"}, Stage{Kill::in_guest, "guest"},
                                         Stage{Kill::after_guest, "guest_done"},
                                         Stage{Kill::before_the_end, "the_end"}),
                         [](const auto& p) { return std::string(p.param.name); });

TEST_F(Resume, ItCanBeKilledAndResumedMoreThanOnce) {
  killed(Kill::in_guest);
  const std::string id = last().id;
  ::setenv(place_variable, root_.c_str(), 1);
  EXPECT_EXIT(static_cast<void>(go_on(Kill::in_guest)), testing::KilledBySignal(SIGKILL), "");
  ::unsetenv(place_variable);
  ASSERT_TRUE(go_on().has_value());
  EXPECT_EQ(last().id, id);
  EXPECT_EQ(last().resumed, 2);
  const std::string resumed = rows_of(open(), id);
  whole(Kill::nowhere);
  EXPECT_EQ(resumed, rows_of(open(), last().id));
}

// The control of the comparison: a half-done guest that is taken for one that ended shows.
TEST_F(Resume, AHalfDoneGuestThatIsKeptIsSeen) {
  killed(Kill::in_guest);
  auto s = open();
  const auto run = last();
  auto alive = claim_run(s, run).value();
  auto rest = remainder_of(s.kernels(run.id).value(), s.guests(run.id).value());
  for (const auto& g : rest.guests) rest.kept.guests.insert(g.id);
  ASSERT_FALSE(rest.guests.empty());
  auto record = RunRecord::resume(std::move(s), run, std::move(alive), rest.kernels, {}).value();
  ASSERT_TRUE(
      carry_out(
          {in_, sources_, plan_}, services_, record, [] {}, stages(Kill::nowhere, services_), rest.kept)
          .has_value());
  const std::string resumed = rows_of(open(), run.id);
  whole(Kill::nowhere);
  EXPECT_NE(resumed, rows_of(open(), last().id));
}

TEST_F(Resume, WhatAHalfDoneGuestLeftIsGone) {
  killed(Kill::in_guest);
  const fs::path stale = fs::path(last().dir) / "guests/tip-x86_64/guest-9/console.raw";
  ASSERT_TRUE(make_dirs(stale.parent_path()).has_value());
  ASSERT_TRUE(write_file_atomic(stale, "old").has_value());
  ASSERT_TRUE(go_on().has_value());
  EXPECT_FALSE(fs::exists(stale));
  EXPECT_TRUE(fs::exists(stale.parent_path().parent_path() / "result.json"));
}

TEST_F(Resume, AKernelThatIsAnotherOneIsAnErrorOfTheHarness) {
  killed(Kill::in_guest);
  key_ = "other-key-of-";
  const auto end = go_on();
  ASSERT_TRUE(end.has_value());
  const auto kernels = open().kernels(end->run_id).value();
  EXPECT_EQ(kernels[2].state, KernelState::infra_error);
  EXPECT_THAT(kernels[2].failure,
              HasSubstr("has the key other-key-of-tip-x86_64 now, it was key-of-tip-x86_64"));
}

TEST_F(Resume, ACompleteRunIsRefused) {
  const auto code = whole(Kill::nowhere);
  const auto refused = claim_run(open(), last());
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(refused.error().message,
              HasSubstr(fmt::format("is complete (exit code {})", static_cast<int>(code))));
}

TEST_F(Resume, ARunThatIsAliveIsRefusedByItsLock) {
  auto record = RunRecord::begin(open(), options_, in_, sources_, plan_, services_);
  ASSERT_TRUE(record.has_value());
  const auto refused = claim_run(open(), last());
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(refused.error().message, HasSubstr("is still running: another task of this run"));
}

TEST_F(Resume, ARunOfAnotherStoreVersionIsRefused) {
  const std::string text = run_to_json(options_, in_, sources_, plan_, services_);
  EXPECT_TRUE(check_store_version(text, "run.json").has_value());
  auto j = json::parse(text);
  j["store"] = 6;
  EXPECT_THAT(check_store_version(j.dump(), "run.json").error().message,
              HasSubstr("run.json: written for version 6 of results.db, this pinrig writes version"));
  j.erase("store");
  EXPECT_THAT(check_store_version(j.dump(), "run.json").error().message, HasSubstr("version (not named)"));
}

TEST_F(Resume, WhatChangedIsNamed) {
  const auto changes = [&](const std::function<void(json&)>& change) {
    const std::string then = run_to_json(options_, in_, sources_, plan_, services_);
    auto now = json::parse(then);
    change(now);
    return run_changes(then, now.dump()).value();
  };
  EXPECT_THAT(changes([](json&) {}), IsEmpty());
  EXPECT_THAT(changes([](json& j) { j["fragments"]["pin"] = "abc"; }),
              ElementsAre("SHA-256 of configs/fragments/pin.config is abc now, it was not there"));
  EXPECT_THAT(changes([](json& j) { j["points"][1]["tree"] = "other"; }),
              ElementsAre("points[1].tree is other now, it was tree1"));
  EXPECT_THAT(
      changes([](json& j) { j["guest_programs"] = "f00"; }),
      ElementsAre("SHA-256 of the guest programs' sources (guest-tests/) is f00 now, it was not there"));
  EXPECT_THAT(
      changes([](json& j) { j["kernels"][0]["guests"][0]["tests"][1]["limit_s"] = 5; }),
      ElementsAre(HasSubstr("kernels[base-x86_64].guests[base-x86_64].tests[bio/b].limit_s is 5 now")));
  EXPECT_THAT(changes([](json& j) { j["kernels"].erase(2); }),
              ElementsAre("kernels is 2 long now, it was 3 long"));
  EXPECT_THAT(changes([](json& j) { j["versions"]["gcc"] = "gcc 99"; }),
              ElementsAre(HasSubstr("versions.gcc is gcc 99 now")));
  EXPECT_THAT(changes([](json& j) {
                j["environment"]["PATH"] = "/";
                j["jobs"] = 99;
                j["versions"]["pinrig_commit"] = "f00-dirty";
                j["command"] = nullptr;
                j["base"]["file"] = "../kernels/debian-6.12.yaml";
              }),
              IsEmpty())
      << "results do not depend on these";
}

// Otherwise a comment in a file of expectations would keep a run from going on.
TEST_F(Resume, WhereAnExpectationStandsDoesNotMatter) {
  in_.spec.expect = {{.tests = "bio/z",
                      .verdicts = {model::Verdict::leak},
                      .reason = "it leaks",
                      .where = {"run.yaml", 3, 5}}};
  const std::string then = run_to_json(options_, in_, sources_, plan_, services_);
  in_.spec.expect[0].where.line = 99;
  EXPECT_THAT(run_changes(then, run_to_json(options_, in_, sources_, plan_, services_)).value(), IsEmpty());
  in_.spec.expect[0].verdicts = {model::Verdict::fail};
  EXPECT_THAT(run_changes(then, run_to_json(options_, in_, sources_, plan_, services_)).value(),
              ElementsAre(HasSubstr("verdicts[1] is fail now, it was leak")));
}

}  // namespace
}  // namespace pinrig::run
