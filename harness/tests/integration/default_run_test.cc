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

const std::vector<std::string> kernels{"base-x86_64", "tip-x86_64", "base-aarch64", "tip-aarch64"};

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
  for (const auto& id : kernels) EXPECT_THAT(ran_.out, HasSubstr(id.substr(0, id.find('-'))));
  EXPECT_THAT(ran_.out, AllOf(HasSubstr("bio/dio_rw"), HasSubstr("leak"), HasSubstr("x86_64"),
                              HasSubstr("aarch64"), HasSubstr("next steps"), HasSubstr("ALL AS EXPECTED")));
}

TEST_F(DefaultRun, TheTipLeaksPagesOnBothArchitectures) {
  for (const char* id : {"tip-x86_64", "tip-aarch64"}) {
    const auto test = test_of(guest_of(json_, id), "bio/dio_rw");
    EXPECT_EQ(test.value("verdict", ""), "leak") << id << ": " << test.value("detail", "");
    EXPECT_TRUE(test.value("expected", false)) << id;
    ASSERT_TRUE(test.contains("ledger")) << id;
    EXPECT_TRUE(test["ledger"].value("available", false)) << id;
    EXPECT_GT(test["ledger"].value("outstanding", 0), 0) << id;
  }
}

TEST_F(DefaultRun, TheBasePinsAndUnpins) {
  for (const char* id : {"base-x86_64", "base-aarch64"}) {
    const auto test = test_of(guest_of(json_, id), "bio/dio_rw");
    EXPECT_EQ(test.value("verdict", ""), "pass") << id << ": " << test.value("detail", "");
    ASSERT_TRUE(test.contains("ledger")) << id;
    EXPECT_GT(test["ledger"].value("acquired", 0), 0) << id << ": a path that pinned nothing proves nothing";
    EXPECT_GT(test.value("cases", nlohmann::json::array()).size(), 4u) << id;
  }
}

TEST_F(DefaultRun, EveryGuestEndedWellAndEveryVerdictIsExpected) {
  for (const auto& id : kernels) {
    const auto guest = guest_of(json_, id);
    EXPECT_EQ(guest["outcome"].value("kind", ""), "completed") << guest["outcome"].dump();
    EXPECT_THAT(kernel_of(json_, id).value("unmet", nlohmann::json::array()), IsEmpty());
    EXPECT_THAT(kernel_of(json_, id).value("lost", nlohmann::json::array()), IsEmpty());
    EXPECT_THAT(guest["tests"], Not(IsEmpty()));
    for (const auto& test : guest["tests"]) {
      EXPECT_TRUE(test.value("expected", false))
          << id << " " << test.value("name", "") << " " << test.value("verdict", "");
      EXPECT_NE(test.value("verdict", ""), "missing") << id << " " << test.value("name", "");
    }
  }
}

TEST_F(DefaultRun, TheSameTestsEverywhere) {
  std::vector<std::string> first;
  for (const auto& id : kernels) {
    std::vector<std::string> names;
    const auto guest = guest_of(json_, id);
    for (const auto& test : guest["tests"]) names.push_back(test.value("name", ""));
    if (first.empty()) first = names;
    EXPECT_EQ(names, first) << id;
  }
  for (const char* name :
       {"pins/selfcheck", "bio/dio_fork", "rdma/mr_reg", "gup/gup_test_matrix", "mm/cow", "mm/gup_longterm"})
    EXPECT_THAT(first, testing::Contains(name));
}

TEST_F(DefaultRun, TheMachineIsRecorded) {
  for (const auto& id : kernels) {
    const auto guest = guest_of(json_, id);
    EXPECT_EQ(guest["capabilities"].value("dio.bdev", ""), "pin") << id;
    EXPECT_THAT(guest.value("accel", ""), testing::AnyOf("tcg", "kvm")) << id;
    EXPECT_NE(guest.value("cpu_model", ""), "") << id;
    EXPECT_GT(guest.value("boot_s", 0.0), 0.0) << id;
    EXPECT_THAT(guest.value("release", ""), testing::StartsWith("6.12.")) << id;
    EXPECT_EQ(kernel_of(json_, id).value("key", "").size(), 64u) << id;
  }
  EXPECT_NE(kernel_of(json_, "base-x86_64").value("key", ""),
            kernel_of(json_, "tip-x86_64").value("key", ""));
}

TEST_F(DefaultRun, EveryGuestHasItsFiles) {
  for (const auto& id : kernels) {
    const fs::path dir = guest_of(json_, id).value("dir", "");
    for (const char* name : {"console.raw", "results.raw", "qemu.args", "job.json", "repro.sh",
                             "kernel.config", "manifest.json"}) {
      std::error_code ec;
      EXPECT_GT(fs::file_size(dir / name, ec), 0u) << dir / name;
    }
    EXPECT_NE(fs::status(dir / "repro.sh").permissions() & fs::perms::owner_exec, fs::perms::none);
    const auto console = box_->pinrig({"parse", "console", "--json", (dir / "console.raw").string()});
    EXPECT_FALSE(nlohmann::json::parse(console.out, nullptr, false).is_discarded()) << id;
    const auto manifest = read_json(dir / "manifest.json").dump();
    for (const char* role : {"kernel", "vmlinux", "config", "initramfs", "selftests"})
      EXPECT_THAT(manifest, HasSubstr(role));
    EXPECT_EQ(read_json(dir / "job.json").value("guest_id", ""), id);
    EXPECT_EQ(dir.parent_path().filename(), "guests");
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
  EXPECT_EQ(found, 5) << "the run and four guests";
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
  const fs::path dir = guest_of(json_, "tip-x86_64").value("dir", "");
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
