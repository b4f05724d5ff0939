// SPDX-License-Identifier: GPL-2.0
#include "run/locate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "job/testing.h"

namespace pinrig::run {
namespace {

model::KernelEvent event_with(std::vector<model::SourceLine> lines) {
  model::KernelEvent e;
  e.lines = std::move(lines);
  return e;
}

TEST(NamePatches, TheOwnerOfTheLineIsNamed) {
  std::vector<coverage::Patch> patches(2);
  patches[0].number = 1;
  patches[0].lines = {{"mm/gup.c", {10, 11}}, {"block/bio.c", {5}}};
  patches[1].number = 2;
  patches[1].lines = {{"mm/gup.c", {12}}};
  std::vector events{event_with({{0, "a", "mm/gup.c", 11, false, 0}, {1, "b", "mm/gup.c", 12, false, 0}}),
                     event_with({{0, "c", "mm/gup.c", 13, false, 0}, {1, "d", "mm/bio.c", 5, false, 0}})};
  name_patches(patches, events);
  EXPECT_EQ(events[0].lines[0].patch, 1);
  EXPECT_EQ(events[0].lines[1].patch, 2);
  EXPECT_EQ(events[1].lines[0].patch, 0) << "a line of the base";
  EXPECT_EQ(events[1].lines[1].patch, 0) << "another file";
}

TEST(LocateFrames, AVmlinuxIsOpenedOnlyForFrames) {
  job::Place place;
  const fs::path missing = "/nowhere/vmlinux";
  std::vector<model::KernelEvent> events(1);
  events[0].text = {"page dumped because: gup_test", "not a frame"};
  EXPECT_TRUE(locate_frames({}, missing, {}, place.services, events).has_value());
  events[0].text.emplace_back(" gup_fast+0x1/0x2");
  EXPECT_TRUE(locate_frames({}, missing, {}, place.services, events).has_error());
}

TEST(LocateFrames, WithoutDebugInformationTheReportStaysAsItIs) {
  job::Place place;
  auto dir = TempDir::create(fs::temp_directory_path(), "locate.").value();
  ASSERT_TRUE(write_file_atomic(dir.path() / "vmlinux", "no ELF file").has_value());
  std::vector<model::KernelEvent> events(1);
  events[0].text = {" gup_fast+0x1/0x2"};
  EXPECT_TRUE(locate_frames({}, dir.path() / "vmlinux", {}, place.services, events).has_error());
  EXPECT_TRUE(locate_frames({}, "/proc/self/exe", {}, place.services, events).has_value());
  EXPECT_TRUE(events[0].lines.empty());
}

}  // namespace
}  // namespace pinrig::run
