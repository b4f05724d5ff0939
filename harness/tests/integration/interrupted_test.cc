// SPDX-License-Identifier: GPL-2.0
// Ctrl-C and kill -9 while sources, sysroots and kernels are made. The programs that take long are fakes
// which tell when they run, so each test knows when to strike.
#include <fcntl.h>
#include <signal.h>

#include "background.h"
#include "base/text.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Interrupted : public testing::Test {
 protected:
  void SetUp() override {
    box_.make_tiny_project();
    began_ = std::make_unique<Fifo>(box_.root() / "began");
  }

  /// run.json records the versions of the tools, before anything is built.
  static std::string versions() { return "[ \"$*\" != --version ] || exit 0; "; }
  /// A program that says that it runs, starts a child of its own, and never ends.
  std::string hanging() const {
    return versions() + "sleep 1000 & echo \"began $0\" >'" + began_->path().string() + "'; wait; sleep 1000";
  }

  /// Everything up to the kernel build is fake and quick; `make` is yours.
  void fake_platform() {
    const std::string lib = "/usr/lib/x86_64-linux-gnu";
    box_.fake("mmdebstrap", "for last; do case $last in /*) t=$last;; esac; done\nmkdir -p \"$t" + lib +
                                "\" \"$t/usr/include\" \"$t/bin\"\ntouch \"$t" + lib + "/libc.a\" \"$t" +
                                lib + "/liburing.a\" \"$t/usr/include/stdio.h\" \"$t/bin/busybox\"");
    box_.fake("cmake", "exit 0");
    box_.fake("ninja", "mkdir -p \"$2/tests\" && touch \"$2/agent\" \"$2/tests/pinrig-tests\"");
  }

  /// Everything a signal must leave behind: nothing that runs, no lock, no half-made thing.
  void expect_clean() {
    // Killed they are, all of them, but a grandchild on a busy machine may not have got as far as dying.
    for (const pid_t pid : box_.processes())
      EXPECT_TRUE(Watched(pid).gone_within(20)) << "process " << pid << " goes on";
    for (const auto& top : {box_.cache, box_.state}) {
      std::error_code ec;
      for (const auto& e : fs::recursive_directory_iterator(top, ec)) {
        if (e.path().extension() != ".lock") continue;
        const auto lock = FileLock::try_acquire(e.path());
        ASSERT_TRUE(lock.has_value());
        EXPECT_TRUE(static_cast<bool>(*lock)) << e.path() << " is still locked";
      }
    }
  }

  void interrupt(const std::string& program, const std::string& task) {
    Background run(box_, {"run", "--verbose"});
    ASSERT_TRUE(began_->wait_for("began " + (box_.root() / "bin" / program).string(), 60)) << run.heard();
    run.signal(SIGINT);
    EXPECT_EQ(run.end(20), "exit 130") << run.heard();
    expect_clean();
    EXPECT_THAT(listed(box_), HasSubstr("interrupted")) << task;
    const Ran show = box_.pinrig({"show", "last"});
    EXPECT_EQ(show.code, 0) << show;
    EXPECT_THAT(show.out, HasSubstr("interrupted"));
  }

  Sandbox box_;
  std::unique_ptr<Fifo> began_;
};

TEST_F(Interrupted, WhileASysrootIsMade) {
  box_.fake("mmdebstrap", hanging());
  interrupt("mmdebstrap", "image");
  for (const auto& e : fs::directory_iterator(box_.cache / "sysroots"))
    EXPECT_EQ(e.path().extension(), ".lock") << e.path() << " was left half made";
}

TEST_F(Interrupted, WhileGuestProgramsAreBuilt) {
  fake_platform();
  box_.fake("ninja", hanging());
  interrupt("ninja", "image");
}

TEST_F(Interrupted, WhileAKernelIsBuilt) {
  fake_platform();
  box_.fake("make", hanging());
  interrupt("make", "build");
  std::error_code ec;
  for (const auto& e : fs::directory_iterator(box_.cache / "kernels", ec))
    EXPECT_FALSE(e.is_directory()) << e.path() << " looks published";
  // The same build directory serves the next run at once.
  box_.fake("make", "echo 'mm/gup.c:3:1: error: this one fails by itself' >&2; exit 2");
  const Ran next = box_.pinrig({"run"});
  EXPECT_EQ(next.code, 3) << next;
  EXPECT_THAT(next.out + next.err, HasSubstr("mm/gup.c:3:1"));
  EXPECT_THAT(next.out + next.err, HasSubstr("build.log"));
  // A look at a run is no judgement on it; a new assessment is.
  EXPECT_EQ(box_.pinrig({"show", "last"}).code, 0);
  EXPECT_EQ(box_.pinrig({"show", "last", "--reassess"}).code, 3);
}

