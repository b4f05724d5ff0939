// SPDX-License-Identifier: GPL-2.0
#include "image/manifest.h"

#include <gmock/gmock.h>

#include "image/testing.h"

namespace pinrig::image {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::map<std::string, fs::path> variables = {{"programs", "/p"}, {"sysroot", "/s"}};

std::string error_of(const std::string& text) {
  auto manifest = parse_manifest(text, "/images/m", variables);
  EXPECT_TRUE(manifest.has_error()) << text;
  if (!manifest.has_error()) return "no error";
  EXPECT_EQ(manifest.error().kind, ErrorKind::bad_input);
  return manifest.error().message;
}

std::vector<std::string> paths(const std::vector<Entry>& entries) {
  std::vector<std::string> out;
  for (const Entry& e : entries) out.push_back(e.path);
  return out;
}

class ManifestTest : public ImageTest {
 protected:
  Result<std::vector<Entry>> resolved(const std::string& text) {
    auto manifest = parse_manifest(text, dir_.path() / "m", {{"programs", dir_.path() / "programs"}});
    if (manifest.has_error()) return std::move(manifest).error();
    return resolve(manifest.value());
  }
};

TEST(Manifest, EveryKindOfLine) {
  const auto m =
      parse_manifest(
          "# comment\n\n dir /tmp 1777 # sticky\nfile /init ${programs}/agent 0755\nfile /etc/x etc/x 0644\n"
          "slink /bin/sh busybox\nnod /dev/console 0600 c 5 1\ntree /tests ${programs}/tests 0755\n",
          "/images/m", variables)
          .value();
  ASSERT_EQ(m.entries.size(), 5u);
  EXPECT_EQ(m.entries[0].mode, 01777u);
  EXPECT_EQ(m.entries[1].source, "/p/agent");
  EXPECT_EQ(m.entries[1].where, "/images/m:4");
  EXPECT_EQ(m.entries[2].source, "/images/etc/x");
  EXPECT_EQ(m.entries[3].target, "busybox");
  EXPECT_EQ(m.entries[4].device, 'c');
  EXPECT_EQ(m.entries[4].major, 5u);
  EXPECT_EQ(m.entries[4].minor, 1u);
  ASSERT_EQ(m.trees.size(), 1u);
  EXPECT_EQ(m.trees[0].source, "/p/tests");
}

TEST(Manifest, BadLinesNameThemselves) {
  EXPECT_THAT(error_of("\npipe /x 0644\n"), HasSubstr("/images/m:2: unknown word \"pipe\""));
  EXPECT_THAT(error_of("dir /x\n"), HasSubstr("dir needs 2 words, got 1"));
  EXPECT_THAT(error_of("file /x ${programs}/a 0755 0 0\n"), HasSubstr("file needs 3 words, got 5"));
  EXPECT_THAT(error_of("dir /x 0855\n"), HasSubstr("\"0855\" is not an octal mode"));
  EXPECT_THAT(error_of("dir /x 17777\n"), HasSubstr("is not an octal mode"));
  EXPECT_THAT(error_of("nod /x 0600 p 5 1\n"), HasSubstr("c or b"));
  EXPECT_THAT(error_of("nod /x 0600 c 5 -1\n"), HasSubstr("two decimal numbers"));
  EXPECT_THAT(error_of("file /x ${program}/a 0755\n"), HasSubstr("unknown variable ${program}"));
  EXPECT_THAT(error_of("file /x ${programs 0755\n"), HasSubstr("unknown variable"));
}

// An entry named "../x" or "x" would land elsewhere than it says.
TEST(Manifest, OnlyPlainAbsolutePaths) {
  for (const char* path : {"x", "/a/../b", "/a//b", "/a/", "/", "./a"}) {
    EXPECT_THAT(error_of(std::string("dir ") + path + " 0755\n"), HasSubstr("is not a plain absolute path"))
        << path;
  }
}

// init/initramfs.c makes no parents: without them the file would be lost in silence.
TEST_F(ManifestTest, ParentsAreMadeAndComeFirst) {
  put(dir_.path() / "programs/tests/bio/dio_rw", "x");
  put(dir_.path() / "programs/tests/bio-x/a", "x");
  const auto entries = resolved("tree /tests ${programs}/tests 0755\nslink /bin/sh busybox\n").value();
  EXPECT_THAT(paths(entries), ElementsAre("/bin", "/bin/sh", "/tests", "/tests/bio", "/tests/bio-x",
                                          "/tests/bio-x/a", "/tests/bio/dio_rw"));
  EXPECT_EQ(entries[3].type, Entry::Type::dir);
  EXPECT_EQ(entries[6].source, dir_.path() / "programs/tests/bio/dio_rw");
}

// Each test is a link to the one program that holds them all.
TEST_F(ManifestTest, LinksInATreeStayLinks) {
  put(dir_.path() / "programs/tests/pinrig-tests", "x");
  fs::create_directories(dir_.path() / "programs/tests/bio");
  fs::create_symlink("../pinrig-tests", dir_.path() / "programs/tests/bio/dio_rw");
  const auto entries = resolved("tree /tests ${programs}/tests 0755\n").value();
  ASSERT_THAT(paths(entries),
              ElementsAre("/tests", "/tests/bio", "/tests/bio/dio_rw", "/tests/pinrig-tests"));
  EXPECT_EQ(entries[2].type, Entry::Type::slink);
  EXPECT_EQ(entries[2].target, "../pinrig-tests");
  EXPECT_EQ(entries[3].type, Entry::Type::file);
}

TEST_F(ManifestTest, AMissingProgramNamesTheLine) {
  const auto r = resolved("\nfile /init ${programs}/agent 0755\n");
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(r.error().message, HasSubstr("m:2: /init: source"));
  EXPECT_THAT(resolved("tree /tests ${programs}/tests 0755\n").error().message,
              HasSubstr("is not a directory"));
}

TEST_F(ManifestTest, OnePathIsMadeOnce) {
  EXPECT_THAT(resolved("dir /a 0755\nslink /a b\n").error().message, HasSubstr("m:2: /a is also created by"));
  EXPECT_THAT(resolved("slink /a b\ndir /a/c 0755\n").error().message,
              HasSubstr("/a, which is not a directory"));
}

}  // namespace
}  // namespace pinrig::image
