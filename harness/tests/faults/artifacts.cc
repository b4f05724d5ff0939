// SPDX-License-Identifier: GPL-2.0
#include "artifacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bisection/log_file.h"
#include "guest_bytes.h"
#include "image/publish.h"
#include "job/prepare.h"
#include "job/raw_files.h"
#include "job/result.h"
#include "job/testing.h"
#include "kbuild/artifact.h"
#include "kbuild/objdir.h"
#include "run/leftovers.h"
#include "run/run_file.h"
#include "store/store.h"

namespace pinrig::faults {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

void put(const fs::path& file, const std::string& text) {
  ASSERT_TRUE(make_dirs(file.parent_path()).has_value());
  ASSERT_TRUE(write_file_atomic(file, text).has_value());
}

/// With a time of `later_s` seconds from now.
void put_at(const fs::path& file, const std::string& text, int later_s) {
  put(file, text);
  fs::last_write_time(file, fs::file_time_type::clock::now() + std::chrono::seconds(later_s));
}

std::string get(const fs::path& file) {
  const auto text = read_file(file);
  return text.has_value() ? *text : "(none)";
}

// Kernels of the cache.

void publish_kernel(const fs::path& dir) {
  put(dir / "staged/image", "ELF of a kernel");
  put(dir / "staged/config", "CONFIG_X=y\n");
  ASSERT_TRUE(make_dirs(dir / "kernels").has_value());
  kbuild::Manifest m;
  m.key = "k0";
  m.arch = "x86_64";
  const auto done = kbuild::publish(dir / "staged", dir, m);
  ASSERT_TRUE(done.has_value()) << done.error().message;
}

void expect_built_again(const fs::path& dir, Damage) {
  EXPECT_FALSE(kbuild::find_artifact(dir, "k0", {}).has_value());
  publish_kernel(dir);
  EXPECT_TRUE(kbuild::find_artifact(dir, "k0", {}).has_value());
}

Artifact kernel_file(const std::string& name, const std::string& words, const std::string& foreign) {
  return {"kernel_" + name,
          words,
          "nothing: it counts as not built",
          "it is built again",
          foreign,
          publish_kernel,
          [name](const fs::path& dir) {
            return dir / "kernels/k0" / (name == "manifest" ? "manifest.json" : name);
          },
          expect_built_again};
}

Artifact kernel_verified() {
  return {"kernel_verified",
          "the note that a kernel's files were verified",
          "nothing",
          "the kernel, hashed again",
          "pinrig 9\n",
          publish_kernel,
          [](const fs::path& dir) { return dir / "kernels/k0/verified"; },
          [](const fs::path& dir, Damage) { EXPECT_TRUE(kbuild::find_artifact(dir, "k0", {}).has_value()); }};
}

// Images of the cache.

Result<void> publish_image(const fs::path& dir) {
  WorkContext ctx;
  ctx.cache = dir;
  return image::publish_once(dir / "base.cpio", ctx, [](const fs::path& partial) {
    return write_file_atomic(partial, "the archive\n");
  });
}

Artifact image_file(const std::string& name, const std::string& words, const std::string& file) {
  return {name,
          words,
          "nothing",
          "a whole image, made or hashed again",
          "another archive\n",
          [](const fs::path& dir) { ASSERT_TRUE(publish_image(dir).has_value()); },
          [file](const fs::path& dir) { return dir / file; },
          [](const fs::path& dir, Damage) {
            const auto again = publish_image(dir);
            ASSERT_TRUE(again.has_value()) << again.error().message;
            EXPECT_EQ(get(dir / "base.cpio"), "the archive\n");
          },
          {Damage::folder}};
}

// The store.

store::RunRow run_row(const fs::path& dir) {
  store::RunRow row;
  row.id = "dead";
  row.started = "2026-11-21T01:02:03Z";
  row.host = "{}";
  row.dir = (dir / "state/runs/dead").string();
  return row;
}

Paths paths_in(const fs::path& dir) { return {dir / "project", dir / "cache", dir / "state"}; }

void begin_run(const fs::path& dir) {
  auto s = run::open_store(paths_in(dir));
  ASSERT_TRUE(s.has_value()) << s.error().message;
  store::GuestRow guest;
  guest.run_id = "dead";
  guest.kernel_id = "k";
  guest.id = "g";
  store::KernelRow kernel;
  kernel.run_id = "dead";
  kernel.id = "k";
  ASSERT_TRUE(s->begin_run(run_row(dir), {kernel}, {guest}).has_value());
}

Artifact database() {
  return {"results_db",
          "results.db",
          "its name and what to do, unless it is new",
          "the file itself, for whoever repairs it",
          "SQLite format 3",
          begin_run,
          [](const fs::path& dir) { return dir / "state/results.db"; },
          [](const fs::path& dir, Damage how) {
            const fs::path file = dir / "state/results.db";
            const std::string before = how == Damage::unreadable ? "" : get(file);
            auto s = store::Store::open(file);
            const auto runs = s.has_value() ? s->runs(5) : Result<std::vector<store::RunRow>>(s.error());
            if (how == Damage::missing || how == Damage::empty) {
              EXPECT_TRUE(runs.has_value()) << runs.error().message;
              return;
            }
            ASSERT_TRUE(runs.has_error());
            EXPECT_THAT(runs.error().message, HasSubstr("results.db"));
            if (how != Damage::folder && how != Damage::unreadable) {
              EXPECT_EQ(get(file), before) << "it was written to";
            }
          }};
}

Artifact run_json() {
  return {"run_json",
          "the run.json of a run",
          "`bad_input` and the file",
          "results.db and its runs",
          R"({"format": "other", "version": 99})",
          [](const fs::path& dir) {
            begin_run(dir);
            put(dir / "state/runs/dead/run.json", R"({"options": {}, "points": []})");
          },
          [](const fs::path& dir) { return dir / "state/runs/dead/run.json"; },
          [](const fs::path& dir, Damage) {
            const auto read = run::read_run_file(dir / "state/runs/dead/run.json");
            ASSERT_TRUE(read.has_error());
            EXPECT_EQ(read.error().kind, ErrorKind::bad_input);
            EXPECT_THAT(read.error().message, HasSubstr("run.json"));
            auto s = run::open_store(paths_in(dir));
            ASSERT_TRUE(s.has_value()) << s.error().message;
            EXPECT_EQ(s->find_run("dead").value()->state, store::RunState::interrupted);
          }};
}

// What the guest of a killed run left.

void leave_guest(const fs::path& dir) {
  begin_run(dir);
  const fs::path guest = dir / "state/runs/dead/guests/g";
  auto job = job::job_spec(dir, {the_test});
  put(guest / "job.json", model::job_to_json(job));
  put(guest / "results.raw", head() + begins() + output(good_ktap) + ends());
  put(guest / "console.raw", good_console);
}

Artifact guest_file(const std::string& name, const std::string& words, const std::string& foreign) {
  std::string id = name;
  std::replace(id.begin(), id.end(), '.', '_');
  return {"guest_" + id,
          words + " of a killed run",
          "the run is interrupted",
          "the other runs; no pass comes of it",
          foreign,
          leave_guest,
          [name](const fs::path& dir) { return dir / "state/runs/dead/guests/g" / name; },
          [](const fs::path& dir, Damage) {
            auto s = run::open_store(paths_in(dir));
            ASSERT_TRUE(s.has_value()) << s.error().message;
            EXPECT_EQ(s->find_run("dead").value()->state, store::RunState::interrupted);
            for (const auto& row : s->results("dead", "g").value())
              if (row.result.verdict.case_name.empty() && row.result.verdict.test == the_test) {
                EXPECT_NE(row.result.verdict.verdict, model::Verdict::pass) << row.result.verdict.detail;
              }
          }};
}

// Small files.

Artifact bisect_log() {
  const auto only_log = [](const fs::path& dir) -> fs::path {
    for (const auto& e : fs::recursive_directory_iterator(dir))
      if (e.path().filename() == "bisect.log") return e.path();
    return dir / "bisect.log";
  };
  return {"bisect_log",
          "the log of a bisection",
          "`bad_input`, the file and the line",
          "the file as it is",
          "# pinrig bisect.log 99\n",
          [](const fs::path& dir) {
            bisect::Log log;
            log.series = "x";
            log.spec = "default";
            log.test = "bio/dio";
            log.points = bisect::line_of(std::vector<bisect::Point>(2));
            for (auto& p : log.points) p.sha = "abc";
            ASSERT_TRUE(bisection::LogFile::create(dir, log).has_value());
          },
          only_log,
          [only_log](const fs::path& dir, Damage) {
            const auto file = only_log(dir);
            const auto read = bisection::read_log(file);
            ASSERT_TRUE(read.has_error());
            EXPECT_EQ(read.error().kind, ErrorKind::bad_input) << read.error().message;
            EXPECT_THAT(read.error().message, HasSubstr("bisect.log"));
          }};
}

Artifact lock_file() {
  return {"lock_file",
          "a lock file",
          "nothing, or the file",
          "the lock can be taken",
          "locked by another program\n",
          [](const fs::path& dir) {
            ASSERT_TRUE(static_cast<bool>(FileLock::try_acquire(dir / "lock").value()));
          },
          [](const fs::path& dir) { return dir / "lock"; },
          [](const fs::path& dir, Damage how) {
            EXPECT_EQ(lock_holder(dir / "lock").pid == 0 || how == Damage::cut, true);
            const auto lock = FileLock::try_acquire(dir / "lock");
            if (how == Damage::folder || how == Damage::unreadable) {
              ASSERT_TRUE(lock.has_error());
              EXPECT_THAT(lock.error().message, HasSubstr("lock"));
            } else {
              ASSERT_TRUE(lock.has_value());
              EXPECT_TRUE(static_cast<bool>(*lock));
            }
          }};
}

Artifact build_steps() {
  return {"build_steps",
          "the number of steps of the last build",
          "nothing",
          "the build, with another estimate",
          "many\n",
          [](const fs::path& dir) { kbuild::remember_steps(dir, true, 1234); },
          [](const fs::path& dir) { return dir / "pinrig-steps-cold"; },
          [](const fs::path& dir, Damage) {
            EXPECT_GE(kbuild::expected_steps(dir, model::Arch::x86_64, true), 0);
            EXPECT_TRUE(kbuild::begin_build(dir).has_value());
          }};
}

Artifact build_mark() {
  return {"build_mark",
          "the mark that a build is going on",
          "nothing",
          "no half-written object is linked",
          "x",
          [](const fs::path& dir) { ASSERT_TRUE(kbuild::begin_build(dir).has_value()); },
          [](const fs::path& dir) { return dir / "pinrig-building"; },
          [](const fs::path& dir, Damage how) {
            put_at(dir / ".half.o.cmd", "savedcmd", 10);
            put_at(dir / "half.o", "EL", 20);
            const auto begun = kbuild::begin_build(dir);
            if (begun.has_error()) {
              EXPECT_EQ(how, Damage::folder) << begun.error().message;
              return;
            }
            EXPECT_EQ(fs::exists(dir / "half.o"), how == Damage::missing) << "of a build that was killed";
          }};
}

}  // namespace

std::vector<Artifact> artifacts() {
  return {
      kernel_file("manifest", "the manifest of a kernel in the cache", R"({"key": "other", "files": {}})"),
      kernel_file("image", "the image of a kernel in the cache", "ELF of another one"),
      kernel_file("config", "the configuration of a kernel in the cache", "CONFIG_Y=y\n"),
      kernel_verified(),
      image_file("image", "an image in the cache", "base.cpio"),
      image_file("image_seal", "the hash of an image in the cache", ".base.cpio.sha256"),
      database(),
      run_json(),
      guest_file("job.json", "job.json", R"({"version": 99})"),
      guest_file("results.raw", "results.raw", "PRF9 of another protocol"),
      guest_file("console.raw", "console.raw", "no kernel's log\n"),
      bisect_log(),
      lock_file(),
      build_steps(),
      build_mark(),
  };
}

}  // namespace pinrig::faults
