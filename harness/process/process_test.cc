// SPDX-License-Identifier: GPL-2.0
#include "process/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

#include "process/launch.h"
#include "process/launcher_thread.h"

namespace pinrig::process {
namespace {

using ::testing::HasSubstr;

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() : dir_(std::move(TempDir::create(fs::temp_directory_path(), "process_test.")).value()) {}

  static Command sh(const std::string& script) {
    Command c;
    c.argv = {"sh", "-c", script};
    return c;
  }
  Finished run_it(const Command& c, const Sinks& sinks = {}) {
    auto r = run(c, cancel_, sinks);
    EXPECT_TRUE(r.has_value()) << (r.has_error() ? r.error().message : "");
    return r.has_value() ? *r : Finished{};
  }
  fs::path path(const std::string& name) const { return dir_.path() / name; }

  /// A FIFO whose writers a test script inherits: it hangs up when the last of them has died.
  UniqueFd fifo(const std::string& name) const {
    EXPECT_EQ(::mkfifo(path(name).c_str(), 0600), 0);
    return UniqueFd(::open(path(name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  static bool all_writers_gone(const UniqueFd& fd) {
    for (;;) {
      pollfd p{fd.get(), POLLIN, 0};
      if (::poll(&p, 1, 20000) != 1) return false;
      char c[64];
      if ((p.revents & POLLIN) != 0 && ::read(fd.get(), c, sizeof c) > 0) continue;
      return (p.revents & POLLHUP) != 0;
    }
  }

  TempDir dir_;
  CancelToken cancel_;
};

TEST_F(ProcessTest, ExitCodeAndBothStreams) {
  const auto f = run_it(sh("echo to-out; echo to-err >&2; exit 7"));
  EXPECT_EQ(to_string(f.status), "exit 7");
  EXPECT_FALSE(succeeded(f.status));
  EXPECT_EQ(f.out, "to-out\n");
  EXPECT_EQ(f.err, "to-err\n");
}

TEST_F(ProcessTest, Exit11IsNotSigsegv) {
  EXPECT_EQ(to_string(run_it(sh("exit 11")).status), "exit 11");
  EXPECT_EQ(to_string(run_it(sh("kill -SEGV $$")).status), "killed by SIGSEGV");
  EXPECT_EQ(to_string(run_it(sh("kill -KILL $$")).status), "killed by SIGKILL");
}

TEST_F(ProcessTest, StatusTexts) {
  EXPECT_EQ(to_string(ExitStatus(TimedOut{})), "timed out");
  EXPECT_EQ(to_string(ExitStatus(Cancelled{})), "interrupted");
  EXPECT_EQ(to_string(ExitStatus(Signaled{SIGRTMIN})), "killed by signal " + std::to_string(SIGRTMIN));
}

TEST_F(ProcessTest, TimeoutKillsGrandchildrenToo) {
  const auto alive = fifo("alive");
  auto c = sh("exec 9>alive; echo begun; (sleep 1000; true) & sleep 1000");
  c.cwd = dir_.path();
  c.deadline = Deadline::after(Seconds(0.3));
  const auto f = run_it(c);
  EXPECT_TRUE(std::holds_alternative<TimedOut>(f.status)) << to_string(f.status);
  EXPECT_EQ(f.out, "begun\n");
  EXPECT_TRUE(all_writers_gone(alive));
}

TEST_F(ProcessTest, CancellationKillsTheGroup) {
  const auto alive = fifo("alive");
  auto c = sh("exec 9>alive; sleep 1000 & echo begun; wait");
  c.cwd = dir_.path();
  Sinks sinks;
  sinks.out = [&](std::string_view) { cancel_.request(); };
  const auto f = run_it(c, sinks);
  EXPECT_TRUE(std::holds_alternative<Cancelled>(f.status)) << to_string(f.status);
  EXPECT_TRUE(all_writers_gone(alive));
}

TEST_F(ProcessTest, NothingIsStartedAfterCancellation) {
  cancel_.request();
  auto c = sh("touch started");
  c.cwd = dir_.path();
  EXPECT_TRUE(std::holds_alternative<Cancelled>(run_it(c).status));
  EXPECT_FALSE(fs::exists(path("started")));
}

TEST_F(ProcessTest, BigOutputOnBothStreamsAtOnce) {
  const auto f = run_it(sh("head -c 3000000 /dev/zero & head -c 3000000 /dev/zero >&2; wait"));
  EXPECT_TRUE(succeeded(f.status));
  EXPECT_EQ(f.out.size(), 3000000U);
  EXPECT_EQ(f.err.size(), 3000000U);
}

TEST_F(ProcessTest, OutputJustBeforeTheEndIsComplete) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(run_it(sh("head -c 60000 /dev/zero")).out.size(), 60000U);
}

TEST_F(ProcessTest, BigInputComesBack) {
  Command c;
  c.argv = {"cat"};
  c.input.resize(5000000);
  for (std::size_t i = 0; i < c.input.size(); ++i) c.input[i] = static_cast<char>(i * 31);
  EXPECT_EQ(run_it(c).out, c.input);
}

TEST_F(ProcessTest, InputThatNobodyReads) {
  auto c = sh("exit 3");
  c.input.assign(1000000, 'x');
  EXPECT_EQ(to_string(run_it(c).status), "exit 3");
}

TEST_F(ProcessTest, StreamedInput) {
  int pieces = 0;
  Sinks sinks;
  sinks.in = [&](std::string& piece) {
    piece.assign(100000, static_cast<char>('a' + pieces));
    return ++pieces <= 20;
  };
  Command c;
  c.argv = {"cat"};
  const auto f = run_it(c, sinks);
  ASSERT_EQ(f.out.size(), 2000000U);
  EXPECT_EQ(f.out[0], 'a');
  EXPECT_EQ(f.out[1999999], 't');
}

TEST_F(ProcessTest, StreamedInputToAChildThatClosesStdin) {
  Sinks sinks;
  sinks.in = [](std::string& piece) {
    piece.assign(100000, 'x');
    return true;
  };
  // No SIGPIPE for us, and no hang: the child goes on after it closed its stdin.
  EXPECT_EQ(run_it(sh("exec 0<&-; echo done"), sinks).out, "done\n");
}

TEST_F(ProcessTest, EmptyInputIsDevNull) {
  EXPECT_EQ(run_it(sh("readlink /proc/self/fd/0")).out, "/dev/null\n");
}

TEST_F(ProcessTest, ChildThatClosesItsPipesButLives) {
  const auto f = run_it(sh("exec 1>&- 2>&-; sleep 0.2; exit 5"));
  EXPECT_EQ(to_string(f.status), "exit 5");
}

TEST_F(ProcessTest, GrandchildThatKeepsThePipesOpen) {
  const auto alive = fifo("alive");
  auto c = sh("exec 9>alive; sleep 1000 & echo said");
  c.cwd = dir_.path();
  const auto f = run_it(c);
  EXPECT_EQ(to_string(f.status), "exit 0");
  EXPECT_EQ(f.out, "said\n");
  EXPECT_TRUE(all_writers_gone(alive));
}

TEST_F(ProcessTest, SessionLeaderThatEscapedTheGroupDoesNotHoldUs) {
  // setsid leaves our group, so that it survives; it is told to end through the FIFO.
  ASSERT_EQ(::mkfifo(path("stop").c_str(), 0600), 0);
  UniqueFd stop(::open(path("stop").c_str(), O_RDWR | O_CLOEXEC));
  auto c = sh("setsid sh -c 'echo inner; read line < stop' & read x < ready");
  ASSERT_EQ(::mkfifo(path("ready").c_str(), 0600), 0);
  UniqueFd ready(::open(path("ready").c_str(), O_RDWR | O_CLOEXEC));
  c.cwd = dir_.path();
  Sinks sinks;
  std::string out;
  sinks.out = [&](std::string_view s) {
    out += s;
    EXPECT_EQ(::write(ready.get(), "go\n", 3), 3);
  };
  EXPECT_EQ(to_string(run_it(c, sinks).status), "exit 0");
  EXPECT_EQ(out, "inner\n");
  EXPECT_EQ(::write(stop.get(), "end\n", 4), 4);
}

TEST_F(ProcessTest, MissingProgramIsMissingTool) {
  Command c;
  c.argv = {"pinrig-no-such-program", "-x"};
  const auto r = run(c, cancel_);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::missing_tool);
  EXPECT_THAT(r.error().message, HasSubstr("pinrig-no-such-program"));
  EXPECT_THAT(r.error().hint, HasSubstr("install pinrig-no-such-program"));
  c.argv = {"./nowhere/tool"};
  EXPECT_EQ(run(c, cancel_).error().kind, ErrorKind::missing_tool);
}

TEST_F(ProcessTest, MissingInterpreterNamesTheScript) {
  std::ofstream(path("script")) << "#!/no/such/interpreter\n";
  fs::permissions(path("script"), fs::perms::owner_all);
  Command c;
  c.argv = {path("script").string()};
  const auto r = run(c, cancel_);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::missing_tool);
  EXPECT_THAT(r.error().message, HasSubstr("interpreter"));
}

TEST_F(ProcessTest, FileThatIsNoProgramAndEmptyArgvAreErrors) {
  std::ofstream(path("data")) << "not a program";
  fs::permissions(path("data"), fs::perms::owner_all);
  Command c;
  c.argv = {path("data").string()};
  EXPECT_EQ(run(c, cancel_).error().kind, ErrorKind::infra);
  c.argv.clear();
  EXPECT_EQ(run(c, cancel_).error().kind, ErrorKind::infra);
}

TEST_F(ProcessTest, FailedStartsLeaveNoZombies) {
  Command c;
  c.argv = {"true"};
  c.cwd = path("missing");
  const auto r = run(c, cancel_);
  ASSERT_TRUE(r.has_error());
  EXPECT_THAT(r.error().message, HasSubstr("working directory " + path("missing").string()));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(ProcessTest, WorkingDirectoryAndRelativeProgram) {
  auto c = sh("pwd -P");
  c.cwd = dir_.path();
  EXPECT_EQ(run_it(c).out, fs::canonical(dir_.path()).string() + "\n");
  fs::create_directory(path("bin"));
  fs::copy_file(find_program("true"), path("bin/mine"));
  c.argv = {"bin/mine"};
  EXPECT_TRUE(succeeded(run_it(c).status));
}

TEST_F(ProcessTest, EnvironmentSetReplacedAndUnset) {
  ::setenv("PINRIG_TEST_A", "ours", 1);
  ::setenv("PINRIG_TEST_B", "ours", 1);
  ::setenv("PINRIG_TEST_C", "ours", 1);
  auto c = sh("echo \"$PINRIG_TEST_A,${PINRIG_TEST_B-none},$PINRIG_TEST_C,$NEW\"");
  c.env = {{"PINRIG_TEST_A", "theirs"}, {"NEW", "two words = x"}};
  c.unset = {"PINRIG_TEST_B"};
  EXPECT_EQ(run_it(c).out, "theirs,none,ours,two words = x\n");
}

TEST_F(ProcessTest, PathOfTheCommandIsTheOneSearched) {
  fs::copy_file(find_program("echo"), path("mytool"));
  Command c;
  c.argv = {"mytool", "found"};
  c.env["PATH"] = dir_.path().string();
  EXPECT_EQ(run_it(c).out, "found\n");
}

TEST_F(ProcessTest, ArgumentsAreNotInterpreted) {
  Command c;
  c.argv = {"printf", "[%s]", "two words", "a\"b'c", "line\nbreak", "$HOME", "`id`", "*", ""};
  EXPECT_EQ(run_it(c).out, "[two words][a\"b'c][line\nbreak][$HOME][`id`][*][]");
}

TEST_F(ProcessTest, OwnGroupDefaultSignalsAndNoStrayDescriptors) {
  UniqueFd stray(::open("/dev/null", O_RDONLY));  // no O_CLOEXEC: as a careless library would leave it
  ASSERT_TRUE(stray);
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  const auto f =
      run_it(sh("set -- $(cat /proc/$$/stat); echo \"$1 $5\"; grep SigIgn /proc/$$/status; ls /proc/$$/fd"));
  ::signal(SIGPIPE, before);
  int pid = 0;
  int pgid = 0;
  ASSERT_EQ(std::sscanf(f.out.c_str(), "%d %d", &pid, &pgid), 2);
  EXPECT_EQ(pid, pgid);
  EXPECT_THAT(f.out, HasSubstr("SigIgn:\t0000000000000000"));
  EXPECT_EQ(f.out.find("\n" + std::to_string(stray.get()) + "\n"), std::string::npos) << f.out;
}

TEST_F(ProcessTest, CpuTimeIsCounted) {
  EXPECT_GT(run_it(sh("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")).cpu_s, 0.0);
}

TEST_F(ProcessTest, RunOkCarriesArgvStatusAndStderr) {
  const auto r = run_ok(sh("echo why it failed >&2; exit 4"), cancel_, ErrorKind::build_failed);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::build_failed);
  EXPECT_THAT(r.error().message, HasSubstr("sh -c"));
  EXPECT_THAT(r.error().message, HasSubstr("exit 4"));
  EXPECT_THAT(r.error().message, HasSubstr("why it failed"));
  EXPECT_TRUE(run_ok(sh("exit 0"), cancel_).has_value());
  cancel_.request();
  EXPECT_EQ(run_ok(sh("exit 0"), cancel_).error().kind, ErrorKind::cancelled);
}

TEST_F(ProcessTest, FindProgram) {
  EXPECT_FALSE(find_program("sh").empty());
  EXPECT_TRUE(find_program("sh").is_absolute());
  EXPECT_TRUE(find_program("pinrig-no-such-program").empty());
  EXPECT_TRUE(find_program("/etc").empty());
  EXPECT_TRUE(find_program("").empty());
}

TEST_F(ProcessTest, ChildLogsBothStreamsAndEnds) {
  auto child = Child::start(sh("echo one; echo two >&2; exit 6"), path("log"));
  ASSERT_TRUE(child.has_value());
  EXPECT_EQ(to_string(child->wait(Deadline::never(), cancel_)), "exit 6");
  EXPECT_EQ(to_string(child->wait(Deadline::never(), cancel_)), "exit 6") << "a second wait gives the same";
  EXPECT_EQ(to_string(child->kill()), "exit 6") << "too late to kill";
  EXPECT_EQ(*read_file(path("log")), "one\ntwo\n");
}

TEST_F(ProcessTest, ChildWaitDoesNotKill) {
  auto child = Child::start(sh("read x"), path("log"));
  ASSERT_TRUE(child.has_value());
  auto other = Child::start(sh("sleep 1000"), path("log2"));
  ASSERT_TRUE(other.has_value());
  EXPECT_TRUE(std::holds_alternative<TimedOut>(other->wait(Deadline::after(Seconds(0.01)), cancel_)));
  CancelToken stop;
  stop.request();
  EXPECT_TRUE(std::holds_alternative<Cancelled>(other->wait(Deadline::never(), stop)));
  EXPECT_EQ(::kill(other->pid(), 0), 0);
  EXPECT_EQ(to_string(other->kill()), "killed by SIGKILL");
}

TEST_F(ProcessTest, ChildPidfdBecomesReadableAtTheEnd) {
  const auto alive = fifo("alive");
  auto c = sh("exec 9>alive; sleep 1000 & exit 0");
  c.cwd = dir_.path();
  auto child = Child::start(c, path("log"));
  ASSERT_TRUE(child.has_value());
  pollfd p{child->pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&p, 1, 20000), 1);
  EXPECT_EQ(to_string(child->wait(Deadline::never(), cancel_)), "exit 0");
  EXPECT_TRUE(all_writers_gone(alive)) << "the rest of the group ends with its leader";
}

TEST_F(ProcessTest, ChildDiesWithItsOwner) {
  const auto alive = fifo("alive");
  auto c = sh("exec 9>alive; echo begun >&9; sleep 1000");
  c.cwd = dir_.path();
  {
    auto child = Child::start(c, path("log"));
    ASSERT_TRUE(child.has_value());
    pollfd begun{alive.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&begun, 1, 20000), 1);
    Child moved = std::move(*child);
    *child = std::move(moved);
  }
  EXPECT_TRUE(all_writers_gone(alive));
}

