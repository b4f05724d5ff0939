// SPDX-License-Identifier: GPL-2.0
// .ci/run and .ci/nightly, with a pinrig and a bootstrap that only pretend.
#include <signal.h>

#include "background.h"
#include "sandbox.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;
using testing::Not;

class Ci : public testing::Test {
 protected:
  void SetUp() override {
    box_.project = box_.root() / "project";
    for (const char* name : {".ci/run", ".ci/nightly"}) {
      const auto text = read_file(fs::path(PINRIG_SOURCE_DIR) / name);
      ASSERT_TRUE(text.has_value());
      box_.put(name, *text, 0755);
    }
    box_.put("harness/bootstrap", "#!/bin/sh\nexit 0\n", 0755);
  }
  /// build/release/pinrig as a shell script.
  void pinrig_is(const std::string& body) {
    box_.put("build/release/pinrig", "#!/bin/sh\n" + body + "\n", 0755);
  }
  process::Command ci(std::vector<std::string> args) {
    auto c = box_.command({});
    args.front() = (box_.project / ".ci" / args.front()).string();
    c.argv = std::move(args);
    return c;
  }
  Ran night(const std::vector<std::string>& more = {}) {
    std::vector<std::string> args{"nightly", "--out", out().string()};
    args.insert(args.end(), more.begin(), more.end());
    return run(ci(args));
  }
  fs::path out() const { return box_.root() / "night"; }
  std::string text_of(const fs::path& file) const {
    const auto text = read_file(file);
    EXPECT_TRUE(text.has_value()) << file;
    return text.has_value() ? *text : "";
  }
  /// bootstrap test, which leaves ctest's log and ends with `code`.
  void tests_are(const std::string& log, int code) {
    box_.put("harness/bootstrap",
             "#!/bin/sh\nmkdir -p build/release/Testing/Temporary\ncat "
             ">build/release/Testing/Temporary/LastTest.log "
             "<<'EOF'\n" +
                 log + "EOF\necho '100% tests passed, 0 tests failed out of 2'\nexit " +
                 std::to_string(code) + "\n",
             0755);
  }

  Sandbox box_;
};

constexpr const char* a_skip =
    "/x/harness/vm/guest_test.cc:211: Skipped\nmounting a tmpfs takes privileges\n";

TEST_F(Ci, ASkippedTestIsListedWithItsReason) {
  tests_are(a_skip, 0);
  const Ran ran = run(ci({"run"}));
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("guest_test.cc:211: mounting a tmpfs takes privileges"));
}

TEST_F(Ci, RequireAllMakesASkipAFailure) {
  tests_are(a_skip, 0);
  box_.env["PINRIG_REQUIRE_ALL"] = "1";
  const Ran ran = run(ci({"run"}));
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, HasSubstr("guest_test.cc:211: mounting a tmpfs takes privileges"));
}

TEST_F(Ci, RequireAllIsGreenWhenNothingIsSkipped) {
  tests_are("all well\n", 0);
  box_.env["PINRIG_REQUIRE_ALL"] = "1";
  EXPECT_EQ(run(ci({"run"})).code, 0);
}

TEST_F(Ci, SkipsOfAnEarlierRunAreNotThisOnes) {
  box_.put("build/release/Testing/Temporary/LastTest.log", a_skip);
  box_.put("harness/bootstrap", "#!/bin/sh\nexit 3\n", 0755);
  const Ran ran = run(ci({"run"}));
  EXPECT_EQ(ran.code, 3) << ran;
  EXPECT_THAT(ran.out, Not(HasSubstr("guest_test.cc")));
  EXPECT_THAT(ran.out, HasSubstr("no test was run"));
}

TEST_F(Ci, ABrokenMachineDoesNotHideARegression) {
  // The first step finds something, the second cannot work.
  pinrig_is(
      "case $* in *debian-6.1*) echo broken; exit 4 ;; 'run full --junit'*) echo '2 leaks'; exit 1 ;; esac");
  const Ran ran = night();
  EXPECT_EQ(ran.code, 1) << ran;
  const std::string summary = text_of(out() / "summary.txt");
  EXPECT_THAT(summary, HasSubstr("8 of 10 steps as expected, exit 1 (regressions)"));
  EXPECT_THAT(summary, HasSubstr("2 leaks"));
  EXPECT_THAT(summary, HasSubstr("broken"));
  EXPECT_THAT(text_of(out() / "full-6.12.log"), HasSubstr("2 leaks"));
  EXPECT_THAT(text_of(out() / "night.xml"), HasSubstr("tests=\"10\" failures=\"2\""));
}

TEST_F(Ci, ACrashOfPinrigIsNoGreenNight) {
  pinrig_is("case $* in 'run kvm'*) kill -SEGV $$ ;; esac");
  EXPECT_EQ(night().code, 139);
}

TEST_F(Ci, AGoodNightIsGreen) {
  pinrig_is("echo \"did $*\"");
  const Ran ran = night();
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(text_of(out() / "summary.txt"), HasSubstr("10 of 10 steps as expected, exit 0"));
  EXPECT_THAT(text_of(out() / "kvm.log"), HasSubstr("--junit " + (out() / "kvm.xml").string()));
}

TEST_F(Ci, AnInterruptedNightEndsThere) {
  pinrig_is("case $* in *debian-6.1*) exit 130 ;; esac");
  EXPECT_EQ(night().code, 130);
  EXPECT_THAT(text_of(out() / "summary.txt"), HasSubstr("1 of 2 steps"));
}

TEST_F(Ci, AnArgumentThatIsNotKnownStartsNothing) {
  pinrig_is("touch '" + (box_.root() / "started").string() + "'");
  for (const char* arg : {"--dryrun", "now", "--out"}) {
    const Ran ran = run(ci({"nightly", arg}));
    EXPECT_EQ(ran.code, 2) << arg << ran;
    EXPECT_FALSE(fs::exists(box_.root() / "started")) << arg;
  }
  EXPECT_EQ(run(ci({"nightly", "--help"})).code, 0);
  EXPECT_EQ(run(ci({"nightly", "--dry-run"})).code, 0);
  EXPECT_FALSE(fs::exists(box_.root() / "started"));
}

TEST_F(Ci, TheNextNightDoesNotStartBesideThisOne) {
  fs::create_directories(box_.state);
  const auto held = FileLock::try_acquire(box_.state / "nightly.lock");
  ASSERT_TRUE(held.has_value());
  pinrig_is("touch '" + (box_.root() / "started").string() + "'");
  const Ran ran = night();
  EXPECT_EQ(ran.code, 4) << ran;
  EXPECT_THAT(ran.err, HasSubstr("another nightly is still running"));
  EXPECT_FALSE(fs::exists(box_.root() / "started"));
}

}  // namespace
}  // namespace pinrig::integration