TEST_F(Interrupted, WhileAnotherPinrigHoldsTheBuild) {
  fake_platform();
  box_.fake("make", hanging());
  Background first(box_, {"run", "--verbose"});
  ASSERT_TRUE(began_->wait_for("began", 60)) << first.heard();
  Background second(box_, {"run", "--verbose"});
  ASSERT_TRUE(second.wait_for("base-x86_64      build", 60)) << second.heard();
  second.signal(SIGINT);
  EXPECT_EQ(second.end(20), "exit 130") << second.heard();
  // Who waits for a lock can be stopped without the one who holds it.
  EXPECT_EQ(first.end(0), "still runs");
  first.signal(SIGTERM);
  EXPECT_EQ(first.end(20), "exit 130") << first.heard();
  expect_clean();
}

// Holds the lock of SQLite's writer, byte 120 of the log's index (WAL_WRITE_LOCK of src/wal.c): whoever wants
// to write waits for it, half a minute.
class BlockedStore {
 public:
  explicit BlockedStore(const fs::path& state)
      : fd_(::open((state / "results.db-shm").c_str(), O_RDWR | O_CLOEXEC)) {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 120;
    lock.l_len = 1;
    held_ = fd_ && ::fcntl(fd_.get(), F_SETLKW, &lock) == 0;
  }
  bool held() const { return held_; }

 private:
  UniqueFd fd_;
  bool held_ = false;
};

TEST_F(Interrupted, ASecondSignalEndsItAtOnce) {
  fake_platform();
  box_.fake("make", hanging());
  Background run(box_, {"run"});
  ASSERT_TRUE(began_->wait_for("began", 60)) << run.heard();
  // What the first signal asks for cannot be done: its end is not to be written down.
  const BlockedStore blocked(box_.state);
  ASSERT_TRUE(blocked.held());
  run.signal(SIGINT);
  EXPECT_EQ(run.end(3), "still runs") << run.heard();
  run.signal(SIGINT);
  EXPECT_EQ(run.end(20), "exit 130") << run.heard();
}

// As timeout(1) and a closing terminal do: the report of the run is still written.
TEST_F(Interrupted, FurtherSignalsCostNoReport) {
  fake_platform();
  box_.fake("make", hanging());
  Background run(box_, {"run"});
  ASSERT_TRUE(began_->wait_for("began", 60)) << run.heard();
  for (const int signo : {SIGTERM, SIGHUP, SIGINT}) run.signal(signo);
  EXPECT_EQ(run.end(20), "exit 130") << run.heard();
  EXPECT_THAT(listed(box_), HasSubstr("interrupted"));
}

TEST_F(Interrupted, KilledWhileAKernelIsBuilt) {
  fake_platform();
  box_.fake("make", versions() + "echo began >'" + began_->path().string() + "'; exec sleep 1000");
  Background run(box_, {"run", "--verbose"});
  ASSERT_TRUE(began_->wait_for("began", 60)) << run.heard();
  std::vector<std::unique_ptr<Watched>> children;
  for (const pid_t pid : box_.processes()) children.push_back(std::make_unique<Watched>(pid));
  EXPECT_THAT(children, Not(IsEmpty()));
  run.signal(SIGKILL);
  EXPECT_EQ(run.end(20), "killed by SIGKILL");
  for (const auto& child : children) EXPECT_TRUE(child->gone_within(20)) << "a child outlived pinrig";
  EXPECT_THAT(listed(box_), HasSubstr("interrupted"));
  box_.fake("make", "exit 2");
  EXPECT_EQ(box_.pinrig({"run"}).code, 3);
}

TEST_F(Interrupted, WhileASourceIsImported) {
  // git fast-import is the only long part of an import: the other git commands are the real one's.
  const fs::path git = process::find_program("git");
  box_.fake("git", "case \" $* \" in *\" fast-import \"*) " + hanging() + ";; esac\nexec " + git.string() +
                       " \"$@\"");
  Background run(box_, {"run"});
  ASSERT_TRUE(began_->wait_for("began", 60)) << run.heard();
  run.signal(SIGINT);
  EXPECT_EQ(run.end(20), "exit 130") << run.heard();
  expect_clean();
  EXPECT_FALSE(box_.has_runs());
  fs::remove(box_.root() / "bin/git");
  EXPECT_EQ(box_.pinrig({"plan"}).code, 0);
}

TEST_F(Interrupted, BuildAndPlanToo) {
  fake_platform();
  box_.fake("make", hanging());
  Background build(box_, {"build"});
  ASSERT_TRUE(began_->wait_for("began", 60)) << build.heard();
  build.signal(SIGHUP);
  EXPECT_EQ(build.end(20), "exit 130") << build.heard();
  expect_clean();
  EXPECT_FALSE(box_.has_runs());
}

}  // namespace
}  // namespace pinrig::integration
