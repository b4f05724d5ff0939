// SPDX-License-Identifier: GPL-2.0
#include "run/status.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"

namespace pinrig::run {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Kind = Event::Kind;

class StatusTest : public testing::Test {
 protected:
  StatusTest() : fd_(::open(file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {}
  fs::path file() const { return dir_.path() / "screen"; }
  std::string said() const { return read_file(file()).value(); }
  Status make(bool live, bool color, Verbosity verbosity) {
    return Status(fd_.get(), live, color, verbosity);
  }

  TempDir dir_ = TempDir::create("/tmp", "pinrig-status-").value();
  UniqueFd fd_;
};

const Event begun{.kind = Kind::begin, .task = "tip-x86_64", .what = "build"};
const Event objects{.kind = Kind::progress,
                    .task = "tip-x86_64",
                    .what = "build",
                    .text = "objects",
                    .done = 12,
                    .known = 900,
                    .left_s = 60};
const Event over{.kind = Kind::end, .task = "tip-x86_64", .what = "build", .text = "6m20s"};
const Event failed{.kind = Kind::end, .task = "tip-x86_64", .what = "build", .text = "failed", .ok = false};
const Event ran{
    .kind = Kind::test, .task = "tip-x86_64", .what = "bio/a", .text = "exited 0", .done = 1, .known = 2};
const Event line{.kind = Kind::line, .task = "x86_64", .text = "TCG, not KVM"};
const Event warning{.kind = Kind::warning, .task = "tip-x86_64", .text = "mm/gup.c:3: unused"};

TEST_F(StatusTest, PlainLinesSayOnlyWhatEnded) {
  auto s = make(false, false, Verbosity::normal);
  for (const auto& e : {begun, objects, ran, line, warning, over, failed}) s.on(e);
  EXPECT_EQ(said(),
            "  x86_64           TCG, not KVM\n"
            "! tip-x86_64       mm/gup.c:3: unused\n"
            "\u2713 tip-x86_64       build    6m20s\n"
            "\u2717 tip-x86_64       build    failed\n");
}

TEST_F(StatusTest, NothingThatOthersWroteControlsTheTerminal) {
  for (const bool live : {false, true}) {
    auto s = make(live, false, Verbosity::verbose);
    for (const auto kind : {Kind::begin, Kind::progress, Kind::test, Kind::end, Kind::line, Kind::warning})
      s.on({.kind = kind, .task = "tip", .what = "b\x1b]0;u", .text = "mm/go\x1b]31mne \xe9\xc2\x9b"});
    EXPECT_THAT(said(), Not(HasSubstr("\x1b]"))) << live;
    EXPECT_THAT(said(), Not(HasSubstr("\xe9"))) << live;
    EXPECT_THAT(said(), Not(HasSubstr("\xc2\x9b"))) << live;
    EXPECT_THAT(said(), HasSubstr("mm/go\\x1b]31mne \xef\xbf\xbd\\x9b")) << live;
  }
}

TEST_F(StatusTest, QuietKeepsWarningsAlone) {
  auto s = make(true, false, Verbosity::quiet);
  for (const auto& e : {begun, objects, ran, line, warning, over}) s.on(e);
  EXPECT_EQ(said(), "! tip-x86_64       mm/gup.c:3: unused\n");
}

TEST_F(StatusTest, VerboseNamesEveryTest) {
  auto s = make(false, false, Verbosity::verbose);
  s.on(begun);
  s.on(ran);
  EXPECT_THAT(said(), HasSubstr("tip-x86_64       build"));
  EXPECT_THAT(said(), HasSubstr("test     bio/a exited 0"));
}

TEST_F(StatusTest, LiveLinesAreTakenAwayBeforeALineThatStays) {
  {
    auto s = make(true, false, Verbosity::normal);
    s.on(begun);
    s.on(objects);
    EXPECT_THAT(said(), HasSubstr("12/900 objects"));
    EXPECT_THAT(said(), HasSubstr("about 1m00s left"));
    const std::string before = said();
    s.on(warning);
    EXPECT_EQ(said().substr(before.size()).rfind("\x1b[1A\r\x1b[J! tip-x86_64", 0), 0u);
  }
  EXPECT_TRUE(said().ends_with("\x1b[1A\r\x1b[J")) << "the end takes the last live line away";
}

TEST_F(StatusTest, LiveLinesFitTheTerminal) {
  auto s = make(true, false, Verbosity::normal);
  Event wide = objects;
  wide.text = std::string(200, 'x');
  s.on(begun);
  s.on(wide);
  EXPECT_THAT(said(), Not(HasSubstr(std::string(80, 'x'))));
}

TEST_F(StatusTest, ABoardIsRedrawnInPlaceAboveTheLiveLines) {
  auto s = make(true, false, Verbosity::normal);
  s.on(begun);
  s.board("    0  base  ○\n    1  x\n1 left\n", "plain");
  const std::string first = said();
  EXPECT_TRUE(first.find("1  x\n1 left\n  tip-x86_64") != std::string::npos) << first;
  s.board("    0  base  ○○\n    1  x\x1b[31m\n0 left\n", "plain");
  EXPECT_EQ(
      said().substr(first.size()).rfind("\x1b[4A\r\x1b[J    0  base  ○○\n    1  x\\x1b[31m\n0 left\n", 0), 0u)
      << said().substr(first.size());
  EXPECT_THAT(said(), Not(HasSubstr("plain")));
}

TEST_F(StatusTest, ABoardThatIsTooHighIsCutAtTheTopAndTooWideAtTheEnd) {
  auto s = make(true, false, Verbosity::normal);
  std::string text;
  for (int i = 0; i < 50; ++i) text += "line " + std::to_string(i) + "\n";
  std::string marks;
  for (int i = 0; i < 100; ++i) marks += "●";
  s.board(text + marks + "\n", "");
  EXPECT_THAT(said(),
              testing::AllOf(HasSubstr("line 49\n"), HasSubstr("line 28\n"), Not(HasSubstr("line 27\n"))));
  EXPECT_TRUE(said().ends_with("49\n" + marks.substr(0, 79 * 3) + "\n")) << "79 whole characters";
}

TEST_F(StatusTest, WithoutATerminalABoardIsItsPlainLine) {
  auto s = make(false, false, Verbosity::normal);
  s.board("    0  base  ○\n1 left\n", "  bisect  1 left");
  EXPECT_EQ(said(), "  bisect  1 left\n");
  auto quiet = make(false, false, Verbosity::quiet);
  quiet.board("x\n", "not said");
  EXPECT_EQ(said(), "  bisect  1 left\n");
}

TEST_F(StatusTest, ColoursOnlyWhenWanted) {
  {
    auto plain = make(false, false, Verbosity::normal);
    plain.on(over);
  }
  EXPECT_THAT(said(), Not(HasSubstr("\x1b[")));
  auto coloured = make(false, true, Verbosity::normal);
  coloured.on(over);
  EXPECT_THAT(said(), HasSubstr("\x1b[32m"));
}

TEST_F(StatusTest, AnEventWithoutABeginIsALineToo) {
  auto s = make(true, false, Verbosity::normal);
  EXPECT_THAT(said(), IsEmpty());
  s.on(objects);
  EXPECT_THAT(said(), HasSubstr("12/900 objects"));
}

TEST_F(StatusTest, ATestIsNotInTheStepThatMadeAnImageForItsGuest) {
  auto s = make(true, false, Verbosity::normal);
  s.on({.kind = Kind::begin, .task = "tip-x86_64", .what = "guest"});
  s.on({.kind = Kind::progress, .task = "tip-x86_64", .what = "image", .text = "mkfs.ext4"});
  EXPECT_THAT(said(), HasSubstr("tip-x86_64       image    mkfs.ext4"));
  const std::string before = said();
  s.on(ran);
  EXPECT_THAT(said().substr(before.size()), HasSubstr("tip-x86_64       guest    1/2 bio/a"));
}

TEST_F(StatusTest, AClosedTerminalEndsNoRun) {
  Status s(-1, true, true, Verbosity::verbose);
  for (const auto& e : {begun, objects, warning, over}) s.on(e);
  s.tick();
}

}  // namespace
}  // namespace pinrig::run
