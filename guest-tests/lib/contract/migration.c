// SPDX-License-Identifier: GPL-2.0
#include "contract/migration.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffers.h"
#include "pagemap.h"
#include "proc.h"

static const char* const names[MIGRATION_COUNTS] = {
    "pgmigrate_fail",        "thp_migration_fail", "thp_migration_split",
    "thp_split_page_failed", "compact_stall",      "compact_fail",
};

void migration_look(struct migration* now) {
  for (size_t i = 0; i < MIGRATION_COUNTS; ++i) now->counts[i] = proc_vmstat(names[i]);
}

long long migration_failed(const struct migration* before) {
  return proc_vmstat(names[0]) - before->counts[0];
}

// A line: "Node 0, zone   Normal   12  3 ...", one number for each order (mm/vmstat.c, frag_show_print()).
static long blocks_in(char* line, size_t folio) {
  char zone[32];
  int at = 0;
  if (sscanf(line, "Node %*d, zone %31s%n", zone, &at) != 1 || strcmp(zone, "Movable") == 0) return 0;
  long blocks = 0;
  size_t bytes = page_bytes();
  for (char* number = strtok(line + at, " \n"); number; number = strtok(NULL, " \n"), bytes *= 2) {
    if (bytes >= folio) blocks += atol(number);
  }
  return blocks;
}

static long free_blocks(size_t folio) {
  FILE* file = fopen("/proc/buddyinfo", "re");
  if (!file) return -1;
  char line[512];
  long blocks = 0;
  while (fgets(line, sizeof(line), file)) blocks += blocks_in(line, folio);
  fclose(file);
  return blocks;
}

void migration_describe(const struct migration* before, const void* addr, size_t folio, char* text,
                        size_t size) {
  size_t at = 0;
  text[0] = 0;
  for (size_t i = 0; i < MIGRATION_COUNTS && at < size; ++i) {
    const long long more = proc_vmstat(names[i]) - before->counts[i];
    if (more) at += (size_t)snprintf(text + at, size - at, "%s %+lld, ", names[i], more);
  }
  if (at >= size) return;
  uint64_t first = 0;
  const uint64_t pfn = pagemap_pfn(addr);
  const size_t pages = pfn ? pagemap_folio(pfn, &first) : 0;
  snprintf(text + at, size - at,
           "frame %#" PRIx64 " flags %#" PRIx64 " in a folio of %zu pages%s, %ld free blocks elsewhere", pfn,
           pfn ? pagemap_flags(pfn) : 0, pages, pfn && pagemap_movable_zone(pfn) ? " in ZONE_MOVABLE" : "",
           free_blocks(folio));
}
