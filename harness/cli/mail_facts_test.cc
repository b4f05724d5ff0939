// SPDX-License-Identifier: GPL-2.0
#include "cli/mail_facts.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::cli {
namespace {

using mail::Finding;
using model::Rule;
using model::Verdict;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

/// A run of the series "s" on debian-6.12: base and two patches, one guest each.
class MailFacts : public ::testing::Test {
 protected:
  MailFacts()
      : dir_(std::move(TempDir::create(fs::temp_directory_path(), "mail-facts")).value()),
        store_(std::move(store::Store::open(dir_.path() / "results.db")).value()) {
    run_.id = "20261201-000000-0001";
    run_.spec = "default";
    run_.base = "debian-6.12";
    run_.series = "s";
    run_.dir = (dir_.path() / "run").string();
    for (int point = 0; point < 3; ++point) {
      auto& k = kernels_.emplace_back();
      k.run_id = run_.id;
      k.id = fmt::format("p{}-x86_64", point);
      k.point.number = point;
      k.point.subject = point == 0 ? "" : fmt::format("mm: change {}", point);
      k.point.commit = sha(point);
      k.point.version = "6.12.117";
      k.config = {"", {"base", "pin"}};
      k.state = store::KernelState::built;
      auto& g = guests_.emplace_back();
      g.run_id = run_.id;
      g.kernel_id = k.id;
      g.id = k.id + ".1";
      g.accel = "tcg";
    }
  }

  static std::string sha(int point) { return std::string(39, 'a') + std::to_string(point); }

  /// A row of a test: `red` has the assessment of an unexpected failure.
  void add(int point, const std::string& test, Verdict verdict, Rule rule, int acquired = 16,
           int released = 16) {
    model::AssessedResult r;
    r.result.verdict.test = test;
    r.result.verdict.verdict = verdict;
    r.result.verdict.detail = verdict == Verdict::pass ? "" : "why";
    auto& l = r.result.ledger.emplace();
    l.available = true;
    l.after = {acquired, released};
    rows_[point].push_back(r);
    rules_[point].push_back({rule, "", ""});
  }
  void leak(int point, const std::string& test = "bio/dio_rw") {
    add(point, test, Verdict::leak, Rule::failure, 16, 0);
  }
  void pass(int point, const std::string& test = "bio/dio_rw") {
    add(point, test, Verdict::pass, Rule::fine);
  }

  void write(const std::vector<model::KernelEvent>& events = {}) {
    ASSERT_TRUE(store_.begin_run(run_, kernels_, guests_).has_value());
    std::vector<model::KernelAssessment> all;
    for (std::size_t i = 0; i < guests_.size(); ++i) {
      const int point = static_cast<int>(i);
      ASSERT_TRUE(store_.end_guest(guests_[i], {}, rows_[point], events).has_value());
      all.push_back({kernels_[i].id, {{guests_[i].id, rules_[point]}}, {}, {}, {}});
    }
    ASSERT_TRUE(store_.assess_run(run_.id, all).has_value());
  }

  Finding of_run(const std::string& test = "") {
    auto finding = finding_of_run(store_, run_, test);
    EXPECT_TRUE(finding.has_value()) << (finding.has_value() ? "" : finding.error().message);
    return finding.has_value() ? *finding : Finding();
  }

