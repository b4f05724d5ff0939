// SPDX-License-Identifier: GPL-2.0
// NVMe commands past the block layer's file operations: ioctls on the block device and on the generic
// character device (drivers/nvme/host/ioctl.c), which map user memory into requests by block/blk-map.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "caps.h"
#include "ring.h"

struct nvme {
  int fd;  // of the block or the generic device
  unsigned nsid;
  size_t lba_bytes;
};

// Opens namespace `nsid` of the controller `serial`, or its generic device /dev/ngXnY. Skips the running case
// when the machine has none, fails it when it does not open.
bool nvme_open(struct nvme* nvme, const char* serial, unsigned nsid, bool generic);
void nvme_close(struct nvme* nvme);

// A read or write of `length` bytes at `offset` of the drive (whole logical blocks).
struct nvme_io {
  bool write;
  void* addr;  // or the iovecs
  size_t length;
  unsigned vectors;  // 0: `addr` is the memory; else it is that many struct iovec
  off_t offset;
  unsigned nsid;  // 0: the one that is open
  void* meta;
  size_t meta_length;
};

// 0, a positive NVMe status, or -errno; they report nothing.
// NVME_IOCTL_IO_CMD, which does not support iovecs.
int nvme_io_cmd(const struct nvme* nvme, const struct nvme_io* io);
// NVME_IOCTL_IO64_CMD, or with iovecs NVME_IOCTL_IO64_CMD_VEC.
int nvme_io64_cmd(const struct nvme* nvme, const struct nvme_io* io);
// IORING_OP_URING_CMD on a ring with nvme_ring_flags; `fixed`: `addr` lies in registered buffer 0.
extern const unsigned nvme_ring_flags;
int nvme_uring_cmd(const struct nvme* nvme, struct ring* ring, const struct nvme_io* io, bool fixed);
// Its first half: the command as the next request of the ring, not submitted.
void nvme_uring_prepare(const struct nvme* nvme, struct ring* ring, const struct nvme_io* io, bool fixed);

// Capability dio.passthru: does passthrough pin? Probed by one page-sized NVME_IOCTL_IO_CMD read of
// DRIVE_RAW, whose pins are claimed. MODE_UNKNOWN: the running case has been skipped or failed.
enum pin_mode caps_dio_passthru(void);

// Serial number of the drive with metadata, and how many bytes of it belong to each block of 512.
#define DRIVE_META "pin-meta"
enum { nvme_meta_per_block = 8 };
// Capability passthru.meta: is the metadata buffer of a command pinned? Since 6.9 the kernel maps that buffer
// too (block/bio-integrity.c bio_integrity_map_user), even if it then copies because the drive accepts only
// one segment; before, it copied without pinning. Probed by one read of DRIVE_META, whose pins are claimed.
enum pin_mode caps_passthru_meta(void);
