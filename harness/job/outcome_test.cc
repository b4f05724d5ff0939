// SPDX-License-Identifier: GPL-2.0
#include "job/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::job {
namespace {

using testing::HasSubstr;
using End = vm::GuestEnd::Kind;
using Kind = model::JobOutcome::Kind;

const console::Log silent = console::parse("");
const console::Log booted =
    console::parse("[    0.100000] Linux version 6.12.1\n[    1.000000] pinrig: agent starts\n");
const console::Log dead = console::parse(
    "[    0.100000] Linux version 6.12.1\n[    2.000000] Kernel panic - not syncing: Fatal exception\n");
const console::Log restarted = console::parse(
    "[    0.100000] Linux version 6.12.1\n[    1.000000] pinrig: agent starts\n"
    "[    9.000000] reboot: Restarting system\n[    9.000000] reboot: machine restart\n");
const console::Log died_restarting = console::parse(
    "[    0.100000] Linux version 6.12.1\n[    9.000000] reboot: Restarting system\n"
    "[    9.100000] Kernel panic - not syncing: Fatal exception\n");

struct Case {
  const char* name;
  Ending ending;
  const console::Log* log;
  Kind kind;
  const char* detail;
};

class Outcome : public testing::TestWithParam<Case> {};

TEST_P(Outcome, Of) {
  const auto o = outcome_of(GetParam().ending, *GetParam().log);
  EXPECT_STREQ(to_string(o.kind), to_string(GetParam().kind)) << o.detail;
  EXPECT_THAT(o.detail, HasSubstr(GetParam().detail));
  EXPECT_EQ(o.phase, o.kind == Kind::completed ? model::Phase::none : GetParam().ending.phase);
}

INSTANTIATE_TEST_SUITE_P(
    All, Outcome,
    testing::Values(
        Case{"completed",
             {model::Phase::shutdown, "", {End::powered_off, ""}, true},
             &booted,
             Kind::completed,
             ""},
        Case{"restarted_where_it_cannot_power_off",
             {model::Phase::shutdown, "", {End::restarted, "qemu exit 0 (guest-reset)"}, false},
             &restarted,
             Kind::completed,
             ""},
        Case{"panic_during_power_off",
             {model::Phase::shutdown, "", {End::restarted, "qemu exit 0 (guest-reset)"}, false},
             &dead,
             Kind::panicked,
             "Fatal exception (during shutdown)"},
        Case{"panic_after_the_restart_was_announced",
             {model::Phase::shutdown, "", {End::restarted, "qemu exit 0 (guest-reset)"}, false},
             &died_restarting,
             Kind::panicked,
             "Fatal exception (during shutdown)"},
        Case{"reset_without_a_cause",
             {model::Phase::shutdown, "", {End::restarted, "qemu exit 0 (guest-reset)"}, false},
             &booted,
             Kind::panicked,
             "the console shows no reason"},
        Case{"cancelled",
             {model::Phase::test, "bio/a", {End::cancelled, "interrupted"}, false},
             &dead,
             Kind::cancelled,
             "interrupted during bio/a"},
        Case{"panicked",
             {model::Phase::test, "bio/a", {End::qemu_exited, "qemu exit 0"}, false},
             &dead,
             Kind::panicked,
             "(during bio/a)"},
        Case{"panic_at_boot",
             {model::Phase::boot, "", {End::qemu_exited, "qemu exit 0"}, false},
             &dead,
             Kind::boot_failed,
             "(during boot)"},
        Case{"prints_without_end",
             {model::Phase::test, "bio/a", {End::too_much_output, "console.raw has 300 MiB"}, false},
             &booted,
             Kind::timed_out,
             "killed during bio/a: console.raw has 300 MiB; last line: pinrig: agent starts"},
        Case{"panics_without_end",
             {model::Phase::test, "bio/a", {End::too_much_output, "console.raw has 300 MiB"}, false},
             &dead,
             Kind::panicked,
             "Fatal exception (during bio/a)"},
        Case{"panic_then_hung",
             {model::Phase::test, "bio/a", {End::hung, "no test_end"}, false},
             &dead,
             Kind::panicked,
             "(during bio/a)"},
        Case{"no_output",
             {model::Phase::boot, "", {End::hung, "no hello within 30 s"}, false},
             &silent,
             Kind::no_output,
             "the console stayed empty: no hello"},
        Case{"hung_at_boot",
             {model::Phase::boot, "", {End::hung, "no hello within 30 s"}, false},
             &booted,
             Kind::timed_out,
             "last line: pinrig: agent starts"},
        Case{"hung_in_a_test",
             {model::Phase::test, "bio/a", {End::hung, "no test_end within 50 s"}, false},
             &booted,
             Kind::timed_out,
             "no test_end within 50 s during bio/a"},
        Case{"protocol",
             {model::Phase::setup, "", {End::protocol, "not a JSON object"}, false},
             &booted,
             Kind::infra_error,
             "not a JSON object"},
        Case{"qemu_died_before_the_kernel_spoke",
             {model::Phase::boot, "", {End::qemu_exited, "qemu exit 1: no such device"}, false},
             &silent,
             Kind::infra_error,
             "no such device"},
        Case{"qemu_was_killed",
             {model::Phase::test, "bio/a", {End::qemu_exited, "qemu killed by SIGKILL", 9}, false},
             &booted,
             Kind::infra_error,
             "killed by SIGKILL"},
        Case{"words_of_qemu_are_no_signal",
             {model::Phase::test, "bio/a", {End::qemu_exited, "qemu exit 1: killed by its watchdog"}, false},
             &booted,
             Kind::panicked,
             "killed by its watchdog"},
        Case{"given_up_with_a_stuck_process",
             {.phase = model::Phase::test, .test = "bio/a", .end = {}, .completed = true, .retired = true},
             &booted,
             Kind::completed,
             ""},
        Case{"ended_without_a_word",
             {model::Phase::test, "bio/a", {End::qemu_exited, "qemu exit 0 (guest-reset)"}, false},
             &booted,
             Kind::panicked,
             "shows no reason (qemu exit 0 (guest-reset))"},
        Case{"full_disk",
             {model::Phase::test, "bio/a", {End::disk_full, "the disk of /s is full"}, false},
             &booted,
             Kind::infra_error,
             "the disk of /s is full (during bio/a)"},
        Case{"full_disk_explains_a_panic",
             {model::Phase::test, "bio/a", {End::disk_full, "the disk of /s is full"}, false},
             &dead,
             Kind::infra_error,
             "the disk of /s is full"},
        Case{"full_disk_at_the_end",
             {model::Phase::shutdown, "", {End::disk_full, "the disk of /s is full"}, false},
             &booted,
             Kind::infra_error,
             "(during shutdown)"}),
    [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace pinrig::job
