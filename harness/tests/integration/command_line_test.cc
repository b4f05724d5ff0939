// SPDX-License-Identifier: GPL-2.0
// Words on the command line, and what every sub-command says of itself.
#include "sandbox.h"

namespace pinrig::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CommandLine : public testing::Test {
 protected:
  void refused(const std::vector<std::string>& args, const std::vector<std::string>& wanted) {
    const Ran ran = box_.pinrig(args);
    EXPECT_EQ(ran.code, 2) << ran;
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, testing::StartsWith("pinrig: "));
    for (const auto& text : wanted) EXPECT_THAT(ran.err, HasSubstr(text));
    EXPECT_FALSE(box_.has_runs());
  }
  Sandbox box_;
};

TEST_F(CommandLine, NothingAtAll) { refused({}, {"pinrig needs a sub-command", "pinrig --help"}); }
TEST_F(CommandLine, SubCommand) { refused({"rnu"}, {"no sub-command 'rnu'", "did you mean 'run'?"}); }
TEST_F(CommandLine, SubCommandOfParse) { refused({"parse"}, {"pinrig parse needs a sub-command"}); }
TEST_F(CommandLine, Option) { refused({"run", "--serie", "x"}, {"--serie", "did you mean '--series'?"}); }
TEST_F(CommandLine, OptionWithoutItsValue) { refused({"run", "--arch"}, {"--arch"}); }
TEST_F(CommandLine, Arch) {
  refused({"plan", "--arch", "x86-64"}, {"--arch: no such architecture 'x86-64'", "known: x86_64, aarch64"});
}
TEST_F(CommandLine, Accel) {
  refused({"plan", "--accel", "hvf"}, {"--accel: no such accelerator 'hvf'", "known: auto, kvm, tcg"});
}
TEST_F(CommandLine, Jobs) { refused({"build", "-j", "0"}, {"--jobs"}); }
TEST_F(CommandLine, SeriesThatIsNotThere) {
  refused({"run", "--series", "nosuch", "--base", "debian-6.12"}, {"nosuch"});
}
TEST_F(CommandLine, ShellBesideGdb) { refused({"boot", "--shell", "--gdb"}, {"--shell", "--gdb"}); }

TEST_F(CommandLine, TestsAndPointsAreReportedWhereTheyWereWritten) {
  box_.make_tiny_project();
  refused({"run", "--test", "bio/dio_rv"}, {"--test bio/dio_rv: no such test; did you mean 'bio/dio_rw'?"});
  refused({"plan", "--base", "tiny", "--point", "3"}, {"--point 3: this run has no series"});
  refused({"plan", "--series", "small", "--point", "3"},
          {"--point 3: no such patch: series small has 1 patch"});
  refused({"run", "--series", "small", "--point", "tpi"}, {"--point tpi: not a point"});
  refused({"prove", "nosuch"}, {"prove nosuch: no such suite"});
  refused({"list", "tests", "nosuch"}, {"list tests nosuch: no such suite", "pinrig list tests"});
  refused({"run", "--env", "bio/dio_rv:A=1"}, {"--env bio/dio_rv: no such test; did you mean 'bio/dio_rw'?"});
}

TEST_F(CommandLine, ABisectionNeedsARangeAndATest) {
  box_.make_tiny_project();
  const std::vector<std::string> small{"bisect", "--series", "small"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), small.begin(), small.end());
    return more;
  };
  refused({"bisect"}, {"no run yet whose red could be searched"});
  refused({"bisect", "--test", "bio/dio_rw"}, {"nothing to search in", "--git REPO"});
  refused({"bisect", "--git", ".", "--test", "bio/dio_rw"}, {"--git needs both ends"});
  refused({"bisect", "--bad", "v6.12"}, {"--bad is about a repository"});
  refused(with({"--test", "bio"}), {"--test bio: a single test"});
  refused(with({"--test", "bio/dio_rv"}), {"no such test; did you mean 'bio/dio_rw'?"});
  refused(with({"--test", "bio/dio_rw", "--base", "nosuch"}), {"nosuch"});
  refused(with({"--test", "bio/dio_rw", "--number", "x"}), {"--number 'x': expected NAME>LIMIT"});
  refused({"bisect", "status"}, {"no bisection yet"});
  refused({"bisect", "stats"}, {"no such view; did you mean 'status'?"});
  refused(with({"--test", "bio/dio_rw", "--fixed", "--more"}), {"--more is about patches that bring a red"});
}

