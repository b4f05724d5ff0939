// SPDX-License-Identifier: GPL-2.0
// The kernel's virtual video driver.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Opens its capture node, nonblocking; -1: there is none (VIDEO_VIVID), nothing is
// reported.
int vivid_open(void);

// Requests `count` buffers in user memory (V4L2_MEMORY_USERPTR), which frees the old ones. Fails the
// running case when it cannot.
bool vivid_request(int camera, unsigned count);
// Bytes of a frame in the current format; 0: the running case failed.
size_t vivid_frame_bytes(int camera);
// Queues the first of its buffers: 0 or errno.
int vivid_queue(int camera, void* addr, size_t length);
// Is the first of its buffers queued?
bool vivid_has_it(int camera);
