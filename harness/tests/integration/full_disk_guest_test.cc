// SPDX-License-Identifier: GPL-2.0
// The disk fills up while a guest writes its results: QEMU says nothing, and the guest stands still.
#include <sstream>

#include "pipeline.h"

namespace pinrig::integration {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

/// A report as it reads, whatever lines it was wrapped into.
std::string on_one_line(const std::string& text) {
  std::istringstream words(text);
  std::string out;
  for (std::string word; words >> word;) out += word + " ";
  return out;
}

TEST(FullDiskUnderAGuest, IsAnErrorOfTheMachineAndKeepsWhatWasMeasured) {
  WarmSandbox box;
  fs::create_directories(box.state);
  // A tmpfs in a mount namespace of our own, filled when the first test has ended.
  box.put(box.root() / "small-disk.sh",
          "#!/bin/sh\nmount -t tmpfs -o size=64m none \"$2\" || exit 99\n"
          "{ \"$1\" run --verbose --base debian-6.12 --arch x86_64 --test pins 2>&1; echo \"run $?\"; } | "
          "while read -r line; do\n"
          "  echo \"$line\"\n"
          "  case $line in *'pins/selfcheck exited'*) cat /dev/zero >\"$2/filler\" 2>/dev/null ;; esac\n"
          "done\nrm \"$2/filler\"\n\"$1\" show last base-x86_64\n",
          0755);
  auto c = box.command({});
  c.argv = {"unshare", "-rm", (box.root() / "small-disk.sh").string(), PINRIG_PROGRAM, box.state.string()};
  const Ran ran = run(c);
  if (ran.code == 99 || ran.err.find("unshare") != std::string::npos)
    GTEST_SKIP() << "no user and mount namespaces here: " << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("run 4")) << ran;
  const std::string said = on_one_line(ran.out);
  EXPECT_THAT(said, HasSubstr("the disk of " + box.state.string()));
  EXPECT_THAT(said, ContainsRegex("(is|was) full"));
  EXPECT_THAT(said, Not(HasSubstr("timed out")));
  EXPECT_THAT(said, HasSubstr("pins/selfcheck"));
}

}  // namespace
}  // namespace pinrig::integration
