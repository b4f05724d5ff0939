// SPDX-License-Identifier: GPL-2.0
/* user:
what: "a word that user_events writes when it is registered, and when it is removed"
rows: [G24]
traits: [in, carry, short]
needs: {symbols: [USER_EVENTS]}
not:
  release.half_in: "it writes one word"
  readonly.part: "it writes one word"
  fault.retried_in: "it writes one word"
  release.end_of_file: "it writes one word"
  fault.ends_badly: "it writes one word"
  fault.taken_away: "it writes one word"
  fault.write_protected: "a word is too short for whole pages"
proof: {mutant: m46-user-events-not-unpinned, red: [pages.in.anon]}
*/
#include "user_events.h"

#include <errno.h>
#include <unistd.h>

#include "contract/user.h"

static int fd = -1;

static bool open_user(void) {
  fd = user_events_open();
  return fd >= 0;
}

static void close_user(void) {
  if (fd >= 0) close(fd);
  fd = -1;
}

static long carry(enum way way, void* addr, size_t length) {
  (void)way;
  int error = user_event_register(fd, addr, "contract u32 n");
  if (error) return -error;
  // What fails once, by an injected fault, would stay registered in this process.
  error = user_event_remove(fd, addr);
  if (error) user_event_remove(fd, addr);
  return error ? -error : (long)length;
}

static void counts(enum way way, const void* addr, size_t length, struct user_counts* counts) {
  (void)way, (void)addr, (void)length;
  counts->acquired = 2;
}

const struct user user_user_events = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .carry = carry,
    .counts = counts,
    .align = user_event_word,
    .most = user_event_word,
    // For any failed write (user_event_enabler_create()).
    .refusal = ENOMEM,
};
