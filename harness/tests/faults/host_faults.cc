// SPDX-License-Identifier: GPL-2.0
// The host has no process, no descriptor or another time for us.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <limits>

#include "fault.h"
#include "gc/gc.h"
#include "image/publish.h"
#include "inject.h"
#include "job/testing.h"
#include "process/process.h"
#include "verdict/test_end.h"
#include "vm/channel.h"
#include "vm/job_files.h"

namespace pinrig::faults {
namespace {

using testing::HasSubstr;

/// `act` with each of the calls failing once, and all of them from the first on.
void each_fails(Calls calls, int error, const fs::path& top,
                const std::function<Result<void>(const fs::path&)>& act) {
  constexpr int most = 300;
  for (const bool lasting : {false, true}) {
    for (int nth = 1;; ++nth) {
      ASSERT_LE(nth, most);
      SCOPED_TRACE(fmt::format("call {}, lasting {}", nth, lasting));
      const fs::path dir = top / fmt::format("{}-{}", nth, lasting);
      ASSERT_TRUE(make_dirs(dir).has_value());
      const auto done = inject({.calls = calls, .nth = nth, .error = error, .lasting = lasting}, dir,
                               [&] { return act(dir); });
      if (!done.possible) GTEST_SKIP() << "no seccomp filters here";
      if (!done.happened) break;
      EXPECT_FALSE(done.killed);
      if (done.result.has_error()) {
        EXPECT_NE(done.result.error().kind, ErrorKind::bad_usage) << done.result.error().message;
        EXPECT_FALSE(done.result.error().message.empty());
      }
      if (testing::Test::HasFailure()) return;
      if (lasting) break;
    }
  }
  EXPECT_TRUE(act(top / "again").has_value()) << "when the host is well again";
}

Result<void> run_true(const fs::path&) {
  const CancelToken never;
  PINRIG_TRY(done, process::run({.argv = {"/bin/true"}}, never));
  if (process::succeeded(done.status)) return {};
  return make_error(ErrorKind::infra, process::to_string(done.status));
}

/// Drives, console and sockets of a guest, before QEMU starts.
Result<void> prepare_guest(const fs::path& dir) {
  PINRIG_CHECK(make_dirs(dir));
  auto job = job::job_spec(dir, {"a/a"});
  job.machine.nvme = {{.serial = "a", .nsid = 1, .size_mib = 8}};
  PINRIG_TRY(files, vm::JobFiles::prepare(job, {dir / "guest"}, {}));
  PINRIG_TRY(channel, vm::Channel::listen_at(files.paths().control_socket));
  return {};
}

Result<void> take_locks(const fs::path& dir) {
  PINRIG_TRY(lock, FileLock::acquire(dir / "lock", {}));
  PINRIG_TRY(second, FileLock::acquire(dir / "lock", {.deadline = Deadline::after(Seconds(0.01))}));
  return {};
}

Faults nothing_left() {
  const auto row = [](const char* name, const char* injected, Calls calls, int error,
                      const std::function<Result<void>(const fs::path&)>& act) {
    return Fault{std::string("host_") + name, injected,
                 "an error that says what could not be started or opened",
                 "pinrig itself; the same again succeeds",
                 [=](const fs::path& dir) { each_fails(calls, error, dir, act); }};
  };
  return {
      row("no_process_for_a_program", "fork fails when a program is to run (EAGAIN)", Calls::starts, EAGAIN,
          run_true),
      row("no_memory_for_a_program", "fork fails when a program is to run (ENOMEM)", Calls::starts, ENOMEM,
          run_true),
      row("no_descriptor_for_a_program", "no descriptor when a program is to run (EMFILE)",
          Calls::descriptors, EMFILE, run_true),
      row("no_process_for_a_waiter", "fork fails when a lock is waited for (EAGAIN)", Calls::starts, EAGAIN,
          take_locks),
      row("no_descriptor_for_a_lock", "no descriptor when a lock is waited for (ENFILE)", Calls::descriptors,
          ENFILE, take_locks),
      row("no_descriptor_for_a_guest", "no descriptor when QEMU is to start (EMFILE)", Calls::descriptors,
          EMFILE, prepare_guest),
  };
}

// A clock that was set back or ahead is seen in the times of files and in what was written down.
void published_in_the_future(const fs::path& dir) {
  WorkContext ctx;
  ctx.cache = dir;
  int made = 0;
  const auto once = [&] {
    return image::publish_once(dir / "f", ctx, [&](const fs::path& partial) {
      ++made;
      return write_file_atomic(partial, "x");
    });
  };
  ASSERT_TRUE(once().has_value());
  const timespec years{.tv_sec = 4102444800, .tv_nsec = 0};
  const timespec times[2] = {years, years};
  ASSERT_EQ(::utimensat(AT_FDCWD, (dir / "f").c_str(), times, 0), 0);
  ASSERT_TRUE(once().has_value());
  EXPECT_EQ(made, 1) << "its content is what it was";
}

void used_in_the_future(const fs::path&) {
  constexpr std::time_t now = 1'800'000'000;
  gc::Item item{.kind = gc::Kind::kernel, .name = "kernels/k", .path = "/c/kernels/k", .lock = {}};
  gc::Policy policy;
  policy.older_days = 1;
  item.used = now + 1'000'000'000;
  EXPECT_TRUE(gc::choose({item}, policy, now).empty()) << "from the future: not old";
  item.used = -1;
  EXPECT_EQ(gc::choose({item}, policy, now).size(), 1U) << "from before the epoch: old";
}

void lock_from_the_future(const fs::path& dir) {
  ASSERT_TRUE(write_file_atomic(dir / "lock", "pid 4711\nhost h\nsince 99999999999999999999\ndoing run\n")
                  .has_value());
  EXPECT_EQ(lock_holder(dir / "lock").pid, 4711);
  EXPECT_TRUE(static_cast<bool>(FileLock::try_acquire(dir / "lock").value()));
}

void guest_clock(double uptime) {
  model::Timeouts limits;
  const double before = limits.scaled(10);
  limits.booted_in(uptime);
  EXPECT_GE(limits.scaled(10), before) << "limits only grow";
  EXPECT_LT(limits.scaled(10), 24 * 3600.0) << "and not without end";
}

void negative_durations(const fs::path&) {
  wire::TestEnd end;
  end.how = "exited";
  end.wall_s = -5;
  end.after.settle_ms = -1;
  end.leftover = -3;
  model::TestRecord record;
  verdict::fill_record(end, record);
  EXPECT_EQ(record.wall_s, 0);
  EXPECT_EQ(record.leftover, 0);
}

Faults clocks() {
  const auto uptime = [](double s) { return [s](const fs::path&) { guest_clock(s); }; };
  return {
      {"clock_image_from_the_future", "the clock was set back: an image of the cache is from the year 2100",
       "nothing", "the image is used", published_in_the_future},
      {"clock_gc_and_the_future",
       "the clock was set back or was wrong: `pinrig gc` finds a kernel used in the future", "nothing",
       "the kernel; one from before 1970 counts as old", used_in_the_future},
      {"clock_lock_from_the_future", "a lock whose holder took it in the far future", "the holder",
       "the lock can be taken", lock_from_the_future},
      {"clock_guest_ahead", "a guest whose clock says that it booted in 10^14 s", "nothing",
       "limits below a day", uptime(1e14)},
      {"clock_guest_behind", "a guest whose clock says that it booted in -10^14 s", "nothing",
       "the limits as they were", uptime(-1e14)},
      {"clock_negative_durations", "a test that took -5 s", "nothing", "durations of 0", negative_durations},
  };
}

}  // namespace

Faults host_faults() {
  Faults all = nothing_left();
  for (auto& row : clocks()) all.push_back(std::move(row));
  return all;
}

}  // namespace pinrig::faults
