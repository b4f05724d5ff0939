// SPDX-License-Identifier: GPL-2.0
// Memory regions of soft RDMA that come and go.
#pragma once

#include <sys/mman.h>

#include "mr.h"
#include "stress_steps.h"

enum { regions_most = 8, regions_pages = 256 };

// A step registers what is free and deregisters what is not, one of regions_most. Those left when the worker
// is killed must be released by the kernel.
static inline bool stress_regions(struct draw* draw, unsigned number, struct worker_slot* slot) {
  static struct link link;
  static struct ibv_mr* list[regions_most];
  static struct buffer buffer;
  (void)number;
  if (!draw) {
    // A forked process has a context of its own.
    memset(list, 0, sizeof(list));
    return link_open(&link) && buffer_get(&buffer, BUFFER_PAGES, regions_pages * page_bytes());
  }
  unsigned which = draw_below(draw, regions_most), first = draw_below(draw, regions_pages);
  size_t pages = 1 + draw_below(draw, regions_pages - first);
  if (list[which]) {
    int error = ibv_dereg_mr(list[which]);
    list[which] = NULL;
    return error == 0 || ktap_fail("ibv_dereg_mr: %s", strerror(error));
  }
  list[which] = ibv_reg_mr(link.domain, buffer.addr + first * page_bytes(), pages * page_bytes(),
                           IBV_ACCESS_LOCAL_WRITE);
  if (!list[which]) return ktap_fail("ibv_reg_mr of %zu pages: %s", pages, strerror(errno));
  slot->pinned += pages;
  return true;
}
