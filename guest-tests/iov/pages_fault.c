// SPDX-License-Identifier: GPL-2.0
// Sockets and pipes that take user pages, with each allocation failing in turn: what was taken by then is
// released, and accepted data arrives. With the argument "tls" it tests kernel TLS, otherwise all the others.
// errqueue.h needs <time.h> before it.
// clang-format off
#include <time.h>
#include <linux/errqueue.h>
// clang-format on

#include <errno.h>
#include <fcntl.h>
#include <linux/if_alg.h>
#include <linux/if_xdp.h>
#include <linux/tls.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "ktls.h"
#include "loopback.h"
#include "patience.h"
#include "pins.h"

enum {
  pages = 16,
  absent = 8,
  seed = 160,
  max_faults = 300,
  limit_ms = 20000,
  digest_bytes = 32,
  odd_bytes = 100
};

struct walk {
  const struct user* user;
  struct buffer buffer;
  size_t length;
  struct pins before;
  int ends[2], refused;
  unsigned char digest[digest_bytes];
};

struct user {
  bool (*open)(struct walk* w);   // before each attempt: into `ends`
  ssize_t (*go)(struct walk* w);  // is to be failed: bytes, or -1 with errno
  void (*after)(struct walk* w, size_t taken);
  bool absent;  // the last pages of the memory are not there before
};

static bool open_xdp(struct walk* w) {
  w->ends[0] = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  return w->ends[0] >= 0 || ktap_skip("socket(AF_XDP): %s (XDP_SOCKETS)", strerror(errno));
}
static ssize_t go_xdp(struct walk* w) {
  struct xdp_umem_reg area = {.addr = (uintptr_t)w->buffer.addr, .len = w->length, .chunk_size = 2048};
  return setsockopt(w->ends[0], SOL_XDP, XDP_UMEM_REG, &area, sizeof(area)) < 0 ? -1 : (ssize_t)w->length;
}

