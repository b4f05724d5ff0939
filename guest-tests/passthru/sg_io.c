// SPDX-License-Identifier: GPL-2.0
// SG_IO on a SCSI disk: flat memory, iovecs with gaps, memory that must be copied, through the block device
// and bsg. passthru/sg_io_merge tests adjacent iovecs within a page.
#include <stdio.h>

#include "ktap.h"
#include "scsi_pieces.h"

static const struct pieces flats[] = {
    {"1k", BUFFER_PAGES, 1, {{0, 0, 0, 1024}}, false},
    {"1_page", BUFFER_PAGES, 1, {{0, 0, 1, 0}}, false},
    {"16_pages", BUFFER_PAGES, 1, {{0, 0, 16, 0}}, false},
    {"16_pages_at_512", BUFFER_PAGES, 1, {{0, 512, 16, 0}}, false},
    {"1_page_at_4", BUFFER_PAGES, 1, {{0, 4, 1, 0}}, false},
    {"1_page_at_1_copied", BUFFER_PAGES, 1, {{0, 1, 1, 0}}, true},
    {"memfd_16_pages_at_512", BUFFER_MEMFD, 1, {{0, 512, 16, 0}}, false},
    {"memfd_1_page_at_1_copied", BUFFER_MEMFD, 1, {{0, 1, 1, 0}}, true},
    {"hugetlb_1k", BUFFER_HUGETLB, 1, {{0, 0, 0, 1024}}, false},
    {"hugetlb_16_pages_at_2048", BUFFER_HUGETLB, 1, {{0, 2048, 16, 0}}, false},
    {"hugetlb_1_page_at_1_copied", BUFFER_HUGETLB, 1, {{0, 1, 1, 0}}, true},
};
static const struct pieces vectors[] = {
    {"gap_in_page", BUFFER_PAGES, 2, {{0, 0, 0, 512}, {0, 2048, 0, 512}}, false},
    {"4_sectors_with_gaps",
     BUFFER_PAGES,
     4,
     {{0, 0, 0, 512}, {0, 1024, 0, 512}, {0, 2048, 0, 512}, {0, 3072, 0, 512}},
     false},
    {"2_pages_apart", BUFFER_PAGES, 2, {{0, 0, 1, 0}, {2, 0, 1, 0}}, false},
    {"4_pages_backwards", BUFFER_PAGES, 4, {{6, 0, 1, 0}, {4, 0, 1, 0}, {2, 0, 1, 0}, {0, 0, 1, 0}}, false},
    {"across_pages", BUFFER_PAGES, 3, {{0, 512, 1, 0}, {3, 1024, 2, 512}, {7, 0, 0, 512}}, false},
    {"one_at_1_copied", BUFFER_PAGES, 2, {{0, 0, 0, 512}, {2, 1, 0, 512}}, true},
    {"memfd_gap_in_page", BUFFER_MEMFD, 2, {{0, 0, 0, 512}, {0, 2048, 0, 512}}, false},
    {"hugetlb_gap_in_page", BUFFER_HUGETLB, 2, {{0, 0, 0, 512}, {0, 2048, 0, 512}}, false},
    {"hugetlb_across_pages", BUFFER_HUGETLB, 3, {{0, 512, 1, 0}, {3, 1024, 2, 512}, {7, 0, 0, 512}}, false},
};
enum { flat_count = sizeof(flats) / sizeof(flats[0]), vector_count = sizeof(vectors) / sizeof(vectors[0]) };
enum { case_count = 2 * (2 * flat_count + vector_count) };

static struct scsi_case cases[case_count];
static char names[case_count][64];
static struct ktap_case table[case_count];
static size_t used;

static void add(const struct pieces* pieces, enum scsi_node node, bool flat, bool write) {
  static const char* const nodes[] = {"block", "sg", "bsg"};
  cases[used] = (struct scsi_case){.pieces = pieces, .node = node, .flat = flat, .write = write};
  const char* verb = write ? "write" : "read";
  snprintf(names[used], sizeof(names[used]), "%s_%s_%s%s", nodes[node], verb, flat ? "" : "iov_",
           pieces->name);
  table[used] = (struct ktap_case){names[used], scsi_pieces_case, &cases[used]};
  ++used;
}

int main(void) {
  for (int write = 0; write < 2; ++write) {
    for (int i = 0; i < flat_count; ++i) add(&flats[i], SCSI_BLOCK, true, write);
    for (int i = 0; i < vector_count; ++i) add(&vectors[i], SCSI_BLOCK, false, write);
    for (int i = 0; i < flat_count; ++i) add(&flats[i], SCSI_BSG, true, write);
  }
  return ktap_run(table, used);
}
