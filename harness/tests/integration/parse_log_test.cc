// SPDX-License-Identifier: GPL-2.0
// pinrig parse: saved logs from the command line.
#include "sandbox.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;
using testing::Not;

class ParseLog : public testing::Test {
 protected:
  Ran parse(const std::string& kind, const std::string& text, std::vector<std::string> more = {}) {
    box_.put(box_.root() / "log", text);
    std::vector<std::string> args{"parse", kind, (box_.root() / "log").string()};
    args.insert(args.end(), more.begin(), more.end());
    return box_.pinrig(args);
  }
  Sandbox box_;
};

constexpr const char* good_ktap =
    "TAP version 13\n1..2\nok 1 one\nok 2 two # SKIP no huge pages\n# Totals: pass:1 fail:0 xfail:0 xpass:0 "
    "skip:1 error:0\n";
constexpr const char* bad_ktap = "TAP version 13\n1..3\nok 1 one\nnot ok 2 two\n";
constexpr const char* good_log = "[    0.000000] Linux version 6.12.1\n[    1.000000] reboot: Power down\n";
constexpr const char* bad_log =
    "[    0.000000] Linux version 6.12.1\n"
    "[    1.000000] pinrig: begin bio/dio_rw\n"
    "[    2.000000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n"
    "[    2.000001] ---[ end Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b ]---\n";

TEST_F(ParseLog, GoodKtap) {
  const Ran ran = parse("ktap", good_ktap);
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("no huge pages"));
}

TEST_F(ParseLog, BadKtapIsExitOne) {
  const Ran ran = parse("ktap", bad_ktap);
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, HasSubstr("plan_shortfall"));
  EXPECT_THAT(ran.out, HasSubstr("1 not ok"));
}

TEST_F(ParseLog, NoKtapAndNothingAreFindings) {
  EXPECT_THAT(parse("ktap", "").out, HasSubstr("no_output"));
  EXPECT_EQ(parse("ktap", "").code, 1);
  EXPECT_THAT(parse("ktap", "hello\n").out, HasSubstr("no_ktap"));
  EXPECT_EQ(parse("ktap", "hello\n").code, 1);
}

struct KtapInput {
  const char* text;
  int code;
  const char* said;
};

TEST_F(ParseLog, KtapThatOtherReadersGetWrong) {
  for (const KtapInput& in : {
           KtapInput{"KTAP version 1\n1..0\n", 1, "no_tests"},
           KtapInput{"KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: empty\nok 1 empty\n", 1,
                     "no_tests"},
           KtapInput{"TAP version 13\n1..2\nok 1 map\nok 2 map\n", 0, "map (2)"},
           KtapInput{"TAP version 13\n1..2\nnoise: not ok 1 late\nok 2 x\n", 1, "behind_text"},
           KtapInput{"KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: suite\n    1..1\n"
                     "        KTAP version 1\n        # Subtest: param\n        ok 1 a\n        ok 2 b\n"
                     "        ok 3 c # SKIP none\n    # param: pass:2 fail:0 skip:1 total:3\n    ok 1 param\n"
                     "ok 1 suite\n",
                     0, "3 results, 0 not ok, 0 findings"},
           KtapInput{"TAP version 13\n1..2\n\x1b[31mnot ok 1 a\x1b[0m\nok 2 b\n", 1,
                     "2 results, 1 not ok, 0 findings"},
       }) {
    const Ran ran = parse("ktap", in.text);
    EXPECT_EQ(ran.code, in.code) << in.text << ran;
    EXPECT_THAT(ran.out, HasSubstr(in.said)) << in.text;
    EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
  }
}

TEST_F(ParseLog, AConsoleInUtf16IsAFinding) {
  std::string wide = "\xff\xfe";
  for (const char c : std::string(bad_log)) wide += std::string{c, '\0'};
  const Ran ran = parse("console", wide);
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, HasSubstr("UTF-16"));
}

TEST_F(ParseLog, AConsoleThatIsCompressedOrEmptyIsNoGoodOne) {
  for (const char* packed : {"\x1f\x8b\x08 rest",
                             "\xfd"
                             "7zXZ rest",
                             "\x28\xb5\x2f\xfd rest", "BZh91AY"}) {
    const Ran ran = parse("console", packed);
    EXPECT_EQ(ran.code, 1) << ran;
    EXPECT_THAT(ran.out, HasSubstr("compressed"));
  }
  const Ran empty = parse("console", "");
  EXPECT_EQ(empty.code, 2) << empty;
  EXPECT_THAT(empty.err, HasSubstr("the log is empty"));
}

