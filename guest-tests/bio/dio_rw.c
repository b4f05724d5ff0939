// SPDX-License-Identifier: GPL-2.0
// O_DIRECT on a raw NVMe drive (block/fops.c, bio_iov_iter_get_pages) in all shapes of lib/transfer.c.
//
// A kernel that pins counts each page that each iovec touches once, also if two share a page: the bio merges
// them and drops the second pin. One that takes plain references counts nothing.
#include "drive.h"
#include "ktap.h"
#include "transfer.h"

int main(void) {
  static struct ktap_case cases[128];
  return ktap_run(cases, transfer_cases(cases, 0, 128, &drive_raw, "", NULL));
}
