// SPDX-License-Identifier: GPL-2.0
#include "scsi.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bsg.h>
#include <linux/fs.h>
#include <scsi/sg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "devices.h"
#include "ktap.h"
#include "patience.h"

enum { op_read = 0x28, op_write = 0x2a, limit_ms = 20000, scan_ms = 3000 };

static bool contains(const char* path, const char* word) {
  char bytes[128];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t got = read(fd, bytes, sizeof(bytes));
  close(fd);
  return got > 0 && memmem(bytes, (size_t)got, word, strlen(word));
}

// Name of the disk (sdX) in /sys/class/block whose file device/`file` contains `word`.
static bool find_disk(const char* file, const char* word, char* name, size_t size) {
  bool found = false;
  DIR* dir = opendir("/sys/class/block");
  for (struct dirent* entry; dir && !found && (entry = readdir(dir));) {
    char path[400];
    snprintf(path, sizeof(path), "/sys/class/block/%s/device/%s", entry->d_name, file);
    found = strncmp(entry->d_name, "sd", 2) == 0 && contains(path, word);
    if (found) snprintf(name, size, "%s", entry->d_name);
  }
  if (dir) closedir(dir);
  return found;
}

// Is there a bus that a disk may still come on? scsi_debug's has been scanned when the kernel was up.
static bool have_bus(void) {
  bool found = false;
  DIR* dir = opendir("/sys/class/scsi_host");
  for (struct dirent* entry; dir && !found && (entry = readdir(dir));) {
    char path[400];
    snprintf(path, sizeof(path), "/sys/class/scsi_host/%s/proc_name", entry->d_name);
    found = contains(path, "virtio_scsi");
  }
  if (dir) closedir(dir);
  return found;
}

// SCSI buses are scanned asynchronously, so that a disk may appear after the test has started. The page
// with the serial number is binary.
static bool wait_for_disk(char* name, size_t size) {
  static bool waited;
  long long end = clock_ms() + (!waited && have_bus() ? patience_scaled(scan_ms) : 0);
  waited = true;
  while (!find_disk("vpd_pg80", DRIVE_SCSI, name, size)) {
    if (clock_ms() < end)
      sleep_ms(20);
    else
      return find_disk("model", "scsi_debug", name, size) ||
             ktap_skip("the machine has no SCSI disk with serial %s", DRIVE_SCSI);
  }
  return true;
}

// /sys/class/block/sdX/device/KIND/NAME -> NAME
static bool sibling(const char* disk, const char* kind, char* name, size_t size) {
  char path[300];
  snprintf(path, sizeof(path), "/sys/class/block/%s/device/%s", disk, kind);
  DIR* dir = opendir(path);
  bool found = false;
  for (struct dirent* entry; dir && !found && (entry = readdir(dir));) {
    found = entry->d_name[0] != '.';
    if (found) snprintf(name, size, "%s", entry->d_name);
  }
  if (dir) closedir(dir);
  return found || ktap_skip("%s has no %s node", disk, kind);
}

static bool node_path(enum scsi_node node, char* path, size_t size) {
  char disk[256], name[256];
  if (!wait_for_disk(disk, sizeof(disk))) return false;
  if (node == SCSI_BLOCK) {
    snprintf(path, size, "/dev/%s", disk);
  } else if (node == SCSI_SG) {
    if (!sibling(disk, "scsi_generic", name, sizeof(name))) return false;
    snprintf(path, size, "/dev/%s", name);
  } else {
    if (!sibling(disk, "bsg", name, sizeof(name))) return false;
    snprintf(path, size, "/dev/bsg/%s", name);
  }
  return true;
}

int scsi_open_block(int flags) {
  char path[300];
  if (!node_path(SCSI_BLOCK, path, sizeof(path))) return -1;
  int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) ktap_fail("%s: %s", path, strerror(errno));
  return fd;
}

long scsi_queue_attribute(const char* attribute) {
  char path[300];
  return node_path(SCSI_BLOCK, path, sizeof(path)) ? device_queue_attribute(path, attribute) : -1;
}