TEST_F(ParseLog, KtapAsJson) {
  const Ran ran = parse("ktap", bad_ktap, {"--json"});
  EXPECT_EQ(ran.code, 1);
  const auto json = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << ran.out;
  EXPECT_EQ(json.at("cases").size(), 2u);
  EXPECT_FALSE(json.at("findings").empty());
}

TEST_F(ParseLog, GoodConsole) {
  const Ran ran = parse("console", good_log);
  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("2 lines, 0 events; powered off"));
}

TEST_F(ParseLog, PanicIsExitOneWithItsLineAndOwner) {
  const Ran ran = parse("console", bad_log);
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, HasSubstr("panicked"));
  EXPECT_THAT(ran.out, HasSubstr("during bio/dio_rw"));
  EXPECT_THAT(ran.out, HasSubstr("     3-"));
}

TEST_F(ParseLog, ConsoleAsJson) {
  const Ran ran = parse("console", bad_log, {"--json"});
  EXPECT_EQ(ran.code, 1);
  const auto json = nlohmann::json::parse(ran.out, nullptr, false);
  ASSERT_FALSE(json.is_discarded()) << ran.out;
  ASSERT_FALSE(json.at("events").empty());
  EXPECT_EQ(json.at("events").at(0).at("kind"), "panic");
}

TEST_F(ParseLog, AVmlinuxThatCannotAnswerIsBadInput) {
  const std::string log = "[    1.000000] BUG: memory leak\n[    1.000000] Call Trace:\n gup_fast+0x1/0x2\n";
  const Ran plain = parse("console", log, {"--vmlinux", "/bin/true"});
  EXPECT_EQ(plain.code, 2) << plain;
  EXPECT_THAT(plain.err, HasSubstr("/bin/true: no debug information"));
  const Ran text = parse("console", log, {"--vmlinux", (box_.root() / "log").string()});
  EXPECT_EQ(text.code, 2) << text;
  EXPECT_THAT(text.err, HasSubstr("not an ELF file"));
  EXPECT_EQ(parse("console", log, {"--vmlinux", "/nowhere/vmlinux"}).code, 2);
}

TEST_F(ParseLog, ALogOutOfAMailIsRead) {
  const Ran ran = parse("console", "> Nov 29 20:00:00 host kernel: BUG: memory leak\r\n> what is it?\n");
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, HasSubstr("memory_leak"));
}

TEST_F(ParseLog, BytesThatAreNoTextStayValidJson) {
  std::string junk = "[    0.000000] \xff\xfe\x80 not UTF-8 \xc3\n";
  junk += "[    1.000000] BUG: unable to handle page fault \xf0\x28\x8c";
  junk += '\0';
  junk += " at\n";
  for (const char* kind : {"console", "ktap"}) {
    const Ran ran = parse(kind, junk, {"--json"});
    EXPECT_TRUE(ran.code == 0 || ran.code == 1) << ran;
    EXPECT_FALSE(nlohmann::json::parse(ran.out, nullptr, false).is_discarded()) << kind << ": " << ran.out;
  }
}

TEST_F(ParseLog, Stdin) {
  auto c = box_.command({"parse", "console", "-"});
  c.input = bad_log;
  EXPECT_EQ(run(c).code, 1);
}

TEST_F(ParseLog, MissingFileAndDirectory) {
  for (const char* kind : {"ktap", "console"}) {
    const Ran missing = box_.pinrig({"parse", kind, "/nowhere/x.log"});
    EXPECT_EQ(missing.code, 2) << missing;
    EXPECT_THAT(missing.err, HasSubstr("/nowhere/x.log: No such file or directory"));
    const Ran directory = box_.pinrig({"parse", kind, box_.root().string()});
    EXPECT_EQ(directory.code, 2) << directory;
    EXPECT_THAT(directory.err, HasSubstr("Is a directory"));
  }
}

}  // namespace
}  // namespace pinrig::integration
