// SPDX-License-Identifier: GPL-2.0
#include "run/coverage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "job/testing.h"
#include "process/process.h"
#include "wire/line_counters.h"

namespace pinrig::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

model::TestSpec test_named(const std::string& name) {
  model::TestSpec t;
  t.name = t.program = name;
  t.limit_s = 10;
  return t;
}

// A store, and a run of three tests with a series of one patch.
class TouchedTest : public testing::Test {
 protected:
  TouchedTest()
      : dir_(std::move(TempDir::create(fs::temp_directory_path(), "touched.")).value()),
        store_(std::move(store::Store::open(dir_.path() / "results.db")).value()) {
    in_.suites = {{"bio", "", {test_named("bio/a"), test_named("bio/b"), test_named("bio/c")}}};
    in_.spec.suites = {"*"};
    in_.touched = true;
    sources_.series.patches = {
        {.number = 1, .subject = "x", .author = "", .commit = "c1", .tree = "t1", .patch_id = "id1"}};
    sources_.series.patches[0].files = {"a.c"};
  }

  // A stored run with coverage in which `ran` ran the changed line, and `asked` another.
  void add_run(const std::string& id, const std::string& patch, const std::vector<std::string>& ran,
               const std::vector<std::string>& asked) {
    store::RunRow row;
    row.id = id;
    row.started = id;
    row.dir = dir_.path() / id;
    ASSERT_TRUE(store_.begin_run(row, {}, {}).has_value());
    coverage::RunCoverage c{"base", "tree", "s", {{1, "x", patch, {"a.c"}, {{"a.c", {5}}}}}, {}, {}};
    c.kernels.push_back({"k", "x86_64", {{"a.c", {5, 6}}}, {}, {}, {}});
    for (const auto& t : ran) c.kernels[0].tests.push_back({t, {{"a.c", {5}}}});
    for (const auto& t : asked) c.kernels[0].tests.push_back({t, {{"a.c", {6}}}});
    ASSERT_TRUE(make_dirs(row.dir).has_value());
    ASSERT_TRUE(write_file_atomic(fs::path(row.dir) / "coverage.json", coverage::to_json(c)).has_value());
  }
  Result<void> choose() { return choose_touched(in_, sources_, store_, place_.services); }

  TempDir dir_;
  store::Store store_;
  Inputs in_;
  Sources sources_;
  job::Place place_;
};

TEST_F(TouchedTest, TestsThatRanAChangedLineAreLeft) {
  add_run("1", "id1", {"bio/a"}, {"bio/b", "bio/c"});
  ASSERT_TRUE(choose().has_value());
  EXPECT_THAT(in_.spec.suites, ElementsAre("bio/a"));
  EXPECT_FALSE(in_.coverage);
}

TEST_F(TouchedTest, TheNewestRunThatAskedATestCounts) {
  add_run("1", "id1", {"bio/a"}, {"bio/b"});
  add_run("2", "id1", {"bio/b"}, {"bio/a"});
  add_run("3", "id1", {"bio/c"}, {"bio/x"});
  ASSERT_TRUE(choose().has_value());
  EXPECT_THAT(in_.spec.suites, ElementsAre("bio/b", "bio/c"));
}

TEST_F(TouchedTest, WithoutARunOfThesePatchesAllRunWithCoverage) {
  ASSERT_TRUE(choose().has_value());
  EXPECT_THAT(in_.spec.suites, ElementsAre("*"));
  EXPECT_TRUE(in_.coverage);
}

TEST_F(TouchedTest, ASeriesOfHeadersHasNothingToCountIn) {
  sources_.series.patches[0].files = {"include/linux/mm.h", "tools/testing/selftests/mm/cow.c"};
  ASSERT_TRUE(choose().has_value());
  EXPECT_THAT(in_.spec.suites, ElementsAre("*"));
  EXPECT_FALSE(in_.coverage);
}

TEST_F(TouchedTest, NoTestLeftIsAnErrorThatNamesTheRun) {
  add_run("1", "id1", {}, {"bio/a", "bio/b"});
  const auto r = choose();
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(r.error().message, HasSubstr("none of 3 tests run lines of this series, says run 1"));
  EXPECT_THAT(r.error().hint, HasSubstr("1 of them"));
}

TEST_F(TouchedTest, WithoutASeriesThereIsNothingToTouch) {
  sources_.series.patches.clear();
  const auto r = choose();
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
}

TEST_F(TouchedTest, WithoutTheWordNothingChanges) {
  in_.touched = false;
  ASSERT_TRUE(choose().has_value());
  EXPECT_THAT(in_.spec.suites, ElementsAre("*"));
}

model::Arch host_arch() {
  utsname u = {};
  ::uname(&u);
  return model::arch_from_string(u.machine).value_or(model::Arch::x86_64);
}

