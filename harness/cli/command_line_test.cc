// SPDX-License-Identifier: GPL-2.0
#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "cli/run_options.h"

namespace pinrig::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

/// What a command line comes to, without doing it.
Result<std::variant<Action, Answer>> read(const Words& args) {
  static const CancelToken never;
  Program program{never};
  return understand(args, program);
}

struct Refusal {
  Words args;
  std::string message;
  std::string hint;
};

TEST(Understand, WhatIsWrongIsNamedWithTheNearest) {
  const std::vector<Refusal> table{
      {{}, "pinrig needs a sub-command", "run, plan"},
      {{"rnu"}, "pinrig has no sub-command 'rnu'; did you mean 'run'?", "sub-commands: run, plan"},
      {{"clean"}, "pinrig has no sub-command 'clean'; did you mean 'plan'?", "doctor"},
      {{"xyzzy", "--help2"}, "pinrig has no sub-command 'xyzzy'", "sub-commands: "},
      {{"-v", "rnu"}, "pinrig has no sub-command 'rnu'; did you mean 'run'?", ""},
      {{"--usage", "file", "rnu"}, "pinrig has no sub-command 'rnu'; did you mean 'run'?", ""},
      {{"parse"}, "pinrig parse needs a sub-command", "ktap, console"},
      {{"parse", "ktp", "x"}, "pinrig parse has no sub-command 'ktp'; did you mean 'ktap'?", ""},
      {{"run", "--serie", "x"}, "pinrig run has no option --serie; did you mean '--series'?", "run --help"},
      {{"run", "--serie=x"}, "pinrig run has no option --serie; did you mean '--series'?", ""},
      {{"list", "--jsn"}, "pinrig list has no option --jsn", "pinrig list --help"},
      {{"build", "-j", "0"}, "pinrig build: --jobs: '0' is not a whole number from 1 to 4096", ""},
      {{"build", "-j", "many"}, "pinrig build: --jobs: 'many' is not a whole number from 1 to 4096", ""},
      {{"list", "-n", "-1"}, "pinrig list: --limit: '-1' is not a whole number from 1 to 1000000", ""},
      {{"gc", "--keep", "-1"}, "gc: --keep: '-1' is not a whole number from 0 to 1000000", ""},
      {{"gc", "--keep", "1.5"}, "gc: --keep: '1.5' is not a whole number", ""},
      {{"gc", "--older", "x"}, "gc: --older: 'x' is not a number from 0 to 100000", ""},
      {{"gc", "--older", "nan"}, "gc: --older: 'nan' is not a number from 0 to 100000", ""},
      {{"gc", "--max-size", "foo"}, "gc: --max-size: 'foo' is not a size such as 20G or 500M", ""},
      {{"gc", "--max-size", "-1G"}, "gc: --max-size: '-1G' is not a size", ""},
      {{"gc", "--max-size", "20Gx"}, "gc: --max-size: '20Gx' is not a size", ""},
      {{"run", "--arch"}, "pinrig run: --arch", "pinrig run --help"},
      {{"run", "-a", "x86-64"},
       "pinrig run: --arch: no such architecture 'x86-64'; known: x86_64, aarch64",
       ""},
      {{"prove", "-a", "x86-64"}, "pinrig prove: --arch: no such architecture 'x86-64'; known: x86_64", ""},
      {{"mutate", "--operator", "drop"}, "--operator: no such operator 'drop'", ""},
      {{"plan", "--accel", "hvf"}, "--accel: no such accelerator 'hvf'; known: auto, kvm, tcg", ""},
      {{"build", "--env", "stress/all"},
       "--env: 'stress/all': expected SUITE/TEST:NAME=VALUE, for example",
       ""},
      {{"boot", "--env", ":A=1"}, "--env: ':A=1': expected SUITE/TEST:NAME=VALUE", ""},
      {{"run", "--env", "stress/all:=1"}, "--env: 'stress/all:=1': expected SUITE/TEST:NAME=VALUE", ""},
      {{"boot", "--shell", "--gdb"}, "excludes", ""},
      {{"run", "--again", "last", "--series", "x.mbox"}, "--series excludes --again", ""},
      {{"run", "--again", "last", "--base", "debian-6.12"}, "--base excludes --again", ""},
      {{"run", "full", "--again", "last"}, "run excludes --again", ""},
      {{"run", "--again", "last", "--resume", "last"}, "--again excludes --resume", ""},
      {{"run", "--resume", "last", "--test", "bio"}, "--test excludes --resume", ""},
      {{"run", "full", "--resume", "last"}, "excludes", ""},
  };
  for (const auto& row : table) {
    const auto r = read(row.args);
    ASSERT_TRUE(r.has_error()) << testing::PrintToString(row.args);
    EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
    EXPECT_THAT(r.error().message, HasSubstr(row.message)) << testing::PrintToString(row.args);
    EXPECT_THAT(r.error().hint, HasSubstr(row.hint)) << testing::PrintToString(row.args);
  }
}

