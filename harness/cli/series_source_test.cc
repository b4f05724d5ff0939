// SPDX-License-Identifier: GPL-2.0
#include "cli/series_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace pinrig::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(MessageIdIn, KnowsIdsAndAddressesOfLore) {
  EXPECT_EQ(message_id_in("20260101.1-2-a@example.org"), "20260101.1-2-a@example.org");
  EXPECT_EQ(message_id_in("<20260101.1@x.org>"), "20260101.1@x.org");
  EXPECT_EQ(message_id_in("https://lore.kernel.org/linux-mm/20260101.1@x.org/T/#u"), "20260101.1@x.org");
  for (const char* other : {"v3.mbox", "git@host:linux.git:a..b", "demo-leak", "dir/a@b", "@b", "a@", "-",
                            "https://lore.kernel.org/linux-mm/", "https://example.org/x@y/"})
    EXPECT_EQ(message_id_in(other), "") << other;
}

class FetchSeries : public ::testing::Test {
 protected:
  FetchSeries() : path_(std::getenv("PATH")) { paths_.state = dir_.path() / "state"; }
  ~FetchSeries() override { ::setenv("PATH", path_.c_str(), 1); }

  /// A b4 in PATH, and nothing else.
  void b4(const std::string& script) {
    const auto bin = dir_.path() / "bin";
    fs::create_directories(bin);
    if (!script.empty()) {
      ASSERT_TRUE(write_file_atomic(bin / "b4", "#!/bin/sh\n" + script).has_value());
      ASSERT_EQ(::chmod((bin / "b4").c_str(), 0755), 0);
    }
    ::setenv("PATH", bin.c_str(), 1);
  }
  Result<void> fetch(const std::string& series) {
    options_.series = series;
    return fetch_series(options_, paths_, cancel_);
  }

  const TempDir dir_ = std::move(TempDir::create(fs::temp_directory_path(), "cli-test")).value();
  std::string path_;
  Paths paths_;
  run::RunOptions options_;
  CancelToken cancel_;
};

TEST_F(FetchSeries, LeavesOtherFormsAlone) {
  ASSERT_TRUE(fetch("v3.mbox").has_value());
  EXPECT_EQ(options_.series, "v3.mbox");
}

TEST_F(FetchSeries, KeepsWhatIsOnStdinUnderTheNameOfItsContent) {
  const auto file = dir_.path() / "in";
  const auto from = [&](const std::string& text) {
    EXPECT_TRUE(write_file_atomic(file, text).has_value());
    const int saved = ::dup(STDIN_FILENO);
    const int in = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    ::dup2(in, STDIN_FILENO);
    ::close(in);
    auto got = fetch("-");
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
    return got;
  };
  ASSERT_TRUE(from("From: a\n\npatch\n").has_value());
  EXPECT_THAT(options_.series, StartsWith((paths_.state / "series/stdin-").string()));
  EXPECT_EQ(read_file(options_.series).value(), "From: a\n\npatch\n");
  const auto first = options_.series;
  ASSERT_TRUE(from("From: a\n\npatch\n").has_value());
  EXPECT_EQ(options_.series, first);
  const auto empty = from("");
  ASSERT_TRUE(empty.has_error());
  EXPECT_EQ(empty.error().kind, ErrorKind::bad_usage);
  EXPECT_THAT(empty.error().message, HasSubstr("nothing on stdin"));
}

TEST_F(FetchSeries, HasB4FetchAThread) {
  b4("echo \"From: a\"; echo; echo \"$@\"\n");
  ASSERT_TRUE(fetch("20260101.1@x.org").has_value());
  EXPECT_EQ(read_file(options_.series).value(), "From: a\n\nam -o - 20260101.1@x.org\n");
}

TEST_F(FetchSeries, SaysWhatB4SaidOrThatItIsNotThere) {
  b4("");
  auto missing = fetch("20260101.1@x.org");
  ASSERT_TRUE(missing.has_error());
  EXPECT_EQ(missing.error().kind, ErrorKind::missing_tool);
  EXPECT_THAT(missing.error().hint, HasSubstr("t.mbox.gz"));
  b4("echo looking >&2; echo 'Server returned an error: 404' >&2; exit 1\n");
  auto failed = fetch("20260101.1@x.org");
  ASSERT_TRUE(failed.has_error());
  EXPECT_EQ(failed.error().kind, ErrorKind::bad_input);
  EXPECT_THAT(failed.error().message, HasSubstr("b4 found no series: Server returned an error: 404"));
}

}  // namespace
}  // namespace pinrig::cli
