// SPDX-License-Identifier: GPL-2.0
// NVMe namespaces by the serial number of their controller: names depend on probe order.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Path of the block device of namespace `nsid` on the controller `serial`: /dev/pin/SERIAL-nNSID if the agent
// created it, else from /sys/class/nvme. False when there is none; nothing is reported.
bool device_find(const char* serial, int nsid, char* path, size_t size);

// Opens it with `flags`. Skips the running case when the machine has no such drive, fails it when the drive
// exists but cannot be opened; -1 then.
int device_open(const char* serial, int nsid, int flags);

// Value of /sys/class/block/NAME/queue/ATTRIBUTE for the device at `path`, or -1.
long device_queue_attribute(const char* path, const char* attribute);

// Has the drive not answered all of its requests yet, by the block layer's count (/sys/block/*/inflight)?
// Fails the running case otherwise: it is not where it claims to be.
bool device_expect_in_flight(const char* serial, int nsid);

// Drops the page cache of a block device, so that the next buffered read comes from the drive.
bool device_drop_cache(int fd);
