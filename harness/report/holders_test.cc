// SPDX-License-Identifier: GPL-2.0
#include "report/holders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/report.h"
#include "report/testing.h"

namespace pinrig::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A run with a leak that was traced, and one that was not.
void trace(Fixture& f) {
  f.run.dir = f.dir.path();
  const std::vector<holders::Finding> findings{
      {"bio/dio_rw",
       "tip-x86_64",
       "",
       {"16 of 32 pins held, on 16 pages", "look at __bio_release_pages() at block/bio.c:1231"},
       "/r/guests/tip-x86_64/rerun-1/holders.txt",
       R"({"test": "bio/dio_rw", "taken": 32})"},
      {"bio/dio_fork", "tip-x86_64", "the guest ended\x1b[2J before its trace was printed", {}, "", ""}};
  ASSERT_TRUE(
      write_file_atomic(f.dir.path() / "holders.json", holders::findings_to_json(findings)).has_value());
}

TEST(Holders, AreASectionOfTheReport) {
  Fixture f;
  f.caught();
  trace(f);
  const auto text = terminal(f.store, f.run, {.unicode = false});
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("who holds the pins\n  bio/dio_rw on tip-x86_64\n"
                               "    16 of 32 pins held, on 16 pages\n"
                               "    look at __bio_release_pages() at block/bio.c:1231\n"
                               "    pages and stacks: /r/guests/tip-x86_64/rerun-1/holders.txt\n"));
  EXPECT_THAT(*text, HasSubstr("  bio/dio_fork on tip-x86_64\n    the guest ended"));
  EXPECT_THAT(*text, Not(HasSubstr("\x1b[2J")));
  EXPECT_THAT(*text, Not(HasSubstr("--holders"))) << "the leak was traced";
}

TEST(Holders, AreInTheJson) {
  Fixture f;
  f.caught();
  trace(f);
  const auto j = nlohmann::json::parse(json(f.store, f.run).value()).at("holders");
  ASSERT_EQ(j.size(), 2u);
  EXPECT_EQ(j[0].at("test"), "bio/dio_rw");
  EXPECT_EQ(j[0].at("report").at("taken"), 32);
  EXPECT_EQ(j[0].at("summary").size(), 2u);
  EXPECT_TRUE(j[0].at("problem").is_null());
  EXPECT_TRUE(j[1].at("report").is_null());
  EXPECT_TRUE(j[1].at("file").is_null());
}

TEST(Holders, OfARunWithoutThemTheNextStepIsTheCommand) {
  Fixture f;
  f.caught();
  const auto text = terminal(f.store, f.run, {.unicode = false}).value();
  EXPECT_THAT(text, Not(HasSubstr("who holds the pins\n")));
  EXPECT_THAT(text, HasSubstr("  pinrig repro " + f.run.id + " bio/dio_rw --kernel tip-x86_64 --holders"));
  EXPECT_EQ(nlohmann::json::parse(json(f.store, f.run).value()).at("holders").size(), 0u);
}

// Negative control: nothing leaked.
TEST(Holders, OfARunWithoutALeakNothingIsSaid) {
  Fixture f;
  f.several_guests();
  EXPECT_THAT(terminal(f.store, f.run, {}).value(), Not(HasSubstr("--holders")));
}

TEST(Holders, AFileThatCannotBeReadIsAnErrorThatNamesIt) {
  Fixture f;
  f.caught();
  f.run.dir = f.dir.path();
  ASSERT_TRUE(write_file_atomic(f.dir.path() / "holders.json", "{").has_value());
  const auto text = terminal(f.store, f.run, {});
  ASSERT_TRUE(text.has_error());
  EXPECT_THAT(text.error().message, HasSubstr("holders"));
}

}  // namespace
}  // namespace pinrig::report
