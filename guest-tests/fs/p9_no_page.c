// SPDX-License-Identifier: GPL-2.0
// A direct read from a 9p share into memory of which the second half cannot be brought in, because no page
// can be allocated: the pages that were pinned before are released (fs/netfs/iterator.c
// netfs_extract_user_iter()).
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "fault.h"
#include "ktap.h"
#include "pins.h"
#include "place.h"

enum { pages = 16, half = 8 };

static void no_page(const void* arg) {
  struct place place;
  struct buffer buffer = {.fd = -1};
  struct pins before, now;
  (void)arg;
  if (!fault_pages_ready()) return;
  if (place_open(&place, PLACE_9P, false, 0) && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()) &&
      buffer_renew_tail(&buffer, half) && pins_begin(&before)) {
    const bool armed = fault_pages_arm();
    const ssize_t got = armed ? pread(place.fd, buffer.addr, buffer.size, 0) : 0;
    const int error = errno;
    if (armed) fault_pages_disarm();
    if (armed && place.mode != MODE_PIN) {
      // Kernels that take references for one request after the other send the first half (before fs/netfs).
      if (got != (ssize_t)(half * page_bytes()) && !(got < 0 && error == ENOMEM))
        ktap_fail("it gave %zd, %s", got, strerror(error));
    } else if (armed && (got >= 0 || error != ENOMEM)) {
      ktap_fail("it gave %zd, %s, want ENOMEM", got, strerror(error));
    }
    const long long pinned = place.mode == MODE_PIN ? half : 0;
    if (pins_sample(&now) && now.acquired - before.acquired < pinned)
      ktap_fail("%lld pages were pinned, want %lld", now.acquired - before.acquired, pinned);
    pins_expect_at_least(&before, pinned, 0);
  }
  buffer_put(&buffer);
  place_close(&place);
}

int main(void) {
  static const struct ktap_case cases[] = {{"read", no_page, NULL}};
  return ktap_run(cases, 1);
}
