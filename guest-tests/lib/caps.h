// SPDX-License-Identifier: GPL-2.0
// The capabilities of this kernel, found by probing and not from its version. Tests choose their expected
// counts by them.
#pragma once

#include <stdbool.h>

enum pin_mode {
  MODE_UNKNOWN,  // could not be probed
  MODE_GET,      // takes plain page references (FOLL_GET): not counted
  MODE_CACHED,   // takes none: O_DIRECT is accepted, and the data goes by the page cache
  MODE_PIN,      // pins (FOLL_PIN)
};
const char* pin_mode_name(enum pin_mode mode);

// Serial number and namespace of the raw drives of the default machine.
#define DRIVE_RAW "pin-raw"
#define DRIVE_SLOW "pin-slow"

// Does O_DIRECT on a raw block device pin? Probed once per program with one page-sized read of DRIVE_RAW,
// which claims what it pins and prints "# capability dio.bdev ...". A value stated in the environment
// variable PINRIG_CAPABILITIES ("dio.bdev=pin ...", what a series requires) overrides the probe, so that a
// kernel that lost the capability fails its tests instead of expecting less. MODE_UNKNOWN: the running case
// has been skipped or failed with the reason.
enum pin_mode caps_dio_bdev(void);

// Value that PINRIG_CAPABILITIES states for `name`, or NULL.
const char* caps_stated(const char* name);

// Prints the line that the harness collects.
void caps_print(const char* name, const char* value);
// Prints what a test found a capability to be, which configs/expectations hold against what this kernel has
// to be able to do: no test is its own expectation. Fails the running case where PINRIG_CAPABILITIES states
// another value.
bool caps_found(const char* name, const char* value);
// Prints the probed mode of a path, and returns the mode to judge by: that, or the one in
// PINRIG_CAPABILITIES.
enum pin_mode caps_announce(const char* name, enum pin_mode found);

// Did direct transfers go by the page cache? The counters do not tell that from plain references: neither
// moves them. A read that does leaves its pages in the cache, where mincore(2) sees them; each write that
// does dirties them (nr_dirtied of /proc/vmstat), while direct ones dirty a little metadata.
struct cache_watch {
  int fd;
  bool write;
  bool stays;         // the page was in the cache before, and could not be dropped
  long long dirtied;  // before
  long long pages;
};
// Before reads of the first page of `fd`, or before writes of `pages` pages altogether, also over and over of
// the same page: so many that metadata cannot be taken for them (cache_watch_writes). False: the running case
// has failed.
enum { cache_watch_writes = 16 };
bool cache_watch_begin(struct cache_watch* watch, int fd, bool write, long long pages);
// After them. False also where it cannot be seen (no mapping of such a file), with a note.
bool cache_watch_hit(const struct cache_watch* watch);

// The mode of one page-sized O_DIRECT read at the start of `fd`, and in *skew how many more pages were
// released than acquired. The caller must claim what it pinned. MODE_UNKNOWN: the running case has been
// skipped or failed.
enum pin_mode caps_probe_read(int fd, long long* skew);

// After an operation that a pinning kernel pins `pages` for: waits until the counters settle, claims what was
// pinned, prints the capability `name`, and returns its mode, or the stated one. MODE_UNKNOWN: the running
// case has failed.
struct pins;
enum pin_mode caps_conclude(const char* name, const struct pins* before, long long pages);
