// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "uevents.h"
#include "wire/messages.h"

namespace pinrig::agent {

/// Mounts what the agent itself needs: /dev, /proc, /sys.
void mount_basics();
/// Mounts what else every Linux user space has. What a kernel has no support for is left out.
void mount_rest();

/// Brings up every CPU that is not: under TCG an aarch64 kernel starts with one
/// (harness/vm/qemu_args.cc, maxcpus=). What could not be done, one line each.
std::vector<std::string> bring_up_processors();

/// Carries out what the host wants of the guest. Never fails: what cannot be had is a line in `problems`.
wire::SetupDone carry_out(const wire::Setup& setup, Uevents& uevents);

/// Back to the state in which a guest can be switched off; takes a few seconds at most.
[[noreturn]] void power_off();

}  // namespace pinrig::agent
