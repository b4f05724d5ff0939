// SPDX-License-Identifier: GPL-2.0
// The dirty log of vhost (drivers/vhost/vhost.c, set_bit_to_user()): for each guest page that the kernel
// writes, it sets a bit in user memory, which it pins briefly. Here a TAP device passes vhost-net frames for
// our ring.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/vhost.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"

// Addresses of the guest begin at 0, and its pages have 4 KiB whatever ours have (VHOST_PAGE_SIZE).
enum { guest_page = 4096, entries = 4, frame_bytes = 1000, seed = 93, limit_ms = 20000 };
enum { at_ring = 0, at_used = guest_page, at_data = 2 * guest_page, guest_bytes = 16 * guest_page };

struct nic {
  int tap, vhost, packet, kick, call;
  struct buffer guest, log;
  struct pins before;
};

static bool done(int result, const char* what) {
  return result >= 0 || ktap_fail("%s: %s", what, strerror(errno));
}

// An interface on which nothing but our own frames travels.
static bool open_tap(struct nic* nic) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
  snprintf(request.ifr_name, IFNAMSIZ, "pinrig0");
  nic->tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (nic->tap < 0) return ktap_skip("/dev/net/tun: %s (TUN)", strerror(errno));
  if (!done(ioctl(nic->tap, TUNSETIFF, &request), "TUNSETIFF")) return false;
  int quiet = open("/proc/sys/net/ipv6/conf/pinrig0/disable_ipv6", O_WRONLY | O_CLOEXEC);
  if (quiet >= 0 && write(quiet, "1", 1) != 1) ktap_note("IPv6 stays on: %s", strerror(errno));
  if (quiet >= 0) close(quiet);
  nic->packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (nic->packet < 0) return ktap_skip("AF_PACKET: %s (PACKET)", strerror(errno));
  request.ifr_flags = IFF_UP | IFF_NOARP;
  return done(ioctl(nic->packet, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
}

static bool open_vhost(struct nic* nic) {
  nic->vhost = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
  if (nic->vhost < 0) return ktap_skip("/dev/vhost-net: %s (VHOST_NET)", strerror(errno));
  struct {
    struct vhost_memory head;
    struct vhost_memory_region region;
  } memory = {{.nregions = 1}, {0, guest_bytes, (uintptr_t)nic->guest.addr, 0}};
  uint64_t features = 1ull << VHOST_F_LOG_ALL, log = (uintptr_t)nic->log.addr;
  return done(ioctl(nic->vhost, VHOST_SET_OWNER), "VHOST_SET_OWNER") &&
         done(ioctl(nic->vhost, VHOST_SET_MEM_TABLE, &memory), "VHOST_SET_MEM_TABLE") &&
         done(ioctl(nic->vhost, VHOST_SET_LOG_BASE, &log), "VHOST_SET_LOG_BASE") &&
         done(ioctl(nic->vhost, VHOST_SET_FEATURES, &features), "VHOST_SET_FEATURES");
}

// One buffer of the guest at `address`, offered to queue 0 (reception). `log_ring`: are writes to the ring
// logged too?
static bool start(struct nic* nic, uint64_t address, bool log_ring) {
  struct vring ring;
  vring_init(&ring, entries, nic->guest.addr + at_ring, guest_page / 2);
  ring.used = (void*)(nic->guest.addr + at_used);
  ring.desc[0] = (struct vring_desc){address, 2 * guest_page, VRING_DESC_F_WRITE, 0};
  ring.avail->ring[0] = 0;
  ring.avail->idx = 1;
  struct vhost_vring_state size = {0, entries}, base = {0, 0};
  struct vhost_vring_addr where = {.flags = log_ring ? 1 << VHOST_VRING_F_LOG : 0,
                                   .desc_user_addr = (uintptr_t)ring.desc,
                                   .used_user_addr = (uintptr_t)ring.used,
                                   .avail_user_addr = (uintptr_t)ring.avail,
                                   .log_guest_addr = at_used};
  struct vhost_vring_file kick = {0, nic->kick}, call = {0, nic->call}, backend = {0, nic->tap};
  return done(ioctl(nic->vhost, VHOST_SET_VRING_NUM, &size), "VHOST_SET_VRING_NUM") &&
         done(ioctl(nic->vhost, VHOST_SET_VRING_BASE, &base), "VHOST_SET_VRING_BASE") &&
         done(ioctl(nic->vhost, VHOST_SET_VRING_ADDR, &where), "VHOST_SET_VRING_ADDR") &&
         done(ioctl(nic->vhost, VHOST_SET_VRING_KICK, &kick), "VHOST_SET_VRING_KICK") &&
         done(ioctl(nic->vhost, VHOST_SET_VRING_CALL, &call), "VHOST_SET_VRING_CALL") &&
         done(ioctl(nic->vhost, VHOST_NET_SET_BACKEND, &backend), "VHOST_NET_SET_BACKEND");
}

// Sends a frame through the interface and waits until vhost has put it into the ring.
static bool deliver(struct nic* nic) {
  unsigned char frame[frame_bytes];
  struct sockaddr_ll to = {
      .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("pinrig0"), .sll_halen = ETH_ALEN};
  struct pollfd called = {nic->call, POLLIN, 0};
  pattern_fill(frame, sizeof(frame), seed, 0);
  if (!done((int)sendto(nic->packet, frame, sizeof(frame), 0, (void*)&to, sizeof(to)), "sending a frame"))
    return false;
  return poll(&called, 1, limit_ms) == 1 || ktap_fail("vhost accepts no frame");
}

static void close_all(struct nic* nic) {
  const int files[] = {nic->vhost, nic->packet, nic->tap, nic->kick, nic->call};
  for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); ++i)
    if (files[i] >= 0) close(files[i]);
  buffer_put(&nic->guest);
  buffer_put(&nic->log);
}