constexpr const char* before = R"(int main(int argc, char **argv)
{
	return 0;
}
)";
// Patch 1 adds the loop, patch 2 an error branch in it that no test takes.
constexpr const char* patch_1 = R"(int main(int argc, char **argv)
{
	int i, sum = 0;

	/* count */
	for (i = 0; i < argc; i++) {
		sum += i;
	}
	return sum;
}
)";
constexpr const char* patch_2 = R"(int main(int argc, char **argv)
{
	int i, sum = 0;

	/* count */
	for (i = 0; i < argc; i++) {
		if (i > 5)
			__builtin_abort();
		sum += i;
	}
	return sum;
}
)";

// A tree of one C file in git, its object built with gcov as kbuild does it, and a program instead of the
// guest.
class CountedTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_dirs(tree() / "block").has_value());
    ASSERT_TRUE(make_dirs(objects() / "block").has_value());
    run({"git", "init", "-q", "."}, tree());
    ASSERT_TRUE(write_file_atomic(tree() / "block/not-built.c", "int x;\n").has_value());
    sources_.base.repo = tree() / ".git";
    sources_.base.commit = commit(before);
    for (const char* text : {patch_1, patch_2}) {
      git::Applied p;
      p.number = static_cast<int>(sources_.series.patches.size()) + 1;
      p.files = {"block/bio.c", "block/not-built.c", "block/removed.c", "Documentation/x.rst"};
      p.commit = commit(text);
      p.patch_id = p.commit;
      sources_.series.patches.push_back(p);
    }
    kernel_.id = "tip-coverage";
    kernel_.arch = host_arch();
    kernel_.point.number = 2;
    plan_.kernels = {kernel_};
    plan_.counting = {kernel_.id};
  }

  fs::path tree() const { return place_.dir.path() / "tree"; }
  fs::path objects() const { return place_.dir.path() / "objects"; }

  static model::TestRecord ended(const char* name) {
    model::TestRecord r;
    r.name = name;
    r.exit.kind = model::TestExit::Kind::exited;
    return r;
  }

  std::string run(std::vector<std::string> argv, const fs::path& cwd) {
    process::Command c;
    c.argv = std::move(argv);
    c.cwd = cwd;
    c.env = {{"GIT_CONFIG_GLOBAL", "/dev/null"},
             {"GIT_AUTHOR_NAME", "x"},
             {"GIT_AUTHOR_EMAIL", "x@example.org"},
             {"GIT_COMMITTER_NAME", "x"},
             {"GIT_COMMITTER_EMAIL", "x@example.org"}};
    const auto done = process::run(c, place_.cancel);
    EXPECT_TRUE(done.has_value());
    return done.has_value() ? std::string(trim(done->out)) : "";
  }
  std::string commit(const std::string& text) {
    EXPECT_TRUE(write_file_atomic(tree() / "block/bio.c", text).has_value());
    run({"git", "add", "-A"}, tree());
    run({"git", "commit", "-q", "-m", "x"}, tree());
    return run({"git", "rev-parse", "HEAD"}, tree());
  }
  // What the object counts while the program runs.
  std::string counters() {
    run({"gcc", "-O1", "-fprofile-arcs", "-ftest-coverage", "-c", "../tree/block/bio.c", "-o", "block/bio.o"},
        objects());
    run({"gcc", "--coverage", "block/bio.o", "-o", "program"}, objects());
    run({"./program", "1", "2"}, objects());
    const auto data = read_file(objects() / "block/bio.gcda");
    EXPECT_TRUE(data.has_value());
    return data.has_value() ? wire::pack(*data) : "";
  }

  job::Place place_;
  Sources sources_;
  plan::Plan plan_;
  model::Kernel kernel_;
};

TEST_F(CountedTest, FromTheCountersOfAGuestToTheLinesOfEachPatch) {
  job::GuestResult result;
  result.guest.line_counters["bio/a"]["c/build/x/block/bio.gcda"] = counters();
  for (const char* name : {"bio/a", "bio/silent", "bio/skipped"})
    result.guest.facts.records.push_back(ended(name));
  result.guest.facts.records.back().skip_reason = "no such drive";
  kbuild::Artifact artifact;
  artifact.notes = place_.dir.path() / "notes";
  ASSERT_TRUE(make_dirs(artifact.notes / "block").has_value());
  ASSERT_TRUE(copy_sparse(objects() / "block/bio.gcno", artifact.notes / "block/bio.gcno").has_value());

  CoverageRecord record(sources_, plan_, place_.services);
  const auto added = record.add(kernel_, artifact, result);
  ASSERT_TRUE(added.has_value()) << added.error().message;
  const auto written = record.write(place_.dir.path());
  ASSERT_TRUE(written.has_value()) << written.error().message;

  const auto c = coverage::from_json(read_file(place_.dir.path() / "coverage.json").value());
  ASSERT_TRUE(c.has_value()) << c.error().message;
  std::vector<std::string> texts;
  for (const auto& p : coverage::patch_coverage(*c, c->kernels.at(0))) texts.push_back(coverage::to_text(p));
  EXPECT_THAT(texts,
              ElementsAre(HasSubstr("changed lines ran in 1 test; not built: block/not-built.c"),
                          HasSubstr("patch 2: 1 of 2 changed lines ran in 1 test; never: block/bio.c:8")));
  EXPECT_THAT(c->kernels[0].not_counted, ElementsAre(Pair("bio/silent", "its guest sent no counters")));
}

