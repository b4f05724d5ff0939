// SPDX-License-Identifier: GPL-2.0
// Requests to vhost-scsi (drivers/vhost/scsi.c): guest memory is held by plain references during the request,
// which no pin counter shows. Afterwards no reference is left: the memfd that is the guest's memory can be
// sealed.
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <linux/virtio_ring.h>
#include <linux/virtio_scsi.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "patience.h"
#include "pins.h"
#include "target.h"

// Addresses of the guest begin at 0. A queue for requests is the third (control, events, requests).
enum { entries = 8, queue = 2, block = 512, data_bytes = 65536, limit_ms = 20000, seed = 98, tries = 3 };
enum {
  at_ring = 0,
  at_request = 32768,
  at_answer = 36864,
  at_out = 65536,
  at_in = 2 * 65536,
  guest_bytes = 3 * 65536
};
enum { READ_10 = 0x28, WRITE_10 = 0x2a, CHECK_CONDITION = 2 };

struct host {
  int fd, kick, call;
  struct buffer guest;
  struct vring ring;
};

static bool done(int result, const char* what) {
  return result >= 0 || ktap_fail("%s: %s", what, strerror(errno));
}

static bool start(struct host* host) {
  struct {
    struct vhost_memory head;
    struct vhost_memory_region region;
  } memory = {{.nregions = 1}, {0, guest_bytes, (uintptr_t)host->guest.addr, 0}};
  struct vhost_vring_state size = {queue, entries}, base = {queue, 0};
  struct vhost_vring_file kick = {queue, host->kick}, call = {queue, host->call};
  struct vhost_scsi_target target = {
      .abi_version = VHOST_SCSI_ABI_VERSION, .vhost_wwpn = TARGET_NAME, .vhost_tpgt = TARGET_TPG};
  vring_init(&host->ring, entries, host->guest.addr + at_ring, 4096);
  struct vhost_vring_addr where = {.index = queue,
                                   .desc_user_addr = (uintptr_t)host->ring.desc,
                                   .used_user_addr = (uintptr_t)host->ring.used,
                                   .avail_user_addr = (uintptr_t)host->ring.avail};
  host->fd = open("/dev/vhost-scsi", O_RDWR | O_CLOEXEC);
  if (host->fd < 0) return ktap_skip("/dev/vhost-scsi: %s (VHOST_SCSI)", strerror(errno));
  return done(ioctl(host->fd, VHOST_SET_OWNER), "VHOST_SET_OWNER") &&
         done(ioctl(host->fd, VHOST_SET_MEM_TABLE, &memory), "VHOST_SET_MEM_TABLE") &&
         done(ioctl(host->fd, VHOST_SET_VRING_NUM, &size), "VHOST_SET_VRING_NUM") &&
         done(ioctl(host->fd, VHOST_SET_VRING_BASE, &base), "VHOST_SET_VRING_BASE") &&
         done(ioctl(host->fd, VHOST_SET_VRING_ADDR, &where), "VHOST_SET_VRING_ADDR") &&
         done(ioctl(host->fd, VHOST_SET_VRING_KICK, &kick), "VHOST_SET_VRING_KICK") &&
         done(ioctl(host->fd, VHOST_SET_VRING_CALL, &call), "VHOST_SET_VRING_CALL") &&
         done(ioctl(host->fd, VHOST_SCSI_SET_ENDPOINT, &target), "VHOST_SCSI_SET_ENDPOINT");
}

// Puts three descriptors into the ring and waits until they are used. The SCSI status, or -1 after failing
// the running case.
static int submit(struct host* host, unsigned char operation, unsigned offset) {
  const bool out = operation == WRITE_10;
  struct virtio_scsi_cmd_req* request = (void*)(host->guest.addr + at_request);
  struct virtio_scsi_cmd_resp* answer = (void*)(host->guest.addr + at_answer);
  struct vring_desc* desc = host->ring.desc;
  struct pollfd called = {host->call, POLLIN, 0};
  uint64_t count = 1;
  const unsigned char blocks = (data_bytes - 2 * 4096) / block;
  *request = (struct virtio_scsi_cmd_req){.lun = {1, TARGET_TPG, 0x40}, .cdb = {operation, [8] = blocks}};
  memset(answer, 0xff, sizeof(*answer));
  const struct vring_desc data = {(out ? at_out : at_in) + offset, blocks * block,
                                  out ? 0 : VRING_DESC_F_WRITE, 0};
  const struct vring_desc reply = {at_answer, sizeof(*answer), VRING_DESC_F_WRITE, 0};
  desc[0] = (struct vring_desc){at_request, sizeof(*request), 0, 0};
  desc[1] = out ? data : reply;
  desc[2] = out ? reply : data;
  for (uint16_t i = 0; i < 2; ++i) {
    desc[i].flags |= VRING_DESC_F_NEXT;
    desc[i].next = (uint16_t)(i + 1);
  }
  host->ring.avail->ring[host->ring.avail->idx % entries] = 0;
  __sync_synchronize();
  host->ring.avail->idx++;
  __sync_synchronize();
  if (!done((int)write(host->kick, &count, sizeof(count)), "the kick")) return -1;
  if (poll(&called, 1, patience_scaled(limit_ms)) != 1 || read(host->call, &count, sizeof(count)) < 0) {
    ktap_fail("the request is not answered");
    return -1;
  }
  if (answer->response != VIRTIO_SCSI_S_OK) ktap_fail("response %d", answer->response);
  return ktap_failed() ? -1 : answer->status;
}

// The first requests are answered with the news that the unit was switched on.
static void carry_out(struct host* host, unsigned char operation, unsigned offset) {
  int status = CHECK_CONDITION;
  for (int i = 0; i < tries && status == CHECK_CONDITION; ++i) status = submit(host, operation, offset);
  if (status > 0) ktap_fail("SCSI status %#x", status);
}

static void write_and_read(const void* arg) {
  const unsigned* offset = arg;
  struct host host = {.fd = -1, .kick = eventfd(0, EFD_CLOEXEC), .call = eventfd(0, EFD_CLOEXEC)};
  struct pins before;
  if (buffer_get(&host.guest, BUFFER_MEMFD, guest_bytes)) {
    memset(host.guest.addr, 0, guest_bytes);
    pattern_fill(host.guest.addr + at_out, data_bytes, seed, 0);
    if (target_open() && start(&host) && pins_begin(&before)) {
      carry_out(&host, WRITE_10, *offset);
      if (!ktap_failed()) carry_out(&host, READ_10, *offset);
      pins_expect(&before, 0, 0);
      if (pattern_check(host.guest.addr + at_in + *offset, data_bytes - 2 * 4096, seed, *offset) >= 0)
        ktap_fail("what was read is not what was written");
    }
    if (host.fd >= 0) close(host.fd);
    buffer_seal(&host.guest);
    buffer_put(&host.guest);
    target_close();
  }
  close(host.kick);
  close(host.call);
}

int main(void) {
  static const unsigned aligned = 0, odd = 512;
  static const struct ktap_case cases[] = {{"aligned", write_and_read, &aligned},
                                           {"odd", write_and_read, &odd}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
