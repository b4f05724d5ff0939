// SPDX-License-Identifier: GPL-2.0
// Sockets that send user pages without a copy: MSG_ZEROCOPY (net/core/datagram.c) and io_uring's SEND_ZC take
// plain references, also where the buffer is registered and pinned already. The loopback device copies when
// it delivers; that the pages are released after the completion is checked by sealing their memfd. errqueue.h
// needs <time.h> before it.
// clang-format off
#include <time.h>
#include <linux/errqueue.h>
// clang-format on

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "loopback.h"
#include "patience.h"
#include "pins.h"
#include "ring.h"
#include "uring.h"

#ifndef SO_EE_ORIGIN_ZEROCOPY
#define SO_EE_ORIGIN_ZEROCOPY 5
#endif

enum { limit_ms = 20000, tcp_bytes = 64 * 1024, udp_bytes = 16 * 1024 };

struct send_case {
  int type;  // SOCK_STREAM or SOCK_DGRAM
  enum buffer_kind kind;
  int offset;
  bool by_ring, fixed;
};

static bool connect_pair(int type, int* ends) {
  int one = 1;
  if (!loopback_pair(type, ends)) return false;
  if (setsockopt(ends[0], SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)) == 0) return true;
  return ktap_skip("SO_ZEROCOPY: %s", strerror(errno));
}

static bool receive(int fd, size_t length, unsigned seed) {
  static unsigned char bytes[tcp_bytes];
  size_t done = 0;
  while (done < length) {
    struct pollfd ready = {fd, POLLIN, 0};
    if (poll(&ready, 1, patience_scaled(limit_ms)) != 1)
      return ktap_fail("%zu of %zu bytes arrived", done, length);
    ssize_t got = recv(fd, bytes + done, length - done, 0);
    if (got <= 0) return ktap_fail("recv: %s", strerror(errno));
    done += (size_t)got;
  }
  return pattern_check(bytes, length, seed, 0) < 0 || ktap_fail("wrong data arrived");
}

// Waits until the kernel says that it needs the pages no more.
static bool completed(int fd) {
  char control[256];
  struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};
  struct pollfd ready = {fd, 0, 0};  // POLLERR comes unasked
  if (poll(&ready, 1, patience_scaled(limit_ms)) != 1 || recvmsg(fd, &message, MSG_ERRQUEUE) < 0)
    return ktap_fail("no completion of MSG_ZEROCOPY: %s", strerror(errno));
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  struct sock_extended_err* error = header ? (struct sock_extended_err*)CMSG_DATA(header) : NULL;
  return (error && error->ee_origin == SO_EE_ORIGIN_ZEROCOPY) ||
         ktap_fail("the error queue has something else");
}

static bool by_ring(struct ring* ring, int fd, void* from, size_t length, bool fixed) {
  struct io_uring_cqe cqe;
  struct io_uring_sqe* sqe = ring_next(ring);
  sqe->opcode = IORING_OP_SEND_ZC;
  sqe->fd = fd;
  sqe->addr = (uintptr_t)from;
  sqe->len = (uint32_t)length;
  sqe->msg_flags = MSG_WAITALL;
  if (fixed) sqe->ioprio = IORING_RECVSEND_FIXED_BUF;
  if (!ring_submit(ring) || !ring_reap(ring, limit_ms, &cqe)) return false;
  if (cqe.res == -EINVAL) return ktap_skip("no IORING_OP_SEND_ZC (since 6.0)");
  if (cqe.res != (int)length) return ktap_fail("SEND_ZC gave %d", cqe.res);
  // A second completion says that the pages are not needed any more.
  return !(cqe.flags & IORING_CQE_F_MORE) || ring_reap(ring, limit_ms, &cqe);
}

