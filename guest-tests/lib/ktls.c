// SPDX-License-Identifier: GPL-2.0
#include "ktls.h"

#include <errno.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "ktap.h"

#ifndef TCP_ULP
#define TCP_ULP 31
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

// Sequence numbers begin with 0.
bool ktls_encrypt(const int* ends, unsigned short version) {
  struct tls12_crypto_info_aes_gcm_128 key = {.info = {version, TLS_CIPHER_AES_GCM_128}};
  memset(key.key, 0x5a, sizeof(key.key));
  memset(key.salt, 0x11, sizeof(key.salt));
  for (int i = 0; i < 2; ++i) {
    if (setsockopt(ends[i], IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")) != 0)
      return ktap_skip("TCP_ULP: %s (TLS)", strerror(errno));
    if (setsockopt(ends[i], SOL_TLS, i == 0 ? TLS_TX : TLS_RX, &key, sizeof(key)) != 0)
      return ktap_fail("the key of end %d: %s", i, strerror(errno));
  }
  return true;
}
