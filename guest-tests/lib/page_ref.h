// SPDX-License-Identifier: GPL-2.0
// Oracle without counters: every change of the reference count of a buffer's frames, from the kernel's
// page_ref events (include/trace/events/page_ref.h, CONFIG_DEBUG_PAGE_REF). It shows which page is still
// held, and what no counter shows: plain references, and the pins of folio_add_pin().
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffers.h"

// What a pin of a single page adds to its reference count (GUP_PIN_COUNTING_BIAS). Each pin of a base page of
// a large folio is one reference of its first page; the exact count of them (_pincount) has no event.
enum { page_ref_bias = 1024 };

struct page_ref_sum {
  uint64_t frame;
  long long taken, given;
};

struct page_ref {
  size_t count;  // base pages of the buffer
  size_t folio;  // how many of them form one folio: its first page has the references of all
  struct page_ref_sum* pages;
  int pipe;
  size_t events;
  bool gone;  // a frame got another owner
};

// Watches the buffer's frames from now on, in a trace instance of its own. False: the running case has been
// skipped (the kernel has no such events) or failed. To be ended by page_ref_end() if true.
bool page_ref_begin(struct page_ref* watch, const struct buffer* buffer, enum buffer_kind kind);
void page_ref_end(struct page_ref* watch);

// The references of a folio for one pin, or one plain reference, of each of its pages.
long long page_ref_each(const struct page_ref* watch, bool pin);

// Since the beginning every folio has been taken and released by so many references: waits for the event
// that makes it true, for a second at most. Any other sum, a reallocated frame or a lost event fails the
// running case.
bool page_ref_expect(struct page_ref* watch, long long taken, long long given);
// At least so many were taken, and exactly `held` of all that were are kept: where the kernel tries more than
// once.
bool page_ref_expect_at_least(struct page_ref* watch, long long taken, long long held);

// Events dropped by the kernel since the beginning; -1: unknown.
long long page_ref_lost(void);
