// SPDX-License-Identifier: GPL-2.0
#include "vhost_scsi.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <linux/virtio_scsi.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ktap.h"
#include "patience.h"
#include "target.h"

// A queue for requests is the third (control, events, requests).
enum { entries = 16, queue = 2, limit_ms = 5000, tries = 3 };
enum { at_request = 32768, at_answer = 36864, own_bytes = 65536 };
enum { TEST_UNIT_READY = 0, READ_10 = 0x28, WRITE_10 = 0x2a, CHECK_CONDITION = 2 };

static struct virtio_scsi_cmd_resp* answer_of(const struct vhost_scsi* host) {
  return (void*)(host->own.addr + at_answer);
}

static void stop(struct vhost_scsi* host) {
  int* const files[] = {&host->fd, &host->kick, &host->call, &host->error};
  for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); ++i) {
    if (*files[i] >= 0) close(*files[i]);
    *files[i] = -1;
  }
}

static bool set_ring(struct vhost_scsi* host) {
  struct vhost_vring_state size = {queue, entries}, base = {queue, 0};
  struct vhost_vring_file kick = {queue, host->kick}, call = {queue, host->call},
                          error = {queue, host->error};
  struct vhost_scsi_target target = {
      .abi_version = VHOST_SCSI_ABI_VERSION, .vhost_wwpn = TARGET_NAME, .vhost_tpgt = TARGET_TPG};
  memset(host->own.addr, 0, own_bytes);
  vring_init(&host->ring, entries, host->own.addr, 4096);
  struct vhost_vring_addr where = {.index = queue,
                                   .desc_user_addr = (uintptr_t)host->ring.desc,
                                   .used_user_addr = (uintptr_t)host->ring.used,
                                   .avail_user_addr = (uintptr_t)host->ring.avail};
  return ioctl(host->fd, VHOST_SET_VRING_NUM, &size) >= 0 &&
         ioctl(host->fd, VHOST_SET_VRING_BASE, &base) >= 0 &&
         ioctl(host->fd, VHOST_SET_VRING_ADDR, &where) >= 0 &&
         ioctl(host->fd, VHOST_SET_VRING_KICK, &kick) >= 0 &&
         ioctl(host->fd, VHOST_SET_VRING_CALL, &call) >= 0 &&
         ioctl(host->fd, VHOST_SET_VRING_ERR, &error) >= 0 &&
         ioctl(host->fd, VHOST_SCSI_SET_ENDPOINT, &target) >= 0;
}

// What the guest can address: our own memory and the pieces.
static int set_memory(struct vhost_scsi* host, const struct iovec* pieces, int count) {
  struct {
    struct vhost_memory head;
    struct vhost_memory_region regions[1 + VHOST_SCSI_PIECES];
  } memory = {{.nregions = 1 + (unsigned)count},
              {{(uintptr_t)host->own.addr, own_bytes, (uintptr_t)host->own.addr, 0}}};
  for (int i = 0; i < count; ++i) {
    const uintptr_t at = (uintptr_t)pieces[i].iov_base;
    memory.regions[1 + i] = (struct vhost_memory_region){at, pieces[i].iov_len, at, 0};
  }
  return ioctl(host->fd, VHOST_SET_MEM_TABLE, &memory) < 0 ? -errno : 0;
}

static int submit(struct vhost_scsi* host, unsigned char operation, const struct iovec* pieces, int count) {
  struct virtio_scsi_cmd_req* request = (void*)(host->own.addr + at_request);
  struct vring_desc* desc = host->ring.desc;
  uint64_t one = 1;
  size_t bytes = 0;
  const uint16_t first = operation == WRITE_10 ? 1 : 2,
                 reply = operation == WRITE_10 ? (uint16_t)(count + 1) : 1;
  for (int i = 0; i < count; bytes += pieces[i++].iov_len) {
    desc[first + i] = (struct vring_desc){(uintptr_t)pieces[i].iov_base, (uint32_t)pieces[i].iov_len,
                                          operation == WRITE_10 ? 0 : VRING_DESC_F_WRITE, 0};
  }
  const size_t blocks = bytes / VHOST_SCSI_BLOCK;
  *request = (struct virtio_scsi_cmd_req){
      .lun = {1, TARGET_TPG, 0x40},
      .cdb = {operation, [7] = (unsigned char)(blocks >> 8), (unsigned char)blocks}};
  memset(answer_of(host), 0xff, sizeof(*answer_of(host)));
  desc[0] = (struct vring_desc){(uintptr_t)request, sizeof(*request), 0, 0};
  desc[reply] =
      (struct vring_desc){(uintptr_t)answer_of(host), sizeof(*answer_of(host)), VRING_DESC_F_WRITE, 0};
  for (uint16_t i = 0; i <= count; ++i) {
    desc[i].flags |= VRING_DESC_F_NEXT;
    desc[i].next = (uint16_t)(i + 1);
  }
  host->ring.avail->ring[host->ring.avail->idx % entries] = 0;
  __sync_synchronize();
  host->ring.avail->idx++;
  __sync_synchronize();
  return write(host->kick, &one, sizeof(one)) < 0 ? -errno : 0;
}