static void transfer(const struct send_case* c, struct ring* ring, const int* ends, unsigned char* from,
                     size_t length) {
  static unsigned seed = 2300;
  struct pins before;
  pattern_fill(from, length, ++seed, 0);
  if (!pins_begin(&before)) return;
  bool good;
  if (c->by_ring) {
    good = by_ring(ring, ends[0], from, length, c->fixed);
  } else {
    ssize_t sent = send(ends[0], from, length, MSG_ZEROCOPY);
    good = sent == (ssize_t)length || ktap_fail("send accepted %zd bytes: %s", sent, strerror(errno));
  }
  if (good) receive(ends[1], length, seed);
  if (good && !c->by_ring) completed(ends[0]);
  pins_expect(&before, 0, 0);
}

static void send_pages(const void* arg) {
  const struct send_case* c = arg;
  struct buffer buffer;
  struct ring ring = {.fd = -1, .rings = (void*)-1, .sqes = (void*)-1};
  struct pins before;
  int ends[2] = {-1, -1};
  size_t length = c->type == SOCK_STREAM ? tcp_bytes : udp_bytes;
  long huge_before = hugetlb_free();
  if (!buffer_get(&buffer, c->kind, length + (size_t)c->offset)) return;
  bool good = connect_pair(c->type, ends) && (!c->by_ring || ring_open(&ring, 4, 0)) && pins_begin(&before);
  if (good && c->fixed) {
    good = uring_register(ring.fd, buffer.addr, buffer.size) == 0 || ktap_fail("registering the buffer");
    pins_expect_at_least(&before, (long long)(buffer.size / page_bytes()),
                         (long long)(buffer.size / page_bytes()));
  }
  if (good) transfer(c, &ring, ends, buffer.addr + c->offset, length);
  ring_close(&ring);
  if (good && c->fixed) pins_expect(&before, 0, (long long)(buffer.size / page_bytes()));
  for (int i = 0; i < 2; ++i)
    if (ends[i] >= 0) close(ends[i]);
  if (c->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (c->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
}

// What waits to be sent is the process's memory, and no copy of it: nobody reads, so most of it cannot leave,
// until the connection ends.
static void unread_is_held(const void* arg) {
  (void)arg;
  enum { most_bytes = 4 << 20 };
  struct buffer buffer;
  int ends[2] = {-1, -1}, little = 4096;
  size_t sent = 0;
  if (!buffer_get(&buffer, BUFFER_MEMFD, most_bytes)) return;
  if (connect_pair(SOCK_STREAM, ends)) {
    if (setsockopt(ends[1], SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)) < 0)
      ktap_fail("SO_RCVBUF: %s", strerror(errno));
    ssize_t taken = 0;
    while (sent < most_bytes &&
           (taken = send(ends[0], buffer.addr + sent, tcp_bytes, MSG_ZEROCOPY | MSG_DONTWAIT)) > 0)
      sent += (size_t)taken;
    if (taken >= 0 || (errno != EAGAIN && errno != ENOBUFS))
      ktap_fail("%zu bytes sent, and the socket is not full: %s", sent, strerror(errno));
    buffer_expect_held(&buffer);
  }
  for (int i = 0; i < 2; ++i)
    if (ends[i] >= 0) close(ends[i]);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const struct send_case tcp = {SOCK_STREAM, BUFFER_MEMFD, 0, false, false},
                                tcp_at = {SOCK_STREAM, BUFFER_MEMFD, 100, false, false};
  static const struct send_case tcp_huge = {SOCK_STREAM, BUFFER_HUGETLB, 2048, false, false},
                                udp = {SOCK_DGRAM, BUFFER_MEMFD, 0, false, false};
  static const struct send_case ring = {SOCK_STREAM, BUFFER_MEMFD, 0, true, false},
                                fixed = {SOCK_STREAM, BUFFER_MEMFD, 0, true, true};
  static const struct ktap_case cases[] = {
      {"tcp", send_pages, &tcp},
      {"tcp_at_100", send_pages, &tcp_at},
      {"tcp_hugetlb_at_2048", send_pages, &tcp_huge},
      {"udp", send_pages, &udp},
      {"tcp_unread_is_held", unread_is_held, NULL},
      {"uring_send_zc", send_pages, &ring},
      {"uring_send_zc_fixed", send_pages, &fixed},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
