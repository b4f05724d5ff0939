// SPDX-License-Identifier: GPL-2.0
// What was written is read back with libarchive's reader and, for what that hides, from the bytes.
#include "image/cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <sys/sysmacros.h>

#include <memory>

#include "image/testing.h"

namespace pinrig::image {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

struct Item {
  std::string path, link, content;
  mode_t mode = 0;
  dev_t rdev = 0;
  long long inode = 0, uid = 0, gid = 0, mtime = 0;
  unsigned nlink = 0;
};

std::vector<Item> read_back(const std::string& bytes) {
  std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(), &archive_read_free);
  archive_read_support_format_cpio(reader.get());
  EXPECT_EQ(archive_read_open_memory(reader.get(), bytes.data(), bytes.size()), ARCHIVE_OK);
  std::vector<Item> items;
  archive_entry* e = nullptr;
  while (archive_read_next_header(reader.get(), &e) == ARCHIVE_OK) {
    Item item;
    item.path = archive_entry_pathname(e);
    item.mode = archive_entry_mode(e);
    item.rdev = archive_entry_rdev(e);
    item.inode = archive_entry_ino64(e);
    item.uid = archive_entry_uid(e);
    item.gid = archive_entry_gid(e);
    item.mtime = archive_entry_mtime(e);
    item.nlink = archive_entry_nlink(e);
    if (const char* link = archive_entry_symlink(e); link != nullptr) item.link = link;
    if (S_ISREG(item.mode)) item.content.resize(static_cast<std::size_t>(archive_entry_size(e)));
    EXPECT_EQ(archive_read_data(reader.get(), item.content.data(), item.content.size()),
              static_cast<la_ssize_t>(item.content.size()));
    items.push_back(std::move(item));
  }
  return items;
}

class CpioTest : public ImageTest {
 protected:
  std::vector<Entry> entries() {
    put(dir_.path() / "agent", std::string(70001, 'a'));
    return resolve(
               parse_manifest("file /init agent 0755\nnod /dev/console 0600 c 5 1\nslink /bin/sh busybox\n"
                              "dir /tmp 1777\n",
                              dir_.path() / "m", {})
                   .value())
        .value();
  }
  std::string written(const std::vector<Entry>& list, const char* name = "out.cpio") {
    auto done = write_cpio(list, dir_.path() / name);
    EXPECT_TRUE(done.has_value()) << (done.has_error() ? done.error().message : "");
    return get(dir_.path() / name);
  }
};

TEST_F(CpioTest, ReadsBackAsWritten) {
  const auto items = read_back(written(entries()));
  ASSERT_EQ(items.size(), 6u);
  EXPECT_EQ(items[0].path, "bin");
  EXPECT_EQ(items[0].mode, mode_t{S_IFDIR | 0755});
  EXPECT_EQ(items[1].path, "bin/sh");
  EXPECT_EQ(items[1].link, "busybox");
  EXPECT_EQ(items[3].path, "dev/console");
  EXPECT_EQ(items[3].mode, mode_t{S_IFCHR | 0600});
  EXPECT_EQ(major(items[3].rdev), 5u);
  EXPECT_EQ(minor(items[3].rdev), 1u);
  EXPECT_EQ(items[4].path, "init");
  EXPECT_EQ(items[4].content, std::string(70001, 'a'));
  EXPECT_EQ(items[4].mode, mode_t{S_IFREG | 0755});
  EXPECT_EQ(items[5].mode, mode_t{S_IFDIR | 01777});
}

// Two regular files with one inode number and more than one link are hard links to the kernel (maybe_link()).
TEST_F(CpioTest, NothingOfTheHostIsInIt) {
  long long inode = 0;
  for (const Item& item : read_back(written(entries()))) {
    EXPECT_EQ(item.uid, 0) << item.path;
    EXPECT_EQ(item.gid, 0) << item.path;
    EXPECT_EQ(item.mtime, 0) << item.path;
    EXPECT_EQ(item.inode, ++inode) << item.path;
    if (!S_ISDIR(item.mode)) {
      EXPECT_EQ(item.nlink, 1u) << item.path;
    }
  }
}

TEST_F(CpioTest, SameInputSameBytes) {
  const auto list = entries();
  const std::string first = written(list, "a");
  fs::last_write_time(dir_.path() / "agent", fs::file_time_type::clock::now() + std::chrono::hours(5));
  EXPECT_EQ(first, written(list, "b"));
}

// unpack_to_rootfs() takes a second archive only at a multiple of 4, after any number of zero bytes.
TEST_F(CpioTest, ArchivesCanBeConcatenated) {
  put(dir_.path() / "t", "1");
  const std::string one = written(entries());
  const std::string two = written(
      resolve(parse_manifest("file /tests/kernel/cow t 0755\n", dir_.path() / "m", {}).value()).value(),
      "two");
  EXPECT_EQ(one.substr(0, 6), "070701");
  EXPECT_EQ(two.substr(0, 6), "070701");
  EXPECT_EQ(one.size() % 512, 0u);
  EXPECT_EQ(two.size() % 512, 0u);
  const auto trailer = one.find("TRAILER!!!");
  ASSERT_NE(trailer, std::string::npos);
  EXPECT_EQ(one.find_first_not_of('\0', trailer + 10), std::string::npos);
}

