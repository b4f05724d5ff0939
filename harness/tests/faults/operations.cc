// SPDX-License-Identifier: GPL-2.0
#include "operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bisection/log_file.h"
#include "image/publish.h"
#include "job/cut.h"
#include "job/result.h"
#include "job/testing.h"
#include "kbuild/artifact.h"
#include "vm/job_files.h"

namespace pinrig::faults {
namespace {

using testing::AnyOf;
using testing::Eq;
using testing::StartsWith;

void put(const fs::path& file, const std::string& text) {
  ASSERT_TRUE(make_dirs(file.parent_path()).has_value());
  ASSERT_TRUE(write_file_atomic(file, text).has_value());
}

std::string get(const fs::path& file) {
  const auto text = read_file(file);
  return text.has_value() ? *text : "(none)";
}

Operation replaces_a_file() {
  return {"replaces_a_file",
          "a file is replaced",
          "the old file or the new one",
          false,
          [](const fs::path& dir) { put(dir / "f", "old"); },
          [](const fs::path& dir) { return write_file_atomic(dir / "f", "new"); },
          [](const fs::path& dir, bool succeeded) {
            EXPECT_THAT(get(dir / "f"), AnyOf("old", "new"));
            if (succeeded) {
              EXPECT_EQ(get(dir / "f"), "new");
            }
          }};
}

Operation copies_an_image() {
  return {"copies_an_image",
          "a drive's image is copied",
          "the source",
          false,
          [](const fs::path& dir) { put(dir / "from", std::string(200000, 'x')); },
          [](const fs::path& dir) { return copy_sparse(dir / "from", dir / "to"); },
          [](const fs::path& dir, bool succeeded) {
            EXPECT_EQ(get(dir / "from"), std::string(200000, 'x'));
            if (succeeded) {
              EXPECT_EQ(get(dir / "to"), get(dir / "from"));
            }
          }};
}

WorkContext context(const fs::path& dir) {
  WorkContext ctx;
  ctx.project = dir;
  ctx.cache = dir;
  return ctx;
}

Operation publishes_an_image() {
  return {"publishes_an_image",
          "an image is made and published in the cache",
          "no image, or a whole one",
          true,
          [](const fs::path&) {},
          [](const fs::path& dir) {
            return image::publish_once(dir / "base.cpio", context(dir), [](const fs::path& partial) {
              return write_file_atomic(partial, "the archive\n");
            });
          },
          [](const fs::path& dir, bool succeeded) {
            // What is there without its seal is made again; what is sealed is whole.
            if (succeeded || fs::exists(dir / ".base.cpio.sha256")) {
              EXPECT_THAT(get(dir / "base.cpio"), Eq("the archive\n"));
            }
          }};
}

kbuild::Manifest manifest() {
  kbuild::Manifest m;
  m.key = "k0";
  m.label = "base";
  m.arch = "x86_64";
  return m;
}

Operation publishes_a_kernel() {
  return {"publishes_a_kernel",
          "a kernel is published in the cache",
          "no artifact, or a whole one",
          true,
          [](const fs::path& dir) { ASSERT_TRUE(make_dirs(dir / "kernels").has_value()); },
          [](const fs::path& dir) -> Result<void> {
            const fs::path staged = dir / "staged";
            std::error_code ec;
            fs::remove_all(staged, ec);
            PINRIG_CHECK(make_dirs(staged / "selftests"));
            PINRIG_CHECK(write_file_atomic(staged / "image", "ELF"));
            PINRIG_CHECK(write_file_atomic(staged / "config", "CONFIG_X=y\n"));
            PINRIG_CHECK(write_file_atomic(staged / "selftests/gup_test", "ELF"));
            return kbuild::publish(staged, dir, manifest());
          },
          [](const fs::path& dir, bool succeeded) {
            const auto found = kbuild::find_artifact(dir, "k0", {});
            if (succeeded) {
              EXPECT_TRUE(found.has_value());
            }
            if (!found) return;
            EXPECT_EQ(get(found->image), "ELF");
            EXPECT_EQ(get(found->selftests / "gup_test"), "ELF");
          }};
}

Operation takes_a_lock() {
  return {"takes_a_lock",
          "a lock is taken",
          "a lock that the next one gets",
          false,
          [](const fs::path&) {},
          [](const fs::path& dir) -> Result<void> {
            PINRIG_TRY(lock, FileLock::try_acquire(dir / "locks/one"));
            EXPECT_TRUE(static_cast<bool>(lock));
            return {};
          },
          [](const fs::path&, bool) {}};
}

Operation claims_a_folder() {
  return {"claims_a_folder",
          "a run's folder is made",
          "no folder, or one of its own",
          false,
          [](const fs::path&) {},
          [](const fs::path& dir) -> Result<void> {
            PINRIG_TRY(made, claim_dir(dir / "runs", [n = 0]() mutable { return std::to_string(n++); }));
            return write_file_atomic(made / "run.json", "{}");
          },
          [](const fs::path&, bool) {}};
}

bisect::Log search() {
  bisect::Log log;
  log.series = "x";
  log.spec = "default";
  log.test = "bio/dio";
  log.points = bisect::line_of(std::vector<bisect::Point>(2));
  for (auto& p : log.points) p.sha = "abc";
  return log;
}

Operation logs_a_search() {
  const auto only_log = [](const fs::path& dir) -> fs::path {
    for (const auto& e : fs::recursive_directory_iterator(dir))
      if (e.path().filename() == "bisect.log") return e.path();
    return {};
  };
  return {"logs_a_search",
          "a line is added to bisect.log",
          "the lines before it",
          true,
          [](const fs::path& dir) {
            const auto made = bisection::LogFile::create(dir, search());
            ASSERT_TRUE(made.has_value()) << made.error().message;
          },
          [only_log](const fs::path& dir) -> Result<void> {
            PINRIG_TRY(file, bisection::LogFile::reopen(only_log(dir)));
            return file.append(bisect::resumed_line("2026-11-30T15:20:11Z"));
          },
          [only_log](const fs::path& dir, bool) {
            const auto read = bisection::read_log(only_log(dir));
            ASSERT_TRUE(read.has_value()) << read.error().message;
            EXPECT_EQ(read->points.size(), 2U);
          }};
}

Operation saves_outputs() {
  return {"saves_outputs",
          "the outputs of a guest's tests are saved",
          "outputs that are whole",
          false,
          [](const fs::path&) {},
          [](const fs::path& dir) {
            std::vector<model::TestRecord> records(2);
            records[0].name = "a/a";
            records[0].output = "one\n";
            records[1].name = "b/b";
            records[1].errors = "two\n";
            return job::save_outputs(records, dir);
          },
          [](const fs::path& dir, bool) {
            EXPECT_THAT(get(dir / "tests/a/a.out"), AnyOf("one\n", "(none)"));
            EXPECT_THAT(get(dir / "tests/b/b.err"), AnyOf("two\n", "(none)"));
          }};
}

Operation cuts_a_console() {
  const std::string lines = [] {
    std::string out;
    for (int i = 0; i < 1000; ++i) out += "line " + std::to_string(i) + "\n";
    return out;
  }();
  return {"cuts_a_console",
          "a long console is cut",
          "its head",
          false,
          [lines](const fs::path& dir) { put(dir / "console.raw", lines); },
          [](const fs::path& dir) { return job::cut_text(dir / "console.raw", 100); },
          [](const fs::path& dir, bool) {
            EXPECT_THAT(get(dir / "console.raw"), StartsWith("line 0\nline 1\n"));
          }};
}

Operation prepares_a_guest() {
  return {"prepares_a_guest",
          "the files of a guest are made",
          "no drive stays behind a guest that ended",
          false,
          [](const fs::path&) {},
          [](const fs::path& dir) -> Result<void> {
            ::setenv("XDG_RUNTIME_DIR", dir.c_str(), 1);  // for its sockets
            auto job = job::job_spec(dir, {"a/a"});
            job.machine.nvme = {{.serial = "a", .nsid = 1, .size_mib = 8}};
            job.machine.devices = {model::Device::scsi};
            PINRIG_TRY(files, vm::JobFiles::prepare(job, {dir / "guest"}, {}));
            return {};
          },
          [](const fs::path& dir, bool succeeded) {
            if (!succeeded) return;  // of a killed one `pinrig gc` removes them
            EXPECT_FALSE(fs::exists(dir / "guest/drive-a-1.raw"));
          }};
}

}  // namespace

std::vector<Operation> operations() {
  std::vector<Operation> all{replaces_a_file(), copies_an_image(), publishes_an_image(), publishes_a_kernel(),
                             takes_a_lock(),    claims_a_folder(), logs_a_search(),      saves_outputs(),
                             cuts_a_console(),  prepares_a_guest()};
  for (auto& operation : store_operations()) all.push_back(std::move(operation));
  return all;
}

}  // namespace pinrig::faults
