// SPDX-License-Identifier: GPL-2.0
// ibv_rereg_mr(): new memory, or new access rights, for the same region. If the driver supports it, the pins
// move to the new memory; if it refuses, they stay with the old one.
#include "mr.h"

static void moved(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer first, second;
  struct pins before;
  if (link_open(&link) && buffer_get(&first, BUFFER_PAGES, MR_PAGES * page_bytes())) {
    if (buffer_get(&second, BUFFER_PAGES, 2 * MR_PAGES * page_bytes())) {
      struct ibv_mr* region = mr_hold(&link, first.addr, first.size, IBV_ACCESS_LOCAL_WRITE, &before);
      int error = region ? ibv_rereg_mr(region, IBV_REREG_MR_CHANGE_TRANSLATION, link.domain, second.addr,
                                        second.size, 0)
                         : 0;
      ktap_note("changing the memory: %s", error ? strerror(errno) : "done");
      // Refused by rxe (rxe_rereg_user_mr() takes rights and domain alone): the region is what it was.
      if (region && error && errno != EOPNOTSUPP && errno != ENOSYS)
        ktap_fail("changing the memory: %s", strerror(errno));
      if (region && error) {
        pins_expect(&before, 0, 0);
        mr_drop(region, MR_PAGES, &before);
      } else if (region) {
        pins_expect(&before, 2 * MR_PAGES, MR_PAGES);
        mr_drop(region, 2 * MR_PAGES, &before);
      }
      buffer_put(&second);
    }
    buffer_put(&first);
  }
  link_close(&link);
}

static void other_rights(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes())) {
    struct ibv_mr* region = mr_hold(&link, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, &before);
    if (region) {
      int access = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ;
      int error = ibv_rereg_mr(region, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0, access);
      ktap_note("changing the access rights: %s", error ? strerror(errno) : "done");
      if (error && errno != EOPNOTSUPP && errno != ENOSYS)
        ktap_fail("changing the access rights: %s", strerror(errno));
      // The pages may be taken again, but exactly as many stay held.
      pins_expect_at_least(&before, 0, 0);
      mr_drop(region, MR_PAGES, &before);
    }
    buffer_put(&buffer);
  }
  link_close(&link);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"other_memory", moved, NULL},
      {"other_rights", other_rights, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
