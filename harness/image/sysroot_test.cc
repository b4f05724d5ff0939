// SPDX-License-Identifier: GPL-2.0
// Sysroots with an mmdebstrap of our own making.
#include <gmock/gmock.h>

#include <thread>

#include "image/testing.h"

namespace pinrig::image {
namespace {

using model::Arch;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The last argument is the target unless PINRIG_MIRROR adds one behind it: found by its name here.
constexpr const char* good = R"(
printf '%s\n' "$*" >>"$LOG"
for a; do case $a in *.partial) t=$a ;; esac; done
test ! -e "$t" || { echo "E: $t is not empty" >&2; exit 25; }
lib=$t/usr/lib/x86_64-linux-gnu
mkdir -p $lib $t/usr/include $t/bin $t/lib
echo 'I: downloading packages with apt...' >&2
touch $lib/libc.a $t/usr/include/stdio.h $t/bin/busybox $t/lib/libfoo.so.1
ln -s /lib/libfoo.so.1 $lib/libfoo.so
ln -s ../x $lib/relative.so
echo 'I: extracting archives...' >&2
echo 'I: success in 1 seconds' >&2)";

class SysrootTest : public ImageTest {
 protected:
  void SetUp() override {
    ImageTest::SetUp();
    put(ctx_.project / "images/sysroot.packages",
        "suite bookworm\nlibc6-dev  # C\nbusybox-static  # shell\n");
  }
  Error failure(const std::string& script) {
    fake("mmdebstrap", script);
    auto r = ensure_sysroot(Arch::x86_64, ctx_);
    EXPECT_TRUE(r.has_error());
    EXPECT_THAT(names_in(ctx_.cache / "sysroots"), IsEmpty());
    return r.has_error() ? r.error() : Error{};
  }
};

TEST_F(SysrootTest, MadeOnceFromTheList) {
  fake("mmdebstrap", good);
  const fs::path root = ensure_sysroot(Arch::x86_64, ctx_).value();
  EXPECT_EQ(ensure_sysroot(Arch::x86_64, ctx_).value(), root);
  const std::string calls = get(log());
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '\n'), 1);
  EXPECT_THAT(calls, HasSubstr("--variant=extract --mode=chrootless --format=directory --architectures=amd64 "
                               "--include=busybox-static,libc6-dev bookworm "));
  EXPECT_THAT(progress_, Contains("sysroot x86_64: extracting archives"));
  EXPECT_THAT(progress_, Not(Contains(HasSubstr("success"))));
}

TEST_F(SysrootTest, WhatMmdebstrapLeavesBehindIsRemoved) {
  fake("mmdebstrap",
       std::string("mkdir \"$TMPDIR/mmdebstrap.XY\"; echo \"$TMPDIR\" >\"$LOG.tmpdir\"\n") + good);
  ASSERT_TRUE(ensure_sysroot(Arch::x86_64, ctx_).has_value());
  const std::string dir(get(log().string() + ".tmpdir"));
  EXPECT_THAT(dir, HasSubstr((ctx_.cache / "sysroots").string()));
  EXPECT_FALSE(fs::exists(dir.substr(0, dir.find('\n'))));
}

TEST_F(SysrootTest, AnotherListIsAnotherSysroot) {
  fake("mmdebstrap", good);
  const fs::path first = ensure_sysroot(Arch::x86_64, ctx_).value();
  put(ctx_.project / "images/sysroot.packages",
      "suite bookworm\nlibc6-dev  # C\nbusybox-static  # shell\nliburing-dev  # rings\n");
  EXPECT_NE(ensure_sysroot(Arch::x86_64, ctx_).value(), first);
  // Order and reasons do not matter.
  put(ctx_.project / "images/sysroot.packages", "suite bookworm\nbusybox-static  # a\nlibc6-dev  # b\n");
  EXPECT_EQ(ensure_sysroot(Arch::x86_64, ctx_).value(), first);
}

// An absolute link would be followed to the host's library.
TEST_F(SysrootTest, LinksStayInside) {
  fake("mmdebstrap", good);
  const fs::path lib = ensure_sysroot(Arch::x86_64, ctx_).value() / "usr/lib/x86_64-linux-gnu";
  EXPECT_EQ(fs::read_symlink(lib / "libfoo.so"), "../../../lib/libfoo.so.1");
  EXPECT_TRUE(fs::exists(lib / "libfoo.so"));
  EXPECT_EQ(fs::read_symlink(lib / "relative.so"), "../x");
}

TEST_F(SysrootTest, MirrorOfTheUser) {
  fake("mmdebstrap", good);
  ::setenv("PINRIG_MIRROR", "deb [trusted=yes] file:/srv/mirror bookworm main", 1);
  ASSERT_TRUE(ensure_sysroot(Arch::x86_64, ctx_).has_value());
  EXPECT_THAT(get(log()), HasSubstr(".partial deb [trusted=yes] file:/srv/mirror bookworm main\n"));
}

