// SPDX-License-Identifier: GPL-2.0
// Report texts of a kernel tree that no row of the table reads. Over every tree in the cache (its worktrees),
// or those that PINRIG_TREES names (separated by ':'); unread_reports.txt has the texts that need not be
// read, with reasons.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/text.h"
#include "console/testing.h"

namespace pinrig::console::harvest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> shown(const std::vector<Text>& texts) {
  std::vector<std::string> out;
  for (const auto& t : texts) out.push_back(fmt::format("{}:{}: {} {}", t.file, t.line, t.call, t.literal));
  return out;
}

constexpr const char* fault_c =
    "void show(void)\n{\n\tpr_alert(\"PGD %lx \", pgd);\n"
    "\tpr_alert(\"BUG: unable to handle page fault for address: %px\\n\",\n\t\t(void *)address);\n"
    "\tpr_err(\"\\n\");\n\tpr_err(\"====\\n\");\n"
    "\tpr_warn(\"WARNING: suspicious RCU usage\\n\");\n"
    "\tpr_warn(\"a warning that is none\\n\");\n"
    "\tprintk(KERN_EMERG \"The machine melts: %s \"\n\t       \"at %d degrees\\n\", name, n);\n"
    "\tprintk(\"INFO: nothing like it\\n\");\n"
    "\tpanic(\"out of %s\", what);\n\tnmi_panic(regs, \"NMI: IOCK error\");\n"
    "\tdie(\"bad mode\", regs, 0);\n\tdie(text, regs, 0);\n}\n";

TEST(Harvest, TakesTheHeadsOfReports) {
  EXPECT_THAT(shown(texts_of("arch/x86/mm/fault.c", fault_c)),
              ElementsAre("arch/x86/mm/fault.c:3: pr_alert PGD %lx",
                          "arch/x86/mm/fault.c:4: pr_alert BUG: unable to handle page fault for address: %px",
                          "arch/x86/mm/fault.c:8: pr_warn WARNING: suspicious RCU usage",
                          "arch/x86/mm/fault.c:10: printk The machine melts: %s at %d degrees",
                          "arch/x86/mm/fault.c:12: printk INFO: nothing like it",
                          "arch/x86/mm/fault.c:13: panic out of %s",
                          "arch/x86/mm/fault.c:14: nmi_panic NMI: IOCK error",
                          "arch/x86/mm/fault.c:15: die bad mode"));
}

TEST(Harvest, PrintsThemAsTheKernelDoes) {
  EXPECT_EQ(as_printed({"mm/x.c", 1, "pr_err", "BUG: %s at %pS, %#lx %d%%"}),
            "BUG: name at fn+0x1/0x2, 1a 7%");
  EXPECT_EQ(as_printed({"mm/x.c", 1, "panic", "out of %s"}), "Kernel panic - not syncing: out of name");
  EXPECT_EQ(as_printed({"arch/arm64/x.c", 1, "die", "Oops"}),
            "Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP");
  EXPECT_EQ(as_printed({"arch/x86/x.c", 1, "die", "Oops"}), "Oops: 0000 [#1] PREEMPT SMP");
}

TEST(Harvest, NamesWhatNoRowReads) {
  auto dir = TempDir::create(fs::temp_directory_path(), "harvest.").value();
  fs::create_directories(dir.path() / "arch/x86/mm");
  fs::create_directories(dir.path() / "drivers/video");
  ASSERT_TRUE(write_file_atomic(dir.path() / "arch/x86/mm/fault.c", fault_c).has_value());
  ASSERT_TRUE(write_file_atomic(dir.path() / "drivers/video/x.c", fault_c).has_value()) << "not looked at";
  EXPECT_THAT(shown(unread(dir.path(), {})),
              ElementsAre("arch/x86/mm/fault.c:3: pr_alert PGD %lx",
                          "arch/x86/mm/fault.c:10: printk The machine melts: %s at %d degrees",
                          "arch/x86/mm/fault.c:12: printk INFO: nothing like it"));
  EXPECT_THAT(unread(dir.path(), ignored_of("# a comment\narch/x86/* | PGD * | part of an oops\n"
                                            "*/fault.c | The machine* | no kernel says that\n"
                                            "* | INFO: nothing* | nor that\n")),
              IsEmpty());
}

TEST(Harvest, AnIgnoredTextNeedsAReason) {
  EXPECT_THROW(ignored_of("mm/x.c | PGD\n"), std::runtime_error);
  EXPECT_THROW(ignored_of("mm/x.c | PGD |  \n"), std::runtime_error);
  EXPECT_THAT(ignored_of("\n# nothing\n"), IsEmpty());
}

std::vector<fs::path> trees() {
  std::vector<fs::path> out;
  if (const char* named = std::getenv("PINRIG_TREES")) {
    for (const auto& tree : split(named, ':')) out.emplace_back(tree);
    return out;
  }
  const char* cache = std::getenv("PINRIG_CACHE");
  const char* home = std::getenv("HOME");
  const fs::path place = cache ? fs::path(cache) : fs::path(home ? home : "/") / ".cache/pinrig";
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(place / "worktrees", ec)) {
    if (fs::exists(entry.path() / "mm/gup.c", ec)) out.push_back(entry.path());
  }
  return out;
}

TEST(Harvest, EveryReportOfTheTreesInTheCacheIsRead) {
  const auto ignored =
      ignored_of(read_file(fs::path(PINRIG_SOURCE_DIR) / "harness/console/unread_reports.txt").value());
  const auto found = trees();
  if (found.empty()) GTEST_SKIP() << "no kernel tree in the cache; PINRIG_TREES names others";
  for (const auto& tree : found) {
    const auto texts = shown(unread(tree, ignored));
    EXPECT_THAT(texts, IsEmpty()) << tree << ": " << texts.size() << " texts\n" << join(texts, "\n");
  }
}

}  // namespace
}  // namespace pinrig::console::harvest
