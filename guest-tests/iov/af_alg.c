// SPDX-License-Identifier: GPL-2.0
// AF_ALG: memory that is hashed, and memory that receives a cipher's result, are used directly
// (crypto/af_alg.c); input of a cipher is copied. Since 6.5 they are pinned, before that referenced.
#include <errno.h>
#include <linux/if_alg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pieces.h"
#include "pins.h"

#ifndef SOL_ALG
#define SOL_ALG 279
#endif

enum { digest_bytes = 32, key_bytes = 16, iv_bytes = 16, small = 1000 };

static int open_alg(const char* type, const char* name, const void* key) {
  struct sockaddr_alg address = {.salg_family = AF_ALG};
  int listener = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fd = -1;
  strcpy((char*)address.salg_type, type);
  strcpy((char*)address.salg_name, name);
  if (listener < 0 || bind(listener, (struct sockaddr*)&address, sizeof(address)) < 0)
    ktap_skip("AF_ALG %s %s: %s (CRYPTO_USER_API_*)", type, name, strerror(errno));
  else if (key && setsockopt(listener, SOL_ALG, ALG_SET_KEY, key, key_bytes) < 0)
    ktap_fail("ALG_SET_KEY: %s", strerror(errno));
  else if ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
    ktap_fail("accept: %s", strerror(errno));
  if (listener >= 0) close(listener);
  return fd;
}

static enum pin_mode mode_of(int fd) {
  static enum pin_mode known = MODE_UNKNOWN;
  struct buffer buffer;
  struct pins before;
  unsigned char digest[digest_bytes];
  if (known != MODE_UNKNOWN || !buffer_get(&buffer, BUFFER_PAGES, page_bytes())) return known;
  if (pins_begin(&before)) {
    if (send(fd, buffer.addr, buffer.size, 0) != (ssize_t)buffer.size ||
        read(fd, digest, sizeof(digest)) != sizeof(digest))
      ktap_fail("hashing a page: %s", strerror(errno));
    else
      known = caps_conclude("alg", &before, 1);
  }
  buffer_put(&buffer);
  return known;
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
  return read(fd, digest, digest_bytes) == digest_bytes || ktap_fail("reading a digest: %s", strerror(errno));
}

static void hash(const void* arg) {
  const struct pieces* pieces = arg;
  static unsigned seed = 2100;
  struct buffer buffer;
  struct iovec vec[pieces_most];
  struct pins before;
  unsigned char digest[digest_bytes], want[digest_bytes];
  long long pages, other_pages;
  long huge_before = hugetlb_free();
  int fd = open_alg("hash", "sha256", NULL);
  if (fd < 0) return;
  enum pin_mode mode = mode_of(fd);
  if (mode != MODE_UNKNOWN && buffer_get(&buffer, pieces->kind, pieces_extent(pieces))) {
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
  union {
    char bytes[CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(struct af_alg_iv) + iv_bytes)];
    struct cmsghdr align;
  } control = {{0}};
  struct iovec vec = {(void*)from, length};
  struct msghdr message = {.msg_iov = &vec,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof(control.bytes)};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  *header = (struct cmsghdr){
      .cmsg_level = SOL_ALG, .cmsg_type = ALG_SET_OP, .cmsg_len = CMSG_LEN(sizeof(uint32_t))};
  memcpy(CMSG_DATA(header), &operation, sizeof(uint32_t));
  header = CMSG_NXTHDR(&message, header);
  *header = (struct cmsghdr){.cmsg_level = SOL_ALG,
                             .cmsg_type = ALG_SET_IV,
                             .cmsg_len = CMSG_LEN(sizeof(struct af_alg_iv) + iv_bytes)};
  ((struct af_alg_iv*)CMSG_DATA(header))->ivlen = iv_bytes;
  struct pins before;
  if (!pins_begin(&before)) return false;
  if (sendmsg(fd, &message, 0) != (ssize_t)length)
    return ktap_fail("sendmsg to a cipher: %s", strerror(errno));
  pins_expect(&before, 0, 0);
  ssize_t got = recv(fd, to, length, 0);
  if (got != (ssize_t)length)
    return ktap_fail("a cipher gave %zd of %zu bytes: %s", got, length, strerror(errno));
  long long pages = mode == MODE_PIN ? (long long)pages_spanned(to, length) : 0;
  return pins_expect(&before, pages, pages);
}

static void cipher(const void* arg) {
  const struct piece* place = arg;
  static const unsigned char key[key_bytes] = "an ordinary key";
  struct buffer plain, secret;
  size_t length = 16384;
  int hash_fd = open_alg("hash", "sha256", NULL);
  enum pin_mode mode = hash_fd >= 0 ? mode_of(hash_fd) : MODE_UNKNOWN;
  if (hash_fd >= 0) close(hash_fd);
  int fd = mode != MODE_UNKNOWN ? open_alg("skcipher", "cbc(aes)", key) : -1;
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
