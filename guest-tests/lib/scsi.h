// SPDX-License-Identifier: GPL-2.0
// SCSI commands from user space: SG_IO on a disk's block device, on its /dev/sgN and on its /dev/bsg node.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DRIVE_SCSI "pin-scsi"

enum scsi_node {
  SCSI_BLOCK,  // /dev/sdX: drivers/scsi/scsi_ioctl.c
  SCSI_SG,     // /dev/sgN: drivers/scsi/sg.c; the memory is mapped when it allows direct I/O
  SCSI_BSG,    // /dev/bsg/H:C:T:L: block/bsg.c, no iovecs
};

struct scsi {
  int fd;
  enum scsi_node node;
  size_t lba_bytes;
};

// Opens the disk with the serial number DRIVE_SCSI, or one of scsi_debug. Skips the running case when the
// machine has none, or the disk has no such node.
bool scsi_open(struct scsi* scsi, enum scsi_node node);
void scsi_close(struct scsi* scsi);

// Its block device, for open(2) with `flags`; -1: the running case has been skipped or failed.
int scsi_open_block(int flags);
// Queue attribute of it (lib/devices.h).
long scsi_queue_attribute(const char* attribute);

struct scsi_io {
  bool write;
  void* addr;  // or the iovecs
  size_t length;
  unsigned vectors;  // 0: `addr` is the memory; else it is that many struct iovec
  off_t offset;      // whole logical blocks
};

// READ(10) or WRITE(10): 0, a positive SCSI status, or -errno; reports nothing. In *mapped, unless NULL: did
// /dev/sgN map the memory (SG_INFO_DIRECT_IO)?
int scsi_transfer(const struct scsi* scsi, const struct scsi_io* io, bool* mapped);
