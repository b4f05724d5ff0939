// SPDX-License-Identifier: GPL-2.0
// build_kernel() with a tree of a few lines and a make and a gcc of twenty.
#include "kbuild/kernel_build.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/text.h"
#include "kbuild/absent.h"
#include "kbuild/configure.h"

namespace pinrig::kbuild {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* good_build =
    "echo '  CC      block/bio.o'\necho '  LD      vmlinux'\n"
    "echo kernel > vmlinux; echo map > System.map; echo image > arch/arm64/boot/Image\n";

class KernelBuildTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = TempDir::create(fs::temp_directory_path(), "kbuild-");
    ASSERT_TRUE(dir.has_value());
    dir_.emplace(std::move(dir).value());
    install_tools();
    put("project/configs/fragments/base.config", "CONFIG_NET=y\n");
    put("project/configs/fragments/pin.config", "CONFIG_GUP_TEST=y\n");
    put("project/configs/fragments/arch/x86_64.config", "CONFIG_ACPI=y\n");
    put("project/configs/fragments/arch/aarch64.config", "CONFIG_ARM64=y\n");
    put("src/Kconfig",
        "config NET\n\tbool \"Net\"\nconfig GUP_TEST\n\tbool \"Gup\"\n\tdepends on HIDDEN\n"
        "config HIDDEN\n\tbool \"Hidden\"\nconfig ACPI\n\tbool \"Acpi\"\n");
    put("src/kernel/configs/tiny.config", "CONFIG_TINY=y\n# CONFIG_NET is not set\n");
    put("src/build", good_build);
    put("src/tools/testing/selftests/mm/cow.c", "int main;\n");
    put("src/tools/testing/selftests/mm/vm_util.c", "int helper;\n");
    put("src/tools/testing/selftests/mm/gup_test.c", "\n\n#error no such header\n");
    put("sysroot/usr/lib/x86_64-linux-gnu/liburing.a", "!<arch>\n");
  }
  void TearDown() override { ::setenv("PATH", path_.c_str(), 1); }

  /// The fakes under the names of both a native and a cross toolchain, the few real tools they use, no more.
  void install_tools() {
    const fs::path bin = root() / "bin";
    fs::create_directories(bin);
    const fs::path fakes = fs::path(PINRIG_TESTDATA) / "fake-tools";
    for (const std::string tool : {"gcc", "as", "ld", "objcopy"}) {
      for (const std::string prefix : {"", "x86_64-linux-gnu-", "aarch64-linux-gnu-"})
        fs::create_symlink(fakes / tool, bin / (prefix + tool));
    }
    fs::create_symlink(fakes / "make", bin / "make");
    for (const std::string tool : {"sh", "grep", "touch", "mkdir", "cp", "cat", "env"})
      link_real(tool, bin / tool);
    for (const std::string tool : {"flex", "bison", "bc"}) link_real("true", bin / tool);
    path_ = std::getenv("PATH");
    ::setenv("PATH", bin.c_str(), 1);
  }
  static void link_real(const std::string& tool, const fs::path& to) {
    for (const std::string dir : {"/bin/", "/usr/bin/"}) {
      if (!fs::exists(to) && fs::exists(dir + tool)) fs::create_symlink(dir + tool, to);
    }
  }

  void put(const std::string& name, const std::string& text) {
    fs::create_directories((root() / name).parent_path());
    ASSERT_TRUE(write_file_atomic(root() / name, text).has_value());
  }
  Request request() {
    Request r;
    r.label = "tip-x86_64";
    r.tree = "1111";
    r.version = "6.12.3";
    r.slot = "test";
    r.fragments = {"base", "pin"};
    r.sysroot = root() / "sysroot";
    r.checkout = [this]() -> Result<Place> {
      ++checkouts_;
      return Place{root() / "src", root() / "cache/build"};
    };
    return r;
  }
  WorkContext context() {
    WorkContext c;
    c.project = root() / "project";
    c.cache = root() / "cache";
    c.cancel = &cancel_;
    return c;
  }
  Result<Artifact> build() { return build_kernel(request(), context()); }
  Error error_of(const Request& r) {
    auto built = build_kernel(r, context());
    EXPECT_TRUE(built.has_error());
    return built.has_error() ? std::move(built).error() : Error{};
  }
  /// How often make compiled.
  std::size_t builds() const {
    const auto text = read_file(root() / "src/builds");
    return text.has_value() ? lines(text.value()).size() : 0;
  }
  /// Names in cache/kernels that are directories: published artifacts and leftovers.
  std::vector<std::string> published() const {
    std::vector<std::string> names;
    std::error_code ec;
    for (const auto& e : fs::directory_iterator(root() / "cache/kernels", ec))
      if (e.is_directory()) names.push_back(e.path().filename().string());
    return names;
  }
  const fs::path& root() const { return dir_->path(); }

  CancelToken cancel_;
  std::atomic<int> checkouts_{0};

 private:
  std::optional<TempDir> dir_;
  std::string path_;
};

