// SPDX-License-Identifier: GPL-2.0
// A stream that is read in pieces.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "ktap/ktap.h"
#include "ktap/line.h"

namespace pinrig::ktap {
namespace {

using testing::SizeIs;

std::string in_pieces(std::string_view text, std::size_t size) {
  Reader reader;
  for (std::size_t at = 0; at < text.size(); at += size) reader.feed(text.substr(at, size));
  return to_json(reader.finish());
}

TEST(Reader, GivesTheSameTreeWhereverTheStreamIsCut) {
  for (const auto& file : fs::directory_iterator(PINRIG_TESTDATA)) {
    const std::string text = read_file(file.path()).value();
    const std::string whole = to_json(parse(text));
    for (const std::size_t size : {1U, 7U, 61U})
      EXPECT_EQ(in_pieces(text, size), whole) << file << " by " << size;
  }
  const std::string lines = "TAP version 13\r\n1..2\r\nok 1 a\r\n# [RUN] b\r\nnot ok 2 caf\xc3\xa9 \xff";
  for (const std::size_t size : {1U, 2U, 5U}) EXPECT_EQ(in_pieces(lines, size), to_json(parse(lines)));
}

// What a test prints must not become what we hold.
TEST(Reader, KeepsOfALongLineItsBegin) {
  Reader reader;
  reader.feed("KTAP version 1\n1..2\nok 1 ");
  for (int i = 0; i < 1000; ++i) reader.feed(std::string(10000, 'x'));
  reader.feed("\nok 2 b\n");
  const Tree tree = reader.finish();
  ASSERT_THAT(tree.cases, SizeIs(2));
  EXPECT_LT(tree.cases[0].name.size(), 1100U);
  EXPECT_EQ(tree.cases[1].line, 4);
  EXPECT_TRUE(tree.findings.empty());
}

TEST(Reader, KeepsAnAmountOfDiagnosticsAndNoMore) {
  Reader reader;
  reader.feed("KTAP version 1\n1..2000\n");
  const std::string line = "# " + std::string(1000, 'd') + "\n";
  for (int i = 1; i <= 2000; ++i) {
    for (int n = 0; n < 40; ++n) reader.feed(line);
    reader.feed(fmt::format("ok {} case {}\n", i, i));
  }
  const Tree tree = reader.finish();
  std::size_t kept = 0;
  for (const auto& c : tree.cases) {
    for (const auto& text : c.diagnostics) kept += text.size();
  }
  EXPECT_GT(kept, std::size_t{15} << 20);
  EXPECT_LE(kept, std::size_t{16} << 20);
  EXPECT_THAT(tree.cases, SizeIs(2000));
  EXPECT_TRUE(tree.findings.empty());
}

TEST(IsPlain, LooksAtEveryByte) {
  for (std::size_t size = 0; size < 20; ++size) {
    EXPECT_TRUE(is_plain(std::string(size, 'x')));
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      for (const int special : {0, 0x1b, 0x80, 0xff}) {
        text[at] = static_cast<char>(special);
        EXPECT_FALSE(is_plain(text)) << size << ", " << at << ": " << special;
      }
      for (const int harmless : {1, 0x1a, 0x1c, 0x7f}) {
        text[at] = static_cast<char>(harmless);
        EXPECT_TRUE(is_plain(text)) << size << ", " << at << ": " << harmless;
      }
    }
  }
}

TEST(WriteJson, WritesInPiecesWhatToJsonReturns) {
  std::string text = "KTAP version 1\n1..5000\n";
  for (int i = 1; i <= 5000; ++i) text += fmt::format("ok {} case {}\n", i, i);
  const Tree tree = parse(text);
  std::string written;
  int pieces = 0;
  write_json(tree, [&](std::string_view piece) {
    written += piece;
    ++pieces;
  });
  EXPECT_EQ(written, to_json(tree));
  EXPECT_GT(pieces, 5);
}

}  // namespace
}  // namespace pinrig::ktap
