// SPDX-License-Identifier: GPL-2.0
/* user:
what: "memory that an AF_ALG socket hashes (SHA-256)"
rows: [G5]
traits: [out, data, pieces, carry, short]
needs: {symbols: [CRYPTO_USER_API_HASH, CRYPTO_SHA256]}
proof: {mutant: m23-af-alg-not-unpinned, red: [pages.out.anon]}
*/
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contract/alg_user.h"
#include "contract/user.h"
#include "ktap.h"
#include "pins.h"

static int fd = -1;
static unsigned char digest[alg_digest_bytes];

static bool open_user(void) {
  fd = alg_user_open("hash", "sha256", NULL);
  return fd >= 0;
}

static long carry_pieces(enum way way, const struct iovec* pieces, int count) {
  (void)way;
  const struct msghdr message = {.msg_iov = (struct iovec*)pieces, .msg_iovlen = (size_t)count};
  size_t length = 0;
  for (int i = 0; i < count; ++i) length += pieces[i].iov_len;
  const ssize_t done = sendmsg(fd, &message, 0);
  const int error = errno;
  if (done == (ssize_t)length) {
    const ssize_t got = read(fd, digest, sizeof(digest));
    return got == sizeof(digest) ? done : -errno;
  }
  fd = alg_user_next();
  if (fd < 0) ktap_fail("another operation: %s", strerror(-fd));
  return done < 0 ? -error : done;
}

static long carry(enum way way, void* addr, size_t length) {
  const struct iovec piece = {addr, length};
  return carry_pieces(way, &piece, 1);
}

static bool store(const void* data, size_t length) {
  (void)data, (void)length;
  return true;
}

// The digest of the same bytes, in other memory.
static bool same(const void* data, size_t length) {
  struct pins before;
  unsigned char had[alg_digest_bytes];
  memcpy(had, digest, sizeof(had));
  if (!pins_begin(&before)) return false;
  const long done = carry(WAY_OUT, (void*)data, length);
  pins_expect_at_least(&before, 0, 0);
  return done == (long)length && memcmp(had, digest, sizeof(had)) == 0;
}

const struct user user_alg_hash = {
    .ways = USER_OUT,
    .open = open_user,
    .close = alg_user_close,
    .mode = caps_alg,
    .carry = carry,
    .carry_pieces = carry_pieces,
    .store = store,
    .same = same,
};
