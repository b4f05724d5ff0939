// SPDX-License-Identifier: GPL-2.0
#include "oracle.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "gupdrv.h"
#include "ktap.h"

bool oracle_bad(void) {
  const char* said = getenv("PINRIG_ORACLE");
  return said && strcmp(said, "bad") == 0;
}

bool oracle_warn(void) {
  struct buffer page;
  // FOLL_GET together with FOLL_PIN: bit 1 since 6.3 (include/linux/mm_types.h), bit 2 before
  // (include/linux/mm.h). Whichever it is not is another flag that is refused, or does nothing.
  struct gup_request request = {.flags = GUP_WRITE | 1u << 1 | 1u << 2};
  int driver = gupdrv_open();
  if (driver < 0) return false;
  bool good = buffer_get(&page, BUFFER_PAGES, page_bytes());
  if (good) {
    good = gupdrv_run(driver, PIN_BASIC, page.addr, page.size, &request);
    if (good && request.size != 0) good = ktap_fail("the kernel accepted FOLL_GET together with FOLL_PIN");
    buffer_put(&page);
  }
  close(driver);
  return good;
}
