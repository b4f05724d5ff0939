// SPDX-License-Identifier: GPL-2.0
// One huge page in 5000 regions: 2 560 000 pins. When a pin of a huge page was 1024 references for each of
// its base pages, the reference count overflowed with the 4096th; an exact pin count does not.
#include <stdlib.h>

#include "mr.h"

enum { regions = 5000 };

static void many(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  long free_before = hugetlb_free();
  struct ibv_mr** list = calloc(regions, sizeof(*list));
  if (list && link_open(&link)) {
    if (buffer_get(&buffer, *kind, page_bytes()) && pins_begin(&before)) {
      long long pages = (long long)(buffer.size / page_bytes());
      int count = 0;
      while (count < regions &&
             (list[count] = ibv_reg_mr(link.domain, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE)))
        ++count;
      if (count < regions) ktap_fail("region %d of %d: %s", count + 1, regions, strerror(errno));
      pins_expect_longterm(&before, count * pages);
      for (int i = 0; i < count; ++i) ibv_dereg_mr(list[i]);
      pins_expect(&before, 0, count * pages);
      buffer_put(&buffer);
    }
    link_close(&link);
  }
  free(list);
  if (*kind == BUFFER_HUGETLB) hugetlb_expect_free(free_before);
}

int main(void) {
  static const enum buffer_kind hugetlb = BUFFER_HUGETLB, page = BUFFER_PAGES;
  static const struct ktap_case cases[] = {
      {"5000_regions_of_a_huge_page", many, &hugetlb},
      {"5000_regions_of_a_page", many, &page},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
