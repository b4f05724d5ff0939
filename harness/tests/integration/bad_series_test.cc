// SPDX-License-Identifier: GPL-2.0
// What is wrong with a series, its base or its tests is said with an exit code of its own kind: 2 when
// nothing can be started, 3 when a patch does not apply and the points before it can still be built.
#include "base/text.h"
#include "sandbox.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Trap {
  std::string name;
  std::vector<std::string> args;  ///< of pinrig plan, in addition to what all have
  int code = 0;
  std::vector<std::string> said;    ///< parts of stderr
  std::vector<std::string> points;  ///< of the plan that is printed all the same
};

std::string mail(const std::string& subject, const std::string& diff, const std::string& end = "") {
  return "From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001\nFrom: A. Developer "
         "<dev@example.org>\nDate: Tue, 2 Jan 2024 10:00:00 +0100\nSubject: " +
         subject + "\n\nWhy.\n---\n\n" + diff + "--\n2.39.5\n\n" + end;
}

/// Replaces line `number` of a file of numbered lines; `before`: what the patch takes for the line above it.
std::string change(const std::string& file, int number, const std::string& before = "") {
  const auto line = [](int n) { return "line " + std::to_string(n); };
  return "diff --git a/" + file + " b/" + file + "\n--- a/" + file + "\n+++ b/" + file + "\n@@ -" +
         std::to_string(number - 1) + ",3 +" + std::to_string(number - 1) + ",3 @@\n " +
         (before.empty() ? line(number - 1) : before) + "\n-" + line(number) + "\n+changed\n " +
         line(number + 1) + "\n";
}

std::string with_cr(std::string text) {
  for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2))
    text.insert(at, "\r");
  return text;
}

class BadSeries : public testing::Test {
 protected:
  void SetUp() override {
    box_.make_tiny_project();
    repo_ = box_.root() / "clone";
    fs::copy(box_.root() / "linux-6.12", repo_, fs::copy_options::recursive);
    git({"init", "-q", "-b", "main"});
    commit("v1");
    box_.put(repo_ / "mm/gup.c", "rewritten\n");
    commit("v2");
  }
  void git(std::vector<std::string> args) {
    process::Command c;
    c.argv = {
        "git", "-C", repo_.string(), "-c", "user.name=A. Developer", "-c", "user.email=dev@example.org"};
    c.argv.insert(c.argv.end(), args.begin(), args.end());
    const Ran ran = run(c);
    ASSERT_EQ(ran.code, 0) << ran;
  }
  void commit(const std::string& tag) {
    git({"add", "-A"});
    git({"commit", "-q", "-m", tag});
    git({"tag", tag});
  }
  /// A series in a file of its own.
  std::vector<std::string> series(const std::string& name, const std::string& mails) {
    const fs::path file = box_.root() / (name + ".mbox");
    box_.put(file, mails);
    return {"--series", file.string()};
  }
  std::vector<std::string> range(const std::string& words) {
    return {"--series", repo_.string() + ":" + words};
  }

  std::vector<Trap> applying() {
    const std::string commit(40, 'a');
    const std::string sub = "diff --git a/sub b/sub\n";
    return {
        {"hunk-in-the-middle",
         series("middle",
                mail("[PATCH 1/3] block: one", change("block/bio.c", 5)) +
                    mail("[PATCH 2/3] block: two", change("block/bio.c", 15, "line of another tree")) +
                    mail("[PATCH 3/3] block: three", change("block/bio.c", 25))),
         3,
         {"patch 2 \"block: two\" does not apply: block/bio.c: hunk 1 at line 14"},
         {"base-x86_64", "1-x86_64"}},
        {"for-another-base",
         series("another", mail("[PATCH] fs: one", change("fs/none.c", 5), "base-commit: " + commit + "\n")),
         3,
         {"patch 1 \"fs: one\" does not apply: fs/none.c does not exist in the base",
          "made on base-commit aaaaaaaaaaaa"},
         {"base-x86_64"}},
        {"binary-without-content",
         series("binary", mail("[PATCH] firmware",
                               "diff --git a/fw.bin b/fw.bin\nnew file mode 100644\nindex "
                               "0000000..1111111\nBinary files /dev/null and b/fw.bin "
                               "differ\n")),
         3,
         {"patch 1 \"firmware\" does not apply: fw.bin is binary", "git format-patch --binary"},
         {"base-x86_64"}},
        {"submodule-missing",
         series("nosub",
                mail("[PATCH] sub", sub +
                                        "index aaaaaaa..bbbbbbb 160000\n--- a/sub\n+++ b/sub\n@@ -1 "
                                        "+1 @@\n-Subproject commit " +
                                        commit + "\n+Subproject commit " + std::string(40, 'b') + "\n")),
         3,
         {"patch 1 \"sub\" does not apply: sub does not exist in the base"},
         {"base-x86_64"}},
        {"submodule",
         series("sub", mail("[PATCH] sub", sub +
                                               "new file mode 160000\nindex 0000000..aaaaaaa\n--- /dev/null\n"
                                               "+++ b/sub\n@@ -0,0 +1 @@\n+Subproject commit " +
                                               commit + "\n")),
         0,
         {},
         {"base-x86_64", "tip-x86_64"}},
        {"rename-and-mode",
         series("rename", mail("[PATCH] moved",
                               "diff --git a/mm/gup.c b/mm/pin.c\nold mode 100644\nnew mode "
                               "100755\nsimilarity index 100%\nrename from mm/gup.c\nrename to "
                               "mm/pin.c\n")),
         0,
         {},
         {"base-x86_64", "tip-x86_64"}},
        {"crlf-mail",
         series("crlf", with_cr(mail("[PATCH] block: one", change("block/bio.c", 5)))),
         0,
         {},
         {"base-x86_64", "tip-x86_64"}},
    };
  }