TEST_F(KernelBuildTest, PublishesAWholeArtifact) {
  const auto a = build();
  ASSERT_TRUE(a.has_value()) << a.error().message;
  EXPECT_FALSE(a->was_cached);
  EXPECT_EQ(read_file(a->image).value(), "kernel\n");
  for (const char* file : {"vmlinux", "System.map", "build.log", "headers/linux/a.h", "selftests/cow"})
    EXPECT_TRUE(fs::exists(a->dir / file)) << file;
  EXPECT_THAT(read_file(a->config).value(), HasSubstr("CONFIG_GUP_TEST=y"));
  const auto manifest = nlohmann::json::parse(read_file(a->dir / "manifest.json").value());
  EXPECT_EQ(manifest["key"], a->key);
  EXPECT_EQ(manifest["files"]["vmlinux"]["size"], 7);
  EXPECT_THAT(published(), ElementsAre(a->key));
}

TEST_F(KernelBuildTest, TinyConfigIsBelowTheFragments) {
  const auto a = build();
  ASSERT_TRUE(a.has_value()) << a.error().message;
  const auto config = read_file(a->config).value();
  EXPECT_THAT(config, HasSubstr("CONFIG_TINY=y"));
  EXPECT_THAT(config, HasSubstr("CONFIG_NET=y"));
  EXPECT_THAT(config, testing::Not(HasSubstr("CONFIG_NET is not set")));
}

TEST_F(KernelBuildTest, SecondCallOnlyLooks) {
  const auto first = build();
  ASSERT_TRUE(first.has_value()) << first.error().message;
  const auto second = build();
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(second->was_cached);
  EXPECT_EQ(second->dir, first->dir);
  EXPECT_EQ(second->cpu_s, 0);
  EXPECT_EQ(builds(), 1u);
  EXPECT_EQ(checkouts_, 1);
}

TEST_F(KernelBuildTest, EveryInputIsInTheKey) {
  const auto key = build().value().key;
  auto tree = request();
  tree.tree = "2222";
  auto arch = request();
  arch.arch = model::Arch::aarch64;
  EXPECT_NE(build_kernel(tree, context()).value().key, key);
  EXPECT_NE(build_kernel(arch, context()).value().key, key);
  for (const char* version : {"FAKE_GCC_VERSION", "FAKE_AS_VERSION", "FAKE_LD_VERSION"}) {
    ::setenv(version, "3.0", 1);
    EXPECT_NE(build().value().key, key) << version;
    ::unsetenv(version);
  }
  put("sysroot/usr/lib/x86_64-linux-gnu/liburing.a", "!<ARCH>\n");  // of the same size
  EXPECT_NE(build().value().key, key);
  put("sysroot/usr/lib/x86_64-linux-gnu/liburing.a", "!<arch>\n");
  EXPECT_EQ(build().value().key, key) << "the content counts, not the time";
  put("sysroot/usr/include/stdio.h", "int printf();\n");
  EXPECT_NE(build().value().key, key);
  put("project/configs/fragments/base.config", "CONFIG_NET=y\n# CONFIG_HIDDEN is not set\n");
  EXPECT_NE(build().value().key, key);
  EXPECT_EQ(builds(), 9u);
}

