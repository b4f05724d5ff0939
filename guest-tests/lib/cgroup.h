// SPDX-License-Identifier: GPL-2.0
// A cgroup of version 2, and what its controllers say of it.
#pragma once

#include <stdbool.h>

struct cgroup {
  char path[64];
};

// Makes the group `name` below the root, with `controllers` ("memory rdma") on. Skips the running case when
// the kernel has no such controller. To be ended by cgroup_close() in any case, when nobody is in it any
// more.
bool cgroup_open(struct cgroup* group, const char* name, const char* controllers);
void cgroup_close(struct cgroup* group);

// Moves the calling process into the group; reports nothing.
bool cgroup_enter(const struct cgroup* group);

// Bytes of memory charged to the group, without what CPUs have charged beforehand for what is to come
// (struct memcg_stock_pcp): memory.high, once it is set below the use, gets that back. Waits until it rests.
// -1: the running case failed.
long long cgroup_memory(const struct cgroup* group);
// The number of `resource` ("hca_object") of RDMA device `device` charged to it; 0 where it has no entry.
long long cgroup_rdma(const struct cgroup* group, const char* device, const char* resource);
