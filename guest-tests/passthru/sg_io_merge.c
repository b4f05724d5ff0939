// SPDX-License-Identifier: GPL-2.0
// SG_IO with adjacent iovecs within a page: each takes another reference to the page, and bio_map_user_iov()
// in block/blk-map.c merges them into one segment and must drop the surplus at once. A kernel that forgets
// this leaks a page reference per merged iovec, which the counters do not show for plain references; huge
// pages that do not return to their pool, and a memfd that cannot be sealed, do.
#include <stdio.h>

#include "ktap.h"
#include "scsi_pieces.h"

enum { often = 20 };

#define SHAPES(prefix, kind)                                                                               \
  {prefix "2_sectors", kind, 2, {{0, 0, 0, 512}, {0, 512, 0, 512}}, false},                                \
      {prefix "4_sectors",                                                                                 \
       kind,                                                                                               \
       4,                                                                                                  \
       {{1, 0, 0, 512}, {1, 512, 0, 512}, {1, 1024, 0, 512}, {1, 1536, 0, 512}},                           \
       false},                                                                                             \
      {prefix "across_pages", kind, 3, {{0, 512, 1, -1024}, {1, -512, 0, 1024}, {1, 512, 1, 0}}, false}, { \
    prefix "2_merged_1_apart", kind, 3, {{0, 0, 0, 512}, {0, 512, 0, 512}, {0, 2048, 0, 512}}, false       \
  }

static const struct pieces shapes[] = {
    SHAPES("", BUFFER_PAGES),
    SHAPES("memfd_", BUFFER_MEMFD),
    SHAPES("hugetlb_", BUFFER_HUGETLB),
};
enum { shape_count = sizeof(shapes) / sizeof(shapes[0]) };

int main(void) {
  static struct scsi_case cases[2 * shape_count + 1];
  static char names[2 * shape_count + 1][64];
  static struct ktap_case table[2 * shape_count + 1];
  size_t used = 0;
  for (int write = 0; write < 2; ++write) {
    for (int i = 0; i < shape_count; ++i, ++used) {
      cases[used] = (struct scsi_case){.pieces = &shapes[i], .node = SCSI_BLOCK, .write = write};
      snprintf(names[used], sizeof(names[used]), "%s_%s", write ? "write" : "read", shapes[i].name);
      table[used] = (struct ktap_case){names[used], scsi_pieces_case, &cases[used]};
    }
  }
  cases[used] = (struct scsi_case){.pieces = &shapes[0], .node = SCSI_BLOCK, .repeat = often};
  table[used] = (struct ktap_case){"read_2_sectors_20_times", scsi_pieces_case, &cases[used]};
  return ktap_run(table, used + 1);
}
