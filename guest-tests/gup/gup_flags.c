// SPDX-License-Identifier: GPL-2.0
// Flags and combinations that callers of get_user_pages() and pin_user_pages() must not pass: the kernel
// warns once, fails, and takes no page (mm/gup.c, is_valid_gup_args(); before 6.3 one check in each
// function).
#include <unistd.h>

#include "buffers.h"
#include "gupdrv.h"
#include "kmsg.h"
#include "ktap.h"
#include "pins.h"

enum { pages = 16 };

// Bits of a flag since 6.3 and before (include/linux/mm_types.h, linux/mm.h).
struct mistake {
  unsigned long command;
  unsigned now, before;
};

static void refused(const void* arg) {
  const struct mistake* mistake = arg;
  struct buffer buffer;
  struct pins before;
  char line[300];
  bool now = false;
  int driver = gupdrv_open();
  if (driver < 0) return;
  int log = kmsg_open();
  bool once = kmsg_clear_once();
  if (!once) ktap_skip("/sys/kernel/debug/clear_warn_once is missing");
  if (log >= 0 && once && gupdrv_new_flags(driver, &now) &&
      buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    unsigned flags = GUP_WRITE | (now ? mistake->now : mistake->before);
    struct gup_request request = {.flags = flags, .pages_per_call = pages};
    kmsg_clear_once();
    kmsg_rewind(log);
    if (pins_begin(&before)) {
      gupdrv_run(driver, mistake->command, buffer.addr, buffer.size, &request);
      pins_expect(&before, 0, 0);
      ktap_expect_kernel("mm/gup.c");
      if (request.size != 0) ktap_fail("flags %#x: %lld bytes were pinned", flags, (long long)request.size);
      if (!kmsg_find(log, "WARNING: ", line, sizeof(line)))
        ktap_fail("flags %#x: the kernel does not warn", flags);
      else
        ktap_note("flags %#x: %s", flags, line);
    }
    buffer_put(&buffer);
  }
  if (log >= 0) close(log);
  close(driver);
}

// What may be passed is no mistake: the same calls without it succeed, and say nothing.
static void accepted(const void* arg) {
  const unsigned long* command = arg;
  struct buffer buffer;
  struct pins before;
  char line[300];
  int driver = gupdrv_open();
  if (driver < 0) return;
  int log = kmsg_open();
  bool counted = *command != GUP_FAST && *command != GUP_BASIC;
  if (log >= 0 && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    struct gup_request request = {.flags = GUP_WRITE, .pages_per_call = pages};
    kmsg_clear_once();
    if (pins_begin(&before) && gupdrv_run(driver, *command, buffer.addr, buffer.size, &request)) {
      if (*command == PIN_LONGTERM)
        pins_expect_at_least(&before, pages, 0);
      else
        pins_expect(&before, counted ? pages : 0, counted ? pages : 0);
      if (request.size != buffer.size) ktap_fail("%lld bytes were pinned", (long long)request.size);
      if (kmsg_find(log, "WARNING: ", line, sizeof(line))) ktap_fail("the kernel says: %s", line);
    }
    buffer_put(&buffer);
  }
  if (log >= 0) close(log);
  close(driver);
}

int main(void) {
  static const unsigned long commands[] = {GUP_FAST, PIN_FAST, PIN_LONGTERM, GUP_BASIC, PIN_BASIC};
  // FOLL_GET must not be passed to pin functions, and FOLL_PIN is internal to mm/.
  static const struct mistake get_and_pin = {PIN_BASIC, 1u << 1, 1u << 2};
  static const struct mistake get_and_pin_fast = {PIN_FAST, 1u << 1, 1u << 2};
  static const struct mistake pin_from_outside = {GUP_BASIC, 1u << 19, 1u << 18};
  static const struct mistake pin_fast_from_outside = {GUP_FAST, 1u << 19, 1u << 18};
  static const struct mistake longterm_get = {GUP_BASIC, 1u << 8, 1u << 16};
  // FOLL_TRIED and FOLL_REMOTE are internal; GUP-fast has always refused what it does not know.
  static const struct mistake tried_fast = {PIN_FAST, 1u << 17, 1u << 11};
  static const struct mistake remote_fast = {GUP_FAST, 1u << 18, 1u << 13};
  static const struct ktap_case cases[] = {
      {"get_fast_accepted", accepted, &commands[0]},
      {"pin_fast_accepted", accepted, &commands[1]},
      {"pin_longterm_accepted", accepted, &commands[2]},
      {"get_basic_accepted", accepted, &commands[3]},
      {"pin_basic_accepted", accepted, &commands[4]},
      {"pin_with_get", refused, &get_and_pin},
      {"pin_fast_with_get", refused, &get_and_pin_fast},
      {"get_with_pin", refused, &pin_from_outside},
      {"get_fast_with_pin", refused, &pin_fast_from_outside},
      {"longterm_without_pin", refused, &longterm_get},
      {"pin_fast_with_tried", refused, &tried_fast},
      {"get_fast_with_remote", refused, &remote_fast},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
