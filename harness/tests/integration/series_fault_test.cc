// SPDX-License-Identifier: GPL-2.0
// Series that do not apply, do not compile, or do not do what they say.
#include "pipeline.h"

namespace pinrig::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SeriesFault : public testing::Test {
 protected:
  /// Runs base and tip of a series on x86-64 with one suite; the JSON of the run goes to json_.
  Ran run_series(const fs::path& series, const std::string& tests,
                 const std::vector<std::string>& more = {}) {
    std::vector<std::string> args{"run",    "--series", series.string(),
                                  "--arch", "x86_64",   "--test",
                                  tests,    "--json",   (box_.root() / "run.json").string()};
    args.insert(args.end(), more.begin(), more.end());
    const Ran ran = box_.pinrig(args);
    json_ = read_json(box_.root() / "run.json");
    return ran;
  }
  void change(const fs::path& file, const std::string& from, const std::string& to) {
    const auto text = read_file(file);
    ASSERT_TRUE(text.has_value());
    box_.put(file, replaced(*text, from, to));
  }
  void expect_base_is_fine() {
    const auto base = guest_of(json_, "base-x86_64");
    EXPECT_EQ(base["outcome"].value("kind", ""), "completed") << base["outcome"].dump();
    EXPECT_EQ(test_of(base, "pins/selfcheck").value("verdict", ""), "pass");
  }

  /// A kernel that cannot be had is said once, and changed nothing.
  void expect_not_tested(const Ran& ran, const std::string& id) {
    EXPECT_THAT(guest_of(json_, id)["tests"], IsEmpty());
    EXPECT_TRUE(guest_of(json_, id)["outcome"].is_null());
    EXPECT_THAT(ran.out, HasSubstr("not compared, tip was not tested"));
    for (const char* word : {"regression", "missing"}) EXPECT_THAT(ran.out, Not(HasSubstr(word)));
  }

  WarmSandbox box_;
  nlohmann::json json_;
};

const char* const patch_2 = "0002-block-release-single-pages-of-a-bio-without-a-call-i.patch";

TEST_F(SeriesFault, ALeakThatIsExpectedAndDoesNotComeIsRed) {
  const fs::path series = box_.copy_series("demo-leak");
  box_.put(series, R"(name: demo-leak
base: debian-6.12
patches: {dir: .}
expect:
  - {tests: "bio/dio_rw", verdicts: [leak], points: [base], reason: "where there is none"}
)");
  const Ran ran = run_series(series, "bio/dio_rw", {"--point", "base"});
  EXPECT_EQ(ran.code, 1) << ran;
  const auto test = test_of(guest_of(json_, "base-x86_64"), "bio/dio_rw");
  EXPECT_EQ(test.value("verdict", ""), "pass");
  EXPECT_FALSE(test.value("expected", true));
}

TEST_F(SeriesFault, ALeakThatNobodyExpectsIsRed) {
  const fs::path series = box_.copy_series("demo-leak");
  box_.put(series, "name: demo-leak\nbase: debian-6.12\npatches: {dir: .}\n");
  const Ran ran = run_series(series, "bio/dio_rw", {"--point", "tip"});
  EXPECT_EQ(ran.code, 1) << ran;
  const auto test = test_of(guest_of(json_, "tip-x86_64"), "bio/dio_rw");
  EXPECT_EQ(test.value("verdict", ""), "leak");
  EXPECT_FALSE(test.value("expected", true));
}

TEST_F(SeriesFault, ACapabilityThatIsNotThereIsRed) {
  const fs::path series = box_.copy_series("demo-leak");
  change(series, "dio.bdev: pin", "dio.bdev: get");
  const Ran ran = run_series(series, "pins", {"--point", "tip"});
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(kernel_of(json_, "tip-x86_64")["unmet"].dump(), HasSubstr("dio.bdev"));
}

