// SPDX-License-Identifier: GPL-2.0
// A soft RDMA device and memory regions on it: the long-term pins of these tests.
#pragma once

#include <errno.h>
#include <infiniband/verbs.h>
#include <string.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"

enum { MR_PAGES = 16 };

struct link {
  struct ibv_context* context;
  struct ibv_pd* domain;
};

// The first device whose name begins with `prefix`. Skips the running case when there is none. Always call
// link_close().
static inline bool link_open_named(struct link* link, const char* prefix) {
  *link = (struct link){0};
  int count = 0;
  struct ibv_device** list = ibv_get_device_list(&count);
  bool found = false;
  for (int i = 0; list && i < count && !found; ++i) {
    if (strncmp(ibv_get_device_name(list[i]), prefix, strlen(prefix)) != 0) continue;
    found = true;
    link->context = ibv_open_device(list[i]);
  }
  if (list) ibv_free_device_list(list);
  if (!found) return ktap_skip("no RDMA device called %s*", prefix);
  if (!link->context) return ktap_fail("opening %s*: %s", prefix, strerror(errno));
  link->domain = ibv_alloc_pd(link->context);
  return link->domain || ktap_fail("ibv_alloc_pd: %s", strerror(errno));
}

static inline bool link_open(struct link* link) { return link_open_named(link, "rxe"); }

static inline void link_close(struct link* link) {
  if (link->domain) ibv_dealloc_pd(link->domain);
  if (link->context) ibv_close_device(link->context);
  *link = (struct link){0};
}

// Registers and measures: all of it is held. NULL: the running case failed.
static inline struct ibv_mr* mr_hold(struct link* link, void* addr, size_t length, int access,
                                     struct pins* before) {
  if (!pins_begin(before)) return NULL;
  struct ibv_mr* region = ibv_reg_mr(link->domain, addr, length, access);
  if (!region) {
    ktap_fail("ibv_reg_mr: %s", strerror(errno));
    return NULL;
  }
  pins_expect_longterm(before, (long long)pages_spanned(addr, length));
  return region;
}

// Deregisters and measures: `pages` are released.
static inline void mr_drop(struct ibv_mr* region, long long pages, struct pins* before) {
  if (!region) return;
  int error = ibv_dereg_mr(region);
  if (error) ktap_fail("ibv_dereg_mr: %s", strerror(error));
  pins_expect(before, 0, pages);
}

// Registering is refused with `error` (or, where not 0, `other`), and nothing stays pinned.
static inline void mr_refused(struct link* link, void* addr, size_t length, int access, int error,
                              int other) {
  struct pins before;
  if (!pins_begin(&before)) return;
  struct ibv_mr* region = ibv_reg_mr(link->domain, addr, length, access);
  int got = errno;
  if (region) ibv_dereg_mr(region);
  ktap_note("ibv_reg_mr: %s", region ? "a region" : strerror(got));
  if (region || (got != error && got != other))
    ktap_fail("want %s, got %s", strerror(error), region ? "a region" : strerror(got));
  pins_expect_at_least(&before, 0, 0);
}