struct row {
  uint64_t address;  // where the guest's buffer is
  bool log_ring;
  unsigned bits;  // that are to be set
  long long pins;
};

static void receive(const void* arg) {
  const struct row* row = arg;
  struct nic nic = {.tap = -1,
                    .vhost = -1,
                    .packet = -1,
                    .kick = eventfd(0, EFD_CLOEXEC),
                    .call = eventfd(0, EFD_CLOEXEC),
                    .guest = {.map = (void*)-1, .fd = -1},
                    .log = {.map = (void*)-1, .fd = -1}};
  if (buffer_get(&nic.guest, BUFFER_PAGES, guest_bytes) && buffer_get(&nic.log, BUFFER_PAGES, 1)) {
    memset(nic.guest.addr, 0, nic.guest.size);
    memset(nic.log.addr, 0, nic.log.size);
    if (open_tap(&nic) && open_vhost(&nic) && pins_begin(&nic.before) &&
        start(&nic, row->address, row->log_ring) && deliver(&nic)) {
      // Entering the ring's state (flags, at times) is logged as well, when writes to the ring are.
      if (row->log_ring)
        pins_expect_at_least(&nic.before, row->pins, 0);
      else
        pins_expect(&nic.before, row->pins, row->pins);
      unsigned bits = *(unsigned*)nic.log.addr;
      ktap_note("log: %#x", bits);
      if (bits != row->bits) ktap_fail("the log is %#x, want %#x", bits, row->bits);
      const struct vring_used* used = (void*)(nic.guest.addr + at_used);
      const unsigned header = sizeof(struct virtio_net_hdr);
      if (used->idx != 1 || used->ring[0].len != header + frame_bytes)
        ktap_fail("the ring says %u", used->ring[0].len);
      if (pattern_check(nic.guest.addr + row->address + header, frame_bytes, seed, 0) >= 0)
        ktap_fail("wrong frame");
    }
  }
  close_all(&nic);
}

int main(void) {
  static const struct row one = {at_data, false, 1u << 2, 1},
                          two = {at_data + guest_page - 500, false, 3u << 2, 2};
  static const struct row ring = {at_data, true, 1u << 2 | 1u << 1, 3};
  static const struct ktap_case cases[] = {
      {"page", receive, &one}, {"two_pages", receive, &two}, {"page_and_ring", receive, &ring}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
