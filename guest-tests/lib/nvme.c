// SPDX-License-Identifier: GPL-2.0
#include "nvme.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"

enum { opcode_write = 1, opcode_read = 2, uring_ms = 20000 };

const unsigned nvme_ring_flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32;

// /dev/nvme0n1 -> /dev/ng0n1 (since 5.13)
static bool generic_path(const char* block, char* path, size_t size) {
  char real[PATH_MAX];
  if (!realpath(block, real)) return ktap_fail("%s: %s", block, strerror(errno));
  const char* name = strrchr(real, '/') + 1;
  if (strncmp(name, "nvme", 4) != 0) return ktap_fail("%s is not an NVMe block device", real);
  snprintf(path, size, "/dev/ng%s", name + 4);
  return access(path, F_OK) == 0 || ktap_skip("no generic NVMe device %s", path);
}

bool nvme_open(struct nvme* nvme, const char* serial, unsigned nsid, bool generic) {
  int bytes = 0;
  char block[300], path[300];
  *nvme = (struct nvme){.fd = device_open(serial, (int)nsid, O_RDWR), .nsid = nsid};
  if (nvme->fd < 0) return false;
  bool good = ioctl(nvme->fd, BLKSSZGET, &bytes) == 0 || ktap_fail("BLKSSZGET: %s", strerror(errno));
  nvme->lba_bytes = (size_t)bytes;
  if (good && generic) {
    close(nvme->fd);
    nvme->fd = -1;
    good = device_find(serial, (int)nsid, block, sizeof(block)) && generic_path(block, path, sizeof(path));
    if (good) nvme->fd = open(path, O_RDWR | O_CLOEXEC);
    if (good && nvme->fd < 0) good = ktap_fail("%s: %s", path, strerror(errno));
  }
  if (!good) nvme_close(nvme);
  return good;
}

void nvme_close(struct nvme* nvme) {
  if (nvme->fd >= 0) close(nvme->fd);
  nvme->fd = -1;
}

// The fields that the command's layouts share.
#define FILL(command, nvme, io)                                    \
  do {                                                             \
    size_t bytes_ = io_bytes(io);                                  \
    uint64_t first_ = (uint64_t)(io)->offset / (nvme)->lba_bytes;  \
    (command)->opcode = (io)->write ? opcode_write : opcode_read;  \
    (command)->nsid = (io)->nsid ? (io)->nsid : (nvme)->nsid;      \
    (command)->addr = (uintptr_t)(io)->addr;                       \
    (command)->metadata = (uintptr_t)(io)->meta;                   \
    (command)->metadata_len = (uint32_t)(io)->meta_length;         \
    (command)->cdw10 = (uint32_t)first_;                           \
    (command)->cdw11 = (uint32_t)(first_ >> 32);                   \
    (command)->cdw12 = (uint32_t)(bytes_ / (nvme)->lba_bytes - 1); \
  } while (0)

static size_t io_bytes(const struct nvme_io* io) {
  const struct iovec* vec = io->addr;
  size_t bytes = 0;
  if (io->vectors == 0) return io->length;
  for (unsigned i = 0; i < io->vectors; ++i) bytes += vec[i].iov_len;
  return bytes;
}

int nvme_io_cmd(const struct nvme* nvme, const struct nvme_io* io) {
  struct nvme_passthru_cmd command = {.data_len = (uint32_t)io->length};
  FILL(&command, nvme, io);
  int status = ioctl(nvme->fd, NVME_IOCTL_IO_CMD, &command);
  return status < 0 ? -errno : status;
}

int nvme_io64_cmd(const struct nvme* nvme, const struct nvme_io* io) {
  // With iovecs the length counts them.
  struct nvme_passthru_cmd64 command = {.data_len = io->vectors ? io->vectors : (uint32_t)io->length};
  FILL(&command, nvme, io);
  int status = ioctl(nvme->fd, io->vectors ? NVME_IOCTL_IO64_CMD_VEC : NVME_IOCTL_IO64_CMD, &command);
  return status < 0 ? -errno : status;
}

void nvme_uring_prepare(const struct nvme* nvme, struct ring* ring, const struct nvme_io* io, bool fixed) {
  struct nvme_uring_cmd command = {.data_len = io->vectors ? io->vectors : (uint32_t)io->length};
  FILL(&command, nvme, io);
  struct io_uring_sqe* sqe = ring_next(ring);
  sqe->opcode = IORING_OP_URING_CMD;
  sqe->fd = nvme->fd;
  sqe->cmd_op = io->vectors ? NVME_URING_CMD_IO_VEC : NVME_URING_CMD_IO;
  if (fixed) sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
  memcpy(sqe->cmd, &command, sizeof(command));
}

int nvme_uring_cmd(const struct nvme* nvme, struct ring* ring, const struct nvme_io* io, bool fixed) {
  struct io_uring_cqe cqe;
  nvme_uring_prepare(nvme, ring, io, fixed);
  if (!ring_submit(ring) || !ring_reap(ring, uring_ms, &cqe)) return -EIO;
  return cqe.res;
}

enum pin_mode caps_dio_passthru(void) {
  static enum pin_mode known = MODE_UNKNOWN;
  struct nvme nvme;
  struct buffer buffer;
  struct pins before;
  if (known != MODE_UNKNOWN) return known;
  if (!nvme_open(&nvme, DRIVE_RAW, 1, false)) return MODE_UNKNOWN;
  if (buffer_get(&buffer, BUFFER_PAGES, page_bytes())) {
    if (pins_begin(&before)) {
      struct nvme_io io = {.addr = buffer.addr, .length = page_bytes()};
      int status = nvme_io_cmd(&nvme, &io);
      if (status != 0)
        ktap_fail("reading one page by NVME_IOCTL_IO_CMD gave %d", status);
      else
        known = caps_conclude("dio.passthru", &before, 1);
    }
    buffer_put(&buffer);
  }
  nvme_close(&nvme);
  return known;
}

// One page of data with its metadata: two pages where both are pinned, else one or none.
enum pin_mode caps_passthru_meta(void) {
  static enum pin_mode known = MODE_UNKNOWN;
  const enum pin_mode passthru = caps_dio_passthru();
  struct nvme nvme;
  struct buffer data, meta;
  struct pins before, after;
  if (known != MODE_UNKNOWN || passthru == MODE_UNKNOWN || !nvme_open(&nvme, DRIVE_META, 1, false))
    return known;
  if (buffer_get(&data, BUFFER_PAGES, page_bytes())) {
    if (buffer_get(&meta, BUFFER_PAGES, page_bytes())) {
      struct nvme_io io = {.addr = data.addr, .length = page_bytes(), .meta = meta.addr};
      io.meta_length = io.length / nvme.lba_bytes * nvme_meta_per_block;
      if (pins_begin(&before)) {
        const int status = nvme_io_cmd(&nvme, &io);
        if (status != 0) ktap_fail("a command with metadata gave %d", status);
        if (status == 0 && pins_sample(&after) && pins_rest(&after)) {
          const long long got = after.acquired - before.acquired;
          pins_claim_exact(got);
          known = got > (passthru == MODE_PIN ? 1 : 0) ? MODE_PIN : MODE_GET;
          caps_print("passthru.meta", pin_mode_name(known));
        }
      }
      buffer_put(&meta);
    }
    buffer_put(&data);
  }
  nvme_close(&nvme);
  return known;
}