  TempDir dir_;
  store::Store store_;
  store::RunRow run_;
  std::vector<store::KernelRow> kernels_;
  std::vector<store::GuestRow> guests_;
  std::map<int, std::vector<model::AssessedResult>> rows_;
  std::map<int, std::vector<model::Assessment>> rules_;
};

TEST_F(MailFacts, TheFirstPatchWithTheRedIsNamedWithThePointsBeforeIt) {
  pass(0);
  leak(1);
  leak(2);
  write();
  const Finding f = of_run();
  EXPECT_EQ(f.what, Finding::What::leak);
  EXPECT_EQ(f.test, "bio/dio_rw");
  EXPECT_EQ(f.patch, 1);
  EXPECT_EQ(f.patches, 2);
  EXPECT_EQ(f.subject, "mm: change 1");
  EXPECT_EQ(f.pages, 16);
  ASSERT_EQ(f.columns.size(), 2U) << "points after the first red say nothing more";
  EXPECT_EQ(f.columns[0].name, "base");
  EXPECT_EQ(f.columns[0].red, 0);
  EXPECT_EQ(f.columns[1].name, "patch 1");
  EXPECT_EQ(f.columns[1].red, 1);
  EXPECT_EQ(f.columns[1].pins->released, 0);
  EXPECT_FALSE(f.rate) << "it showed each time";
  EXPECT_THAT(f.fields, Contains(Pair("accel", "tcg")));
  EXPECT_THAT(f.fields, Contains(Pair("compiler", "not known"))) << "the run left no run.json";
  EXPECT_THAT(f.commands, Contains(AllOf(HasSubstr("--point 1"), HasSubstr("--test bio/dio_rw"))));
  EXPECT_THAT(f.not_run, Contains("aarch64"));
}

TEST_F(MailFacts, ARedThatShowsInSomeRunsHasItsRate) {
  pass(0);
  pass(0, "bio/dio_rw~2");
  for (const char* test : {"bio/dio_rw", "bio/dio_rw~2", "bio/dio_rw~3"}) pass(1, test);
  leak(1, "bio/dio_rw~4");
  add(1, "bio/dio_rw~5", Verdict::error, Rule::failure);
  write();
  const Finding f = of_run("bio/dio_rw");
  ASSERT_TRUE(f.rate);
  EXPECT_EQ(f.rate->red, 1);
  EXPECT_EQ(f.rate->runs, 4) << "a run that could not be judged says nothing about the rate";
  EXPECT_GT(f.rate->clean_runs, 4);
  EXPECT_EQ(f.columns[0].runs, 2);
}

TEST_F(MailFacts, AKnownIssueIsNothingToReport) {
  add(1, "bio/dio_rw", Verdict::leak, Rule::known_issue, 16, 0);
  write();
  const auto finding = finding_of_run(store_, run_, "");
  ASSERT_FALSE(finding.has_value());
  EXPECT_THAT(finding.error().message, HasSubstr("no unexpected red"));
}

TEST_F(MailFacts, SeveralRedsHaveToBeChosenFrom) {
  leak(1);
  leak(1, "gup/gup_test_matrix");
  write();
  const auto finding = finding_of_run(store_, run_, "");
  ASSERT_FALSE(finding.has_value());
  EXPECT_EQ(finding.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(finding.error().hint, AllOf(HasSubstr("bio/dio_rw"), HasSubstr("gup/gup_test_matrix")));
  EXPECT_EQ(of_run("gup/gup_test_matrix").patch, 1);
}

TEST_F(MailFacts, ACrashHasTheTitleOfTheReportOfItsTest) {
  add(2, "bio/dio_rw", Verdict::crash, Rule::failure);
  model::KernelEvent other;
  other.owner = "mm/cow";
  other.title = "WARNING in another_test";
  model::KernelEvent own = other;
  own.owner = "bio/dio_rw";
  own.title = "BUG: KASAN: use-after-free in bio_release_page";
  write({other, own});
  const Finding f = of_run();
  EXPECT_EQ(f.what, Finding::What::crash);
  EXPECT_EQ(f.said, own.title);
}

TEST_F(MailFacts, APatchThatDoesNotApplyComesBeforeAnyRed) {
  leak(1);
  kernels_[2].state = store::KernelState::apply_failed;
  kernels_[2].failure = "patch 2 does not apply";
  write();
  const Finding f = of_run();
  EXPECT_EQ(f.what, Finding::What::apply_failure);
  EXPECT_EQ(f.patch, 2);
  EXPECT_EQ(f.said, "patch 2 does not apply");
  EXPECT_EQ(of_run("bio/dio_rw").what, Finding::What::leak) << "asked for by name";
}

/// A search over the points of the run: red from patch 1 on.
class MailFactsOfABisection : public MailFacts {
 protected:
  MailFactsOfABisection() {
    log_.series = "s";
    log_.base = "debian-6.12";
    log_.test = "bio/dio_rw";
    for (int point = 0; point < 3; ++point)
      log_.points.push_back({sha(point), kernels_[static_cast<std::size_t>(point)].point.subject,
                             point == 0 ? std::vector<int>{} : std::vector<int>{point - 1}, "", false});
    pass(0);
    leak(1);
    leak(2);
    write();
  }
  void see(int point, bisect::Seen seen) {
    bisect::Observation o;
    o.point = point;
    o.seen = seen;
    o.run = run_.id;
    log_.seen.push_back(o);
  }
  bisect::Log log_;
};

TEST_F(MailFactsOfABisection, TheCulpritStandsBetweenItsParentAndItself) {
  see(0, bisect::Seen::clean);
  see(2, bisect::Seen::red);
  see(1, bisect::Seen::red);
  bisect::Conclusion end;
  end.word = bisect::Word::verified;
  end.suspects = {1};
  const auto finding = finding_of_bisection(store_, log_, end);
  ASSERT_TRUE(finding.has_value());
  const Finding& f = *finding;
  EXPECT_EQ(f.patch, 1);
  EXPECT_EQ(f.good, sha(0));
  EXPECT_EQ(f.bad, sha(1));
  EXPECT_THAT(f.commit, IsEmpty()) << "a patch of a series has no commit that a reader could look up";
  ASSERT_EQ(f.columns.size(), 2U);
  EXPECT_EQ(f.columns[1].name, "patch 1");
  EXPECT_EQ(f.columns[1].pins->acquired, 16);
  EXPECT_EQ(f.pages, 16);
  EXPECT_EQ(f.what, Finding::What::leak);
}

TEST_F(MailFactsOfABisection, WithoutASingleCulpritItSaysSo) {
  see(0, bisect::Seen::clean);
  see(2, bisect::Seen::red);
  bisect::Conclusion end;
  end.word = bisect::Word::noisy;
  end.suspects = {1, 2};
  end.why = "the runs of patch 1 differ";
  const auto finding = finding_of_bisection(store_, log_, end);
  ASSERT_TRUE(finding.has_value());
  EXPECT_EQ(finding->what, Finding::What::inconclusive);
  EXPECT_EQ(finding->patch, 0);
  EXPECT_THAT(finding->said, HasSubstr("the runs of patch 1 differ"));
  EXPECT_THAT(finding->columns, ElementsAre(::testing::Field(&mail::Column::name, "base"),
                                            ::testing::Field(&mail::Column::name, "patch 2")));
}

}  // namespace
}  // namespace pinrig::cli
