// SPDX-License-Identifier: GPL-2.0
#include "cli/report_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace pinrig::cli {
namespace {

using testing::HasSubstr;

class ReportFilesTest : public testing::Test {
 protected:
  std::string at(const char* name) const { return (dir_.path() / name).string(); }
  std::string read(const char* name) const { return read_file(dir_.path() / name).value(); }
  TempDir dir_ = TempDir::create(fs::temp_directory_path(), "report-files").value();
};

TEST_F(ReportFilesTest, AnEarlierResultDoesNotSurvive) {
  const ReportFiles files{at("j.xml"), at("k"), at("r.json")};
  for (const auto& f : {files.junit, files.ktap, files.json})
    ASSERT_FALSE(write_file_atomic(f, "all is well").has_error());
  ASSERT_FALSE(begin_files(files).has_error());
  EXPECT_THAT(read("j.xml"), HasSubstr("<error message=\"the run did not finish"));
  EXPECT_THAT(read("k"), HasSubstr("not ok 1 run # ERROR the run did not finish"));
  const auto json = nlohmann::json::parse(read("r.json"));
  EXPECT_EQ(json["state"], "unfinished");
  EXPECT_EQ(json["exit_code"], nullptr);
}

TEST_F(ReportFilesTest, ARefusedRunSaysWhyInEach) {
  const ReportFiles files{at("j.xml"), at("k"), at("r.json")};
  ASSERT_FALSE(begin_files(files).has_error());
  const Error why = make_error(ErrorKind::bad_usage, "--test <boi> # 1\x01: no such suite", "bio, mm");
  ASSERT_FALSE(fail_files(files, why).has_error());
  EXPECT_THAT(read("j.xml"), HasSubstr("--test &lt;boi&gt; # 1\\x01: no such suite"));
  EXPECT_THAT(read("j.xml"), HasSubstr("type=\"exit 2\""));
  EXPECT_THAT(read("k"), HasSubstr("# bio, mm\nnot ok 1 run # ERROR --test <boi> _ 1\\x01: no such suite\n"));
  EXPECT_EQ(nlohmann::json::parse(read("r.json"))["exit_code"], 2);
}

TEST_F(ReportFilesTest, WhatCannotBeWrittenIsBadUsageBeforeTheRun) {
  const std::vector<std::pair<ReportFiles, std::string>> table{
      {{at("none/x.xml"), "", ""}, "--junit " + at("none/x.xml") + ": "},
      {{"", "", at("none/x.json")}, "--json " + at("none/x.json") + ": "},
      {{"", dir_.path().string(), ""}, "--ktap " + dir_.path().string() + ": is a directory"},
      {{"-", "-", ""}, "--ktap -: --junit takes stdout already"},
      {{"", "-", "-"}, "--json -: --ktap takes stdout already"},
      {{at("x"), "", at("x")}, "--json " + at("x") + ": --junit writes to that file already"},
      {{at("x"), "", at("./d/../x")}, "--json " + at("./d/../x") + ": --junit writes to that file already"},
      {{"", at("x"), "", at("x")}, "--usage " + at("x") + ": --ktap writes to that file already"},
  };
  for (const auto& [files, begin] : table) {
    const auto r = begin_files(files);
    ASSERT_TRUE(r.has_error()) << begin;
    EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
    EXPECT_THAT(r.error().message, testing::StartsWith(begin));
  }
  EXPECT_FALSE(fs::exists(dir_.path() / "x")) << "nothing is written by a line that is refused";
}

TEST_F(ReportFilesTest, OneThatCannotBeWrittenLeavesTheOthersWithTheReason) {
  const ReportFiles files{at("j.xml"), at("none/k"), at("r.json")};
  const auto begun = begin_files(files);
  ASSERT_TRUE(begun.has_error());
  EXPECT_TRUE(fail_files(files, begun.error()).has_error());
  EXPECT_THAT(read("j.xml"), HasSubstr("--ktap " + at("none/k")));
  EXPECT_EQ(nlohmann::json::parse(read("r.json"))["exit_code"], 2);
}

TEST(SameFile, HoweverItIsTyped) {
  EXPECT_EQ(same_file("no-such.xml"), same_file("./no-such.xml"));
  EXPECT_EQ(same_file("no-such.xml"), same_file(fs::current_path() / "x/../no-such.xml"));
  EXPECT_NE(same_file("no-such.xml"), same_file("x/no-such.xml"));
  EXPECT_EQ(same_file("-"), "-");
}

TEST_F(ReportFilesTest, ARefusedCommandLineNamesItsFiles) {
  const auto found = [](std::vector<std::string> args) { return files_in(args); };
  EXPECT_EQ(found({"run", "-j", "0", "--junit", at("j.xml")}).junit, at("j.xml"));
  EXPECT_EQ(found({"run", "--nosuchopt", "--json=" + at("r"), "-q"}).json, at("r"));
  EXPECT_EQ(found({"run", "--junit"}).junit, "");
  EXPECT_EQ(found({"run", "--junit", "--ktap", at("k")}).junit, "");
  EXPECT_EQ(found({"run", "--junit", "-"}).junit, "") << "stdout is not replaced";
  EXPECT_EQ(found({"run", "--junit", "/dev/null"}).junit, "");
  EXPECT_EQ(found({"show", "--junit", at("j.xml")}).junit, "") << "not a run";
}

TEST_F(ReportFilesTest, AStreamIsWrittenOnceAndKeptAsItIs) {
  EXPECT_TRUE((ReportFiles{"-", "", ""}.take_stdout()));
  EXPECT_FALSE((ReportFiles{at("x"), "", ""}.take_stdout()));
  const ReportFiles files{"/dev/null", "", ""};
  ASSERT_FALSE(begin_files(files).has_error());
  ASSERT_FALSE(fail_files(files, make_error(ErrorKind::infra, "no")).has_error());
  EXPECT_TRUE(fs::is_character_file("/dev/null")) << "not replaced by a file";
}

}  // namespace
}  // namespace pinrig::cli