// Of two objects the second is a module: one test did not load it, and with another its counters were too
// long.
TEST_F(CountedTest, AnObjectWithoutCountersDidNotRunButCountersThatCannotBeReadAreAProblem) {
  job::GuestResult result;
  const std::string data = counters();
  result.guest.line_counters = {{"bio/a", {{"c/block/bio.gcda", data}}},
                                {"bio/b", {{"c/block/bio.gcda", data}, {"c/block/module.gcda", ""}}}};
  kbuild::Artifact artifact;
  artifact.notes = place_.dir.path() / "notes";
  ASSERT_TRUE(make_dirs(artifact.notes / "block").has_value());
  ASSERT_TRUE(write_file_atomic(tree() / "block/module.c", "int f(void) { return 1; }\n").has_value());
  run({"gcc", "-fprofile-arcs", "-ftest-coverage", "-c", "../tree/block/module.c", "-o", "block/module.o"},
      objects());
  for (const char* name : {"block/bio.gcno", "block/module.gcno"})
    ASSERT_TRUE(copy_sparse(objects() / name, artifact.notes / name).has_value());
  for (const char* name : {"bio/a", "bio/b"}) result.guest.facts.records.push_back(ended(name));

  CoverageRecord record(sources_, plan_, place_.services);
  const auto added = record.add(kernel_, artifact, result);
  ASSERT_TRUE(added.has_value()) << added.error().message;
  ASSERT_TRUE(record.write(place_.dir.path()).has_value());
  const auto c = coverage::from_json(read_file(place_.dir.path() / "coverage.json").value());
  ASSERT_TRUE(c.has_value());
  EXPECT_THAT(coverage::measured_tests(*c), ElementsAre("bio/a", "bio/b"));
  EXPECT_THAT(c->kernels[0].not_counted,
              ElementsAre(Pair("bio/b", "the counters of block/module.o cannot be read: they are too long")));
}

TEST_F(CountedTest, CountersOfAnotherBuildAreAnError) {
  job::GuestResult result;
  result.guest.line_counters["bio/a"]["c/block/bio.gcda"] = counters();
  result.guest.facts.records.push_back(ended("bio/a"));
  static_cast<void>(counters());  // compiled again: its notes have another stamp
  kbuild::Artifact artifact;
  artifact.notes = objects();
  CoverageRecord record(sources_, plan_, place_.services);
  const auto added = record.add(kernel_, artifact, result);
  ASSERT_TRUE(added.has_error());
  EXPECT_THAT(added.error().message, HasSubstr("mismatch"));
}

TEST_F(CountedTest, AKernelThatDoesNotCountLeavesNothing) {
  plan_.counting.clear();
  CoverageRecord record(sources_, plan_, place_.services);
  ASSERT_TRUE(record.add(kernel_, {}, {}).has_value());
  ASSERT_TRUE(record.write(place_.dir.path()).has_value());
  EXPECT_FALSE(fs::exists(place_.dir.path() / "coverage.json"));
}

// A run of other patches on the same base knows which tests run the lines around the changes.
TEST_F(CountedTest, ARunOfAnotherSeriesAnswersForTheLinesOfTheBase) {
  auto opened = store::Store::open(place_.dir.path() / "results.db");
  ASSERT_TRUE(opened.has_value());
  sources_.base.tree = "tree of the base";
  coverage::RunCoverage stored{"base", "tree of the base", "other", {}, {{"block/bio.c", {{1, 1, 4}}}}, {}};
  stored.kernels.push_back({"k", "x86_64", {{"block/bio.c", {1}}}, {}, {}, {}});
  stored.kernels[0].tests = {{"bio/a", {{"block/bio.c", {1}}}}, {"bio/b", {}}};
  store::RunRow row;
  row.id = "1";
  row.dir = place_.dir.path() / "run";
  ASSERT_TRUE(opened->begin_run(row, {}, {}).has_value());
  ASSERT_TRUE(make_dirs(row.dir).has_value());
  ASSERT_TRUE(write_file_atomic(fs::path(row.dir) / "coverage.json", coverage::to_json(stored)).has_value());
  Inputs in;
  in.suites = {{"bio", "", {test_named("bio/a"), test_named("bio/b")}}};
  in.spec.suites = {"*"};
  in.touched = true;
  const auto chosen = choose_touched(in, sources_, *opened, place_.services);
  ASSERT_TRUE(chosen.has_value()) << chosen.error().message;
  EXPECT_THAT(in.spec.suites, ElementsAre("bio/a"));
  in.spec.suites = {"*"};
  in.touched = true;
  sources_.base.tree = "another";
  ASSERT_TRUE(choose_touched(in, sources_, *opened, place_.services).has_value());
  EXPECT_THAT(in.spec.suites, ElementsAre("*"));
  EXPECT_TRUE(in.coverage);
}

}  // namespace
}  // namespace pinrig::run
