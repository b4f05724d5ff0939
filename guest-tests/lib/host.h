// SPDX-License-Identifier: GPL-2.0
// What the host does to the machine while a test runs, asked for through the agent.
#pragma once

#include <stdbool.h>

// Serial number of the NVMe drive that can be unplugged (needs: {devices: [removable]}).
#define DRIVE_REMOVABLE "pin-gone"

// Has QEMU take the controller `serial` out, and waits up to `limit_ms` until it is gone: the guest's driver
// has let go of it by then. Fails the running case when it stays, or when there is no host.
bool host_unplug(const char* serial, int limit_ms);
