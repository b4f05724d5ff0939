// SPDX-License-Identifier: GPL-2.0
// The pin counters nr_foll_pin_acquired and nr_foll_pin_released of /proc/vmstat, seen from inside a test,
// and the claims that tell the harness's ledger how much it pinned. All numbers are base pages: mm/gup.c
// counts references, so a huge page pinned whole is hundreds of them.
#pragma once

#include <stdbool.h>

struct pins {
  long long acquired;
  long long released;
};

// Does this kernel have the counters (since 5.7; node counters, which need no CONFIG_VM_EVENT_COUNTERS)? When
// it has not, the running case is skipped with that reason.
bool pins_available(void);

// One folded reading: /proc/vmstat leaves per-CPU remainders out until vm.stat_refresh is read. Fails the
// running case and returns false when that cannot be done.
bool pins_sample(struct pins* now);

// Takes the "before" sample once two readings in a row agree: an earlier operation may still be releasing.
// Skips or fails the running case and returns false when there is nothing to measure with.
bool pins_begin(struct pins* before);

// For unknown amounts: waits until the counters have not changed for a while. Claims nothing. Fails the
// running case when they do not settle.
bool pins_rest(struct pins* now);

// Waits, bounded, until the counters have moved by `acquired` and `released` since `before`, as completions
// release after they wake the waiter (block/fops.c, iomap/direct-io.c); any other amount fails the running
// case. Claims "exact `acquired`". `before` becomes the sample after.
bool pins_expect(struct pins* before, long long acquired, long long released);

// `pages` and nothing held, or `other` and nothing held, where kernels differ: claims what it was.
bool pins_expect_either(struct pins* before, long long pages, long long other);

// At least `acquired`, and exactly `held` at the end. For paths that pin more than once:
// NOWAIT retries, GUP-fast undo. Claims "atleast `acquired`".
bool pins_expect_at_least(struct pins* before, long long acquired, long long held);

// For operations with an unknown amount, such as one that runs out of memory half way: the change of the
// counters since `before`, as soon as everything pinned is released, plus `skew` pages for each (legacy
// direct I/O), or once they settle. Claims that, and judges nothing. `before` becomes the sample after.
// False: the running case failed.
bool pins_moved(struct pins* before, long long skew, struct pins* moved);

// `pages` were pinned with FOLL_LONGTERM and stay so. On a machine with movable memory they are migrated
// first, which counts them up to twice.
bool pins_expect_longterm(struct pins* before, long long pages);
// The same where all but `held` of them are released at once (io_uring keeps one pin of each huge page).
bool pins_expect_held(struct pins* before, long long pages, long long held);

// Waits up to `limit_ms` until `pages` more have been released than at `before`, longer than the checks
// above: for pages that a kernel or a slow drive releases after a second or more. Judges nothing.
void pins_await_released(const struct pins* before, long long pages, int limit_ms);

// Only claims, for operations that are not measured one by one.
void pins_claim_exact(long long pages);
void pins_claim_at_least(long long pages);
// Legacy direct I/O (fs/direct-io.c) on kernels whose folio_add_pin() does not count: `sections` of it
// release 2 pages each that were not counted as acquired.
void pins_claim_skew(long long sections);
