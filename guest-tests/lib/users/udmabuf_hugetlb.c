// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a dma-buf of a memfd of huge pages, read and written by its mapping: udmabuf, in a guest of its own"
rows: [G8]
traits: [in, out, data, hold, longterm]
# 6.1 maps a part of a huge page as if it were a page: its reverse map is wrong after that.
destructive: true
needs: {symbols: [UDMABUF]}
not:
  release.half_in: "it takes pages of a file, whatever the protection of a mapping"
  release.half_out: "it takes pages of a file, whatever the protection of a mapping"
  release.end_of_file: "it takes pages of a file, and the file has to be sealed against shrinking"
  release.bad_address: "it takes a file, no addresses"
  readonly.in: "it takes pages of a file, whatever the protection of a mapping"
  readonly.out: "it takes pages of a file, whatever the protection of a mapping"
  readonly.part: "it takes pages of a file, whatever the protection of a mapping"
  fault.retried_in: "it takes pages of a file, no page fault is involved"
  fault.retried_out: "it takes pages of a file, no page fault is involved"
  fault.ends_badly: "it takes pages of a file, no page fault is involved"
  fault.taken_away: "it takes pages of a file, no page fault is involved"
  fault.write_protected: "it takes pages of a file, no page fault is involved"
  stay.truncate: "its memfd has to be sealed against shrinking"
  never.taken: "asked of udmabuf"
  longterm.file: "asked of udmabuf"
  longterm.file_out: "asked of udmabuf"
not_memory: {anon: "it takes a memfd alone", untouched: "it takes a memfd alone", cow: "it takes a memfd
alone", zero: "it takes a memfd alone", thp: "it takes a memfd alone", pte_thp: "it takes a memfd alone",
  mthp: "it takes a memfd alone", hugetlb: "it takes a memfd alone", ksm: "it takes a memfd alone",
  hugetlb_64k: "it takes a memfd alone", hugetlb_32m: "it takes a memfd alone",
  hugetlb_1g: "it takes a memfd alone", guard: "it takes a memfd alone", zero_thp: "it takes a memfd alone",
  thp_pair: "it takes a memfd alone", hugetlb_pair: "it takes a memfd alone",
  device: "it takes a memfd alone",
  memfd: "asked of udmabuf", memfd_hole: "asked of udmabuf", memfd_thp: "asked of udmabuf",
  shuffled: "asked of udmabuf"}
proof: {mutant: m26-udmabuf-keeps-first, red: [pages.in.memfd_hugetlb]}
*/
#include "contract/udmabuf_user.h"

UDMABUF_USER(udmabuf_hugetlb, udmabuf_user_open_huge);
