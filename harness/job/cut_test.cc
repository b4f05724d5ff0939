// SPDX-License-Identifier: GPL-2.0
#include "job/cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "verdict/results.h"
#include "wire/frame.h"
#include "wire/test_end.h"

namespace pinrig::job {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class CutFiles : public testing::Test {
 protected:
  fs::path write(const std::string& text) {
    EXPECT_TRUE(write_file_atomic(file_, text).has_value());
    return file_;
  }
  std::string text() const { return read_file(file_).value(); }

  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "cut-").value();
  fs::path file_ = dir_.path() / "console.raw";
};

TEST_F(CutFiles, AShortFileStaysAsItIs) {
  write("one\ntwo\n");
  ASSERT_TRUE(cut_text(file_, 8).has_value());
  EXPECT_EQ(text(), "one\ntwo\n");
  EXPECT_TRUE(cut_text(dir_.path() / "none", 8).has_value());
}

TEST_F(CutFiles, HeadAndTailStayAndTheMarkSaysWhatIsGone) {
  std::string all;
  for (int line = 1; line <= 100; ++line) all += "line " + std::to_string(line) + "\n";
  write(all);
  ASSERT_TRUE(cut_text(file_, 40).has_value());
  EXPECT_EQ(text(),
            "line 1\nline 2\nline 3\n[pinrig: 754 bytes cut out here, lines 4 to 98]\nline 99\nline 100\n");
}

TEST_F(CutFiles, ALineWithoutEndIsCutInTheMiddle) {
  write(std::string(1000, 'x'));
  ASSERT_TRUE(cut_text(file_, 100).has_value());
  EXPECT_EQ(text(),
            std::string(50, 'x') + "\n[pinrig: 900 bytes cut out here, of line 1]\n" + std::string(50, 'x'));
}

std::string frame(const nlohmann::json& message) { return wire::encode(wire::Kind::json, 0, message.dump()); }

TEST_F(CutFiles, ResultsAreCutBetweenFramesAndStayReadable) {
  wire::TestBegin begin;
  begin.id = 1;
  begin.name = "a/a";
  wire::TestEnd end;
  end.id = 1;
  end.how = "exited";
  std::string raw = frame(begin);
  for (int i = 0; i < 1000; ++i) raw += wire::encode(wire::Kind::out, 1, "twenty bytes of text");
  write(raw + frame(end));
  ASSERT_TRUE(cut_results(file_, 4000).has_value());
  EXPECT_LT(text().size(), 4200U);
  verdict::ResultsReader reader;
  reader.feed(text());
  const auto read = reader.finish();
  ASSERT_EQ(read.records.size(), 1U);
  EXPECT_EQ(read.records[0].exit.kind, model::TestExit::Kind::exited) << "the end is still there";
  EXPECT_THAT(read.records[0].output, StartsWith("twenty bytes of text"));
  ASSERT_EQ(read.problems.size(), 1U);
  EXPECT_THAT(read.problems[0], HasSubstr("bytes of the results were cut out"));
}

TEST_F(CutFiles, BehindDamageTheBytesAreKept) {
  write(frame({{"type", "hello"}}) + std::string(5000, 'x') + "the end");
  ASSERT_TRUE(cut_results(file_, 1000).has_value());
  EXPECT_LT(text().size(), 1100U);
  EXPECT_TRUE(text().ends_with("the end"));
}

}  // namespace
}  // namespace pinrig::job