TEST_F(SysrootTest, WhatAKilledRunLeftIsCleared) {
  fake("mmdebstrap", good);
  const fs::path root = ensure_sysroot(Arch::x86_64, ctx_).value();
  fs::remove_all(root);
  put(root.parent_path() / ("." + root.filename().string() + ".partial") / "half", "x");
  ASSERT_TRUE(ensure_sysroot(Arch::x86_64, ctx_).has_value());
  EXPECT_FALSE(fs::exists(root / "half"));
  EXPECT_EQ(names_in(root.parent_path()).size(), 1u);
}

TEST_F(SysrootTest, TwoAtOnceMakeItOnce) {
  fake("mmdebstrap", good);
  WorkContext other = ctx_;
  other.progress = nullptr;
  std::thread second([&] { EXPECT_TRUE(ensure_sysroot(Arch::x86_64, other).has_value()); });
  EXPECT_TRUE(ensure_sysroot(Arch::x86_64, ctx_).has_value());
  second.join();
  const std::string calls = get(log());
  EXPECT_EQ(std::count(calls.begin(), calls.end(), '\n'), 1);
}

TEST_F(SysrootTest, NoMmdebstrap) {
  only_fakes();
  auto r = ensure_sysroot(Arch::x86_64, ctx_);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::missing_tool);
  EXPECT_THAT(r.error().message, HasSubstr("making the x86_64 sysroot: mmdebstrap"));
  EXPECT_THAT(r.error().hint, HasSubstr("install mmdebstrap"));
}

TEST_F(SysrootTest, NoNetworkNamesTheStep) {
  const Error e = failure(R"(
echo 'I: running apt-get update...' >&2
echo "  Could not resolve 'mirror.invalid'" >&2
echo "E: Failed to fetch ftp://mirror.invalid/InRelease  Could not resolve 'mirror.invalid'" >&2
echo 'I: main() received signal PIPE: waiting for setup...' >&2
echo 'E: mmdebstrap failed to run' >&2
exit 25)");
  EXPECT_EQ(e.kind, ErrorKind::infra);
  EXPECT_THAT(e.message, HasSubstr("mmdebstrap failed (exit 25) at \"running apt-get update\""));
  EXPECT_THAT(e.message, HasSubstr("E: Failed to fetch"));
  EXPECT_THAT(e.message, Not(HasSubstr("failed to run")));
  EXPECT_THAT(e.hint, HasSubstr("PINRIG_MIRROR"));
}

TEST_F(SysrootTest, UnknownPackageIsTheListsFault) {
  const Error e = failure("echo 'E: Unable to locate package libfoo-dev' >&2; exit 25");
  EXPECT_EQ(e.kind, ErrorKind::bad_input);
  EXPECT_THAT(e.message, HasSubstr("libfoo-dev"));
  EXPECT_THAT(e.hint, HasSubstr("sysroot.packages"));
}

TEST_F(SysrootTest, FullDisk) {
  const Error e = failure("echo '  Write error - write (28: No space left on device)' >&2; exit 25");
  EXPECT_EQ(e.kind, ErrorKind::disk_full);
}

TEST_F(SysrootTest, UnexplainedFailureShowsTheEnd) {
  const Error e = failure("echo 'something odd' >&2; kill -9 $$");
  EXPECT_EQ(e.kind, ErrorKind::infra);
  EXPECT_THAT(e.message, HasSubstr("SIGKILL"));
  EXPECT_THAT(e.message, HasSubstr("something odd"));
}

TEST_F(SysrootTest, WithoutTheCLibraryItIsNotPublished) {
  const Error e = failure("for a; do case $a in *.partial) mkdir -p $a/usr ;; esac; done");
  EXPECT_EQ(e.kind, ErrorKind::bad_input);
  EXPECT_THAT(e.message, HasSubstr("no usr/lib/x86_64-linux-gnu/libc.a"));
}

TEST_F(SysrootTest, Interrupted) {
  CancelToken cancel;
  cancel.request();
  ctx_.cancel = &cancel;
  const Error e = failure("for a; do case $a in *.partial) mkdir -p $a ;; esac; done; exec sleep 100");
  EXPECT_EQ(e.kind, ErrorKind::cancelled);
}

TEST_F(SysrootTest, CacheThatCannotBeWritten) {
  put(ctx_.cache, "a file where the cache should be");
  fake("mmdebstrap", good);
  auto r = ensure_sysroot(Arch::x86_64, ctx_);
  ASSERT_TRUE(r.has_error());
  EXPECT_THAT(r.error().message, HasSubstr(ctx_.cache.string()));
}

TEST_F(SysrootTest, NoList) {
  fs::remove(ctx_.project / "images/sysroot.packages");
  auto r = ensure_sysroot(Arch::x86_64, ctx_);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(r.error().message, HasSubstr("images/sysroot.packages"));
}

}  // namespace
}  // namespace pinrig::image
