// SPDX-License-Identifier: GPL-2.0
#include "image/program_errors.h"

#include <gtest/gtest.h>

namespace pinrig::image {
namespace {

TEST(ProgramErrors, AllOfCMakesFirstError) {
  const auto f = first_failure(
      "-- Configuring\n"
      "CMake Error at cmake/programs.cmake:58 (add_executable):\n"
      "  Cannot find source file:\n"
      "\n"
      "    /c/source/guest-tests/bio/gone.c\n"
      "\n"
      "  Tried extensions .c .C .c++ .cc\n"
      "Call Stack (most recent call first):\n"
      "  CMakeLists.txt:9 (pinrig_test)\n"
      "\n"
      "CMake Error at CMakeLists.txt:1 (x):\n"
      "  a second one\n",
      "/c/source");
  EXPECT_EQ(to_string(f),
            "guest-tests/cmake/programs.cmake:58: Cannot find source file: guest-tests/bio/gone.c");
  EXPECT_EQ(f.line, 58);
  EXPECT_EQ(f.stage, BuildFailure::Stage::guest_programs);
}

// ninja runs CMake again when one of its files changed.
TEST(ProgramErrors, NinjasOwnErrorIsNotTheReason) {
  const auto f = first_failure(
      "ninja: error: rebuilding 'build.ninja': subcommand failed\n"
      "CMake Error at cmake/programs.cmake:58 (add_executable):\n  Cannot find source file:\n\n    gone.c\n",
      "/c");
  EXPECT_EQ(to_string(f), "guest-tests/cmake/programs.cmake:58: Cannot find source file: gone.c");
}

TEST(ProgramErrors, CMakeWithoutAPlace) {
  EXPECT_EQ(to_string(first_failure("CMake Error: no such generator\n", "/c")), "no such generator");
}

TEST(ProgramErrors, TheCompilersFirstErrorIsThatOfTheSource) {
  const auto f = first_failure(
      "x.c:1:1: warning: odd\n/c/guest-tests/bio/x.c:3:5: fatal error: y.h: No such file or directory\n"
      "ninja: build stopped: subcommand failed.\n",
      "/c");
  EXPECT_EQ(to_string(f), "guest-tests/bio/x.c:3: y.h: No such file or directory");
}

TEST(ProgramErrors, TheLinkersLineIsTheMessage) {
  const auto f = first_failure("/c/guest-tests/x.c:(.text+0x1): undefined reference to `pin'\n", "/c");
  EXPECT_EQ(to_string(f), "guest-tests/x.c:(.text+0x1): undefined reference to `pin'");
}

TEST(ProgramErrors, NothingThatLooksLikeOne) { EXPECT_EQ(first_failure("ninja: odd\n", "/c").message, ""); }

}  // namespace
}  // namespace pinrig::image
