// SPDX-License-Identifier: GPL-2.0
#include "vm/confine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "process/process.h"

namespace pinrig::vm {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Confine, WhoHasNothingToGiveUpStartsQemuItself) {
  EXPECT_THAT(without_privileges({"no-such-qemu", "-S"}), ElementsAre("no-such-qemu", "-S"))
      << "so that the error is about QEMU";
  EXPECT_TRUE(without_privileges({}).empty());
}

TEST(Confine, NoCapabilityIsLeftButThatOfReading) {
  const CancelToken never;
  const auto done = process::run({.argv = without_privileges({"cat", "/proc/self/status"})}, never);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  std::string effective;
  for (const auto line : lines(done->out))
    if (line.starts_with("CapEff:")) effective = trim(line.substr(7));
  // Bit 2: CAP_DAC_READ_SEARCH. Whoever is not root has none at all.
  EXPECT_THAT(effective, AnyOf("0000000000000004", "0000000000000000"));
}

TEST(Confine, QemuIsNicedAndFirstForTheOomKiller) {
  const TempDir dir = TempDir::create(fs::temp_directory_path(), "confine-").value();
  auto child = process::Child::start({.argv = {"sleep", "60"}}, dir.path() / "log");
  ASSERT_TRUE(child.has_value()) << child.error().message;
  const int before = ::getpriority(PRIO_PROCESS, 0);
  model::Machine machine;
  machine.memory_mib = 512;
  confine(child->pid(), machine, {});
  EXPECT_GE(::getpriority(PRIO_PROCESS, static_cast<id_t>(child->pid())), before);
  const fs::path proc = "/proc/" + std::to_string(child->pid());
  EXPECT_EQ(read_file(proc / "oom_score_adj").value(), "1000\n");
  EXPECT_THAT(read_file(proc / "limits").value(), HasSubstr(std::to_string(file_size_limit(machine, {}))));
}

TEST(Confine, SoIsAQemuThatHasOurTerminal) {
  model::Machine machine;
  machine.memory_mib = 512;
  const CancelToken never;
  const auto done = process::run(
      {.argv =
           confined({"sh", "-c", "nice; cat /proc/self/oom_score_adj /proc/self/status /proc/self/limits"},
                    machine, {})},
      never);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_THAT(done->out, HasSubstr("\n1000\n"));
  EXPECT_THAT(done->out, HasSubstr(std::to_string(file_size_limit(machine, {}))));
  EXPECT_THAT(done->out, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_GT(std::stoi(done->out), ::getpriority(PRIO_PROCESS, 0));
  EXPECT_THAT(confined({"no-such-qemu", "-S"}, machine, {}), ElementsAre("no-such-qemu", "-S"));
}

TEST(Confine, ADriveMayBeLargerThanTheCaps) {
  model::Machine machine;
  machine.nvme = {{.serial = "a", .nsid = 1, .size_mib = 8192}};
  EXPECT_EQ(file_size_limit(machine, {}), std::uint64_t{8192} << 20);
  EXPECT_EQ(file_size_limit({}, {.console = 1, .results = std::uint64_t{1} << 30}), std::uint64_t{2} << 30);
  model::Machine large;
  large.memory_mib = 6144;
  EXPECT_GT(file_size_limit(large, {}, true), std::uint64_t{6144} << 20) << "its memory is one file";
  EXPECT_LT(file_size_limit(large, {}), std::uint64_t{6144} << 20);
  machine.memory_mib = 1024;
  EXPECT_GT(address_space_limit(machine), std::uint64_t{1} << 30);
}

TEST(Confine, FilesAndEmptyFilesCount) {
  const TempDir dir = TempDir::create(fs::temp_directory_path(), "confine-").value();
  EXPECT_EQ(used_below(dir.path() / "none", 1000), 0U);
  EXPECT_EQ(used_below(dir.path(), 1000), 0U);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(write_file_atomic(dir.path() / std::to_string(i), "").has_value());
  EXPECT_EQ(used_below(dir.path(), 1 << 20), 10U * 4096);
  EXPECT_EQ(used_below(dir.path(), 10000), 3U * 4096) << "it stops there";
  fs::create_directory_symlink("/", dir.path() / "root");
  EXPECT_LE(used_below(dir.path(), 1 << 20), 12U * 4096) << "links are not followed";
}

}  // namespace
}  // namespace pinrig::vm
