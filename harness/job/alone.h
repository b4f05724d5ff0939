// SPDX-License-Identifier: GPL-2.0
// A test that ended its guest, once more alone in a fresh one: does it do that by itself, or only after what
// ran before it?
#pragma once

#include <string>
#include <vector>

#include "job/result.h"

namespace pinrig::job {

/// At most so many tests of one guest are tried alone.
inline constexpr int max_alone = 2;

/// The tests of a job whose guest died in them, in the order in which they ran; without those in `excused`.
std::vector<std::string> ended_their_guest(const GuestJobResult& result,
                                           const std::vector<std::string>& excused);

/// Runs each test of ended_their_guest() alone, in a guest with its files in DIR/alone-N. The first
/// observation stays the verdict. The second one is added to `result`: an attempt, and a line in
/// `guest.problems` that says how it ended. Nothing happens after a cancelled job. A guest that cannot be
/// started is such a line as well, never an Error.
void try_alone(const ReadyJob& job, const std::vector<std::string>& excused, const Services& services,
               GuestResult& result);

}  // namespace pinrig::job
