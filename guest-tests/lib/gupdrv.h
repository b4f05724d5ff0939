// SPDX-License-Identifier: GPL-2.0
// The kernel's own test driver for get_user_pages() and pin_user_pages() (mm/gup_test.c,
// /sys/kernel/debug/gup_test), called on our memory.
#pragma once

#include <linux/ioctl.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct gup_request {
  __u64 get_us, put_us;
  __u64 addr, size;  // size: after the call, the size pinned
  __u32 pages_per_call;
  __u32 flags;  // FOLL_*
  __u32 test_flags;
  __u32 dump[8];  // pages to dump_page(), counted from 1
};

#define GUP_FAST _IOWR('g', 1, struct gup_request)
#define PIN_FAST _IOWR('g', 2, struct gup_request)
#define PIN_LONGTERM _IOWR('g', 3, struct gup_request)
#define GUP_BASIC _IOWR('g', 4, struct gup_request)
#define PIN_BASIC _IOWR('g', 5, struct gup_request)
#define GUP_DUMP _IOWR('g', 6, struct gup_request)

enum { GUP_WRITE = 1, GUP_DUMP_PINS = 1 };

// Skips the running case when the kernel has no GUP_TEST; -1 then.
int gupdrv_open(void);
// Gets or pins [addr, addr + length) and releases it again; request->size is the number of bytes.
// Fails the running case when the ioctl does.
bool gupdrv_run(int fd, unsigned long command, void* addr, size_t length, struct gup_request* request);

// Are the values of the FOLL_ flags those since 6.3 (include/linux/mm_types.h) and not the older ones of
// linux/mm.h? Probed by passing bit 16: now FOLL_TOUCH, which is refused with a kernel warning (announced to
// the harness); before, FOLL_LONGTERM, which pins.
bool gupdrv_new_flags(int fd, bool* new_flags);
