// SPDX-License-Identifier: GPL-2.0
// The default run: base and tip of the demonstration series on both architectures.
#include <pugixml.hpp>

#include "pipeline.h"

namespace pinrig::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<std::string> cells{"base-x86_64", "tip-x86_64", "base-aarch64", "tip-aarch64"};

/// One run for all tests of this file.
class DefaultRun : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    box_ = new WarmSandbox;
    const auto file = [](const char* name) { return (box_->root() / name).string(); };
    ran_ = box_->pinrig(
        {"run", "--json", file("run.json"), "--junit", file("junit.xml"), "--ktap", file("run.ktap")});
    json_ = read_json(box_->root() / "run.json");
  }
  static void TearDownTestSuite() {
    delete box_;
    box_ = nullptr;
  }

  static inline WarmSandbox* box_ = nullptr;
  static inline Ran ran_;
  static inline nlohmann::json json_;
};

TEST_F(DefaultRun, IsGreen) {
  EXPECT_EQ(ran_.code, 0) << ran_;
  EXPECT_EQ(json_.value("state", ""), "finished");
  EXPECT_EQ(json_.value("exit_code", -1), 0);
  for (const auto& cell : cells) EXPECT_THAT(ran_.out, HasSubstr(cell.substr(0, cell.find('-'))));
  EXPECT_THAT(ran_.out,
              AllOf(HasSubstr("bio/dio_rw"), HasSubstr("leak"), HasSubstr("x86_64"), HasSubstr("aarch64")));
}

TEST_F(DefaultRun, TheTipLeaksPagesOnBothArchitectures) {
  for (const char* cell : {"tip-x86_64", "tip-aarch64"}) {
    const auto test = test_of(job_of(json_, cell), "bio/dio_rw");
    EXPECT_EQ(test.value("verdict", ""), "leak") << cell << ": " << test.value("detail", "");
    EXPECT_TRUE(test.value("expected", false)) << cell;
    ASSERT_TRUE(test.contains("ledger")) << cell;
    EXPECT_TRUE(test["ledger"].value("available", false)) << cell;
    EXPECT_GT(test["ledger"].value("outstanding", 0), 0) << cell;
  }
}

TEST_F(DefaultRun, TheBasePinsAndUnpins) {
  for (const char* cell : {"base-x86_64", "base-aarch64"}) {
    const auto test = test_of(job_of(json_, cell), "bio/dio_rw");
    EXPECT_EQ(test.value("verdict", ""), "pass") << cell << ": " << test.value("detail", "");
    ASSERT_TRUE(test.contains("ledger")) << cell;
    EXPECT_GT(test["ledger"].value("acquired", 0), 0)
        << cell << ": a path that pinned nothing proves nothing";
    EXPECT_GT(test.value("cases", nlohmann::json::array()).size(), 4u) << cell;
  }
}

TEST_F(DefaultRun, EveryJobEndedWellAndEveryVerdictIsExpected) {
  for (const auto& cell : cells) {
    const auto job = job_of(json_, cell);
    EXPECT_EQ(job["outcome"].value("kind", ""), "completed") << job["outcome"].dump();
    EXPECT_THAT(job.value("unmet", nlohmann::json::array()), IsEmpty());
    EXPECT_THAT(job["tests"], Not(IsEmpty()));
    for (const auto& test : job["tests"]) {
      EXPECT_TRUE(test.value("expected", false))
          << cell << " " << test.value("name", "") << " " << test.value("verdict", "");
      EXPECT_NE(test.value("verdict", ""), "missing") << cell << " " << test.value("name", "");
    }
  }
}

TEST_F(DefaultRun, TheSameTestsEverywhere) {
  std::vector<std::string> first;
  for (const auto& cell : cells) {
    std::vector<std::string> names;
    const auto job = job_of(json_, cell);
    for (const auto& test : job["tests"]) names.push_back(test.value("name", ""));
    if (first.empty()) first = names;
    EXPECT_EQ(names, first) << cell;
  }
  for (const char* name :
       {"pins/selfcheck", "bio/dio_fork", "rdma/mr_reg", "gup/gup_test_matrix", "mm/cow", "mm/gup_longterm"})
    EXPECT_THAT(first, testing::Contains(name));
}