TEST_F(KernelBuildTest, TheSameStateTwiceHasTheSameKey) {
  const auto key = build().value().key;
  for (const auto& [name, value] :
       {std::pair{"LANG", "de_DE.UTF-8"}, {"TZ", "Asia/Tokyo"}, {"CFLAGS", "-O3"}, {"MAKEFLAGS", "-n"}})
    ::setenv(name, value, 1);
  auto r = request();
  r.label = "3-x86_64";
  r.slot = "another";
  r.series_files = {"mm/gup.c"};
  auto c = context();
  c.jobs = 7;
  c.cache = root() / "cache2";
  EXPECT_EQ(build_kernel(r, c).value().key, key);
  for (const char* name : {"LANG", "TZ", "CFLAGS", "MAKEFLAGS"}) ::unsetenv(name);
}

// GNUMAKEFLAGS=-n once stored the kernel of the series before under the new key.
TEST_F(KernelBuildTest, NothingOfTheCallersEnvironmentReachesMake) {
  put("src/build", "env > environment\n" + std::string(good_build));
  const std::vector<std::string> names{
      "GNUMAKEFLAGS",         "MAKEFLAGS",       "KBUILD_EXTRA_WARN", "CPATH",           "KCFLAGS",
      "C_INCLUDE_PATH",       "LIBRARY_PATH",    "COMPILER_PATH",     "GCC_EXEC_PREFIX", "USERCFLAGS",
      "CROSS_COMPILE_COMPAT", "CCACHE_COMPILER", "MY_VARIABLE"};
  for (const auto& name : names) ::setenv(name.c_str(), "-from-outside", 1);
  const auto built = build();
  for (const auto& name : names) ::unsetenv(name.c_str());
  ASSERT_TRUE(built.has_value()) << built.error().message;
  const auto seen = read_file(root() / "cache/build/test-x86_64/environment").value();
  EXPECT_THAT(seen, HasSubstr("KBUILD_BUILD_USER=pinrig"));
  EXPECT_THAT(seen, testing::Not(HasSubstr("from-outside")));
}

