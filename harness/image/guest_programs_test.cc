// SPDX-License-Identifier: GPL-2.0
// Configure and build with fakes in the place of CMake, Ninja and the compilers.
#include <gmock/gmock.h>

#include "image/testing.h"

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
mkdir -p "$2/tests/bio"
echo agent >"$2/agent"
echo tests >"$2/tests/pinrig-tests"
ln -sf ../pinrig-tests "$2/tests/bio/x"
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
    put(ctx_.project / "guest-tests/bio/x.c", "int main;");
    put(ctx_.project / "guest-tests/bio/suite.yaml", "x: {timeout: 3}");
    fake("cmake", good_cmake);
    fake("ninja", good_ninja);
    fake("aarch64-linux-gnu-gcc", "");
    fake("aarch64-linux-gnu-g++", "");
  }
  Result<fs::path> build(const fs::path& sysroot = "/sysroot") {
    return build_guest_programs(Arch::aarch64, sysroot, ctx_);
  }
  std::size_t calls(const std::string& begin) {
    const std::string all = get(log());
    std::size_t n = 0;
    for (auto at = all.find(begin); at != std::string::npos; at = all.find(begin, at + 1)) ++n;
    return n;
  }
  std::size_t configured() { return calls("cmake -S"); }
  std::size_t built() { return calls("ninja -C"); }
  fs::path places() const { return ctx_.cache / "guest/build"; }
  /// The directory that holds source/ and objects/.
  fs::path place() { return places() / names_in(places()).at(0); }
  Error failure() {
    auto r = build();
    EXPECT_TRUE(r.has_error());
    return r.has_error() ? r.error() : Error{};
  }
};

TEST_F(GuestProgramsTest, ConfiguresOnceThenOnlyBuilds) {
  ctx_.jobs = 3;
  const fs::path dir = build().value();
  EXPECT_EQ(get(dir / "agent"), "agent\n");
  EXPECT_EQ(get(dir / "tests/bio/x"), "tests\n");
  put(ctx_.project / "guest-tests/bio/x.c", "int main();");
  EXPECT_NE(build().value(), dir);
  EXPECT_EQ(configured(), 1u);
  const std::string calls = get(log());
  const std::string source = (place() / "source/guest-tests").string();
  EXPECT_THAT(calls, HasSubstr("cmake -S " + source + " -B " + (place() / "objects").string() + " -G Ninja"));
  EXPECT_THAT(calls, HasSubstr("-DCMAKE_TOOLCHAIN_FILE=" + source + "/cmake/aarch64.cmake"));
  EXPECT_THAT(calls, HasSubstr("-DPINRIG_SYSROOT=/sysroot"));
  EXPECT_THAT(calls, HasSubstr("ninja -C " + (place() / "objects").string() + " -j 3\n"));
}

// Two minutes of compiling for each new worktree otherwise.
TEST_F(GuestProgramsTest, ACheckoutElsewhereWithTheSameSourcesFindsThem) {
  const fs::path dir = build().value();
  const fs::path elsewhere = dir_.path() / "elsewhere";
  fs::copy(ctx_.project, elsewhere, fs::copy_options::recursive);
  ctx_.project = elsewhere;
  EXPECT_EQ(build().value(), dir);
  EXPECT_EQ(built(), 1u);
}

// What differs between two checkouts is compiled, nothing else: the others keep their time.
TEST_F(GuestProgramsTest, ACheckoutElsewhereCompilesWhatDiffers) {
  put(ctx_.project / "guest-tests/bio/gone.c", "int gone;");
  ASSERT_TRUE(build().has_value());
  const fs::path source = place() / "source/guest-tests";
  const auto before = fs::last_write_time(source / "cmake/sysroot.cmake");
  fs::remove(ctx_.project / "guest-tests/bio/gone.c");
  put(ctx_.project / "guest-tests/bio/x.c", "int other;");
  ASSERT_TRUE(build().has_value());
  EXPECT_EQ(get(source / "bio/x.c"), "int other;");
  EXPECT_FALSE(fs::exists(source / "bio/gone.c"));
  EXPECT_EQ(fs::last_write_time(source / "cmake/sysroot.cmake"), before);
  EXPECT_EQ(names_in(places()).size(), 1u);
}

// The adapters of the contract and the library that asks them.
TEST_F(GuestProgramsTest, FoldersBelowTheLibraryCount) {
  put(ctx_.project / "guest-tests/lib/users/bdev.c", "/* user: */");
  put(ctx_.project / "guest-tests/lib/contract/cells.h", "// 1");
  put(ctx_.project / "guest-tests/contract/suite.yaml", "users: lib/users");
  const fs::path dir = build().value();
  const fs::path source = place() / "source/guest-tests";
  EXPECT_EQ(get(source / "lib/users/bdev.c"), "/* user: */");
  EXPECT_EQ(get(source / "contract/suite.yaml"), "") << "only that it exists";
  put(ctx_.project / "guest-tests/lib/contract/cells.h", "// 2");
  const fs::path next = build().value();
  EXPECT_NE(next, dir);
  EXPECT_EQ(get(source / "lib/contract/cells.h"), "// 2");
  fs::remove(ctx_.project / "guest-tests/lib/users/bdev.c");
  EXPECT_NE(build().value(), next);
  EXPECT_FALSE(fs::exists(source / "lib/users"));
}

