// SPDX-License-Identifier: GPL-2.0
#include "procstat.h"

#include <gtest/gtest.h>

namespace pinrig::agent {
namespace {

std::string line(const std::string& name, const std::string& state, const std::string& flags) {
  return "57 (" + name + ") " + state + " 1 57 57 0 -1 " + flags +
         " 100 0 0 0 1 2 0 0 20 0 1 0 4242 1000000 100 18446744073709551615\n";
}

TEST(ProcStat, ReadsWhatTellsProcessesApart) {
  const auto p = parse_proc_stat(line("dd", "S", "4194560"));
  ASSERT_TRUE(p.has_value());
  EXPECT_EQ(p->pid, 57);
  EXPECT_EQ(p->name, "dd");
  EXPECT_EQ(p->state, 'S');
  EXPECT_EQ(p->started, 4242u);
  EXPECT_TRUE(p->alive());
}

TEST(ProcStat, ANameMayLookLikeTheRestOfTheLine) {
  const auto p = parse_proc_stat(line(") Z 1 (", "D", "0"));
  ASSERT_TRUE(p.has_value());
  EXPECT_EQ(p->name, ") Z 1 (");
  EXPECT_EQ(p->state, 'D');
  EXPECT_TRUE(p->alive());
}

TEST(ProcStat, TheDeadTheDyingAndKernelThreadsAreNotAlive) {
  EXPECT_FALSE(parse_proc_stat(line("a", "Z", "0"))->alive());
  EXPECT_FALSE(parse_proc_stat(line("a", "X", "0"))->alive());
  EXPECT_FALSE(parse_proc_stat(line("a", "R", "4"))->alive()) << "PF_EXITING";
  EXPECT_FALSE(parse_proc_stat(line("kworker/0:1", "I", "69238880"))->alive()) << "PF_KTHREAD";
  EXPECT_TRUE(parse_proc_stat(line("a", "T", "0"))->alive());
}

TEST(ProcStat, AnythingElseIsNothing) {
  for (const char* bad :
       {"", "57", "57 (dd", "57 (dd) ", "57 (dd) S 1 2 3", "x (dd) S 1 57 57 0 -1 0", ") (", "( ) "})
    EXPECT_FALSE(parse_proc_stat(bad).has_value()) << bad;
}

}  // namespace
}  // namespace pinrig::agent
