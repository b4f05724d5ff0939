// SPDX-License-Identifier: GPL-2.0
// The capabilities of this kernel, found by probing and not from its version. Tests choose their expected
// counts by them.
#pragma once

#include <stdbool.h>

enum pin_mode {
  MODE_UNKNOWN,  // could not be probed
  MODE_GET,      // takes plain page references (FOLL_GET): not counted
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
// Prints the probed mode of a path, and returns the mode to judge by: that, or the one in
// PINRIG_CAPABILITIES.
enum pin_mode caps_announce(const char* name, enum pin_mode found);

// The mode of one page-sized O_DIRECT read at the start of `fd`, and in *skew how many more pages were
// released than acquired. The caller must claim what it pinned. MODE_UNKNOWN: the running case has been
// skipped or failed.
enum pin_mode caps_probe_read(int fd, long long* skew);

// After an operation that a pinning kernel pins `pages` for: waits until the counters settle, claims what was
// pinned, prints the capability `name`, and returns its mode, or the stated one. MODE_UNKNOWN: the running
// case has failed.
struct pins;
enum pin_mode caps_conclude(const char* name, const struct pins* before, long long pages);
