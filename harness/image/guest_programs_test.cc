// SPDX-License-Identifier: GPL-2.0
// Configure and build with fakes in the place of CMake, Ninja and the compilers.
#include <gmock/gmock.h>

#include "image/test_support.h"

namespace pinrig::image {
namespace {

using model::Arch;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* good_cmake = R"(
echo "cmake $*" >>"$LOG"
while [ "$1" != -B ]; do shift; done
touch "$2/build.ninja")";
constexpr const char* good_ninja = R"(
echo "ninja $*" >>"$LOG"
echo "ninja: Entering directory"
echo "[0/2] Re-checking globbed directories..."
echo "[1/2] Building C object x.o"
echo "[2/2] Linking agent")";

class GuestProgramsTest : public ImageTest {
 protected:
  void SetUp() override {
    ImageTest::SetUp();
    put(ctx_.project / "guest-tests/cmake/aarch64.cmake", "a");
    put(ctx_.project / "guest-tests/cmake/sysroot.cmake", "s");
    fake("cmake", good_cmake);
    fake("ninja", good_ninja);
    fake("aarch64-linux-gnu-gcc", "");
    fake("aarch64-linux-gnu-g++", "");
  }
  Result<fs::path> build(const fs::path& sysroot = "/sysroot") {
    return build_guest_programs(Arch::aarch64, sysroot, ctx_);
  }
  std::size_t configured() {
    const std::string calls = get(log());
    std::size_t n = 0;
    for (auto at = calls.find("cmake -S"); at != std::string::npos; at = calls.find("cmake -S", at + 1)) ++n;
    return n;
  }
  Error failure() {
    auto r = build();
    EXPECT_TRUE(r.has_error());
    return r.has_error() ? r.error() : Error{};
  }
};

TEST_F(GuestProgramsTest, ConfiguresOnceThenOnlyBuilds) {
  ctx_.jobs = 3;
  const fs::path dir = build().value();
  EXPECT_EQ(build().value(), dir);
  EXPECT_EQ(configured(), 1u);
  const std::string calls = get(log());
  const std::string source = (ctx_.project / "guest-tests").string();
  EXPECT_THAT(calls, HasSubstr("cmake -S " + source + " -B " + dir.string() + " -G Ninja"));
  EXPECT_THAT(calls, HasSubstr("-DCMAKE_TOOLCHAIN_FILE=" + source + "/cmake/aarch64.cmake"));
  EXPECT_THAT(calls, HasSubstr("-DPINRIG_SYSROOT=/sysroot"));
  EXPECT_THAT(calls, HasSubstr("ninja -C " + dir.string() + " -j 3\n"));
}

TEST_F(GuestProgramsTest, ProgressOnlyForWhatIsBuilt) {
  ASSERT_TRUE(build().has_value());
  EXPECT_THAT(progress_, ElementsAre("building the aarch64 guest programs: 1/2",
                                     "building the aarch64 guest programs: 2/2"));
  progress_.clear();
  fake("ninja", "echo 'ninja: no work to do.'");
  ASSERT_TRUE(build().has_value());
  EXPECT_TRUE(progress_.empty());
}

// CMake reads these once and keeps them in its cache.
TEST_F(GuestProgramsTest, ANewSysrootToolchainFileOrCompilerStartsAfresh) {
  const fs::path first = build().value();
  const fs::path other_sysroot = build("/sysroot2").value();
  EXPECT_NE(other_sysroot, first);
  put(ctx_.project / "guest-tests/cmake/sysroot.cmake", "s2");
  const fs::path other_flags = build().value();
  EXPECT_NE(other_flags, first);
  fake("aarch64-linux-gnu-gcc", "# newer");
  EXPECT_NE(build().value(), other_flags);
  EXPECT_EQ(configured(), 4u);
}

TEST_F(GuestProgramsTest, AConfigurationCutShortIsDoneAgain) {
  const fs::path dir = build().value();
  fs::remove(dir / "build.ninja");
  put(dir / "CMakeCache.txt", "half");
  ASSERT_TRUE(build().has_value());
  EXPECT_FALSE(fs::exists(dir / "CMakeCache.txt"));
  EXPECT_EQ(configured(), 2u);
}

