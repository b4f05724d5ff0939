// SPDX-License-Identifier: GPL-2.0
// Why a long-term pin was refused that has to move its pages first: what the kernel counted meanwhile.
#pragma once

#include <stddef.h>

enum { MIGRATION_COUNTS = 6 };

// Counters of /proc/vmstat at one time: migrations that failed (mm/migrate.c), in base pages and large
// folios, large folios split on the way, splits that failed, direct compactions and those that failed.
struct migration {
  long long counts[MIGRATION_COUNTS];
};

void migration_look(struct migration* now);
// Base pages that could not be migrated since.
long long migration_failed(const struct migration* before);
// Writes into `text` what the counters say since, how the page at `addr` looks (/proc/kpageflags), and how
// many free blocks of at least `folio` bytes there are outside ZONE_MOVABLE (/proc/buddyinfo).
void migration_describe(const struct migration* before, const void* addr, size_t folio, char* text,
                        size_t size);
