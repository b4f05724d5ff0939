// SPDX-License-Identifier: GPL-2.0
#include "vhost_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/vhost.h>
#include <linux/virtio_ring.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ktap.h"
#include "patience.h"

enum { entries = 4, limit_ms = 20000 };

static bool done(int result, const char* what) {
  return result >= 0 || ktap_fail("%s: %s", what, strerror(errno));
}

// An interface on which nothing but our own frames travels.
static bool open_tap(struct vhost_net* net) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
  snprintf(request.ifr_name, IFNAMSIZ, "pinrig0");
  net->tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (net->tap < 0) return ktap_skip("/dev/net/tun: %s (TUN)", strerror(errno));
  if (!done(ioctl(net->tap, TUNSETIFF, &request), "TUNSETIFF")) return false;
  int quiet = open("/proc/sys/net/ipv6/conf/pinrig0/disable_ipv6", O_WRONLY | O_CLOEXEC);
  if (quiet >= 0 && write(quiet, "1", 1) != 1) ktap_note("IPv6 stays on: %s", strerror(errno));
  if (quiet >= 0) close(quiet);
  net->packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (net->packet < 0) return ktap_skip("AF_PACKET: %s (PACKET)", strerror(errno));
  request.ifr_flags = IFF_UP | IFF_NOARP;
  return done(ioctl(net->packet, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
}

bool vhost_net_open(struct vhost_net* net) {
  *net = (struct vhost_net){.tap = -1,
                            .vhost = -1,
                            .packet = -1,
                            .kick = eventfd(0, EFD_CLOEXEC),
                            .call = eventfd(0, EFD_CLOEXEC),
                            .guest = {.map = (void*)-1, .fd = -1}};
  if (!buffer_get(&net->guest, BUFFER_PAGES, VHOST_NET_BYTES)) return false;
  memset(net->guest.addr, 0, net->guest.size);
  if (!open_tap(net)) return false;
  net->vhost = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
  if (net->vhost < 0) return ktap_skip("/dev/vhost-net: %s (VHOST_NET)", strerror(errno));
  return done(ioctl(net->vhost, VHOST_SET_OWNER), "VHOST_SET_OWNER");
}

void vhost_net_close(struct vhost_net* net) {
  const int files[] = {net->vhost, net->packet, net->tap, net->kick, net->call};
  for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); ++i)
    if (files[i] >= 0) close(files[i]);
  buffer_put(&net->guest);
  *net = (struct vhost_net){-1, -1, -1, -1, -1, {.map = (void*)-1, .fd = -1}};
}

int vhost_net_log_to(struct vhost_net* net, const void* log, uint64_t address, size_t offset) {
  struct {
    struct vhost_memory head;
    struct vhost_memory_region region;
  } memory = {{.nregions = 1}, {address, VHOST_NET_BYTES - offset, (uintptr_t)net->guest.addr + offset, 0}};
  uint64_t features = 1ull << VHOST_F_LOG_ALL, base = (uintptr_t)log;
  const bool good = ioctl(net->vhost, VHOST_SET_MEM_TABLE, &memory) >= 0 &&
                    ioctl(net->vhost, VHOST_SET_LOG_BASE, &base) >= 0 &&
                    ioctl(net->vhost, VHOST_SET_FEATURES, &features) >= 0;
  return good ? 0 : -errno;
}

int vhost_net_start(struct vhost_net* net, uint64_t address, bool log_ring) {
  struct vring ring;
  vring_init(&ring, entries, net->guest.addr + VHOST_NET_RING, VHOST_NET_PAGE / 2);
  ring.used = (void*)(net->guest.addr + VHOST_NET_USED);
  ring.used->idx = 0;
  ring.desc[0] = (struct vring_desc){address, 2 * VHOST_NET_PAGE, VRING_DESC_F_WRITE, 0};
  ring.avail->ring[0] = 0;
  ring.avail->idx = 1;
  struct vhost_vring_state size = {0, entries}, base = {0, 0};
  struct vhost_vring_addr where = {.flags = log_ring ? 1 << VHOST_VRING_F_LOG : 0,
                                   .desc_user_addr = (uintptr_t)ring.desc,
                                   .used_user_addr = (uintptr_t)ring.used,
                                   .avail_user_addr = (uintptr_t)ring.avail,
                                   .log_guest_addr = VHOST_NET_USED};
  // The ring can be set only while it has no backend.
  struct vhost_vring_file kick = {0, net->kick}, call = {0, net->call}, none = {0, -1},
                          backend = {0, net->tap};
  ioctl(net->vhost, VHOST_NET_SET_BACKEND, &none);
  const bool good = ioctl(net->vhost, VHOST_SET_VRING_NUM, &size) >= 0 &&
                    ioctl(net->vhost, VHOST_SET_VRING_BASE, &base) >= 0 &&
                    ioctl(net->vhost, VHOST_SET_VRING_ADDR, &where) >= 0 &&
                    ioctl(net->vhost, VHOST_SET_VRING_KICK, &kick) >= 0 &&
                    ioctl(net->vhost, VHOST_SET_VRING_CALL, &call) >= 0 &&
                    ioctl(net->vhost, VHOST_NET_SET_BACKEND, &backend) >= 0;
  return good ? 0 : -errno;
}

bool vhost_net_deliver(struct vhost_net* net) {
  unsigned char frame[VHOST_NET_FRAME];
  struct sockaddr_ll to = {
      .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("pinrig0"), .sll_halen = ETH_ALEN};
  struct pollfd called = {net->call, POLLIN, 0};
  eventfd_t count;
  pattern_fill(frame, sizeof(frame), VHOST_NET_SEED, 0);
  if (!done((int)sendto(net->packet, frame, sizeof(frame), 0, (void*)&to, sizeof(to)), "sending a frame"))
    return false;
  if (poll(&called, 1, patience_scaled(limit_ms)) != 1) return ktap_fail("vhost accepts no frame");
  return eventfd_read(net->call, &count) == 0;
}