TEST_F(GuestProgramsTest, FirstCompilerErrorWithFileAndLine) {
  fake("ninja",
       "echo 'FAILED: x.o'\necho '" + ctx_.project.string() +
           "/guest-tests/bio/x.c:3:5: error: unknown type name'\necho 'later.c:9:1: error: second'\nexit 1");
  const Error e = failure();
  EXPECT_EQ(e.kind, ErrorKind::build_failed);
  EXPECT_EQ(e.message,
            "building the aarch64 guest programs failed: guest-tests/bio/x.c:3:5: error: unknown type name");
  EXPECT_THAT(e.hint, HasSubstr("build.log"));
  EXPECT_THAT(get(e.hint.substr(e.hint.find('/'))), HasSubstr("error: second"));
  ASSERT_TRUE(e.build.has_value());
  EXPECT_EQ(e.build->stage, BuildFailure::Stage::guest_programs);
  EXPECT_EQ(e.build->file, "guest-tests/bio/x.c");
  EXPECT_EQ(e.build->line, 3);
  EXPECT_EQ(e.build->message, "unknown type name");
  fake("ninja", "echo 'b.c:1:1: error: of the next build'; exit 1");
  EXPECT_NE(failure().build->log, e.build->log);
  EXPECT_THAT(get(e.build->log), HasSubstr("error: second"));
}

TEST_F(GuestProgramsTest, LinkerErrors) {
  fake("ninja", "echo 'x.c:(.text+0x1): undefined reference to `pin'\\'''; exit 1");
  EXPECT_THAT(failure().message, HasSubstr("undefined reference to `pin'"));
}

TEST_F(GuestProgramsTest, AFailureWithoutAnErrorLineShowsTheEnd) {
  fake("ninja", "echo 'ninja: fatal: odd'; exit 1");
  const Error e = failure();
  EXPECT_EQ(e.kind, ErrorKind::build_failed);
  EXPECT_THAT(e.message, HasSubstr("exit 1"));
  EXPECT_THAT(e.message, HasSubstr("ninja: fatal: odd"));
}

TEST_F(GuestProgramsTest, ConfigureErrors) {
  fake("cmake", "echo 'CMake Error at cmake/sysroot.cmake:20 (message):' >&2; exit 1");
  const Error e = failure();
  EXPECT_EQ(e.kind, ErrorKind::build_failed);
  EXPECT_THAT(
      e.message,
      HasSubstr("configuring the aarch64 guest programs failed: CMake Error at cmake/sysroot.cmake:20"));
  EXPECT_THAT(e.hint, HasSubstr("configure.log"));
}

TEST_F(GuestProgramsTest, FullDisk) {
  fake("ninja", "echo 'x.s: fatal error: No space left on device'; exit 1");
  EXPECT_EQ(failure().kind, ErrorKind::disk_full);
}

TEST_F(GuestProgramsTest, MissingCompilerIsNamedWithItsPackage) {
  fs::remove(bin() / "aarch64-linux-gnu-g++");
  only_fakes();
  const Error e = failure();
  EXPECT_EQ(e.kind, ErrorKind::missing_tool);
  EXPECT_THAT(e.message, HasSubstr("aarch64-linux-gnu-g++ is not in PATH"));
  EXPECT_EQ(e.hint, "apt-get install g++-aarch64-linux-gnu");
}

TEST_F(GuestProgramsTest, Interrupted) {
  CancelToken cancel;
  cancel.request();
  ctx_.cancel = &cancel;
  fake("ninja", "exec sleep 100");
  EXPECT_EQ(failure().kind, ErrorKind::cancelled);
}

// CFLAGS of the user's shell would be kept in CMake's cache and end up in the guest.
TEST_F(GuestProgramsTest, FlagsOfTheEnvironmentStayOut) {
  fake("cmake", std::string("echo \"CFLAGS=[$CFLAGS]\" >>\"$LOG\"") + good_cmake);
  ::setenv("CFLAGS", "-march=native", 1);
  ASSERT_TRUE(build().has_value());
  ::unsetenv("CFLAGS");
  EXPECT_THAT(get(log()), HasSubstr("CFLAGS=[]"));
}

}  // namespace
}  // namespace pinrig::image
