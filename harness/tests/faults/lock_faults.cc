// SPDX-License-Identifier: GPL-2.0
// Processes that want the same thing at the same moment.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <set>

#include "base/cache_use.h"
#include "base/deadline.h"
#include "bisection/log_file.h"
#include "fault.h"
#include "image/publish.h"
#include "kbuild/artifact.h"
#include "run/leftovers.h"
#include "store/store.h"

namespace pinrig::faults {
namespace {

constexpr int racers = 4;
/// No racer waits longer for another one.
constexpr Seconds patience{60};

/// A pipe that a racer blocks on: no one polls for what another one does.
struct Bell {
  Bell() {
    if (::pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
  }
  void ring() const { static_cast<void>(!::write(fds[1], "x", 1)); }
  /// Who waits must not be able to ring: then it also wakes when all others have ended.
  void only_listen() const { ::close(fds[1]); }
  /// Until somebody rings, or nobody is left who could; false after `patience`.
  bool wait() const {
    const auto deadline = Deadline::after(patience);
    for (;;) {
      pollfd bell{fds[0], POLLIN, 0};
      const int n = ::poll(&bell, 1, deadline.poll_ms());
      if (n == 0 || (n < 0 && errno != EINTR)) return false;
      char byte = 0;
      if (n > 0 && ::read(fds[0], &byte, 1) >= 0) return true;  // else another racer heard it
    }
  }
  /// Forgets what was rung so far.
  void hush() const {
    char bytes[256];
    while (::read(fds[0], bytes, sizeof bytes) > 0) {
    }
  }
  int fds[2] = {-1, -1};
};

/// Shared by the racers.
struct Track {
  std::atomic<int> inside{0};
  std::atomic<int> most_inside{0};
  std::atomic<int> count{0};
  Bell tried;  ///< a racer has been refused, or has let go
};

/// Runs `body` in processes that begin at once; each has to return 0.
void race(const std::function<int(Track&, int)>& body, Track** out = nullptr) {
  void* memory = ::mmap(nullptr, sizeof(Track), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* track = new (memory) Track;
  const Bell ready;
  const Bell start;  // rung by closing it
  std::vector<pid_t> pids;
  for (int i = 0; i < racers; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      start.only_listen();
      ready.ring();
      ::_exit(start.wait() ? body(*track, i) : 99);
    }
    pids.push_back(pid);
  }
  for (int i = 0; i < racers; ++i) EXPECT_TRUE(ready.wait());
  start.only_listen();
  track->tried.only_listen();
  for (const pid_t pid : pids) {
    int status = -1;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  if (out != nullptr) *out = track;
}

/// Counts who is inside at once.
class Inside {
 public:
  explicit Inside(Track& track) : track_(track) {
    const int now = ++track_.inside;
    int most = track_.most_inside;
    while (now > most && !track_.most_inside.compare_exchange_weak(most, now)) {
    }
  }
  ~Inside() { --track_.inside; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Track& track_;
};

void one_holder(const fs::path& dir) {
  Track* track = nullptr;
  race(
      [dir](Track& t, int) {
        for (int i = 0; i < 50; ++i) {
          const auto lock = FileLock::acquire(dir / "lock", {});
          if (lock.has_error() || !*lock) return 1;
          const Inside inside(t);
          ++t.count;
        }
        return 0;
      },
      &track);
  ASSERT_NE(track, nullptr);
  EXPECT_EQ(track->most_inside, 1);
  EXPECT_EQ(track->count, racers * 50);
}

void one_image(const fs::path& dir) {
  Track* track = nullptr;
  race(
      [dir](Track& t, int) {
        WorkContext ctx;
        ctx.cache = dir;
        const auto made = image::publish_once(dir / "base.cpio", ctx, [&t](const fs::path& partial) {
          ++t.count;
          return write_file_atomic(partial, "the archive\n");
        });
        return made.has_value() && read_file(dir / "base.cpio").value() == "the archive\n" ? 0 : 1;
      },
      &track);
  EXPECT_EQ(track->count, 1) << "made more than once";
}

void one_database(const fs::path& dir) {
  race([dir](Track&, int i) {
    auto s = store::Store::open(dir / "results.db");
    if (s.has_error()) return 1;
    store::RunRow row;
    row.id = "run" + std::to_string(i);
    row.started = "2026-11-21T01:02:03Z";
    row.host = "{}";
    return s->begin_run(row, {}, {}).has_value() ? 0 : 2;
  });
  EXPECT_EQ(store::Store::open(dir / "results.db").value().runs(10).value().size(), std::size_t{racers});
}

void own_folders(const fs::path& dir) {
  race([dir](Track&, int) {
    for (int i = 0; i < 20; ++i) {
      int n = 0;
      const auto made = claim_dir(dir, [&n] { return std::to_string(n++); });
      if (made.has_error() || !fs::is_empty(*made) || write_file_atomic(*made / "mine", "x").has_error())
        return 1;
    }
    return 0;
  });
  EXPECT_EQ(std::distance(fs::directory_iterator(dir), {}), racers * 20);
}

void one_owner_of_the_cache(const fs::path& dir) {
  Track* track = nullptr;
  race(
      [dir](Track& t, int i) {
        if (i < racers / 2) {
          for (int k = 0; k < 50; ++k) {
            const auto own = own_cache(dir);
            if (own.has_error()) return 1;
            if (!*own) {
              t.tried.ring();
              continue;
            }
            const Inside inside(t);
            if (t.count > 0) return 2;  // a user was there
          }
          return 0;
        }
        t.tried.only_listen();
        use_cache(dir);
        ++t.count;
        t.tried.hush();
        const bool heard = t.tried.wait();  // gc wanted it meanwhile, or has ended
        --t.count;
        return heard ? 0 : 3;
      },
      &track);
  EXPECT_EQ(track->most_inside <= 1, true);
}

void one_search(const fs::path& dir) {
  bisect::Log log;
  log.series = "x";
  log.spec = "default";
  log.test = "bio/dio";
  log.points = bisect::line_of(std::vector<bisect::Point>(2));
  for (auto& p : log.points) p.sha = "abc";
  const fs::path file = bisection::LogFile::create(dir, log).value().path();
  Track* track = nullptr;
  race(
      [file](Track& t, int) {
        const auto mine = bisection::LogFile::reopen(file);
        if (mine.has_error()) {
          t.tried.ring();
          return mine.error().kind == ErrorKind::bad_usage ? 0 : 1;
        }
        const Inside inside(t);
        ++t.count;
        for (int others = 1; others < racers; ++others) {
          if (!t.tried.wait()) return 2;  // holds the log until the others have wanted it
        }
        return 0;
      },
      &track);
  EXPECT_EQ(track->count, 1);
  EXPECT_EQ(track->most_inside, 1);
  EXPECT_TRUE(bisection::read_log(file).has_value());
}

void judges_at_once(const fs::path& dir) {
  const Paths paths{dir / "project", dir / "cache", dir / "state"};
  {
    auto s = run::open_store(paths).value();
    store::RunRow row;
    row.id = "dead";
    row.started = "2026-11-21T01:02:03Z";
    row.host = "{}";
    row.dir = (dir / "state/runs/dead").string();
    ASSERT_TRUE(s.begin_run(row, {}, {}).has_value());
  }
  race([paths](Track&, int) { return run::open_store(paths).has_value() ? 0 : 1; });
  EXPECT_EQ(run::open_store(paths).value().find_run("dead").value()->state, store::RunState::interrupted);
}

}  // namespace

Faults lock_faults() {
  return {
      {"race_for_a_lock", "4 processes take one lock 50 times each", "nothing", "one holder at a time",
       one_holder},
      {"race_for_an_image", "4 processes make the same image of the cache", "nothing",
       "it is made once, and all of them have it", one_image},
      {"race_for_the_database", "4 processes make results.db and write to it", "nothing", "the rows of all",
       one_database},
      {"race_for_folders", "4 processes claim folders of the same names", "nothing",
       "each has folders of its own", own_folders},
      {"race_for_the_cache", "`pinrig gc` and runs want the cache", "nothing",
       "gc owns it only while nobody uses it", one_owner_of_the_cache},
      {"race_for_a_search", "4 processes continue the same bisection", "`bad_usage` for those that are late",
       "one continues it, and its log is whole", one_search},
      {"race_to_judge_a_dead_run", "4 processes find the same run of a killed pinrig", "interrupted",
       "it is judged, and its rows are there once", judges_at_once},
  };
}

}  // namespace pinrig::faults
