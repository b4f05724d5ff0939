// SPDX-License-Identifier: GPL-2.0
// Oracle without counters: every change of the reference count of the frames behind a buffer, as the kernel's
// page_ref events tell it (include/trace/events/page_ref.h, CONFIG_DEBUG_PAGE_REF). It says of which page
// something is kept, and sees what no counter does: plain references, and the pins of folio_add_pin().
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
  size_t folio;  // how many of them are one folio: its first page has the references of all
  struct page_ref_sum* pages;
  int pipe;
  size_t events;
  bool gone;  // a frame got another owner
};

// Watches the buffer's frames from now on, in a trace instance of its own. False: the running case has been
// skipped (the kernel has no such events) or failed. To be ended by page_ref_end() if true.
bool page_ref_begin(struct page_ref* watch, const struct buffer* buffer, enum buffer_kind kind);
void page_ref_end(struct page_ref* watch);

// References that one pin of each page, or one plain reference to it, makes of a folio.
long long page_ref_each(const struct page_ref* watch, bool pin);

// Since the beginning every folio has been taken and released by so many references: waits for the event
// that makes it true, for a second at most. Any other sum, a frame that was given out again and a lost event
// fail the running case.
bool page_ref_expect(struct page_ref* watch, long long taken, long long given);
// At least so many were taken, and exactly `held` of all that were are kept: where the kernel tries more than
// once.
bool page_ref_expect_at_least(struct page_ref* watch, long long taken, long long held);

// Events that the kernel had no room for since the beginning; -1: not known.
long long page_ref_lost(void);