TEST(SizeInBytes, ADiskIsMeasuredInPowersOf1024) {
  const auto bytes = [](std::string word) {
    const std::string error = size_in_bytes()(word);
    return error.empty() ? word : error;
  };
  EXPECT_EQ(bytes("0"), "0");
  EXPECT_EQ(bytes("512B"), "512");
  EXPECT_EQ(bytes("500M"), "524288000");
  EXPECT_EQ(bytes("1.5g"), "1610612736");
  EXPECT_EQ(bytes("20GiB"), "21474836480");
  EXPECT_EQ(bytes("1TB"), "1099511627776");
}

TEST(Understand, AGoodLineBecomesAnActionAndStartsNothing) {
  for (const auto& args : std::vector<Words>{{"run"},
                                             {"run", "full", "-t", "bio", "-t", "!bio/dio_rw", "-j", "2"},
                                             {"-q", "show", "last", "tip-x86_64", "bio/dio_rw:case"},
                                             {"show", "-v"},
                                             {"list", "tests", "bio"},
                                             {"prove", "--sample", "2"},
                                             {"mutate", "--file", "mm/gup.c", "--list"},
                                             {"parse", "ktap", "-"}}) {
    const auto r = read(args);
    ASSERT_FALSE(r.has_error()) << testing::PrintToString(args) << r.error().message;
    ASSERT_TRUE(std::holds_alternative<Action>(*r));
    EXPECT_TRUE(static_cast<bool>(std::get<Action>(*r))) << testing::PrintToString(args);
  }
}

TEST(Understand, GlobalOptionsGoBeforeOrBehindTheSubCommand) {
  static const CancelToken never;
  for (const auto& args : std::vector<Words>{{"-q", "list"}, {"list", "-q"}, {"list", "--quiet"}}) {
    Program program{never};
    ASSERT_FALSE(understand(args, program).has_error());
    EXPECT_TRUE(program.quiet);
    EXPECT_EQ(program.verbosity(), run::Verbosity::quiet);
  }
}

TEST(Understand, HelpIsAnAnswerAndSaysTheCommonPartOnce) {
  const auto top = read({"--help"});
  ASSERT_FALSE(top.has_error());
  EXPECT_THAT(std::get<Answer>(*top).text, HasSubstr("Exit codes: 0"));
  for (const char* command : {"run", "plan", "build", "boot", "repro", "rerun", "parse", "show", "list",
                              "map", "contract", "prove", "mutate", "doctor"}) {
    const auto help = read({command, "--help"});
    ASSERT_FALSE(help.has_error()) << command;
    EXPECT_THAT(std::get<Answer>(*help).text, Not(HasSubstr("Exit codes"))) << command;
  }
  EXPECT_THAT(std::get<Answer>(*read({"--version"})).text, testing::MatchesRegex("pinrig [0-9.]+\n"));
}

