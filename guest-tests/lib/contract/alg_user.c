// SPDX-License-Identifier: GPL-2.0
#include "contract/alg_user.h"

#include <errno.h>
#include <linux/if_alg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"

#ifndef SOL_ALG
#define SOL_ALG 279
#endif

enum { key_bytes = 16, digest_bytes = 32 };

static int algorithm = -1, operation = -1;

static int bind_to(const char* type, const char* name) {
  struct sockaddr_alg address = {.salg_family = AF_ALG};
  strcpy((char*)address.salg_type, type);
  strcpy((char*)address.salg_name, name);
  const int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr*)&address, sizeof(address)) < 0)
    ktap_skip("AF_ALG %s %s: %s (CRYPTO_USER_API_*)", type, name, strerror(errno));
  return fd;
}

int alg_user_next(void) {
  if (operation >= 0) close(operation);
  operation = accept4(algorithm, NULL, NULL, SOCK_CLOEXEC);
  return operation < 0 ? -errno : operation;
}

int alg_user_open(const char* type, const char* name, const void* key) {
  algorithm = bind_to(type, name);
  if (key && setsockopt(algorithm, SOL_ALG, ALG_SET_KEY, key, key_bytes) < 0)
    ktap_fail("ALG_SET_KEY: %s", strerror(errno));
  else if (alg_user_next() < 0)
    ktap_fail("accept: %s", strerror(errno));
  return operation;
}

void alg_user_close(void) {
  if (operation >= 0) close(operation);
  if (algorithm >= 0) close(algorithm);
  operation = algorithm = -1;
}

enum pin_mode alg_user_mode(void) {
  static enum pin_mode known = MODE_UNKNOWN;
  struct buffer buffer;
  struct pins before;
  unsigned char digest[digest_bytes];
  if (known != MODE_UNKNOWN) return known;
  const int hash = bind_to("hash", "sha256"), fd = accept4(hash, NULL, NULL, SOCK_CLOEXEC);
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
