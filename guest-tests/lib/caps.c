// SPDX-License-Identifier: GPL-2.0
#include "caps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"

const char* pin_mode_name(enum pin_mode mode) {
  return mode == MODE_PIN ? "pin" : mode == MODE_GET ? "get" : mode == MODE_CACHED ? "cached" : "unknown";
}

static enum pin_mode mode_of(const char* word) {
  return strcmp(word, "pin") == 0 ? MODE_PIN : strcmp(word, "cached") == 0 ? MODE_CACHED : MODE_GET;
}

const char* caps_stated(const char* name) {
  static char value[32];
  const char* all = getenv("PINRIG_CAPABILITIES");
  size_t length = strlen(name);
  for (const char* at = all ? strstr(all, name) : NULL; at; at = strstr(at + 1, name)) {
    if ((at == all || at[-1] == ' ') && at[length] == '=' && sscanf(at + length + 1, "%31[^ ]", value) == 1)
      return value;
  }
  return NULL;
}

void caps_print(const char* name, const char* value) { ktap_note("capability %s %s", name, value); }

bool caps_found(const char* name, const char* value) {
  caps_print(name, value);
  const char* stated = caps_stated(name);
  return !stated || strcmp(stated, value) == 0 ||
         ktap_fail("%s is %s, and stated to be %s", name, value, stated);
}

enum pin_mode caps_probe_read(int fd, long long* skew) {
  struct buffer buffer;
  struct pins before, after;
  *skew = 0;
  if (!buffer_get(&buffer, BUFFER_PAGES, page_bytes())) return MODE_UNKNOWN;
  enum pin_mode mode = MODE_UNKNOWN;
  struct cache_watch cache;
  if (cache_watch_begin(&cache, fd, false, 1) && pins_begin(&before)) {
    ssize_t got = pread(fd, buffer.addr, page_bytes(), 0);
    after = before;
    if (got != (ssize_t)page_bytes())
      ktap_fail("O_DIRECT read of one page gave %zd: %s", got, strerror(errno));
    else if (pins_rest(&after)) {
      mode = after.acquired > before.acquired ? MODE_PIN : cache_watch_hit(&cache) ? MODE_CACHED : MODE_GET;
      *skew = (after.released - before.released) - (after.acquired - before.acquired);
    }
  }
  buffer_put(&buffer);
  return mode;
}

enum pin_mode caps_announce(const char* name, enum pin_mode found) {
  caps_print(name, pin_mode_name(found));
  const char* stated = caps_stated(name);
  enum pin_mode known = stated ? mode_of(stated) : found;
  if (known != found) ktap_note("%s is stated to be %s: judged by that", name, pin_mode_name(known));
  return known;
}

enum pin_mode caps_dio_bdev(void) {
  static enum pin_mode known = MODE_UNKNOWN;
  if (known != MODE_UNKNOWN) return known;
  int fd = device_open(DRIVE_RAW, 1, O_RDONLY | O_DIRECT);
  if (fd < 0) return MODE_UNKNOWN;
  long long skew;
  enum pin_mode found = caps_probe_read(fd, &skew);
  close(fd);
  if (found == MODE_UNKNOWN) return found;
  pins_claim_exact(found == MODE_PIN ? 1 : 0);
  known = caps_announce("dio.bdev", found);
  return known;
}

enum pin_mode caps_conclude(const char* name, const struct pins* before, long long pages) {
  struct pins after = *before;
  if (!pins_rest(&after)) return MODE_UNKNOWN;
  enum pin_mode found = after.acquired > before->acquired ? MODE_PIN : MODE_GET;
  pins_claim_exact(found == MODE_PIN ? pages : 0);
  return caps_announce(name, found);
}
