// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

namespace pinrig::agent {

/// The terminal behind /dev/console, which itself never becomes a controlling one when it is opened.
std::string console_device();

/// Opens the serial console and keeps it open. Then its driver enables the interrupt in which a kernel with
/// CONFIG_MAGIC_SYSRQ_SERIAL sees a BREAK and the key after it; of any other kernel a thread reads the key
/// and hands it to /proc/sysrq-trigger (harness/vm/last_look.h). It is ahead of all other tasks: a test that
/// takes the CPUs, and an agent that waits forever, do not keep it from running. Takes 20 ms under TCG,
/// once.
void listen_for_sysrq();

}  // namespace pinrig::agent
