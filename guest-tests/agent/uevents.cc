// SPDX-License-Identifier: GPL-2.0
#include "uevents.h"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "sys.h"

namespace pinrig::agent {
namespace {

// Not every change of a sysfs attribute is announced (an NVMe controller's state on older kernels is not).
constexpr double unannounced_ms = 50;

}  // namespace

// From then on no event is missed.
void Uevents::listen() {
  fd_.reset(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 1;
  if (fd_ && bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd_.reset();
}

void Uevents::drain() {
  char buffer[4096];
  // A lost event (ENOBUFS) does no harm: we look again anyway.
  while (fd_ && recv(fd_.get(), buffer, sizeof buffer, 0) > 0) {
  }
}

bool Uevents::wait_until(const std::function<bool()>& there, double limit_ms) {
  if (there()) return true;
  const double end = monotonic_ms() + limit_ms;
  if (!fd_) listen();
  for (;;) {
    drain();
    if (there()) return true;
    const double left = end - monotonic_ms();
    if (left <= 0) return false;
    pollfd p{fd_.get(), POLLIN, 0};
    poll(&p, 1, static_cast<int>(std::min(left, unannounced_ms)) + 1);
  }
}

}  // namespace pinrig::agent
