// SPDX-License-Identifier: GPL-2.0
// The kernel's virtual video driver.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Its node that captures into memory, not waiting for frames; -1: there is none (VIDEO_VIVID), nothing is
// reported.
int vivid_open(void);

// Makes it have `count` buffers in user memory (V4L2_MEMORY_USERPTR), which ends those that it had. Fails the
// running case when it cannot.
bool vivid_request(int camera, unsigned count);
// Bytes of a frame as the device stands; 0: the running case failed.
size_t vivid_frame_bytes(int camera);
// Queues the first of its buffers: 0 or errno.
int vivid_queue(int camera, void* addr, size_t length);
// Does it have the first of its buffers?
bool vivid_has_it(int camera);
