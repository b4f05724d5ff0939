// SPDX-License-Identifier: GPL-2.0
#include "rds.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rds.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "patience.h"

#define PARENT "/sys/class/infiniband/rxe0/parent"
#define UNACKED "/proc/sys/net/rds/max_unacked_packets"

// The address of the network device that the soft RDMA device is made of.
static bool device_address(struct sockaddr_in* address) {
  struct ifreq request = {0};
  FILE* parent = fopen(PARENT, "re");
  if (!parent) return ktap_skip(PARENT ": %s", strerror(errno));
  bool good = fscanf(parent, "%15s", request.ifr_name) == 1;
  fclose(parent);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  good = good && fd >= 0 && ioctl(fd, SIOCGIFADDR, &request) == 0;
  if (!good) ktap_fail("the address of %s: %s", request.ifr_name, strerror(errno));
  if (fd >= 0) close(fd);
  if (!good) return false;
  memcpy(address, &request.ifr_addr, sizeof(*address));
  return true;
}

// A message, and the region that it names, is released when the peer has acknowledged it, which otherwise may
// take eight more.
static bool acknowledge_each(void) {
  int fd = open(UNACKED, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write(fd, "0", 1) == 1;
  if (fd >= 0) close(fd);
  return good || ktap_fail(UNACKED ": %s", strerror(errno));
}

bool rds_end_open(struct rds_end* end, bool bound) {
  int transport = RDS_TRANS_IB;
  struct timeval limit = {.tv_sec = rds_limit_ms / 1000};
  socklen_t size = sizeof(end->at);
  *end = (struct rds_end){.fd = socket(AF_RDS, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  if (end->fd < 0) return ktap_skip("socket(AF_RDS): %s (RDS)", strerror(errno));
  if (setsockopt(end->fd, SOL_RDS, SO_RDS_TRANSPORT, &transport, sizeof(transport)) != 0)
    return ktap_skip("SO_RDS_TRANSPORT: %s (RDS_RDMA)", strerror(errno));
  if (setsockopt(end->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
    return ktap_fail("SO_SNDTIMEO: %s", strerror(errno));
  if (!device_address(&end->at)) return false;
  if (!bound) return true;
  end->at.sin_port = 0;
  if (bind(end->fd, (struct sockaddr*)&end->at, size) != 0 ||
      getsockname(end->fd, (struct sockaddr*)&end->at, &size) != 0)
    return ktap_fail("bind to the device's address: %s", strerror(errno));
  return true;
}

bool rds_open(struct rds_end* ends) {
  struct rds_got got;
  ends[0].fd = ends[1].fd = -1;
  if (!rds_end_open(&ends[0], true) || !rds_end_open(&ends[1], true) || !acknowledge_each()) return false;
  int error = rds_send(&ends[0], &ends[1], 0, NULL, 0);
  if (error) return ktap_fail("the first message: %s", strerror(error));
  return rds_receive(&ends[1], &got);
}

void rds_close(struct rds_end* ends) {
  for (int i = 0; i < 2; ++i)
    if (ends[i].fd >= 0) close(ends[i].fd);
}

int rds_send(const struct rds_end* from, const struct rds_end* to, int type, const void* what,
             size_t length) {
  char byte = 1;
  _Alignas(struct cmsghdr) char control[128] = {0};
  struct iovec payload = {&byte, 1};
  struct msghdr message = {
      .msg_name = (void*)&to->at, .msg_namelen = sizeof(to->at), .msg_iov = &payload, .msg_iovlen = 1};
  if (type) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(length);
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_RDS, .cmsg_type = type, .cmsg_len = CMSG_LEN(length)};
    memcpy(CMSG_DATA(header), what, length);
  }
  return sendmsg(from->fd, &message, 0) == 1 ? 0 : errno;
}

int rds_try_receive(const struct rds_end* end, struct rds_got* got) {
  char byte;
  _Alignas(struct cmsghdr) char control[256];
  struct iovec payload = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &payload, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
  struct pollfd ready = {end->fd, POLLIN, 0};
  ssize_t received;
  *got = (struct rds_got){0};
  // POLLIN can also mean that the congestion state of another socket changed (rds_poll()): then there is
  // nothing to receive.
  do {
    const int count = poll(&ready, 1, patience_scaled(rds_limit_ms));
    if (count != 1) return count < 0 ? errno : ETIME;
    received = recvmsg(end->fd, &message, MSG_DONTWAIT);
  } while (received < 0 && errno == EAGAIN);
  if (received < 0) return errno;
  for (struct cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    struct rds_rdma_notify notify;
    if (header->cmsg_type == RDS_CMSG_RDMA_DEST) memcpy(&got->cookie, CMSG_DATA(header), sizeof(got->cookie));
    if (header->cmsg_type != RDS_CMSG_RDMA_STATUS) continue;
    memcpy(&notify, CMSG_DATA(header), sizeof(notify));
    got->done = true;
    got->status = notify.status;
  }
  return 0;
}

bool rds_receive(const struct rds_end* end, struct rds_got* got) {
  const int error = rds_try_receive(end, got);
  if (error == ETIME) return ktap_fail("no message within %d ms", rds_limit_ms);
  return error == 0 || ktap_fail("receiving a message: %s", strerror(error));
}

int rds_map(const struct rds_end* ends, const void* addr, size_t length, unsigned flags, uint64_t* cookie) {
  struct rds_got got;
  struct rds_get_mr_args args = {
      .vec = {(uintptr_t)addr, length}, .cookie_addr = (uintptr_t)cookie, .flags = flags};
  int error = rds_send(&ends[0], &ends[1], RDS_CMSG_RDMA_MAP, &args, sizeof(args));
  if (!error && rds_receive(&ends[1], &got) && got.cookie != *cookie)
    ktap_fail("the peer was sent region %#llx, not %#llx", (unsigned long long)got.cookie,
              (unsigned long long)*cookie);
  return error;
}

long long rds_hold(const struct rds_end* ends, void* at, size_t length, unsigned flags, uint64_t* cookie,
                   struct pins* before) {
  long long pages = (long long)pages_spanned(at, length);
  if (!pins_begin(before)) return 0;
  int error = rds_map(ends, at, length, flags, cookie);
  if (error) ktap_fail("mapping a region: %s", strerror(error));
  if (error) return 0;
  pins_expect_longterm(before, pages);
  return pages;
}

int rds_free(const struct rds_end* end, uint64_t cookie, unsigned flags) {
  struct rds_free_mr_args args = {.cookie = cookie, .flags = flags};
  return setsockopt(end->fd, SOL_RDS, RDS_FREE_MR, &args, sizeof(args)) == 0 ? 0 : errno;
}

void rds_drop(const struct rds_end* end, uint64_t cookie, long long pages, struct pins* before) {
  int error = rds_free(end, cookie, RDS_RDMA_INVALIDATE);
  if (error) ktap_fail("freeing the region: %s", strerror(error));
  pins_expect(before, 0, pages);
}

bool rds_transfer(const struct rds_end* ends, uint64_t cookie, void* local, size_t length, bool write) {
  struct rds_got got;
  struct rds_iovec vec = {(uintptr_t)local, length};
  struct rds_rdma_args args = {
      .cookie = cookie,
      .remote_vec = {0, length},
      .local_vec_addr = (uintptr_t)&vec,
      .nr_local = 1,
      .flags = RDS_RDMA_NOTIFY_ME | RDS_RDMA_FENCE | (write ? RDS_RDMA_READWRITE : 0)};
  int error = rds_send(&ends[1], &ends[0], RDS_CMSG_RDMA_ARGS, &args, sizeof(args));
  if (error) return ktap_fail("requesting a transfer: %s", strerror(error));
  if (!rds_receive(&ends[1], &got)) return false;
  if (!got.done || got.status != RDS_RDMA_SUCCESS)
    return ktap_fail("the transfer ended with status %d", got.done ? got.status : -1);
  // The message that goes with it comes behind the data.
  return rds_receive(&ends[0], &got);
}