  std::vector<Trap> refused() {
    return {
        {"empty-range", range("v1..v1"), 2, {"range v1..v1 of ", "is empty: both ends are commit"}, {}},
        {"reversed-range",
         range("v2..v1"),
         2,
         {"is empty: v1 is an ancestor of v2", "the ends may be reversed: --series ", ":v1..v2"},
         {}},
        {"range-of-nothing", range("v1..v3"), 2, {"range v1..v3 of ", "log --oneline --all"}, {}},
        {"part-missing",
         series("part", mail("[PATCH 1/3] a", change("block/bio.c", 5)) +
                            mail("[PATCH 3/3] c", change("block/bio.c", 25))),
         2,
         {"part.mbox: patch 2/3 is missing"},
         {}},
        {"out-of-the-tree",
         series("out", mail("[PATCH] out", change("../bio.c", 5))),
         2,
         {"patch 1 \"out\" names '../bio.c', which is not a path in the tree"},
         {}},
        {"no-such-base", {"--base", "tinny"}, 2, {"no kernel 'tinny'", "did you mean 'tiny'?"}, {}},
        {"base-without-repository",
         {"--base", "gone"},
         2,
         {"gone.yaml:2:22: path: /nowhere does not exist"},
         {}},
        {"base-without-revision",
         {"--base", "norev"},
         2,
         {"norev.yaml:1:1: base norev: no revision 'v9'"},
         {}},
        {"test-of-no-point",
         {"--test", "mm/cow"},
         2,
         {"--test mm/cow: no point of this run has this test of the kernel tree",
          "tools/testing/selftests/mm/cow.c", "--base"},
         {}},
    };
  }

  void check(const Trap& trap) {
    SCOPED_TRACE(trap.name);
    std::vector<std::string> args{"plan", "--arch", "x86_64"};
    const auto has = [&](const char* option) {
      return std::find(trap.args.begin(), trap.args.end(), option) != trap.args.end();
    };
    if (!has("--base")) args.insert(args.end(), {"--base", "tiny"});
    if (!has("--test")) args.insert(args.end(), {"--test", "pins/selfcheck"});
    if (has("--series")) args.insert(args.end(), {"--point", "each"});
    args.insert(args.end(), trap.args.begin(), trap.args.end());
    const Ran ran = box_.pinrig(args);
    EXPECT_EQ(ran.code, trap.code) << ran;
    for (const auto& text : trap.said) EXPECT_THAT(ran.err, HasSubstr(text));
    for (const char* id : {"base-x86_64", "1-x86_64", "2-x86_64", "tip-x86_64"}) {
      const bool wanted = std::find(trap.points.begin(), trap.points.end(), id) != trap.points.end();
      const bool printed = ran.out.find(id) != std::string::npos;
      EXPECT_EQ(printed, wanted) << id << "\n" << ran;
    }
    EXPECT_FALSE(box_.has_runs());
  }

  Sandbox box_;
  fs::path repo_;
};

TEST_F(BadSeries, APatchThatDoesNotApplyLeavesThePointsBeforeIt) {
  for (const auto& trap : applying()) check(trap);
}

TEST_F(BadSeries, WhatCannotBeStartedIsRefused) {
  box_.put("kernels/gone.yaml", "name: gone\nsource: {git: {path: /nowhere, rev: v1}}\n");
  box_.put("kernels/norev.yaml", "name: norev\nsource: {git: {path: " + repo_.string() + ", rev: v9}}\n");
  for (const auto& trap : refused()) check(trap);
}

}  // namespace
}  // namespace pinrig::integration