TEST_F(KernelBuildTest, AChangedByteIsFoundAndBuiltAgain) {
  const auto a = build().value();
  put("cache/kernels/" + a.key + "/vmlinux", "kErnel\n");  // of the same size
  EXPECT_FALSE(build().value().was_cached);
  EXPECT_EQ(read_file(a.vmlinux).value(), "kernel\n");
  fs::last_write_time(a.vmlinux, fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_TRUE(build().value().was_cached) << "only its time differs";
  put("cache/kernels/" + a.key + "/image", "");
  EXPECT_FALSE(build().value().was_cached);
}

TEST_F(KernelBuildTest, TruncatedOrIncompleteArtifactsAreBuiltAgain) {
  const auto a = build().value();
  fs::resize_file(a.vmlinux, 3);
  EXPECT_FALSE(build().value().was_cached);
  fs::remove(a.dir / "manifest.json");
  EXPECT_FALSE(build().value().was_cached);
  put("cache/kernels/" + a.key + "/manifest.json", "{\"key\": ");
  EXPECT_FALSE(build().value().was_cached);
  EXPECT_TRUE(build().value().was_cached);
}

TEST_F(KernelBuildTest, AFragmentMayWantMoreOnOneArchitecture) {
  put("project/configs/fragments/arch/pin.x86_64.config", "CONFIG_X86_MCE=y\n");
  const auto on = [&](model::Arch arch) {
    return load_request(root() / "project", {"base", "pin"}, arch, "6.12").value();
  };
  EXPECT_EQ(on(model::Arch::x86_64).count("X86_MCE"), 1u);
  EXPECT_EQ(on(model::Arch::aarch64).count("X86_MCE"), 0u);
  EXPECT_EQ(load_request(root() / "project", {"base"}, model::Arch::x86_64, "6.12")->count("X86_MCE"), 0u);
}

TEST_F(KernelBuildTest, ConflictingFragmentsStartNothing) {
  put("project/configs/fragments/pin.config", "CONFIG_NET=m\n");
  const auto e = error_of(request());
  EXPECT_EQ(e.kind, ErrorKind::bad_input);
  EXPECT_THAT(e.message, HasSubstr("configs/fragments/pin.config:1"));
  EXPECT_THAT(e.message, HasSubstr("configs/fragments/base.config:1"));
  EXPECT_EQ(checkouts_, 0);
}

TEST_F(KernelBuildTest, UnknownFragmentNamesTheNearest) {
  auto r = request();
  r.fragments = {"base", "pim"};
  const auto e = error_of(r);
  EXPECT_EQ(e.kind, ErrorKind::bad_input);
  EXPECT_THAT(e.message, HasSubstr("did you mean 'pin'?"));
}

TEST_F(KernelBuildTest, SymbolThatDoesNotHoldStopsBeforeCompiling) {
  put("src/drop", "CONFIG_GUP_TEST\n");
  const auto e = error_of(request());
  EXPECT_EQ(e.kind, ErrorKind::bad_input);
  EXPECT_THAT(e.message, HasSubstr("CONFIG_GUP_TEST=y became n"));
  EXPECT_THAT(e.message, HasSubstr("not met: HIDDEN (n)"));
  EXPECT_EQ(builds(), 0u);
}

TEST_F(KernelBuildTest, SymbolOfAnotherKernelIsNamed) {
  put("project/configs/fragments/pin.config", "CONFIG_GUP_TESTS=y\n");
  put("src/drop", "CONFIG_GUP_TESTS\n");
  EXPECT_THAT(error_of(request()).message,
              HasSubstr("has no CONFIG_GUP_TESTS; nearest symbol: CONFIG_GUP_TEST"));
}

TEST_F(KernelBuildTest, CompileErrorIsQuotedWithTheLog) {
  put("src/build",
      "echo '  CC      block/bio.o'\necho \"$source/block/bio.c:12:3: error: expected ';'\" >&2\nexit 2\n");
  const auto e = error_of(request());
  EXPECT_EQ(e.kind, ErrorKind::build_failed);
  EXPECT_THAT(e.message, HasSubstr("block/bio.c:12:3: error: expected ';'"));
  EXPECT_THAT(next_step(e), HasSubstr("build.log"));
  EXPECT_THAT(published(), IsEmpty());
  put("src/build", good_build);
  EXPECT_TRUE(build().has_value());
}

TEST_F(KernelBuildTest, EachBuildKeepsItsLog) {
  put("src/build", "echo '../../../src/block/bio.c:12:3: error: of patch 3' >&2\nexit 2\n");
  const auto patch_3 = error_of(request());
  put("src/build", "echo 'Makefile:7: *** of patch 4.  Stop.' >&2\nexit 2\n");
  auto next = request();
  next.tree = "4444";
  const auto patch_4 = error_of(next);
  ASSERT_TRUE(patch_3.build && patch_4.build);
  EXPECT_EQ(patch_3.build->file, "block/bio.c");
  EXPECT_EQ(patch_3.build->line, 12);
  EXPECT_EQ(patch_3.build->message, "of patch 3");
  EXPECT_EQ(patch_3.build->stage, BuildFailure::Stage::kernel);
  EXPECT_THAT(read_file(patch_3.build->log).value(), HasSubstr("of patch 3"));
  EXPECT_THAT(read_file(patch_4.build->log).value(), HasSubstr("of patch 4"));
  put("src/build", good_build);
  const auto built = build_kernel(next, context());
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_EQ(built->log, built->dir / "build.log");
  EXPECT_THAT(read_file(patch_3.build->log).value(), HasSubstr("of patch 3"));
  EXPECT_THAT(read_file(patch_4.build->log).value(), HasSubstr("of patch 4"));
}

TEST_F(KernelBuildTest, AConfigurationThatFailsHasALogToo) {
  put("src/drop", "CONFIG_GUP_TEST\n");
  const auto e = error_of(request());
  ASSERT_TRUE(e.build.has_value());
  EXPECT_EQ(e.build->stage, BuildFailure::Stage::configuration);
  EXPECT_THAT(read_file(e.build->log).value(), HasSubstr("allnoconfig"));
}

TEST_F(KernelBuildTest, WarningsInTheSeriesFilesAreReported) {
  put("src/build", std::string("echo \"$source/block/bio.c:5:6: warning: unused variable 'x'\" >&2\n"
                               "echo \"$source/mm/gup.c:1:1: warning: not of the series\" >&2\n") +
                       good_build);
  auto r = request();
  r.series_files = {"block/bio.c", "arch/x86/boot/main.c"};
  const auto first = build_kernel(r, context());
  ASSERT_TRUE(first.has_value()) << first.error().message;
  EXPECT_THAT(first->untested, ElementsAre(HasSubstr("arch/x86/boot/main.c: only bzImage contains it")));
  EXPECT_THAT(first->warnings, ElementsAre("block/bio.c:5: unused variable 'x'"));
  EXPECT_EQ(build_kernel(r, context()).value().warnings, first->warnings);
  EXPECT_THAT(build().value().warnings, IsEmpty());  // the same kernel, asked for without a series
}

TEST_F(KernelBuildTest, AfterAPointThatDoesNotCompileTheNextOneIsBuiltWhole) {
  const std::string object =
      "mkdir -p block; [ -e block/bio.o ] || echo '  CC      block/bio.o'; echo x > block/bio.o\n";
  const auto point = [&](const std::string& tree) {
    auto r = request();
    r.label = tree + "-x86_64";
    r.tree = tree;
    r.series_files = {"block/bio.c"};
    return r;
  };
  put("src/build", object + good_build);
  ASSERT_TRUE(build_kernel(point("1111"), context()).has_value());
  put("src/build", "echo \"$source/block/bio.c:12:3: error: expected ';' before 'return'\" >&2\nexit 2\n");
  const auto e = error_of(point("2222"));
  ASSERT_TRUE(e.build.has_value());
  EXPECT_EQ(e.kind, ErrorKind::build_failed);
  EXPECT_EQ(e.build->file, "block/bio.c");
  EXPECT_EQ(e.build->line, 12);
  EXPECT_THAT(to_string(*e.build), HasSubstr("block/bio.c:12: expected ';' before 'return'"));
  put("src/build", object + good_build);
  const auto after = build_kernel(point("3333"), context());
  ASSERT_TRUE(after.has_value()) << after.error().message;
  EXPECT_THAT(read_file(after->log).value(), HasSubstr("CC      block/bio.o"))
      << "nothing of the broken point is left";
  EXPECT_EQ(published().size(), 2U) << "of what did not build nothing is";
  EXPECT_TRUE(build_kernel(point("1111"), context())->was_cached);
}

TEST_F(KernelBuildTest, FilesThatNoObjectHasAreNamedWithTheirOption) {
  put("src/build", std::string("mkdir -p block; echo x > block/bio.o\n"
                               "cat > block/.bio.o.cmd << END\n"
                               "source_block/bio.o := $source/block/bio.c\n\n"
                               "deps_block/bio.o := \\\\\n  $source/include/linux/bio.h \\\\\n\nEND\n") +
                       good_build);
  put("src/drivers/x/Makefile", "obj-$(CONFIG_X) += x.o\n");
  for (const char* file : {"block/bio.c", "include/linux/bio.h", "include/linux/x.h", "drivers/x/x.c",
                           "tools/x.c", "arch/x86/boot/main.c"})
    put(std::string("src/") + file, "\n");
  auto r = request();
  r.series_files = {"Documentation/x.rst", "arch/x86/boot/main.c", "block/bio.c",       "drivers/x/gone.c",
                    "drivers/x/x.c",       "include/linux/bio.h",  "include/linux/x.h", "tools/x.c"};
  EXPECT_THAT(build_kernel(r, context()).value().unbuilt, IsEmpty()) << "nobody asked";
  r.read = [this](const std::string& path) -> std::optional<std::string> {
    auto text = read_file(root() / "src" / path);
    return text.has_value() ? std::optional(*text) : std::nullopt;
  };
  const auto built = build_kernel(r, context());
  ASSERT_TRUE(built.has_value());
  EXPECT_TRUE(built->was_cached);
  EXPECT_THAT(
      built->unbuilt,
      ElementsAre(model::UnbuiltFile{"drivers/x/x.c",
                                     "CONFIG_X is not set (drivers/x/Makefile:1: obj-$(CONFIG_X) += x.o)"},
                  model::UnbuiltFile{"include/linux/x.h", "no file that was built includes it"}));
  // As earlier versions made it.
  auto manifest = nlohmann::json::parse(read_file(built->dir / "manifest.json").value());
  ASSERT_EQ(manifest.at("files").erase("sources"), 1U);
  ASSERT_TRUE(write_file_atomic(built->dir / "manifest.json", manifest.dump()).has_value());
  fs::remove(built->dir / "sources");
  EXPECT_THAT(build_kernel(r, context()).value().unbuilt, IsEmpty())
      << "of an older artifact nothing is known";
}

TEST_F(KernelBuildTest, FullDiskIsItsOwnError) {
  put("src/build", "echo 'fatal error: writing x.s: No space left on device' >&2\nexit 2\n");
  EXPECT_EQ(error_of(request()).kind, ErrorKind::disk_full);
}

TEST_F(KernelBuildTest, UnwritableCacheIsNamedBeforeCompiling) {
  auto c = context();
  put("file", "not a directory");
  c.cache = root() / "file" / "cache";
  const auto built = build_kernel(request(), c);
  ASSERT_TRUE(built.has_error());
  EXPECT_EQ(built.error().kind, ErrorKind::infra);
  EXPECT_THAT(built.error().message, HasSubstr("cannot write to the cache"));
  EXPECT_THAT(built.error().hint, HasSubstr("PINRIG_CACHE"));
  EXPECT_EQ(checkouts_, 0);
}

TEST_F(KernelBuildTest, MissingCompilerNamesThePackage) {
  for (const std::string prefix : {"", "x86_64-linux-gnu-", "aarch64-linux-gnu-"})
    fs::remove(root() / "bin" / (prefix + "gcc"));
  const auto e = error_of(request());
  EXPECT_EQ(e.kind, ErrorKind::missing_tool);
  EXPECT_THAT(e.hint, HasSubstr("apt install gcc"));
}

TEST_F(KernelBuildTest, SysrootWithoutLiburingIsAnError) {
  fs::remove(root() / "sysroot/usr/lib/x86_64-linux-gnu/liburing.a");
  const auto e = error_of(request());
  EXPECT_EQ(e.kind, ErrorKind::missing_tool);
  EXPECT_THAT(e.message, HasSubstr("liburing.a"));
}

TEST_F(KernelBuildTest, AbsentSelftestsSayWhy) {
  put("src/tools/testing/selftests/mm/memfd_secret.c", "int main;\n");
  const auto a = build();
  ASSERT_TRUE(a.has_value()) << a.error().message;
  using Kind = Absent::Kind;
  auto absent = read_absent(a->selftests).value();
  EXPECT_FALSE(absent.contains("cow"));
  EXPECT_EQ(absent["gup_longterm"].kind, Kind::not_in_tree);
  EXPECT_EQ(absent["gup_longterm"].detail, "tools/testing/selftests/mm has no gup_longterm.c");
  EXPECT_EQ(absent["gup_test"].kind, Kind::does_not_compile);
  EXPECT_THAT(absent["gup_test"].detail, HasSubstr("gup_test.c:3:2: error: #error"));
  EXPECT_EQ(absent["memfd_secret"].kind, Kind::does_not_compile);
  EXPECT_THAT(absent["memfd_secret"].detail, HasSubstr("the sysroot has no libcap.a"));
}

TEST_F(KernelBuildTest, SelftestsAreCompiledFromWithinTheirDirectory) {
  const auto argv = read_file(build().value().selftests / "cow").value();
  EXPECT_THAT(argv,
              HasSubstr(" cow.c vm_util.c -o "));  // no path before the name: __FILE__ ends up in file names
  EXPECT_THAT(argv, HasSubstr("-luring"));
  EXPECT_FALSE(fs::exists(root() / "src/tools/testing/selftests/mm/local_config.h"));
}

TEST_F(KernelBuildTest, UnchangedSelftestsAreNotCompiledAgain) {
  const fs::path made = root() / "cache/build/test-x86_64/selftests/cow";
  ASSERT_TRUE(build().has_value());
  const auto first = fs::last_write_time(made);
  auto other = request();
  other.tree = "2222";
  ASSERT_TRUE(build_kernel(other, context()).has_value());
  EXPECT_EQ(fs::last_write_time(made), first);
  put("src/tools/testing/selftests/mm/cow.c", "int main, changed;\n");
  other.tree = "3333";
  ASSERT_TRUE(build_kernel(other, context()).has_value());
  EXPECT_NE(fs::last_write_time(made), first);
}

TEST_F(KernelBuildTest, TheWaitForTheSourcesIsNoneOfTheBuildsTime) {
  constexpr int wait_ms = 100;
  Request r = request();
  r.checkout = [this]() -> Result<Place> {
    ::poll(nullptr, 0, wait_ms);
    return Place{root() / "src", root() / "cache/build"};
  };
  const auto start = Clock::now();
  const auto built = build_kernel(r, context());
  const double whole_s = since(start).count();
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_LE(built->wall_s, whole_s - wait_ms * 1e-3);
}

/// The fake build also compiles block/bio.c; make C=2 prints what src/said has.
class SparseBuildTest : public KernelBuildTest {
 protected:
  void SetUp() override {
    KernelBuildTest::SetUp();
    fs::create_symlink(fs::path(PINRIG_TESTDATA) / "fake-tools/ld", root() / "bin/sparse");
    put("src/block/bio.c", "int bio;\n");
    put("src/build",
        "case \"$*\" in *C=2*) cat \"$source/said\" >&2; exit 0 ;; esac\n"
        "mkdir -p block; echo o > block/bio.o\n" +
            std::string(good_build));
    said("block/bio.c:3:1: warning: old");
  }
  void said(const std::string& text) { put("src/said", text + "\n"); }
  Request patched() {
    Request r = request();
    r.tree = "2222";
    r.before = Request::Before{.tree = "1111", .files = {"block/bio.c", "include/a.h"}, .checkout = {}};
    r.before->checkout = [this]() -> Result<Place> {
      before_ = true;
      said(text_before_);
      return Place{root() / "src", root() / "cache/build"};
    };
    r.checkout = [this]() -> Result<Place> {
      said(
          "block/bio.c:5:1: warning: old\nblock/bio.c:9:1: warning: fresh\nmm/gup.c:1:1: warning: elsewhere");
      return Place{root() / "src", root() / "cache/build"};
    };
    return r;
  }
  std::string text_before_ = "block/bio.c:3:1: warning: old";
  bool before_ = false;
};

TEST_F(SparseBuildTest, WhatThePointBeforeHadIsNotNew) {
  ASSERT_TRUE(build().has_value());
  const auto built = build_kernel(patched(), context());
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_THAT(built->sparse, ElementsAre("block/bio.c:9: sparse: fresh"));
  EXPECT_THAT(build_kernel(patched(), context())->sparse, built->sparse) << "from the cache";
  Request other = patched();
  other.before->tree = "3333";
  EXPECT_THAT(build_kernel(other, context())->sparse, IsEmpty()) << "not compared with that one";
  EXPECT_THAT(read_file(built->log).value(), HasSubstr("block/bio.c:9:1: warning: fresh"));
}

TEST_F(SparseBuildTest, WhatWasNotCompiledBeforeIsNotKnown) {
  ASSERT_TRUE(build().has_value());
  fs::remove(root() / "cache/build/test-x86_64/block/bio.o");
  const auto built = build_kernel(patched(), context());
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_THAT(built->sparse, IsEmpty());
}

TEST_F(SparseBuildTest, AFailureOfItIsNoneOfTheBuild) {
  ASSERT_TRUE(build().has_value());
  Request r = patched();
  r.before->checkout = []() -> Result<Place> { return make_error(ErrorKind::infra, "no such commit"); };
  const auto built = build_kernel(r, context());
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_THAT(built->sparse, IsEmpty());
}

TEST_F(SparseBuildTest, WithoutSparseNothingIsCheckedOutForIt) {
  fs::remove(root() / "bin/sparse");
  ASSERT_TRUE(build_kernel(patched(), context()).has_value());
  EXPECT_FALSE(before_);
}

/// Makes the fake build wait until somebody opens and closes `gate` for writing.
class GatedBuildTest : public KernelBuildTest {
 protected:
  void SetUp() override {
    KernelBuildTest::SetUp();
    ASSERT_EQ(::mkfifo((root() / "gate").c_str(), 0600), 0);
    put("src/build", "echo '  CC      first.o'\ncat ../../../gate\n" + std::string(good_build));
  }
};

TEST_F(GatedBuildTest, TwoCallersOfOneKeyBuildOnce) {
  auto c = context();
  const fs::path gate = root() / "gate";
  c.progress = [&](const Progress& p) {
    // The second caller waits for the lock: only now may the first one's build go on.
    if (p.what.find("waiting for") == std::string::npos) return;
    const UniqueFd opened(::open(gate.c_str(), O_WRONLY | O_CLOEXEC));
  };
  std::optional<Result<Artifact>> results[2];
  std::thread a([&] { results[0].emplace(build_kernel(request(), c)); });
  std::thread b([&] { results[1].emplace(build_kernel(request(), c)); });
  a.join();
  b.join();
  ASSERT_TRUE(results[0]->has_value()) << results[0]->error().message;
  ASSERT_TRUE(results[1]->has_value()) << results[1]->error().message;
  EXPECT_EQ(builds(), 1u);
  EXPECT_NE((*results[0])->was_cached, (*results[1])->was_cached);
}

TEST_F(GatedBuildTest, KilledBuildLeavesNothingAndTheNextWorks) {
  auto c = context();
  c.progress = [&](const Progress& p) {
    if (p.done > 0) cancel_.request();
  };
  const auto stopped = build_kernel(request(), c);
  ASSERT_TRUE(stopped.has_error());
  EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
  EXPECT_THAT(published(), IsEmpty());
  EXPECT_TRUE(fs::exists(root() / "cache/build/test-x86_64/pinrig-building"));

  put("src/build", good_build);
  const CancelToken fresh;
  auto again = context();
  again.cancel = &fresh;
  const auto built = build_kernel(request(), again);
  ASSERT_TRUE(built.has_value()) << built.error().message;
  EXPECT_FALSE(fs::exists(root() / "cache/build/test-x86_64/pinrig-building"));
}

}  // namespace
}  // namespace pinrig::kbuild
