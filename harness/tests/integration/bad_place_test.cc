// SPDX-License-Identifier: GPL-2.0
// A machine that is not as it should be: places that cannot be written, a full disk, programs that are
// missing.
#include <unistd.h>

#include "sandbox.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;

class BadPlace : public testing::Test {
 protected:
  void SetUp() override {
    box_.make_tiny_project();
    box_.fake("mmdebstrap", "echo 'E: no network in this test' >&2; exit 1");
  }
  void refused(const Ran& ran, const std::vector<std::string>& wanted) {
    EXPECT_EQ(ran.code, 4) << ran;
    for (const auto& text : wanted) EXPECT_THAT(ran.err, HasSubstr(text));
    EXPECT_FALSE(box_.has_runs());
  }
  Sandbox box_;
};

// Root may write everywhere, so that a mode of 0555 tells nothing in a container; these places refuse root
// too.
TEST_F(BadPlace, CacheBelowAFile) {
  box_.put(box_.root() / "file", "");
  box_.cache = box_.root() / "file/cache";
  refused(box_.pinrig({"run"}), {"file/cache", "PINRIG_CACHE"});
}

TEST_F(BadPlace, CacheInProc) {
  box_.cache = "/proc/pinrig";
  refused(box_.pinrig({"run"}), {"/proc/pinrig", "PINRIG_CACHE"});
}

TEST_F(BadPlace, CacheOfSomebodyElse) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::create_directories(box_.cache);
  fs::permissions(box_.cache, fs::perms::owner_read | fs::perms::owner_exec);
  refused(box_.pinrig({"run"}), {box_.cache.string(), "Permission denied", "PINRIG_CACHE"});
  fs::permissions(box_.cache, fs::perms::owner_all);
}

TEST_F(BadPlace, StateBelowAFile) {
  box_.put(box_.root() / "file", "");
  box_.state = box_.root() / "file/state";
  refused(box_.pinrig({"run"}), {"file/state", "PINRIG_STATE"});
}

TEST_F(BadPlace, StateThatIsNoDatabase) {
  box_.put(box_.state / "results.db",
           "this is a text file, and by far long enough to be looked at as a database header\n");
  refused(box_.pinrig({"run"}), {"results.db: is damaged or not a database", "move it away"});
}

TEST_F(BadPlace, NoQemuIsSeenBeforeAnythingIsBuilt) {
  box_.hide_programs("qemu-system");
  refused(box_.pinrig({"run"}), {"qemu-system-x86_64", "apt install qemu-system-x86"});
  refused(box_.pinrig({"run", "--arch", "aarch64"}), {"qemu-system-aarch64", "apt install qemu-system-arm"});
  EXPECT_FALSE(fs::exists(box_.cache / "sysroots"));
  // What boots nothing needs none.
  EXPECT_EQ(box_.pinrig({"plan"}).code, 0);
}

TEST_F(BadPlace, NoMmdebstrapFailsTheKernelsAndKeepsTheRun) {
  fs::remove(box_.root() / "bin/mmdebstrap");
  box_.hide_programs("mmdebstrap");
  const Ran ran = box_.pinrig({"run"});
  EXPECT_EQ(ran.code, 4) << ran;
  EXPECT_THAT(ran.err + ran.out, HasSubstr("mmdebstrap"));
  EXPECT_THAT(ran.err + ran.out, HasSubstr("apt-get install mmdebstrap"));
  EXPECT_TRUE(box_.has_runs());
  EXPECT_THAT(listed(box_), HasSubstr("exit 4"));
}

TEST_F(BadPlace, WhatMmdebstrapSaysIsPassedOn) {
  const Ran ran = box_.pinrig({"run", "--json", "-"});
  EXPECT_EQ(ran.code, 4) << ran;
  EXPECT_THAT(ran.err + ran.out, HasSubstr("no network in this test"));
  EXPECT_THAT(ran.out, HasSubstr("guest_failed"));
}

