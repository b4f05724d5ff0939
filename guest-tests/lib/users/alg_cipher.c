// SPDX-License-Identifier: GPL-2.0
/* user:
what: "memory that receives what an AF_ALG socket has decrypted (AES-CBC)"
rows: [G5]
traits: [in, data, carry, short]
needs: {symbols: [CRYPTO_USER_API_SKCIPHER, CRYPTO_USER_API_HASH, CRYPTO_SHA256, CRYPTO_AES, CRYPTO_CBC]}
proof: {mutant: m23-af-alg-not-unpinned, red: [pages.in.anon]}
*/
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "contract/alg_user.h"
#include "contract/local_end.h"
#include "contract/user.h"
#include "ktap.h"
#include "pins.h"

enum { block = 16, most = 64 << 10 };

static int fd = -1;

static bool open_user(void) {
  fd = alg_user_open("skcipher", "cbc(aes)", "an ordinary key");
  return fd >= 0 && local_end_open();
}

static void close_user(void) {
  alg_user_close();
  local_end_close();
}

// Input is copied: only `to` is taken.
static long crypt_to(unsigned operation, const void* from, void* to, size_t length) {
  const ssize_t sent = alg_cipher_send(fd, operation, from, length);
  if (sent != (ssize_t)length) return sent;
  const ssize_t got = recv(fd, to, length, 0);
  return got < 0 ? -errno : got;
}

static long operate(unsigned operation, const void* from, void* to, size_t length) {
  const long done = crypt_to(operation, from, to, length);
  if (done == (long)length) return done;
  fd = alg_user_next();
  if (fd < 0) ktap_fail("another operation: %s", strerror(-fd));
  return done;
}

static long carry(enum way way, void* addr, size_t length) {
  (void)way;
  return operate(ALG_OP_DECRYPT, local_end, addr, length);
}

static bool store(const void* data, size_t length) {
  struct pins before;
  if (!pins_begin(&before)) return false;
  const long done = operate(ALG_OP_ENCRYPT, data, local_end, length);
  pins_expect_at_least(&before, 0, 0);
  return done == (long)length || ktap_fail("encrypting %zu bytes gave %ld", length, done);
}

const struct user user_alg_cipher = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .mode = caps_alg,
    .carry = carry,
    .store = store,
    .align = block,
    .most = most,
};
