// SPDX-License-Identifier: GPL-2.0
// .ci/run and .ci/nightly, with a pinrig and a bootstrap that only pretend.
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

TEST_F(Ci, ANightIsThatOfPinrig) {
  pinrig_is("echo \"did $*\"; exit 1");
  const Ran ran = run(ci({"nightly", "--dry-run"}));
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, HasSubstr("did night --dry-run"));
}

TEST_F(Ci, ANightThatCannotBeBuiltIsOfTheMachine) {
  pinrig_is("exit 0");
  box_.put("harness/bootstrap", "#!/bin/sh\nexit 1\n", 0755);
  EXPECT_EQ(run(ci({"nightly"})).code, 4);
}

}  // namespace
}  // namespace pinrig::integration