TEST_F(CommandLine, ABisectionRefusesARangeThatIsNone) {
  box_.make_tiny_project();
  const fs::path repo = box_.root() / "linux-6.12";
  const auto git = [&](std::vector<std::string> args) {
    process::Command c;
    c.argv = {"git", "-C", repo.string(), "-c", "user.name=A", "-c", "user.email=a@example.org"};
    c.argv.insert(c.argv.end(), args.begin(), args.end());
    EXPECT_EQ(run(c).code, 0) << args.front();
  };
  git({"init", "-q", "--initial-branch=main"});
  git({"add", "."});
  git({"commit", "-q", "-m", "source"});
  git({"tag", "v1"});
  box_.put(repo / "mm/gup.c", "changed\n");
  git({"commit", "-q", "-a", "-m", "change"});
  git({"tag", "v2"});
  git({"checkout", "-q", "-b", "side", "v1"});
  box_.put(repo / "mm/gup.c", "changed on the side\n");
  git({"commit", "-q", "-a", "-m", "side"});
  const auto range = [&](const std::string& good, const std::string& bad) {
    return std::vector<std::string>{"bisect", "--git", repo.string(), "--good",    good,
                                    "--bad",  bad,     "--test",      "bio/dio_rw"};
  };
  refused(range("v1", "v1"), {"--good and --bad are the same commit"});
  refused(range("v2", "v1"), {"--good is newer than --bad", "--fixed"});
  refused(range("side", "v2"), {"--good is no ancestor of --bad", "git merge-base"});
  refused(range("v0", "v2"), {"--good v0: no such revision in", "log --oneline --all"});
  refused({"bisect", "--git", "/nonexistent", "--good", "a", "--bad", "b", "--test", "bio/dio_rw"},
          {"--git /nonexistent: no such directory"});
  fs::remove(box_.project / "kernels/series/small/0001-block-say-three.patch");
  refused({"bisect", "--series", "small", "--test", "bio/dio_rw"}, {"small"});
}

/// A bisect.log of a series of two patches with these observations.
std::string bisect_log(const std::vector<std::string>& seen) {
  std::string out =
      "# pinrig bisect.log 1\nseries small\nbase tiny\narch x86_64\nrun default\ntest bio/dio_rw\n"
      "point 0 aa -\npoint 1 bb 0 mm: one\npoint 2 cc 1 mm: two\nsignature verdict bio/dio_rw leak +\n";
  for (const auto& words : seen) out += "2026-11-30T15:20:11Z " + words + "\n";
  return out;
}

TEST_F(CommandLine, ABisectionThatCannotConcludeSaysWhyAndExitsWith4) {
  const fs::path file = box_.root() / "bisect.log";
  const auto replayed = [&](const std::vector<std::string>& seen) {
    box_.put(file, bisect_log(seen));
    const Ran ran = box_.pinrig({"bisect", "--replay", file.string()});
    EXPECT_EQ(ran.code, 4) << ran;
    return ran.out;
  };
  std::vector<std::string> flaky(64, "2 cc clean calibrate 0 -");
  for (const std::size_t i : {3, 9, 40}) flaky[i] = "2 cc red calibrate 1 -";
  EXPECT_THAT(replayed(flaky), HasSubstr("TOO NOISY: seen 3 of 64; not bisected"));
  EXPECT_THAT(replayed({"2 cc skip calibrate 0 -"}),
              HasSubstr("NOT TESTABLE: point 2 cannot be tested, and it is the newer end"));
  EXPECT_THAT(replayed(std::vector<std::string>(3, "2 cc infra calibrate 0 -")),
              HasSubstr("ABORTED: 3 of 3 runs at point 2 failed in harness or machine"));
  std::vector<std::string> both(8, "2 cc red calibrate 1 -");
  both.insert(both.end(), 8, "0 aa red clean-end 1 -");
  EXPECT_THAT(replayed(both), HasSubstr("PRESENT AT THE OLDEST: 8 of 8 runs are red at the older end"));
}

TEST_F(CommandLine, ToGitBisectRunAnErrorOfStepIsNoAnswer) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{"step"},
                                               {"step", "--tset"},
                                               {"step", "--test", "nosuch/x", "--git", "/nonexistent"}}) {
    const Ran ran = box_.pinrig(args);
    EXPECT_EQ(ran.code, 128) << ran;
  }
}

