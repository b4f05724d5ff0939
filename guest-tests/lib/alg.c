// SPDX-License-Identifier: GPL-2.0
#include "alg.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"

#ifndef SOL_ALG
#define SOL_ALG 279
#endif

enum { iv_bytes = 16 };

int alg_open(const char* type, const char* name, const void* key) {
  struct sockaddr_alg address = {.salg_family = AF_ALG};
  strcpy((char*)address.salg_type, type);
  strcpy((char*)address.salg_name, name);
  const int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  bool good = fd >= 0 && bind(fd, (struct sockaddr*)&address, sizeof(address)) == 0;
  if (!good)
    ktap_skip("AF_ALG %s %s: %s (CRYPTO_USER_API_*)", type, name, strerror(errno));
  else if (key && setsockopt(fd, SOL_ALG, ALG_SET_KEY, key, alg_key_bytes) < 0)
    good = ktap_fail("ALG_SET_KEY: %s", strerror(errno));
  if (good) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

int alg_accept(int algorithm) {
  const int fd = accept4(algorithm, NULL, NULL, SOCK_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

enum pin_mode caps_alg(void) {
  static enum pin_mode known = MODE_UNKNOWN;
  struct buffer buffer;
  struct pins before;
  unsigned char digest[alg_digest_bytes];
  if (known != MODE_UNKNOWN) return known;
  const int hash = alg_open("hash", "sha256", NULL), fd = hash >= 0 ? alg_accept(hash) : -1;
  if (fd >= 0 && buffer_get(&buffer, BUFFER_PAGES, page_bytes())) {
    if (pins_begin(&before)) {
      if (send(fd, buffer.addr, buffer.size, 0) != (ssize_t)buffer.size ||
          read(fd, digest, sizeof(digest)) != sizeof(digest))
        ktap_fail("hashing a page: %s", strerror(errno));
      else
        known = caps_conclude("alg", &before, 1);
    }
    buffer_put(&buffer);
  }
  if (fd >= 0) close(fd);
  if (hash >= 0) close(hash);
  return known;
}

ssize_t alg_cipher_send(int fd, unsigned operation, const void* from, size_t length) {
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
  const ssize_t done = sendmsg(fd, &message, 0);
  return done < 0 ? -errno : done;
}
