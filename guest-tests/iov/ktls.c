// SPDX-License-Identifier: GPL-2.0
// kernel TLS (net/tls/tls_sw.c): whole records are encrypted from the sender's pages and decrypted into the
// receiver's through plain references, which no counter shows. That both are dropped is checked by sealing
// their memfds.
#include "ktls.h"

#include <errno.h>
#include <linux/tls.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "loopback.h"
#include "patience.h"
#include "pins.h"

enum { limit_ms = 20000, record_bytes = 16384, bytes = 4 * record_bytes };

struct stream {
  unsigned short version;
  int offset;  // of both buffers
  int piece;   // sent at a time
  enum buffer_kind kind;
};

static bool receive(int fd, unsigned char* to) {
  size_t done = 0;
  while (done < bytes) {
    struct pollfd ready = {fd, POLLIN, 0};
    if (poll(&ready, 1, patience_scaled(limit_ms)) != 1)
      return ktap_fail("%zu of %d bytes arrived", done, (int)bytes);
    ssize_t got = recv(fd, to + done, bytes - done, 0);
    if (got <= 0) return ktap_fail("recv: %s", got ? strerror(errno) : "the end");
    done += (size_t)got;
  }
  return true;
}

static void carry(const int* ends, const struct stream* stream, const unsigned char* from,
                  unsigned char* to) {
  struct pins before;
  if (!pins_begin(&before)) return;
  for (int at = 0; at < bytes; at += stream->piece) {
    ssize_t sent = send(ends[0], from + at, (size_t)stream->piece, 0);
    KTAP_REQUIRE(sent == stream->piece, "send accepted %zd bytes: %s", sent, strerror(errno));
  }
  if (receive(ends[1], to) && pattern_check(to, bytes, 2400, 0) >= 0) ktap_fail("wrong data arrived");
  pins_expect(&before, 0, 0);
}

static void streamed(const void* arg) {
  const struct stream* stream = arg;
  struct buffer from, to;
  int ends[2];
  long free_before = hugetlb_free();
  size_t size = bytes + (size_t)stream->offset;
  if (!buffer_get(&from, stream->kind, size) || !buffer_get(&to, stream->kind, size)) return;
  pattern_fill(from.addr + stream->offset, bytes, 2400, 0);
  if (loopback_pair(SOCK_STREAM, ends) && ktls_encrypt(ends, stream->version))
    carry(ends, stream, from.addr + stream->offset, to.addr + stream->offset);
  for (int i = 0; i < 2; ++i)
    if (ends[i] >= 0) close(ends[i]);
  if (stream->kind == BUFFER_MEMFD) {
    buffer_seal(&from);
    buffer_seal(&to);
  }
  buffer_put(&from);
  buffer_put(&to);
  if (stream->kind == BUFFER_HUGETLB) hugetlb_expect_free(free_before);
}

// Records are encrypted synchronously: otherwise it is unknown when the pages of an encrypted message are
// released.
static void zerocopy_refused(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  int ends[2];
  if (!buffer_get(&buffer, BUFFER_MEMFD, bytes)) return;
  if (loopback_pair(SOCK_STREAM, ends) && ktls_encrypt(ends, TLS_1_2_VERSION) && pins_begin(&before)) {
    ssize_t sent = send(ends[0], buffer.addr, bytes, MSG_ZEROCOPY);
    if (sent >= 0 || errno != EOPNOTSUPP)
      ktap_fail("send with MSG_ZEROCOPY gave %zd: %s", sent, sent < 0 ? strerror(errno) : "taken");
    pins_expect(&before, 0, 0);
  }
  for (int i = 0; i < 2; ++i)
    if (ends[i] >= 0) close(ends[i]);
  buffer_seal(&buffer);
  buffer_put(&buffer);
}

int main(void) {
  static const struct stream whole = {TLS_1_2_VERSION, 0, bytes, BUFFER_MEMFD},
                             odd = {TLS_1_2_VERSION, 100, bytes, BUFFER_MEMFD},
                             parts = {TLS_1_2_VERSION, 0, record_bytes / 8, BUFFER_MEMFD},
                             tls13 = {TLS_1_3_VERSION, 0, bytes, BUFFER_MEMFD},
                             huge = {TLS_1_2_VERSION, 2048, bytes, BUFFER_HUGETLB};
  static const struct ktap_case cases[] = {
      {"records", streamed, &whole},
      {"records_at_100", streamed, &odd},
      {"parts_of_records", streamed, &parts},
      {"records_tls13", streamed, &tls13},
      {"records_hugetlb_at_2048", streamed, &huge},
      {"zerocopy_refused", zerocopy_refused, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
