// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "runner.h"

namespace pinrig::agent {

inline constexpr const char* hold_argument = "--hold";

/// The program of the negative control: leaves a process behind that holds `pages` registered with io_uring.
int hold_main(int pages);

/// Runs it like any test and checks that the ledger sees it.
wire::HoldResult hold_control(Guest& guest, const wire::HoldControl& control);

}  // namespace pinrig::agent
