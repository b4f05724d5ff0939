// SPDX-License-Identifier: GPL-2.0
// A soft RDMA link without the `rdma` and `ip` programs.
#include <arpa/inet.h>
#include <dirent.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <rdma/rdma_netlink.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "devices.h"
#include "sys.h"

namespace pinrig::agent {
namespace {

constexpr const char* link_name = "rxe0";
constexpr const char* link_state = "/sys/class/infiniband/rxe0/ports/1/state";
constexpr const char* address = "192.0.2.1";  // TEST-NET-1, RFC 5737: unassigned
constexpr const char* netmask = "255.255.255.0";

std::string first_ethernet() {
  const std::string folder = "/sys/class/net/";
  std::string found;
  DIR* dir = opendir(folder.c_str());
  if (!dir) return found;
  while (const dirent* entry = readdir(dir)) {
    const std::string name = entry->d_name;
    if (name[0] == '.' || read_attribute(folder + name + "/type") != std::to_string(ARPHRD_ETHER)) continue;
    if (found.empty() || name < found) found = name;
  }
  closedir(dir);
  return found;
}

ifreq request_for(const std::string& device) {
  ifreq r{};
  std::strncpy(r.ifr_name, device.c_str(), IFNAMSIZ - 1);
  return r;
}

bool set_up(int fd, const std::string& device) {
  ifreq r = request_for(device);
  if (ioctl(fd, SIOCGIFFLAGS, &r) != 0) return false;
  r.ifr_flags |= IFF_UP;
  return ioctl(fd, SIOCSIFFLAGS, &r) == 0;
}

bool set_address(int fd, const std::string& device, unsigned long what, const char* text) {
  ifreq r = request_for(device);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  inet_pton(AF_INET, text, &in.sin_addr);
  std::memcpy(&r.ifr_addr, &in, sizeof in);
  return ioctl(fd, what, &r) == 0;
}

// rxe takes the port's state from the device: without a carrier it stays down (rxe_net_add, rxe_port_up).
bool wait_for_carrier(int fd, const std::string& device, double limit_ms) {
  const UniqueFd events(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl group{};
  group.nl_family = AF_NETLINK;
  group.nl_groups = RTMGRP_LINK;
  bind(events.get(), reinterpret_cast<const sockaddr*>(&group), sizeof group);
  const double end = monotonic_ms() + limit_ms;
  for (;;) {
    ifreq r = request_for(device);
    if (ioctl(fd, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_RUNNING) != 0) return true;
    const double left = end - monotonic_ms();
    if (left <= 0) return false;
    pollfd p{events.get(), POLLIN, 0};
    poll(&p, 1, static_cast<int>(left) + 1);
    char buffer[4096];
    while (recv(events.get(), buffer, sizeof buffer, 0) > 0) {
    }
  }
}

std::string bring_up_net(std::string& device, double limit_ms) {
  const UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return errno_text("rxe: no IPv4 in this kernel", errno);
  set_up(fd.get(), "lo");
  device = first_ethernet();
  if (device.empty()) return "rxe: no Ethernet device";
  if (!set_address(fd.get(), device, SIOCSIFADDR, address) ||
      !set_address(fd.get(), device, SIOCSIFNETMASK, netmask) || !set_up(fd.get(), device))
    return errno_text("rxe: bringing " + device + " up", errno);
  if (!wait_for_carrier(fd.get(), device, limit_ms)) return "rxe: " + device + " has no carrier";
  return {};
}

void put_attribute(std::string& message, std::uint16_t type, const std::string& text) {
  nlattr attribute{};
  attribute.nla_type = type;
  attribute.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + text.size() + 1);
  message.append(reinterpret_cast<const char*>(&attribute), sizeof attribute);
  message.append(text.c_str(), text.size() + 1);
  message.resize(NLMSG_ALIGN(message.size()));
}

std::string new_link_message(const std::string& device) {
  std::string message(NLMSG_HDRLEN, '\0');
  put_attribute(message, RDMA_NLDEV_ATTR_DEV_NAME, link_name);
  put_attribute(message, RDMA_NLDEV_ATTR_LINK_TYPE, "rxe");
  put_attribute(message, RDMA_NLDEV_ATTR_NDEV_NAME, device);
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(message.size());
  header.nlmsg_type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_NEWLINK);
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  header.nlmsg_seq = 1;
  std::memcpy(message.data(), &header, sizeof header);
  return message;
}

// The errno value of the kernel's acknowledgement.
int await_ack(int fd, double limit_ms) {
  pollfd p{fd, POLLIN, 0};
  if (poll(&p, 1, static_cast<int>(limit_ms)) <= 0) return ETIMEDOUT;
  alignas(nlmsghdr) char buffer[4096];
  const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
  if (n < 0) return errno;
  nlmsghdr header{};
  nlmsgerr answer{};
  if (n < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof answer)) return EBADMSG;
  std::memcpy(&header, buffer, sizeof header);
  std::memcpy(&answer, buffer + NLMSG_HDRLEN, sizeof answer);
  return header.nlmsg_type == NLMSG_ERROR ? -answer.error : EBADMSG;
}

std::string add_link(const std::string& device, double limit_ms) {
  const UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_RDMA));
  if (!fd) return errno_text("rxe: no RDMA netlink in this kernel", errno);
  const std::string message = new_link_message(device);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd.get(), message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
             sizeof kernel) < 0)
    return errno_text("rxe: requesting a link", errno);
  const int error = await_ack(fd.get(), limit_ms);
  return error == 0 || error == EEXIST ? std::string{}
                                       : errno_text("rxe: creating a link on " + device, error);
}

}  // namespace

std::string bring_up_rxe(Uevents& uevents, double limit_ms) {
  std::string device;
  if (auto problem = bring_up_net(device, limit_ms); !problem.empty()) return problem;
  if (auto problem = add_link(device, limit_ms); !problem.empty()) return problem;
  const bool verbs =
      uevents.wait_until([] { return access("/dev/infiniband/uverbs0", F_OK) == 0; }, limit_ms);
  if (!verbs) return "rxe: link created, but /dev/infiniband/uverbs0 does not exist";
  const bool active =
      uevents.wait_until([] { return read_attribute(link_state).starts_with("4:"); }, limit_ms);
  return active ? std::string{} : "rxe: the port is not active: " + read_attribute(link_state);
}

}  // namespace pinrig::agent
