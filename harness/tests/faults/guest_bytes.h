// SPDX-License-Identifier: GPL-2.0
// A guest that was recorded: what it left on its two ports and its console, and what pinrig makes of that.
#pragma once

#include <string>
#include <vector>

#include "job/guest_job.h"
#include "verdict/judge.h"
#include "verdict/results.h"
#include "wire/frame.h"
#include "wire/messages.h"

namespace pinrig::faults {

/// The one test that such a guest was asked to run, with the id 1.
inline const std::string the_test = "a/a";

std::string message(const nlohmann::json& json);
std::string text_message(const std::string& text);
std::string output(const std::string& text, std::uint32_t id = 1);
std::string begins(std::uint32_t id = 1, const std::string& name = the_test);
/// How a test ends that leaves nothing to be desired.
wire::TestEnd good_end(std::uint32_t id = 1);
std::string ends(std::uint32_t id = 1);
/// Hello and the proof of the ledger.
std::string head();
inline const std::string good_ktap = "KTAP version 1\n1..1\nok 1 case\n";
inline const std::string good_console =
    "[    1.000000] pinrig: begin a/a\n[    2.000000] pinrig: end a/a\n[    3.000000] reboot: Power down\n";

struct Recorded {
  std::string results;
  std::string console = good_console;
  /// What the control port said of the test; null: nothing.
  bool end_on_control = true;
  wire::TestEnd control_end = good_end();
};

struct Read {
  job::GuestJobResult job;
  verdict::Judgement judgement;
  model::Verdict verdict = model::Verdict::missing;  ///< of the_test
  std::string detail;
};

/// Reads the files of a recorded guest in `dir`, as after a run, and judges them.
Read read_guest(const fs::path& dir, const Recorded& guest);

/// What no guest may bring about: more than so many complaints, longer ones, or control characters in them.
void expect_bounded(const Read& read);

}  // namespace pinrig::faults
