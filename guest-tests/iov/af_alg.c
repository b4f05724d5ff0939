// SPDX-License-Identifier: GPL-2.0
// AF_ALG: memory that is hashed, and memory that receives a cipher's result, are used directly
// (crypto/af_alg.c); input of a cipher is copied. Since 6.5 they are pinned, before that referenced.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "alg.h"
#include "buffers.h"
#include "ktap.h"
#include "pieces.h"
#include "pins.h"

enum { small = 1000 };

static int open_operation(const char* type, const char* name, const void* key) {
  const int algorithm = alg_open(type, name, key), fd = algorithm >= 0 ? alg_accept(algorithm) : -1;
  if (algorithm >= 0 && fd < 0) ktap_fail("accept: %s", strerror(-fd));
  if (algorithm >= 0) close(algorithm);
  return fd;
}

// The digest of the same bytes, sent in small parts out of memory of their own.
static bool digest_in_parts(int fd, size_t total, unsigned seed, unsigned char* digest, long long* pages) {
  unsigned char part[small];
  *pages = 0;
  for (size_t at = 0; at < total; at += small) {
    size_t length = total - at < small ? total - at : small;
    pattern_fill(part, length, seed, at);
    *pages += (long long)pages_spanned(part, length);
    if (send(fd, part, length, at + length < total ? MSG_MORE : 0) != (ssize_t)length)
      return ktap_fail("send: %s", strerror(errno));
  }
  return read(fd, digest, alg_digest_bytes) == alg_digest_bytes ||
         ktap_fail("reading a digest: %s", strerror(errno));
}

static void hash(const void* arg) {
  const struct pieces* pieces = arg;
  static unsigned seed = 2100;
  struct buffer buffer;
  struct iovec vec[pieces_most];
  struct pins before;
  unsigned char digest[alg_digest_bytes], want[alg_digest_bytes];
  long long pages, other_pages;
  long huge_before = hugetlb_free();
  enum pin_mode mode = caps_alg();
  int fd = mode != MODE_UNKNOWN ? open_operation("hash", "sha256", NULL) : -1;
  if (fd < 0) return;
  if (buffer_get(&buffer, pieces->kind, pieces_extent(pieces))) {
    size_t total = pieces_lay_out(pieces, &buffer, vec, &pages);
    pieces_fill(vec, pieces->count, ++seed);
    struct msghdr message = {.msg_iov = vec, .msg_iovlen = (size_t)pieces->count};
    if (pins_begin(&before)) {
      if (sendmsg(fd, &message, 0) != (ssize_t)total) ktap_fail("sendmsg: %s", strerror(errno));
      pages = mode == MODE_PIN ? pages : 0;
      pins_expect(&before, pages, pages);
      if (read(fd, digest, sizeof(digest)) != sizeof(digest))
        ktap_fail("reading a digest: %s", strerror(errno));
      // The buffer on the stack may share a page with what fork() left behind: at least, and nothing held.
      if (digest_in_parts(fd, total, seed, want, &other_pages)) {
        pins_expect_at_least(&before, mode == MODE_PIN ? other_pages : 0, 0);
        if (memcmp(digest, want, sizeof(want)) != 0) ktap_fail("the digest is wrong");
      }
    }
    if (pieces->kind == BUFFER_MEMFD) buffer_seal(&buffer);
    buffer_put(&buffer);
    if (pieces->kind == BUFFER_HUGETLB) hugetlb_expect_free(huge_before);
  }
  close(fd);
}

// One way through cbc(aes): what is sent is copied, what is received goes into `to`, whose pages are counted.
static bool crypt_to(int fd, unsigned operation, const void* from, void* to, size_t length,
                     enum pin_mode mode) {
  struct pins before;
  if (!pins_begin(&before)) return false;
  const ssize_t sent = alg_cipher_send(fd, operation, from, length);
  if (sent != (ssize_t)length) return ktap_fail("sending %zu bytes to a cipher gave %zd", length, sent);
  pins_expect(&before, 0, 0);
  ssize_t got = recv(fd, to, length, 0);
  if (got != (ssize_t)length)
    return ktap_fail("a cipher gave %zd of %zu bytes: %s", got, length, strerror(errno));
  long long pages = mode == MODE_PIN ? (long long)pages_spanned(to, length) : 0;
  return pins_expect(&before, pages, pages);
}

static void cipher(const void* arg) {
  const struct piece* place = arg;
  static const unsigned char key[alg_key_bytes] = "an ordinary key";
  struct buffer plain, secret;
  size_t length = 16384;
  enum pin_mode mode = caps_alg();
  int fd = mode != MODE_UNKNOWN ? open_operation("skcipher", "cbc(aes)", key) : -1;
  if (fd < 0) return;
  if (buffer_get(&plain, BUFFER_PAGES, length) &&
      buffer_get(&secret, BUFFER_MEMFD, length + (size_t)place->offset)) {
    unsigned char* at = secret.addr + place->offset;
    pattern_fill(plain.addr, length, 7, 0);
    if (crypt_to(fd, ALG_OP_ENCRYPT, plain.addr, at, length, mode)) {
      if (memcmp(plain.addr, at, length) == 0) ktap_fail("nothing was encrypted");
      memset(plain.addr, 0, length);
      if (crypt_to(fd, ALG_OP_DECRYPT, at, plain.addr, length, mode) &&
          pattern_check(plain.addr, length, 7, 0) >= 0)
        ktap_fail("decrypting does not restore the plain text");
    }
    buffer_seal(&secret);
    buffer_put(&secret);
  }
  buffer_put(&plain);
  close(fd);
}

int main(void) {
  static const struct pieces shapes[] = {
      {"8_pages", BUFFER_PAGES, 1, {{0, 0, 8, 0}}, false},
      {"8_pages_at_100", BUFFER_PAGES, 1, {{0, 100, 8, 0}}, false},
      {"pieces_of_a_page",
       BUFFER_PAGES,
       4,
       {{0, 0, 0, 512}, {0, 512, 0, 512}, {0, 2048, 0, 100}, {0, 3000, 0, 96}},
       false},
      {"pieces_across_pages", BUFFER_PAGES, 3, {{0, 512, 1, 0}, {3, 0, 2, 0}, {6, 100, 1, 0}}, false},
      {"memfd_8_pages", BUFFER_MEMFD, 1, {{0, 0, 8, 0}}, false},
      {"hugetlb_3_pages_at_2048", BUFFER_HUGETLB, 1, {{0, 2048, 3, 0}}, false},
  };
  static const struct piece aligned = {0, 0, 0, 0}, shifted = {0, 512, 0, 0};
  static const struct ktap_case cases[] = {
      {"hash_8_pages", hash, &shapes[0]},
      {"hash_8_pages_at_100", hash, &shapes[1]},
      {"hash_pieces_of_a_page", hash, &shapes[2]},
      {"hash_pieces_across_pages", hash, &shapes[3]},
      {"hash_memfd_8_pages", hash, &shapes[4]},
      {"hash_hugetlb_3_pages_at_2048", hash, &shapes[5]},
      {"cipher_16k", cipher, &aligned},
      {"cipher_16k_at_512", cipher, &shifted},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