TEST_F(GuestProgramsTest, ATimeLimitCompilesNothing) {
  const fs::path dir = build().value();
  put(ctx_.project / "guest-tests/bio/suite.yaml", "x: {timeout: 4}");
  put(ctx_.project / "guest-tests/agent/ledger_test.cc", "TEST(A, B) {}");
  EXPECT_EQ(build().value(), dir);
  EXPECT_EQ(built(), 1u);
}

// The agent includes headers of the harness: those, and what they include, are part of the sources.
TEST_F(GuestProgramsTest, HeadersOfTheHarnessCount) {
  put(ctx_.project / "guest-tests/agent/main.cc", "#include <string>\n#include \"wire/messages.h\"\n");
  put(ctx_.project / "harness/wire/messages.h", "#include \"wire/fields.h\"\n");
  put(ctx_.project / "harness/wire/fields.h", "// 1\n");
  put(ctx_.project / "harness/run/pipeline.h", "// not one of them\n");
  const fs::path dir = build().value();
  EXPECT_EQ(get(place() / "source/harness/wire/fields.h"), "// 1\n");
  EXPECT_FALSE(fs::exists(place() / "source/harness/run"));
  put(ctx_.project / "harness/wire/fields.h", "// 2\n");
  EXPECT_NE(build().value(), dir);
}

// A copied cache is used as it is: nothing in the key says where it lies.
TEST_F(GuestProgramsTest, ACacheElsewhereHasThemToo) {
  const fs::path dir = build(ctx_.cache / "sysroots/aarch64-1").value();
  const fs::path copied = dir_.path() / "copied";
  fs::copy(ctx_.cache, copied, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  ctx_.cache = copied;
  EXPECT_EQ(build(copied / "sysroots/aarch64-1").value().filename(), dir.filename());
  EXPECT_EQ(built(), 1u);
}

TEST_F(GuestProgramsTest, AFailedBuildPublishesNothing) {
  fake("ninja", "exit 1");
  EXPECT_EQ(failure().kind, ErrorKind::programs_failed);
  fake("ninja", good_ninja);
  EXPECT_EQ(get(build().value() / "agent"), "agent\n");
}

TEST_F(GuestProgramsTest, ProgressOnlyForWhatIsBuilt) {
  ASSERT_TRUE(build().has_value());
  EXPECT_THAT(progress_, ElementsAre("building the aarch64 guest programs: 1/2",
                                     "building the aarch64 guest programs: 2/2"));
  progress_.clear();
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
  ASSERT_TRUE(build().has_value());
  const fs::path objects = place() / "objects";
  fs::remove(objects / "build.ninja");
  put(objects / "CMakeCache.txt", "half");
  put(ctx_.project / "guest-tests/bio/x.c", "int other;");
  ASSERT_TRUE(build().has_value());
  EXPECT_FALSE(fs::exists(objects / "CMakeCache.txt"));
  EXPECT_EQ(configured(), 2u);
}

TEST_F(GuestProgramsTest, FirstCompilerErrorWithFileAndLine) {
  fake("ninja",
       "echo 'FAILED: x.o'\necho \"${2%objects}source/guest-tests/bio/x.c:3:5: error: unknown type name\"\n"
       "echo 'later.c:9:1: error: second'\nexit 1");
  const Error e = failure();
  EXPECT_EQ(e.kind, ErrorKind::programs_failed);
  EXPECT_EQ(e.message, "the guest programs do not build: guest-tests/bio/x.c:3: unknown type name");
  ASSERT_TRUE(e.build.has_value());
  EXPECT_THAT(next_step(e), HasSubstr("build.log"));
  EXPECT_THAT(get(e.build->log), HasSubstr("error: second"));
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
  EXPECT_EQ(e.kind, ErrorKind::programs_failed);
  EXPECT_THAT(e.message, HasSubstr("exit 1"));
  EXPECT_THAT(e.message, HasSubstr("ninja: fatal: odd"));
}

TEST_F(GuestProgramsTest, ConfigureErrors) {
  fake("cmake", "printf 'CMake Error at cmake/sysroot.cmake:20 (message):\\n  no sysroot\\n\\n' >&2; exit 1");
  const Error e = failure();
  EXPECT_EQ(e.kind, ErrorKind::programs_failed);
  EXPECT_EQ(e.message, "the guest programs do not build: guest-tests/cmake/sysroot.cmake:20: no sysroot");
  EXPECT_THAT(next_step(e), HasSubstr("configure.log"));
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
