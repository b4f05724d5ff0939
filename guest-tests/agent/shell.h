// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "processes.h"
#include "wire/messages.h"

namespace pinrig::agent {

/// An interactive shell on the console, with job control, until it exits.
void run_shell(Processes& processes, const wire::SetupDone& guest);

}  // namespace pinrig::agent
