// SPDX-License-Identifier: GPL-2.0
// Each operation that writes, with each of its writes failing in turn: the disk is full from there on
// (ENOSPC), one call fails (EIO), the process is killed, or the machine loses power.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "fault.h"
#include "inject.h"
#include "operations.h"

namespace pinrig::faults {
namespace {

using testing::HasSubstr;

/// More than any operation has; one that has more fails the row.
constexpr int most_writes = 400;

enum class Way { full, bad, killed, power };

Injection injection_of(Way way, int nth) {
  Injection out{.calls = Calls::writes, .nth = nth};
  if (way == Way::full) out.error = ENOSPC;
  if (way == Way::bad) out.error = EIO;
  out.lasting = way == Way::full;
  out.power = way == Way::power;
  return out;
}

void expect_said(const Injected& done, Way way, const fs::path& dir) {
  if (done.killed || done.result.has_value()) return;
  const Error& e = done.result.error();
  EXPECT_EQ(e.kind, way == Way::full ? ErrorKind::disk_full : ErrorKind::infra) << e.message;
  EXPECT_THAT(e.message, HasSubstr(dir.parent_path().filename().string())) << "it names no file";
}

void at_each_write(const Operation& operation, Way way, const fs::path& top) {
  int nth = 1;
  for (;; ++nth) {
    ASSERT_LE(nth, most_writes);
    SCOPED_TRACE(fmt::format("write {} of {}", nth, operation.name));
    const fs::path dir = top / std::to_string(nth);
    ASSERT_TRUE(make_dirs(dir).has_value());
    operation.prepare(dir);
    const auto done = inject(injection_of(way, nth), dir, [&] { return operation.act(dir); });
    if (!done.possible) GTEST_SKIP() << "no seccomp filters here";
    if (!done.happened) {
      EXPECT_TRUE(done.result.has_value()) << done.result.error().message;
      break;
    }
    EXPECT_EQ(done.killed, way == Way::killed || way == Way::power);
    expect_said(done, way, dir);
    operation.check(dir, done.result.has_value() && !done.killed);
    const auto again = operation.act(dir);
    EXPECT_TRUE(again.has_value()) << "when the disk is well again: " << again.error().message;
    if (again.has_value()) operation.check(dir, true);
    std::error_code ec;
    fs::remove_all(dir, ec);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(nth, 1) << "nothing was written";
}

const char* name_of(Way way) {
  switch (way) {
    case Way::full:
      return "full";
    case Way::bad:
      return "bad";
    case Way::killed:
      return "killed";
    case Way::power:
      return "power";
  }
  return "";
}

const char* words_of(Way way) {
  switch (way) {
    case Way::full:
      return "the disk is full from each write on (ENOSPC)";
    case Way::bad:
      return "each write fails once (EIO)";
    case Way::killed:
      return "a kill at each write";
    case Way::power:
      return "a power cut at each write";
  }
  return "";
}

}  // namespace

Faults disk_faults() {
  Faults all;
  for (const auto& operation : operations()) {
    for (const Way way : {Way::full, Way::bad, Way::killed, Way::power}) {
      if (way == Way::power && !operation.durable) continue;
      const bool dies = way == Way::killed || way == Way::power;
      all.push_back({fmt::format("disk_{}_{}", name_of(way), operation.name),
                     fmt::format("{}: {}", operation.injected, words_of(way)),
                     dies               ? "nothing: the process is gone"
                     : way == Way::full ? "`disk_full` and the file"
                                        : "`infra` and the file",
                     operation.survives + "; the same again succeeds",
                     [operation, way](const fs::path& dir) { at_each_write(operation, way, dir); }});
    }
  }
  return all;
}

}  // namespace pinrig::faults