TEST_F(CpioTest, KeyFollowsContentModeAndName) {
  auto list = entries();
  const std::string key = content_key(list).value();
  EXPECT_EQ(key, content_key(list).value());
  list[4].mode = 0700;
  EXPECT_NE(key, content_key(list).value());
  list[4].mode = 0755;
  list[4].path = "/inix";
  EXPECT_NE(key, content_key(list).value());
  list[4].path = "/init";
  put(dir_.path() / "agent", std::string(70001, 'b'));
  EXPECT_NE(key, content_key(list).value());
}

TEST_F(CpioTest, FailuresNameTheFile) {
  auto list = entries();
  EXPECT_THAT(write_cpio(list, dir_.path() / "no/such/dir.cpio").error().message,
              HasSubstr("no/such/dir.cpio"));
  fs::remove(dir_.path() / "agent");
  EXPECT_THAT(write_cpio(list, dir_.path() / "o").error().message, HasSubstr("agent: No such file"));
  EXPECT_THAT(content_key(list).error().message, HasSubstr("agent"));
}

TEST_F(CpioTest, FullDiskIsSaidSo) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  const auto done = write_cpio(entries(), "/dev/full");
  ASSERT_TRUE(done.has_error());
  EXPECT_EQ(done.error().kind, ErrorKind::disk_full);
}

TEST_F(CpioTest, BaseArchiveIsMadeOnceAndNamedByContent) {
  put(ctx_.project / "images/initramfs.manifest",
      "file /init ${programs}/agent 0755\nfile /bin/tool ${sysroot}/bin/tool 0755\n"
      "tree /tests ${programs}/tests 0755\n");
  put(dir_.path() / "programs/agent", "agent 1");
  put(dir_.path() / "programs/tests/bio/dio_rw", "t");
  put(dir_.path() / "sysroot/bin/tool", "b");
  const auto make = [&] {
    return base_initramfs(model::Arch::aarch64, dir_.path() / "programs", dir_.path() / "sysroot", ctx_)
        .value();
  };
  const fs::path first = make();
  EXPECT_TRUE(first.filename().string().starts_with("initramfs-aarch64-")) << first;
  EXPECT_EQ(make(), first);
  std::vector<std::string> seen;
  for (const Item& item : read_back(get(first))) seen.push_back(item.path);
  EXPECT_THAT(seen, ElementsAre("bin", "bin/tool", "init", "tests", "tests/bio", "tests/bio/dio_rw"));

  put(dir_.path() / "programs/agent", "agent 2");
  EXPECT_NE(make(), first);
  EXPECT_EQ(names_in(ctx_.cache / "images").size(), 2u);
}

TEST_F(CpioTest, SelftestsLieBelowTestsKernel) {
  put(dir_.path() / "st/cow", "elf");
  put(dir_.path() / "st/gup_test", "elf");
  const fs::path out = selftests_initramfs(dir_.path() / "st", {"cow", "gone", "cow"}, ctx_).value();
  const auto items = read_back(get(out));
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[2].path, "tests/kernel/cow");
  EXPECT_EQ(items[2].mode, mode_t{S_IFREG | 0755});
}

// A tree without any selftest still boots: those tests are skipped with that reason by whoever planned them.
TEST_F(CpioTest, NoSelftestsIsAnEmptyFolder) {
  fs::create_directories(dir_.path() / "st");
  EXPECT_EQ(read_back(get(selftests_initramfs(dir_.path() / "st", {"cow"}, ctx_).value())).back().path,
            "tests/kernel");
  EXPECT_THAT(selftests_initramfs(dir_.path() / "gone", {}, ctx_).error().message,
              HasSubstr("is not a directory"));
}

TEST_F(CpioTest, TheProjectsOwnManifestsAreValid) {
  for (const char* name : {"initramfs.manifest", "shell.manifest"}) {
    const fs::path file = fs::path(PINRIG_SOURCE_DIR) / "images" / name;
    const auto manifest =
        parse_manifest(read_file(file).value(), file, {{"programs", "/p"}, {"sysroot", "/s"}});
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
    for (const Entry& e : manifest.value().entries) {
      if (e.type == Entry::Type::file && !e.source.string().starts_with("/p") &&
          !e.source.string().starts_with("/s")) {
        EXPECT_TRUE(fs::is_regular_file(e.source)) << e.source;
      }
    }
  }
}

// busybox is a third of what the kernel would have to unpack.
TEST_F(CpioTest, OnlyAnInteractiveGuestHasAShell) {
  const fs::path images = fs::path(PINRIG_SOURCE_DIR) / "images";
  put(ctx_.project / "images/shell.manifest", read_file(images / "shell.manifest").value());
  put(dir_.path() / "sysroot/bin/busybox", "b");
  std::vector<std::string> seen;
  put(dir_.path() / "programs/tests/pinrig-tests", "p");
  fs::create_directories(dir_.path() / "programs/tests/bio");
  fs::create_symlink("../pinrig-tests", dir_.path() / "programs/tests/bio/dio_rw");
  const auto archive =
      shell_initramfs(model::Arch::aarch64, dir_.path() / "programs", dir_.path() / "sysroot", ctx_).value();
  for (const Item& item : read_back(get(archive))) seen.push_back(item.path);
  EXPECT_THAT(seen, ElementsAre("bin", "bin/busybox", "bin/sh", "tests", "tests/bio", "tests/bio/dio_rw",
                                "tests/pinrig-tests"));
  EXPECT_THAT(read_file(images / "initramfs.manifest").value(),
              Not(AnyOf(HasSubstr("/bin/"), HasSubstr("\ntree"))));
}

}  // namespace
}  // namespace pinrig::image