// What a real build is: a make with compilers below it, which PDEATHSIG of the make does not reach.
TEST_F(ProcessTest, AKilledPinrigLeavesNothingOfTheGroup) {
  const auto alive = fifo("alive");
  auto c = sh("exec 9>alive; (sleep 1000) & (sh -c 'sleep 1000; :') & echo begun >&9; wait");
  c.cwd = dir_.path();
  const pid_t pinrig = ::fork();
  ASSERT_GE(pinrig, 0);
  if (pinrig == 0) {
    static_cast<void>(run(c, cancel_));
    ::_exit(0);
  }
  pollfd begun{alive.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&begun, 1, 20000), 1);
  ::kill(pinrig, SIGKILL);
  EXPECT_EQ(::waitpid(pinrig, nullptr, 0), pinrig);
  EXPECT_TRUE(all_writers_gone(alive));
}

TEST_F(ProcessTest, ChildOutlivesTheThreadThatStartedIt) {
  std::optional<Result<Child>> child;
  std::thread([&] { child.emplace(Child::start(sh("sleep 1000"), path("log"))); }).join();
  ASSERT_TRUE(child->has_value());
  EXPECT_TRUE(std::holds_alternative<TimedOut>((*child)->wait(Deadline::after(Seconds(0.05)), cancel_)));
}