TEST_F(DefaultRun, TheMachineIsRecorded) {
  for (const auto& cell : cells) {
    const auto job = job_of(json_, cell);
    EXPECT_EQ(job["capabilities"].value("dio.bdev", ""), "pin") << cell;
    EXPECT_THAT(job["guest"].value("accel", ""), testing::AnyOf("tcg", "kvm")) << cell;
    EXPECT_NE(job["guest"].value("cpu_model", ""), "") << cell;
    EXPECT_GT(job["guest"].value("boot_s", 0.0), 0.0) << cell;
    EXPECT_EQ(job["kernel"].value("key", "").size(), 64u) << cell;
    EXPECT_THAT(job["kernel"].value("release", ""), testing::StartsWith("6.12.")) << cell;
  }
  EXPECT_NE(job_of(json_, "base-x86_64")["kernel"].value("key", ""),
            job_of(json_, "tip-x86_64")["kernel"].value("key", ""));
}

TEST_F(DefaultRun, EveryJobHasItsFiles) {
  for (const auto& cell : cells) {
    const fs::path dir = job_of(json_, cell).value("dir", "");
    for (const char* name : {"console.raw", "results.raw", "qemu.args", "job.json", "repro.sh",
                             "kernel.config", "manifest.json"}) {
      std::error_code ec;
      EXPECT_GT(fs::file_size(dir / name, ec), 0u) << dir / name;
    }
    EXPECT_NE(fs::status(dir / "repro.sh").permissions() & fs::perms::owner_exec, fs::perms::none);
    const auto console = box_->pinrig({"parse", "console", "--json", (dir / "console.raw").string()});
    EXPECT_FALSE(nlohmann::json::parse(console.out, nullptr, false).is_discarded()) << cell;
    const auto manifest = read_json(dir / "manifest.json").dump();
    for (const char* role : {"kernel", "vmlinux", "config", "initramfs", "selftests"})
      EXPECT_THAT(manifest, HasSubstr(role));
    EXPECT_EQ(read_json(dir / "job.json").value("cell", read_json(dir / "job.json").value("cell_id", "")),
              cell);
  }
}

TEST_F(DefaultRun, JunitIsWellFormedAndSaysTheSame) {
  pugi::xml_document doc;
  ASSERT_TRUE(doc.load_file((box_->root() / "junit.xml").c_str()));
  const auto suites = doc.child("testsuites");
  ASSERT_TRUE(suites);
  int found = 0;
  int counted = 0;
  int cases = 0;
  for (const auto suite : suites.children("testsuite")) {
    ++found;
    counted += suite.attribute("tests").as_int();
    cases +=
        static_cast<int>(std::distance(suite.children("testcase").begin(), suite.children("testcase").end()));
    EXPECT_EQ(suite.attribute("failures").as_int() + suite.attribute("errors").as_int(), 0)
        << suite.attribute("name").value();
  }
  EXPECT_EQ(found, 4);
  EXPECT_EQ(counted, cases);
  EXPECT_GT(cases, 100);
}

TEST_F(DefaultRun, KtapIsReadByOurOwnParser) {
  const Ran ran = box_->pinrig({"parse", "ktap", "--json", (box_->root() / "run.ktap").string()});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto tree = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_FALSE(tree.is_discarded());
  EXPECT_EQ(tree["cases"].size(), 4u);
  EXPECT_THAT(tree["findings"], IsEmpty()) << tree["findings"].dump();
}

TEST_F(DefaultRun, ShowAndListFindIt) {
  EXPECT_THAT(listed(*box_), HasSubstr(json_.value("id", "?")));
  const Ran test = box_->pinrig({"show", "last", "tip-x86_64", "bio/dio_rw"});
  EXPECT_EQ(test.code, 0) << test;
  EXPECT_THAT(test.out, AllOf(HasSubstr("leak"), HasSubstr("repro.sh"), HasSubstr("read_1_page")));
}

TEST_F(DefaultRun, ReproShowsTheLeakAgain) {
  const fs::path dir = job_of(json_, "tip-x86_64").value("dir", "");
  process::Command c = box_->command({});
  c.argv = {(dir / "repro.sh").string(), "--test", "bio/dio_rw"};
  c.cwd = "/";
  // As another shell would have it: nothing of this test's environment but the places.
  const Ran ran = run(c);
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("leak"), HasSubstr("bio/dio_rw")));
  EXPECT_TRUE(fs::exists(dir / "rerun-1/console.raw"));
}

}  // namespace
}  // namespace pinrig::integration
