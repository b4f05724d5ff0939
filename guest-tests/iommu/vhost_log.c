// SPDX-License-Identifier: GPL-2.0
// The dirty log of vhost (drivers/vhost/vhost.c, set_bit_to_user()): for each guest page that the kernel
// writes, it sets a bit in user memory, which it pins briefly. Here a TAP device passes vhost-net frames for
// our ring.
#include <errno.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "ktap.h"
#include "pins.h"
#include "vhost_net.h"

struct row {
  uint64_t address;  // where the guest's buffer is
  bool log_ring;
  unsigned bits;  // that are to be set
  long long pins;
};

static void judge(const struct row* row, const struct vhost_net* net, const struct buffer* log) {
  const unsigned bits = *(unsigned*)log->addr, header = sizeof(struct virtio_net_hdr);
  ktap_note("log: %#x", bits);
  if (bits != row->bits) ktap_fail("the log is %#x, want %#x", bits, row->bits);
  const struct vring_used* used = (void*)(net->guest.addr + VHOST_NET_USED);
  if (used->idx != 1 || used->ring[0].len != header + VHOST_NET_FRAME)
    ktap_fail("the ring says %u", used->ring[0].len);
  if (pattern_check(net->guest.addr + row->address + header, VHOST_NET_FRAME, VHOST_NET_SEED, 0) >= 0)
    ktap_fail("wrong frame");
}

static void receive(const void* arg) {
  const struct row* row = arg;
  struct vhost_net net;
  struct buffer log;
  struct pins before;
  if (vhost_net_open(&net) && buffer_get(&log, BUFFER_PAGES, 1)) {
    memset(log.addr, 0, log.size);
    int error = vhost_net_log_to(&net, log.addr, 0, 0);
    if (error) ktap_fail("VHOST_SET_LOG_BASE: %s", strerror(-error));
    if (!error && pins_begin(&before)) {
      error = vhost_net_start(&net, row->address, row->log_ring);
      if (error) ktap_fail("VHOST_NET_SET_BACKEND: %s", strerror(-error));
      if (!error && vhost_net_deliver(&net)) {
        // Entering the ring's state (flags, at times) is logged as well, when writes to the ring are.
        if (row->log_ring)
          pins_expect_at_least(&before, row->pins, 0);
        else
          pins_expect(&before, row->pins, row->pins);
        judge(row, &net, &log);
      }
    }
    buffer_put(&log);
  }
  vhost_net_close(&net);
}

int main(void) {
  static const struct row one = {VHOST_NET_DATA, false, 1u << 2, 1},
                          two = {VHOST_NET_DATA + VHOST_NET_PAGE - 500, false, 3u << 2, 2};
  static const struct row ring = {VHOST_NET_DATA, true, 1u << 2 | 1u << 1, 3};
  static const struct ktap_case cases[] = {
      {"page", receive, &one}, {"two_pages", receive, &two}, {"page_and_ring", receive, &ring}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
