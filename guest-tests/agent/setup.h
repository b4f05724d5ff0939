// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "uevents.h"
#include "wire/messages.h"

namespace pinrig::agent {

/// Mounts what the agent itself needs: /dev, /proc, /sys.
void mount_basics();
/// Mounts what else every Linux user space has. Skips what the kernel does not support.
void mount_rest();

/// Brings up every CPU that is offline: under TCG an aarch64 kernel starts with one
/// (harness/vm/qemu_args.cc, maxcpus=). Returns the failures, one line each.
std::vector<std::string> bring_up_cpus();

/// Carries out the host's setup request. Never fails: what cannot be set up is a line in `problems`.
wire::SetupDone carry_out(const wire::Setup& setup, Uevents& uevents);

/// Back to a state in which a guest can be powered off; takes a few seconds at most.
[[noreturn]] void power_off();

}  // namespace pinrig::agent
