// SPDX-License-Identifier: GPL-2.0
// A cgroup v2 and the values of its controllers.
#pragma once

#include <stdbool.h>

struct cgroup {
  char path[64];
};

// Makes the group `name` below the root, with `controllers` ("memory rdma") on. Skips the running case when
// the kernel has no such controller. Always call cgroup_close(), when the group is empty.
bool cgroup_open(struct cgroup* group, const char* name, const char* controllers);
void cgroup_close(struct cgroup* group);

// Moves the calling process into the group; reports nothing.
bool cgroup_enter(const struct cgroup* group);

// Bytes of memory charged to the group, without the per-CPU precharges (struct memcg_stock_pcp), which are
// drained by setting memory.high below the usage. Waits until it settles. -1: the running case failed.
long long cgroup_memory(const struct cgroup* group);
// The number of `resource` ("hca_object") of RDMA device `device` charged to it; 0 where it has no entry.
long long cgroup_rdma(const struct cgroup* group, const char* device, const char* resource);