bool scsi_open(struct scsi* scsi, enum scsi_node node) {
  char path[300];
  int bytes = 0;
  *scsi = (struct scsi){.fd = scsi_open_block(O_RDWR), .node = node};
  if (scsi->fd < 0) return false;
  bool good = ioctl(scsi->fd, BLKSSZGET, &bytes) == 0 || ktap_fail("BLKSSZGET: %s", strerror(errno));
  scsi->lba_bytes = (size_t)bytes;
  if (good && node != SCSI_BLOCK) {
    close(scsi->fd);
    scsi->fd = -1;
    good = node_path(node, path, sizeof(path));
    if (good) scsi->fd = open(path, O_RDWR | O_CLOEXEC);
    if (good && scsi->fd < 0) good = ktap_fail("%s: %s", path, strerror(errno));
  }
  if (!good) scsi_close(scsi);
  return good;
}

void scsi_close(struct scsi* scsi) {
  if (scsi->fd >= 0) close(scsi->fd);
  scsi->fd = -1;
}

static size_t io_bytes(const struct scsi_io* io) {
  const struct iovec* vec = io->addr;
  size_t bytes = 0;
  if (io->vectors == 0) return io->length;
  for (unsigned i = 0; i < io->vectors; ++i) bytes += vec[i].iov_len;
  return bytes;
}

static int by_bsg(const struct scsi* scsi, const struct scsi_io* io, unsigned char* command) {
  unsigned char sense[64];
  struct sg_io_v4 request = {
      .guard = 'Q',
      .protocol = BSG_PROTOCOL_SCSI,
      .subprotocol = BSG_SUB_PROTOCOL_SCSI_CMD,
      .request_len = 10,
      .request = (uintptr_t)command,
      .max_response_len = sizeof(sense),
      .response = (uintptr_t)sense,
      .timeout = limit_ms,
  };
  if (io->write) {
    request.dout_xferp = (uintptr_t)io->addr;
    request.dout_xfer_len = (uint32_t)io->length;
  } else {
    request.din_xferp = (uintptr_t)io->addr;
    request.din_xfer_len = (uint32_t)io->length;
  }
  if (ioctl(scsi->fd, SG_IO, &request) < 0) return -errno;
  return (int)(request.device_status ? request.device_status : request.transport_status ? 0x100 : 0);
}

int scsi_transfer(const struct scsi* scsi, const struct scsi_io* io, bool* mapped) {
  unsigned char sense[64];
  uint32_t first = (uint32_t)((size_t)io->offset / scsi->lba_bytes);
  uint32_t blocks = (uint32_t)(io_bytes(io) / scsi->lba_bytes);
  unsigned char command[10] = {io->write ? op_write : op_read,
                               0,
                               first >> 24,
                               (first >> 16) & 0xff,
                               (first >> 8) & 0xff,
                               first & 0xff,
                               0,
                               (blocks >> 8) & 0xff,
                               blocks & 0xff,
                               0};
  if (scsi->node == SCSI_BSG) return by_bsg(scsi, io, command);
  struct sg_io_hdr request = {
      .interface_id = 'S',
      .dxfer_direction = io->write ? SG_DXFER_TO_DEV : SG_DXFER_FROM_DEV,
      .cmd_len = sizeof(command),
      .mx_sb_len = sizeof(sense),
      .iovec_count = (unsigned short)io->vectors,
      .dxfer_len = (unsigned)io_bytes(io),
      .dxferp = io->addr,
      .cmdp = command,
      .sbp = sense,
      .timeout = limit_ms,
      .flags = SG_FLAG_DIRECT_IO,
  };
  if (ioctl(scsi->fd, SG_IO, &request) < 0) return -errno;
  if (mapped) *mapped = (request.info & SG_INFO_DIRECT_IO_MASK) == SG_INFO_DIRECT_IO;
  return request.status ? request.status : request.host_status ? 0x100 : 0;
}