static bool open_hash(struct walk* w) {
  struct sockaddr_alg address = {.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256"};
  w->ends[1] = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (w->ends[1] < 0 || bind(w->ends[1], (struct sockaddr*)&address, sizeof(address)) < 0)
    return ktap_skip("AF_ALG: %s (CRYPTO_USER_API_HASH)", strerror(errno));
  w->ends[0] = accept4(w->ends[1], NULL, NULL, SOCK_CLOEXEC);
  return w->ends[0] >= 0 || ktap_fail("accept: %s", strerror(errno));
}
static ssize_t go_send(struct walk* w) { return send(w->ends[0], w->buffer.addr, w->length, 0); }
// Every digest is of the same bytes.
static void after_hash(struct walk* w, size_t taken) {
  static const unsigned char none[digest_bytes];
  unsigned char digest[digest_bytes];
  if (taken != w->length) return;
  if (read(w->ends[0], digest, sizeof(digest)) != sizeof(digest))
    ktap_fail("reading a digest: %s", strerror(errno));
  if (memcmp(w->digest, none, sizeof(none)) == 0) memcpy(w->digest, digest, sizeof(digest));
  if (memcmp(w->digest, digest, sizeof(digest)) != 0) ktap_fail("the digest differs from the first one");
}

static bool open_tcp(struct walk* w) {
  // Nobody reads before all of it is sent: 1 MiB with pages of 64 KiB.
  int one = 1, room = 8 << 20;
  if (!loopback_pair(SOCK_STREAM, w->ends)) return false;
  if (setsockopt(w->ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
    ktap_fail("SO_SNDBUFFORCE: %s", strerror(errno));
  return setsockopt(w->ends[0], SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)) == 0 ||
         ktap_skip("SO_ZEROCOPY: %s", strerror(errno));
}
static ssize_t go_zerocopy(struct walk* w) {
  return send(w->ends[0], w->buffer.addr, w->length, MSG_ZEROCOPY);
}
static void arrives(struct walk* w, size_t taken) {
  unsigned char bytes[4096];
  struct pollfd ready = {w->ends[1], POLLIN, 0};
  for (size_t at = 0; at < taken;) {
    ssize_t got =
        poll(&ready, 1, patience_scaled(limit_ms)) == 1 ? recv(w->ends[1], bytes, sizeof(bytes), 0) : 0;
    if (got <= 0 || pattern_check(bytes, (size_t)got, seed, at) >= 0) {
      ktap_fail("after byte %zu of %zu: %s", at, taken, got <= 0 ? "nothing arrives" : "wrong data");
      return;
    }
    at += (size_t)got;
  }
}
static void after_zerocopy(struct walk* w, size_t taken) {
  char control[256];
  struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};
  struct pollfd told = {w->ends[0], 0, 0};  // POLLERR comes unasked
  arrives(w, taken);
  if (taken &&
      (poll(&told, 1, patience_scaled(limit_ms)) != 1 || recvmsg(w->ends[0], &message, MSG_ERRQUEUE) < 0))
    ktap_fail("no completion of MSG_ZEROCOPY: %s", strerror(errno));
}

static bool open_tls(struct walk* w) {
  return loopback_pair(SOCK_STREAM, w->ends) && ktls_encrypt(w->ends, TLS_1_2_VERSION);
}
// Blocks of the cipher that lie in two pages take memory.
static ssize_t go_tls(struct walk* w) {
  struct iovec vec[] = {{w->buffer.addr, odd_bytes}, {w->buffer.addr + odd_bytes, w->length - odd_bytes}};
  ssize_t sent = writev(w->ends[0], vec, 2);
  // A record that cannot be encrypted is the end of the stream.
  if (sent < 0 && errno == EBADMSG) errno = ENOMEM;
  return sent;
}

static bool open_pipe(struct walk* w) {
  return pipe2(w->ends, O_CLOEXEC | O_NONBLOCK) == 0 || ktap_fail("pipe2: %s", strerror(errno));
}
static ssize_t go_vmsplice(struct walk* w) {
  struct iovec vec = {w->buffer.addr, w->length};
  return vmsplice(w->ends[1], &vec, 1, 0);
}
static void after_vmsplice(struct walk* w, size_t taken) {
  unsigned char bytes[4096];
  size_t at = 0, there = w->length - absent * page_bytes();
  ssize_t got;
  while ((got = read(w->ends[0], bytes, sizeof(bytes))) > 0) {
    if (at < there && pattern_check(bytes, (size_t)got, seed, at) >= 0)
      ktap_fail("wrong data after byte %zu", at);
    at += (size_t)got;
  }
  if (at != taken) ktap_fail("%zu bytes were in the pipe, %zu accepted", at, taken);
}

static bool attempt(void* context, int nth) {
  struct walk* w = context;
  w->ends[0] = w->ends[1] = -1;
  const size_t gone = absent * page_bytes();
  if (w->user->absent) madvise(w->buffer.addr + w->length - gone, gone, MADV_REMOVE);
  bool injected = false;
  if (w->user->open(w) && fault_nth_arm(nth)) {
    ssize_t result = w->user->go(w);
    // A socket says it in its own way.
    int status = result >= 0 ? 0 : errno == ENOBUFS ? -ENOMEM : -errno;
    injected = fault_nth_disarm();
    w->refused += fault_refused(nth, injected, status);
    if (!injected && status == 0 && result != (ssize_t)w->length)
      ktap_fail("without a fault %zd bytes were accepted", result);
    if (w->user->after) w->user->after(w, result > 0 ? (size_t)result : 0);
  }
  for (int i = 0; i < 2; ++i)
    if (w->ends[i] >= 0) close(w->ends[i]);
  pins_expect_at_least(&w->before, 0, 0);
  return injected;
}

static void every_allocation_fails(const void* arg) {
  struct walk w = {.user = arg, .length = pages * page_bytes()};
  if (!fault_nth_ready() || !buffer_get(&w.buffer, BUFFER_MEMFD, w.length)) return;
  pattern_fill(w.buffer.addr, w.length, seed, 0);
  if (pins_begin(&w.before)) {
    fault_each(attempt, &w, max_faults);
    ktap_note("%d times refused", w.refused);
  }
  // Sees what no counter does: references.
  buffer_seal(&w.buffer);
  buffer_put(&w.buffer);
}

int main(int argc, char** argv) {
  static const struct user xdp = {open_xdp, go_xdp, NULL, false},
                           hash = {open_hash, go_send, after_hash, false},
                           tcp = {open_tcp, go_zerocopy, after_zerocopy, false},
                           tls = {open_tls, go_tls, arrives, false},
                           vm = {open_pipe, go_vmsplice, after_vmsplice, true};
  static const struct ktap_case cases[] = {
      {"xdp_umem", every_allocation_fails, &xdp},
      {"alg_hash", every_allocation_fails, &hash},
      {"msg_zerocopy", every_allocation_fails, &tcp},
      {"vmsplice", every_allocation_fails, &vm},
  };
  static const struct ktap_case tls_case = {"tls", every_allocation_fails, &tls};
  if (argc > 1 && strcmp(argv[1], "tls") == 0) return ktap_run(&tls_case, 1);
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
