// SPDX-License-Identifier: GPL-2.0
// vhost-scsi on the RAM disk of lib/target.h: SCSI requests by a ring of ours. Its guest has the addresses of
// this process.
#pragma once

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "buffers.h"

enum { VHOST_SCSI_BLOCK = 512, VHOST_SCSI_PIECES = 12 };

struct vhost_scsi {
  int fd, kick, call, error;
  struct buffer own;  // the ring, the request and its answer
  struct vring ring;
};

#define VHOST_SCSI_CLOSED                                                               \
  {                                                                                     \
    .fd = -1, .kick = -1, .call = -1, .error = -1, .own = {.map = (void*)-1, .fd = -1 } \
  }

// The disk and a device that accepts requests. Skips the running case when the kernel lacks them. Always call
// vhost_scsi_close(), also when another process has left its disk.
bool vhost_scsi_open(struct vhost_scsi* host);
void vhost_scsi_close(struct vhost_scsi* host);
// The same on a disk that is there (target.h), and stays.
bool vhost_scsi_attach(struct vhost_scsi* host);
void vhost_scsi_detach(struct vhost_scsi* host);
// A new device on the same disk: what a refused request left in the ring is gone, and its memory is released.
// Reports nothing. 0 or -errno.
int vhost_scsi_restart(struct vhost_scsi* host);

// READ(10) or, with `out`, WRITE(10) of the first blocks of the disk: whole blocks in at most
// VHOST_SCSI_PIECES pieces, whose memory is taken in that order. 0 or -errno. One request at a time.
int vhost_scsi_submit(struct vhost_scsi* host, bool out, const struct iovec* pieces, int count);
// 0 when the request has been carried out, -EFAULT when vhost could not take its memory, -ETIME when there is
// no answer, -EIO with a diagnostic. After an error the device must be restarted.
int vhost_scsi_answer(struct vhost_scsi* host);