TEST(Understand, ShowExplainsTheWordsOfTheReport) {
  const auto help = read({"show", "--help"});
  for (const char* word : {"skew", "framevec.force", "legacy_skew", "zeropage_pin"})
    EXPECT_THAT(std::get<Answer>(*help).text, HasSubstr(word));
}

TEST(Understand, AnActionHasItsExitCode) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "cli-test").value();
  const fs::path log = dir.path() / "log";
  const auto code_of = [&](const std::string& text) {
    EXPECT_FALSE(write_file_atomic(log, text).has_error());
    testing::internal::CaptureStdout();
    const auto code = std::get<Action>(*read({"parse", "ktap", log.string()}))();
    testing::internal::GetCapturedStdout();
    return code;
  };
  EXPECT_EQ(*code_of("KTAP version 1\n1..1\nok 1 a\n"), ExitCode::ok);
  EXPECT_EQ(*code_of("KTAP version 1\n1..1\nnot ok 1 a\n"), ExitCode::regressions);
  const auto missing = std::get<Action>(*read({"parse", "ktap", (dir.path() / "none").string()}))();
  ASSERT_TRUE(missing.has_error());
  EXPECT_EQ(exit_code_of(missing.error().kind), ExitCode::bad_usage);
}

TEST(Understand, AShellRunsNoTestAndSaysSo) {
  for (const char* how : {"--gdb", "--shell"}) {
    const auto r = std::get<Action>(*read({"rerun", "/nowhere/job.json", how, "--test", "bio/x"}))();
    ASSERT_TRUE(r.has_error());
    EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
    EXPECT_EQ(r.error().message, std::string("--test bio/x: ") + how + " opens a shell and runs no test");
  }
}

TEST(Understand, ParseCountsWithPlurals) {
  const auto dir = TempDir::create(fs::temp_directory_path(), "cli-test").value();
  ASSERT_FALSE(write_file_atomic(dir.path() / "log", "no results\n").has_error());
  testing::internal::CaptureStdout();
  ASSERT_FALSE(std::get<Action>(*read({"parse", "ktap", (dir.path() / "log").string()}))().has_error());
  EXPECT_THAT(testing::internal::GetCapturedStdout(),
              HasSubstr("0 results, 0 not ok, 1 finding in the stream"));
}

TEST(WholeNumber, SaysItsRange) {
  const auto check = whole_number(1, 8);
  EXPECT_EQ(check("8"), "");
  EXPECT_EQ(check("9"), "'9' is not a whole number from 1 to 8");
  EXPECT_EQ(check("1.5"), "'1.5' is not a whole number from 1 to 8");
  EXPECT_EQ(check(""), "'' is not a whole number from 1 to 8");
}

TEST(RunOptions, ReachTheRun) {
  CLI::App app;
  RunArguments arguments;
  add_run_options(app, arguments);
  Words args{"full",    "-b",    "debian-6.12", "-p",     "base",
             "-a",      "arm64", "-a",          "x86_64", "-t",
             "bio",     "-t",    "mm/cow",      "-e",     "stress/all:A=b=c",
             "--accel", "tcg",   "-j",          "3",      "--debug"};
  std::reverse(args.begin(), args.end());
  app.parse(args);
  const auto& o = arguments.options;
  EXPECT_EQ(o.spec, "full");
  EXPECT_EQ(o.base, "debian-6.12");
  EXPECT_EQ(o.points, Words{"base"});
  EXPECT_EQ(o.archs, (std::vector{model::Arch::aarch64, model::Arch::x86_64}));
  EXPECT_EQ(o.tests, (Words{"bio", "mm/cow"}));
  EXPECT_EQ(o.accel, model::Accel::tcg);
  EXPECT_TRUE(o.debug);
  ASSERT_EQ(o.env.size(), 1u);
  EXPECT_EQ(o.env[0].test, "stress/all");
  EXPECT_EQ(o.env[0].env.at("A"), "b=c");
  EXPECT_EQ(arguments.jobs, 3);
}

}  // namespace
}  // namespace pinrig::cli