// The SCSI status, or -errno. 6.12 does not answer at all when it cannot take the memory: ret of
// vhost_scsi_mapal() is none of those that vhost_scsi_handle_vq() answers. vq_err() signals it on every
// kernel.
static int status_of(struct vhost_scsi* host) {
  struct pollfd ready[] = {{host->call, POLLIN, 0}, {host->error, POLLIN, 0}};
  eventfd_t count;
  if (poll(ready, 2, patience_scaled(limit_ms)) < 1) return -ETIME;
  if (ready[1].revents) return -EFAULT;
  if (eventfd_read(host->call, &count) < 0) return -errno;
  if (answer_of(host)->response == VIRTIO_SCSI_S_OK) return answer_of(host)->status;
  ktap_note("response %d", answer_of(host)->response);
  return -EIO;
}

// The first requests are answered with the news that the unit was switched on.
static int await_unit(struct vhost_scsi* host) {
  int status = CHECK_CONDITION, error = 0;
  for (int i = 0; i < tries && !error && status == CHECK_CONDITION; ++i) {
    error = submit(host, TEST_UNIT_READY, NULL, 0);
    if (!error) status = status_of(host);
  }
  return error ? error : status > 0 ? -EIO : status;
}

static int start(struct vhost_scsi* host) {
  host->kick = eventfd(0, EFD_CLOEXEC);
  host->call = eventfd(0, EFD_CLOEXEC);
  host->error = eventfd(0, EFD_CLOEXEC);
  host->fd = open("/dev/vhost-scsi", O_RDWR | O_CLOEXEC);
  if (host->fd < 0 || ioctl(host->fd, VHOST_SET_OWNER) < 0) return -errno;
  const int error = set_memory(host, NULL, 0);
  if (error) return error;
  return set_ring(host) ? await_unit(host) : -errno;
}

bool vhost_scsi_attach(struct vhost_scsi* host) {
  *host = (struct vhost_scsi)VHOST_SCSI_CLOSED;
  if (!buffer_get(&host->own, BUFFER_PAGES, own_bytes)) return false;
  if (access("/dev/vhost-scsi", F_OK) < 0)
    return ktap_skip("/dev/vhost-scsi: %s (VHOST_SCSI)", strerror(errno));
  const int error = start(host);
  return error == 0 || ktap_fail("starting vhost-scsi: %s", strerror(-error));
}

void vhost_scsi_detach(struct vhost_scsi* host) {
  stop(host);
  buffer_put(&host->own);
  *host = (struct vhost_scsi)VHOST_SCSI_CLOSED;
}

bool vhost_scsi_open(struct vhost_scsi* host) {
  *host = (struct vhost_scsi)VHOST_SCSI_CLOSED;
  return target_open() && vhost_scsi_attach(host);
}

void vhost_scsi_close(struct vhost_scsi* host) {
  vhost_scsi_detach(host);
  target_close();
}

int vhost_scsi_restart(struct vhost_scsi* host) {
  stop(host);
  return start(host);
}

int vhost_scsi_submit(struct vhost_scsi* host, bool out, const struct iovec* pieces, int count) {
  const int error = count <= VHOST_SCSI_PIECES ? set_memory(host, pieces, count) : -E2BIG;
  return error ? error : submit(host, out ? WRITE_10 : READ_10, pieces, count);
}

int vhost_scsi_answer(struct vhost_scsi* host) {
  const int status = status_of(host);
  if (status > 0) ktap_note("SCSI status %#x", (unsigned)status);
  return status > 0 ? -EIO : status;
}