TEST_F(SeriesFault, APatchThatDoesNotApplyIsNamedAndTheBaseStillRuns) {
  const fs::path series = box_.copy_series("demo-leak");
  const fs::path patch = series.parent_path() / patch_2;
  change(patch, "-\t\tunpin_user_folio(fi.folio, bio_folio_nr_pages(&fi));",
         "-\t\tunpin_user_folio_of_another_tree(fi.folio);");
  change(patch, "index fc08aa0..9bb6023", "index 1111111..2222222");
  const Ran ran = run_series(series, "pins");
  EXPECT_EQ(ran.code, 3) << ran;
  expect_base_is_fine();
  const auto tip = kernel_of(json_, "tip-x86_64");
  EXPECT_EQ(tip.value("state", ""), "apply_failed");
  const std::string detail = tip.value("failure", "");
  EXPECT_THAT(detail, AllOf(HasSubstr("patch 2"), HasSubstr("block: release single pages of a bio"),
                            HasSubstr("block/bio.c"), HasSubstr("hunk 1")));
  EXPECT_THAT(ran.err, HasSubstr("apply    patch 2 does not apply"));
  EXPECT_THAT(ran.err, ::testing::Not(HasSubstr("build    failed")));
  expect_not_tested(ran, "tip-x86_64");
}

TEST_F(SeriesFault, APatchThatDoesNotCompileIsNamedAndTheBaseStillRuns) {
  const fs::path series = box_.copy_series("demo-leak");
  change(series.parent_path() / patch_2, "+\t\tif (folio_test_large(fi.folio))",
         "+#error \"this patch does not compile\"");
  const Ran ran = run_series(series, "pins");
  EXPECT_EQ(ran.code, 3) << ran;
  expect_base_is_fine();
  const auto tip = kernel_of(json_, "tip-x86_64");
  EXPECT_EQ(tip.value("state", ""), "build_failed");
  EXPECT_THAT(tip.value("failure", ""),
              testing::ContainsRegex("block/bio.c:12[0-9]+:.*this patch does not compile"));
  const fs::path log = tip.value("build_log", "");
  EXPECT_THAT(log.filename(), "build.log");
  EXPECT_TRUE(fs::exists(log)) << log;
  expect_not_tested(ran, "tip-x86_64");
}

/// Patch 2 leaks and does not compile; patch 3 repairs the build only.
TEST_F(SeriesFault, AfterAPatchThatDoesNotCompileTheNextOneThatDoesIsHeldAgainstTheLastResult) {
  const fs::path series = box_.copy_series("demo-leak");
  box_.put(series, "name: demo-leak\nbase: debian-6.12\npatches: {dir: .}\n");
  change(series.parent_path() / patch_2, "+\t\tif (folio_test_large(fi.folio))",
         "+#error \"this patch does not compile\"");
  box_.put(series.parent_path() / "0003-block-repair-the-build.patch",
           R"(From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
From: pinrig demo <demo@example.org>
Date: Mon, 5 Jan 2026 10:06:00 +0000
Subject: [PATCH 3/3] block: repair the build

Signed-off-by: pinrig demo <demo@example.org>
---
diff --git a/block/bio.c b/block/bio.c
--- a/block/bio.c
+++ b/block/bio.c
@@ -1227,4 +1227,4 @@ void __bio_release_pages(struct bio *bio, bool mark_dirty)
-#error "this patch does not compile"
+		if (folio_test_large(fi.folio))
 			unpin_user_folio(fi.folio, bio_folio_nr_pages(&fi));
 		else
 			folio_put(fi.folio);
)");
  const Ran ran = run_series(series, "bio/dio_rw", {"--point", "each"});
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_EQ(kernel_of(json_, "2-x86_64").value("state", ""), "build_failed");
  for (const char* id : {"base-x86_64", "1-x86_64"})
    EXPECT_EQ(test_of(guest_of(json_, id), "bio/dio_rw").value("verdict", ""), "pass") << id;
  EXPECT_EQ(test_of(guest_of(json_, "tip-x86_64"), "bio/dio_rw").value("verdict", ""), "leak");
  EXPECT_THAT(ran.out, testing::ContainsRegex("since one of the patches 2[[:space:]]+to 3"));
}

}  // namespace
}  // namespace pinrig::integration