TEST_F(CommandLine, GitBisectRunStopsWhenStepCannotTest) {
  box_.make_tiny_project();
  const fs::path repo = box_.root() / "linux-6.12";
  const auto git = [&](std::vector<std::string> args) {
    process::Command c = box_.command({});
    c.argv = {"git", "-C", repo.string(), "-c", "user.name=A", "-c", "user.email=a@example.org"};
    c.argv.insert(c.argv.end(), args.begin(), args.end());
    return run(c);
  };
  EXPECT_EQ(git({"init", "-q"}).code, 0);
  for (int i = 0; i < 4; ++i) {
    box_.put(repo / "mm/gup.c", "line " + std::to_string(i) + "\n");
    EXPECT_EQ(git({"add", "."}).code, 0);
    EXPECT_EQ(git({"commit", "-q", "-m", "commit " + std::to_string(i)}).code, 0);
  }
  EXPECT_EQ(git({"bisect", "start", "HEAD", "HEAD~3"}).code, 0);
  const auto head = git({"rev-parse", "HEAD"}).out;
  const Ran ran = git({"bisect", "run", PINRIG_PROGRAM, "step", "--test", "bio/dio_rv"});
  EXPECT_NE(ran.code, 0) << ran;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("did you mean 'bio/dio_rw'?"), HasSubstr("128"))) << ran;
  EXPECT_EQ(git({"rev-parse", "HEAD"}).out, head) << "git took no verdict from it";
}

TEST_F(CommandLine, KvmThatIsNotUsableIsRefusedBeforeAnythingIsBuilt) {
  box_.make_tiny_project();
  box_.fake("mmdebstrap", "echo made >>'" + (box_.root() / "made").string() + "'; exit 1");
  refused({"run", "--accel", "kvm", "--arch", "aarch64"},
          {"--accel kvm: KVM is not usable for aarch64", "--accel auto"});
  EXPECT_FALSE(fs::exists(box_.root() / "made"));
}

TEST_F(CommandLine, AFileThatCannotBeWrittenIsRefusedBeforeTheRun) {
  box_.make_tiny_project();
  refused({"run", "--junit", "/nonexistent/x.xml"}, {"--junit /nonexistent/x.xml: ", "No such file"});
  refused({"run", "--junit", "-", "--json", "-"}, {"--json -: --junit takes stdout already"});
}

TEST_F(CommandLine, ARefusedRunLeavesNoEarlierResult) {
  box_.make_tiny_project();
  const fs::path junit = box_.root() / "x.xml";
  box_.put(junit, "<testsuites tests=\"1\" failures=\"0\"/>");
  refused({"run", "--test", "boi", "--junit", junit.string()}, {"--test boi: no such suite"});
  EXPECT_THAT(read_file(junit).value(), AllOf(HasSubstr("<error"), HasSubstr("--test boi: no such suite")));
}

TEST_F(CommandLine, StdoutBelongsToTheFileThatWantsIt) {
  box_.make_tiny_project();
  box_.fake("mmdebstrap", "echo 'E: no network in this test' >&2; exit 1");
  const Ran ran = box_.pinrig({"run", "--json", "-"});
  EXPECT_EQ(ran.code, 4) << ran;
  EXPECT_EQ(nlohmann::json::parse(ran.out, nullptr, false).value("format", ""), "pinrig-run") << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("HARNESS ERROR"));
  const Ran refused_run = box_.pinrig({"run", "--test", "boi", "--json", "-"});
  EXPECT_EQ(nlohmann::json::parse(refused_run.out, nullptr, false).value("exit_code", -1), 2) << refused_run;
}

TEST_F(CommandLine, NoProject) {
  box_.project = box_.root() / "empty";
  fs::create_directories(box_.project);
  for (const auto* command : {"run", "plan", "doctor"})
    refused({command}, {(box_.root() / "empty").string(), "not a pinrig checkout", "PINRIG_PROJECT"});
}

TEST_F(CommandLine, NoHome) {
  auto c = box_.command({"plan"});
  for (const char* name : {"PINRIG_CACHE", "PINRIG_STATE"}) c.env.erase(name);
  c.unset = {"PINRIG_CACHE", "PINRIG_STATE", "XDG_CACHE_HOME", "XDG_STATE_HOME", "HOME"};
  const Ran ran = run(c);
  EXPECT_EQ(ran.code, 2) << ran;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("HOME"), HasSubstr("PINRIG_CACHE")));
}

TEST_F(CommandLine, ShowAndRerunOfWhatIsNotThere) {
  refused({"show", "last"}, {"no run"});
  refused({"show", "20260101-000000-abcd"}, {"20260101-000000-abcd", "pinrig list"});
  refused({"rerun", "/nowhere/job.json"}, {"/nowhere/job.json", "No such file or directory"});
  box_.put(box_.root() / "job.json", "{\"guest_id\": ");
  refused({"rerun", (box_.root() / "job.json").string()}, {"job.json"});
  box_.put(box_.root() / "job.json", "{}");
  refused({"rerun", (box_.root() / "job.json").string()}, {"job.json"});
}