TEST_F(BadPlace, DoctorNamesWhatIsMissing) {
  box_.hide_programs("qemu-system");
  const Ran ran = box_.pinrig({"doctor", "--json"});
  EXPECT_EQ(ran.code, 4) << ran;
  const auto json = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << ran;
  bool seen = false;
  for (const auto& f : json)
    seen = seen ||
           (f.at("name") == "qemu-system-x86_64" && f.at("level") == "problem" && !f.at("remedy").empty());
  EXPECT_TRUE(seen) << ran.out;
}

// Disks that are full: a tmpfs of a few hundred KiB in a mount namespace of our own.
class FullDisk : public BadPlace {
 protected:
  void SetUp() override {
    BadPlace::SetUp();
    process::Command probe;
    probe.argv = {"unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=64k", "none", box_.root().string()};
    const CancelToken never;
    const auto done = process::run(probe, never);
    if (done.has_error() || !process::succeeded(done->status))
      GTEST_SKIP() << "no user and mount namespaces here: "
                   << (done.has_error() ? done.error().message : done->err);
  }

  /// Runs `script` (sh, with $1 = pinrig, $2 = the small disk) where `disk` has `size` bytes.
  Ran in_small_disk(const fs::path& disk, const std::string& size, const std::string& script) {
    fs::create_directories(disk);
    box_.put(box_.root() / "small-disk.sh",
             "#!/bin/sh\nmount -t tmpfs -o size=" + size + " none \"$2\" || exit 99\n" + script, 0755);
    auto c = box_.command({});
    c.argv = {"unshare", "-rm", (box_.root() / "small-disk.sh").string(), PINRIG_PROGRAM, disk.string()};
    return run(c);
  }
};

TEST_F(FullDisk, CacheTooSmallIsSeenAtOnce) {
  const Ran ran = in_small_disk(box_.cache, "1m", "\"$1\" run\n");
  refused(ran, {box_.cache.string(), "free", "PINRIG_CACHE"});
}

TEST_F(FullDisk, CacheWithoutAByte) {
  const Ran ran = in_small_disk(box_.cache, "64k", "cat /dev/zero >\"$2/filler\" 2>/dev/null\n\"$1\" run\n");
  refused(ran, {box_.cache.string(), "PINRIG_CACHE"});
}

TEST_F(FullDisk, StateWithoutAByte) {
  const Ran ran = in_small_disk(box_.state, "64k", "cat /dev/zero >\"$2/filler\" 2>/dev/null\n\"$1\" run\n");
  EXPECT_EQ(ran.code, 4) << ran;
  EXPECT_THAT(ran.err, HasSubstr(box_.state.string()));
  EXPECT_THAT(ran.err, HasSubstr("PINRIG_STATE"));
}

// The store of an earlier run is on the disk when it fills up: the next run says so, and the earlier one is
// still there to read.
TEST_F(FullDisk, EarlierResultsStayReadable) {
  const Ran ran = in_small_disk(box_.state, "2m",
                                "\"$1\" -q run; echo \"first $?\"\n"
                                "\"$1\" list >\"$PINRIG_CACHE/before\"\n"
                                "cat /dev/zero >\"$2/filler\" 2>/dev/null\n"
                                "\"$1\" -q run; echo \"second $?\"\n"
                                "\"$1\" show last base-x86_64; echo \"show $?\"\n"
                                "\"$1\" list >\"$PINRIG_CACHE/after\"; echo \"list $?\"\n"
                                "rm \"$2/filler\"; \"$1\" -q run; echo \"third $?\"\n"
                                "\"$1\" list; exit 0\n");
  for (const char* text : {"first 4", "second 4", "show 0", "list 0", "third 4"})
    EXPECT_THAT(ran.out, HasSubstr(text)) << ran;
  EXPECT_THAT(ran.err, HasSubstr(box_.state.string()));
  const auto before = read_file(box_.cache / "before");
  const auto after = read_file(box_.cache / "after");
  ASSERT_TRUE(before.has_value() && after.has_value());
  EXPECT_EQ(*before, *after);
  EXPECT_THAT(*before, HasSubstr("exit 4"));
}

}  // namespace
}  // namespace pinrig::integration