TEST_F(ProcessTest, WhatTheLauncherThrowsReachesItsCaller) {
  EXPECT_THROW(on_launcher_thread([] { throw Fatal("no descriptors left"); }), Fatal);
  bool ran = false;
  on_launcher_thread([&] { ran = true; });
  EXPECT_TRUE(ran) << "the next one is served";
}

// As a process in state D, which SIGKILL does not wake: reaping it must not hang.
TEST_F(ProcessTest, AProcessThatDoesNotDieIsLeftBehind) {
  const UniqueFd never(::eventfd(0, EFD_CLOEXEC));
  EXPECT_FALSE(ended_within(never.get(), Seconds(0.01)));
  EXPECT_EQ(to_string(ExitStatus(Unkillable{})), "survived SIGKILL");
}

TEST_F(ProcessTest, OnlyListedVariablesAreInherited) {
  ::setenv("GNUMAKEFLAGS", "-n", 1);
  ::setenv("CPATH", "/x", 1);
  ::setenv("CCACHE_DIR", "/ccache", 1);
  auto c = sh("env | sort");
  c.inherit = build_variables();
  c.env["OURS"] = "1";
  const std::string out = run_it(c).out;
  for (const char* name : {"GNUMAKEFLAGS", "CPATH", "CCACHE_DIR"}) ::unsetenv(name);
  EXPECT_THAT(out, HasSubstr("PATH="));
  EXPECT_THAT(out, HasSubstr("OURS=1"));
  EXPECT_THAT(out, HasSubstr("CCACHE_DIR=/ccache"));
  EXPECT_EQ(out.find("GNUMAKEFLAGS"), std::string::npos) << out;
  EXPECT_EQ(out.find("CPATH"), std::string::npos) << out;
}

TEST_F(ProcessTest, ASignalThatWeWereStartedToIgnoreIsIgnoredBelowUs) {
  const auto before = ::signal(SIGHUP, SIG_IGN);
  const auto f = run_it(sh("kill -HUP $$; echo alive"));
  ::signal(SIGHUP, before);
  EXPECT_EQ(f.out, "alive\n");
}

TEST_F(ProcessTest, ChildReportsCpuAndMissingTool) {
  auto child = Child::start(sh("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"), path("log"));
  ASSERT_TRUE(child.has_value());
  child->wait(Deadline::never(), cancel_);
  EXPECT_GT(child->cpu_s(), 0.0);
  Command c;
  c.argv = {"pinrig-no-such-program"};
  EXPECT_EQ(Child::start(c, path("log")).error().kind, ErrorKind::missing_tool);
  EXPECT_EQ(Child::start(sh("true"), path("no/dir/log")).error().kind, ErrorKind::infra);
}

TEST_F(ProcessTest, ManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 5; ++n) {
        const auto r = run(sh("exit " + std::to_string(i)), cancel_);
        if (r.has_value() && to_string(r->status) == "exit " + std::to_string(i)) ++good;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(good, 40);
}

}  // namespace
}  // namespace pinrig::process