TEST_F(CommandLine, ShowNamesTheNearestGuestAndWhatWasNotTested) {
  box_.make_tiny_project();
  box_.fake("mmdebstrap", "echo 'E: no network in this test' >&2; exit 1");
  ASSERT_EQ(box_.pinrig({"run"}).code, 4);
  const auto refuses = [&](const std::vector<std::string>& args, const std::string& wanted) {
    const Ran ran = box_.pinrig(args);
    EXPECT_EQ(ran.code, 2) << ran;
    EXPECT_THAT(ran.err, HasSubstr(wanted));
  };
  refuses({"show", "last", "base-x86"}, "base-x86_64");
  refuses({"show", "last", "base-x86_64", "pins/selfcheck"},
          "kernel base-x86_64 was not built, so no test ran");
  const Ran guest = box_.pinrig({"show", "last", "base-x86_64"});
  EXPECT_EQ(guest.code, 0) << guest;
  EXPECT_THAT(guest.out, HasSubstr("not tested: "));
}

TEST_F(CommandLine, ListWithoutRuns) {
  const Ran ran = box_.pinrig({"list"});
  EXPECT_EQ(ran.code, 0) << ran;
}

TEST_F(CommandLine, HelpNamesWhatThereIs) {
  const std::map<std::string, std::vector<std::string>> options{
      {"run",
       {"--series", "--base", "--point", "--arch", "--test", "--accel", "--jobs", "--junit", "--ktap",
        "--json"}},
      {"plan", {"--series", "--base", "--point", "--arch", "--test", "--env"}},
      {"build", {"--series", "--base", "--point", "--arch", "--jobs"}},
      {"boot", {"--shell", "--gdb", "--arch", "--base"}},
      {"rerun", {"job", "--test", "--shell", "--gdb"}},
      {"parse", {"ktap", "console"}},
      {"show", {"last"}},
      {"list", {"--help"}},
      {"map", {"--markdown", "--output"}},
      {"prove", {"--sample", "--seed", "--arch", "--run"}},
      {"doctor", {"--json"}}};
  const Ran top = box_.pinrig({"--help"});
  EXPECT_EQ(top.code, 0);
  EXPECT_THAT(top.out, AllOf(HasSubstr("Exit codes: 0"), HasSubstr("130"), HasSubstr("PINRIG_CACHE")));
  for (const auto& [command, words] : options) {
    EXPECT_THAT(top.out, HasSubstr("\n  " + command + " "));
    const Ran help = box_.pinrig({command, "--help"});
    EXPECT_EQ(help.code, 0) << help;
    EXPECT_EQ(help.err, "");
    for (const auto& word : words) EXPECT_THAT(help.out, HasSubstr(word)) << command;
  }
}

TEST_F(CommandLine, Version) {
  const Ran ran = box_.pinrig({"--version"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, testing::MatchesRegex("pinrig [0-9.]+\n"));
}

TEST_F(CommandLine, ListTestsSaysWhatTheyNeedCoverAndTurnRedOn) {
  const Ran text = box_.pinrig({"list", "tests", "bio/dio_rw"});
  EXPECT_EQ(text.code, 0) << text;
  for (const char* word :
       {"bio/dio_rw", "nvme pin-raw", "D1", "mutant m02-bio-put-refs: read_1_page", "1 test in 1 suite"})
    EXPECT_THAT(text.out, HasSubstr(word));
  const Ran json = box_.pinrig({"list", "tests", "--json", "bio"});
  const auto parsed = nlohmann::json::parse(json.out, nullptr, false);
  ASSERT_TRUE(parsed.is_object()) << json;
  EXPECT_EQ(parsed["suites"].size(), 1u);
  EXPECT_EQ(parsed["suites"][0].value("suite", ""), "bio");
}

TEST_F(CommandLine, TheMapHasEveryRowWithoutAnyRun) {
  const Ran ran = box_.pinrig({"map", "--markdown"});
  EXPECT_EQ(ran.code, 0) << ran;
  for (const char* word : {"| D1 |", "| G25 |", "not testable: ", " rows: "})
    EXPECT_THAT(ran.out, HasSubstr(word));
}

TEST_F(CommandLine, PlanTellsEverythingAndTouchesNothing) {
  box_.make_tiny_project();
  const Ran ran = box_.pinrig({"plan", "--series", "small", "--point", "each", "--arch", "x86_64", "--arch",
                               "aarch64", "--test", "bio/*"});
  EXPECT_EQ(ran.code, 0) << ran;
  for (const char* word : {"tiny", "small", "base-x86_64", "tip-x86_64", "base-aarch64", "tip-aarch64",
                           "bio/dio_rw", "block: say three"})
    EXPECT_THAT(ran.out, HasSubstr(word));
  EXPECT_THAT(ran.out, Not(HasSubstr("gup/")));
  EXPECT_FALSE(box_.has_runs());
  EXPECT_FALSE(fs::exists(box_.cache / "kernels"));
}

}  // namespace
}  // namespace pinrig::integration
