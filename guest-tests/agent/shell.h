// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "processes.h"
#include "wire/messages.h"

namespace pinrig::agent {

/// An interactive shell on the console, with job control, until it exits. `rows` and `columns` of its
/// terminal, 0 when not known.
void run_shell(Processes& processes, const wire::SetupDone& guest, int rows, int columns);

}  // namespace pinrig::agent
