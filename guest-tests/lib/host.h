// SPDX-License-Identifier: GPL-2.0
// Changes to the machine by the host while a test runs, requested through the agent.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Sends a request to the agent, which forwards it to the host, and waits up to `limit_ms` for the answer:
// "ok", "ok ANSWER", "lacking: WHY" or "failed: WHY" (agent/host_asks.h). False: there was none, and the
// running case has failed.
bool host_ask(char* reply, size_t size, int limit_ms, const char* format, ...)
    __attribute__((format(printf, 4, 5)));

// Serial number of the NVMe drive that can be unplugged (needs: {devices: [removable]}).
#define DRIVE_REMOVABLE "pin-gone"

// Unplugs the controller `serial` through QEMU, and waits up to `limit_ms` until the guest's driver has
// released it. Fails the running case when it stays, or without a host.
bool host_unplug(const char* serial, int limit_ms);
