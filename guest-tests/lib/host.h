// SPDX-License-Identifier: GPL-2.0
// Changes to the machine by the host while a test runs, requested through the agent.
#pragma once

#include <stdbool.h>

// Serial number of the NVMe drive that can be unplugged (needs: {devices: [removable]}).
#define DRIVE_REMOVABLE "pin-gone"

// Unplugs the controller `serial` through QEMU, and waits up to `limit_ms` until the guest's driver has
// released it. Fails the running case when it stays, or without a host.
bool host_unplug(const char* serial, int limit_ms);
