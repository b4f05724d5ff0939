// SPDX-License-Identifier: GPL-2.0
// harness/bootstrap on machines that lack something: apt, dpkg and sudo are fakes that write down what they
// are asked.
#include "sandbox.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* packages = R"(# SPDX-License-Identifier: GPL-2.0
ninja-build   cmd:ninja          builds
libthere-dev  file:/etc/passwd   is there
libnone-dev   file:/none/none.h  a library that is nowhere
nonetool      cmd:nonetool       a program that is nowhere
linux-source  base:/none/source  a base
)";

class Bootstrap : public testing::Test {
 protected:
  void SetUp() override {
    box_.project = box_.root() / "project";
    box_.put("harness/packages.txt", packages);
    fs::copy(fs::path(PINRIG_SOURCE_DIR) / "harness/bootstrap", box_.project / "harness/bootstrap");
    box_.hide_programs("apt");
    for (const char* name : {"dpkg-query", "sudo", "id", "cmake", "ninja", "nonetool"})
      fs::remove(box_.root() / "farm" / name);
    box_.fake("id", "echo 0");
    box_.fake("cmake", "echo \"cmake $*\" >>" + log().string());
    box_.fake("ninja", "echo 'ninja: no work to do.'");
  }

  /// Debian: dpkg knows what is a file in `installed`; apt-get does `install`.
  void debian(const std::string& install) {
    const std::string installed = (box_.root() / "installed").string();
    for (const char* name : {"ninja-build", "libthere-dev", "linux-source"})
      box_.put(fs::path(installed) / name, "");
    box_.fake("dpkg-query", "for name; do :; done\ntest -e " + installed +
                                "/$name && echo installed || { echo \"no $name\" >&2; exit 1; }");
    box_.fake("apt-get",
              "echo \"apt-get $*\" >>" + log().string() + "\ntest \"$1\" = update && exit 0\n" + install);
  }
  /// Installs all it is asked for.
  std::string obeys() const {
    return "for p; do case $p in -*|install) ;; *) : >" + (box_.root() / "installed").string() +
           "/$p ;; esac; done";
  }
  Ran bootstrap(std::vector<std::string> args) {
    process::Command c;
    c.argv = std::move(args);
    c.argv.insert(c.argv.begin(), (box_.project / "harness/bootstrap").string());
    c.env = box_.env;
    c.env["TMPDIR"] = box_.root().string();
    return run(c);
  }
  fs::path log() const { return box_.root() / "calls"; }
  std::string calls() const {
    const auto text = read_file(log());
    return text.has_value() ? *text : "";
  }

  Sandbox box_;
};

TEST_F(Bootstrap, DryRunPrintsWhatItWouldInstallAndDoesNothing) {
  debian("exit 1");
  const Ran ran = bootstrap({"--dry-run", "build"});
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out,
              HasSubstr("apt-get update\napt-get install -y --no-install-recommends libnone-dev nonetool\n"));
  EXPECT_THAT(ran.out, HasSubstr("cmake --preset release"));
  EXPECT_THAT(ran.out, Not(HasSubstr("sudo")));
  EXPECT_THAT(calls(), IsEmpty());
}

TEST_F(Bootstrap, RootInstallsWhatIsMissingAndNothingElse) {
  debian(obeys());
  const Ran ran = bootstrap({"build"});
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(
      calls(),
      HasSubstr("apt-get update\napt-get install -y --no-install-recommends libnone-dev nonetool\ncmake"));
  EXPECT_THAT(ran.err, HasSubstr("installing 2 packages: libnone-dev nonetool"));
  fs::remove(log());
  const Ran again = bootstrap({"build"});
  EXPECT_EQ(again.code, 0) << again;
  EXPECT_THAT(calls(), Not(HasSubstr("apt-get")));
  EXPECT_THAT(again.err, Not(HasSubstr("installing"))) << "quiet when nothing is to do";
}

TEST_F(Bootstrap, OthersInstallWithSudo) {
  debian(obeys());
  box_.fake("id", "echo 1000");
  box_.fake("sudo", "echo \"sudo $1\" >>" + log().string() + "\nexec \"$@\"");
  EXPECT_THAT(bootstrap({"--dry-run", "build"}).out,
              HasSubstr("sudo apt-get update\nsudo apt-get install -y"));
  const Ran ran = bootstrap({"build"});
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(calls(), HasSubstr("sudo apt-get\napt-get update\nsudo env\napt-get install -y"));
}

TEST_F(Bootstrap, NeitherRootNorSudoSaysWhatRootMustDo) {
  debian(obeys());
  box_.fake("id", "echo 1000");
  const Ran ran = bootstrap({"build"});
  EXPECT_EQ(ran.code, 4) << ran;
  EXPECT_THAT(ran.err, HasSubstr("as root run: apt-get install libnone-dev nonetool"));
  EXPECT_THAT(calls(), IsEmpty());
}

TEST_F(Bootstrap, APackageThatCannotBeHadIsNamed) {
  debian("echo 'E: Unable to locate package nonetool' >&2\n: >" + (box_.root() / "installed").string() +
         "/libnone-dev\nexit 100");
  const Ran ran = bootstrap({"build"});
  EXPECT_EQ(ran.code, 4) << ran;
  EXPECT_THAT(ran.err, HasSubstr("E: Unable to locate package nonetool"));
  EXPECT_THAT(ran.err, HasSubstr("apt could not install: nonetool\n")) << "what could be had is not named";
  EXPECT_THAT(calls(), Not(HasSubstr("cmake")));
}

TEST_F(Bootstrap, AnotherDistributionNamesTheTools) {
  const Ran ran = bootstrap({"build"});
  EXPECT_EQ(ran.code, 4) << ran;
  EXPECT_THAT(ran.err, HasSubstr("missing, and no apt to install it: /none/none.h nonetool\n"));
  EXPECT_THAT(ran.err, HasSubstr("bases in kernels/ that use linux-source are not available"));
  EXPECT_THAT(calls(), IsEmpty());
}

TEST_F(Bootstrap, AnotherDistributionGoesOnWhenTheToolsAreThere) {
  box_.put("harness/packages.txt", "ninja-build cmd:ninja builds\nlibthere-dev file:/etc/passwd is there\n");
  const Ran ran = bootstrap({"build"});
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(calls(), HasSubstr("cmake --preset release"));
}

TEST_F(Bootstrap, AWrongWordIsBadUsage) {
  EXPECT_EQ(bootstrap({"frobnicate"}).code, 2);
  EXPECT_EQ(bootstrap({}).code, 2);
}

}  // namespace
}  // namespace pinrig::integration
