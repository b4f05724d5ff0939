// SPDX-License-Identifier: GPL-2.0
#include "pins.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"

enum { quick_ms = 10 };  // most late releases have come by then

// Longest wait for a late release while the counters keep moving.
static long long settle_cap_ms(void) { return patience_scaled(2000); }

// How long a wrong but unmoving balance is watched before it is believed.
static struct patience patience = {800, 0};

static bool find_counter(const char* text, const char* name, long long* value) {
  size_t length = strlen(name);
  for (const char* at = strstr(text, name); at; at = strstr(at + 1, name)) {
    if ((at == text || at[-1] == '\n') && at[length] == ' ') {
      *value = atoll(at + length + 1);
      return true;
    }
  }
  return false;
}

// 0: read; 1: no such counters; -1: cannot be read, errno says why.
static int read_vmstat(struct pins* now) {
  static char text[32768];
  int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  size_t used = 0;
  ssize_t got;
  while (used < sizeof(text) - 1 && (got = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
    used += (size_t)got;
  close(fd);
  text[used] = '\0';
  return find_counter(text, "nr_foll_pin_acquired", &now->acquired) &&
                 find_counter(text, "nr_foll_pin_released", &now->released)
             ? 0
             : 1;
}

bool pins_available(void) {
  struct pins now;
  int failed = read_vmstat(&now);
  if (failed < 0) return ktap_fail("/proc/vmstat: %s", strerror(errno));
  return failed == 0 || ktap_skip("this kernel has no nr_foll_pin_* in /proc/vmstat");
}

bool pins_sample(struct pins* now) {
  int fd = open("/proc/sys/vm/stat_refresh", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ktap_fail("/proc/sys/vm/stat_refresh: %s", strerror(errno));
  char byte;
  // Its result is about other counters being negative (mm/vmstat.c vmstat_refresh): folding is done either
  // way.
  ssize_t ignored = read(fd, &byte, 1);
  (void)ignored;
  close(fd);
  return read_vmstat(now) == 0 || ktap_fail("nr_foll_pin_* disappeared from /proc/vmstat");
}

// What the last operation was seen to end with: counters that still say so have come to rest since.
static struct pins at_rest = {-1, -1};

static bool same(const struct pins* a, const struct pins* b) {
  return a->acquired == b->acquired && a->released == b->released;
}

bool pins_begin(struct pins* before) {
  if (!pins_available() || !pins_sample(before)) return false;
  long long end = clock_ms() + settle_cap_ms();
  while (!same(before, &at_rest)) {
    if (clock_ms() > end) return ktap_fail("the pin counters do not settle before the operation");
    at_rest = *before;
    sleep_ms(1);
    if (!pins_sample(before)) return false;
  }
  return true;
}

void pins_await_released(const struct pins* before, long long pages, int limit_ms) {
  static struct patience awaited;
  awaited.full_ms = limit_ms;
  const long long limit = patience_now(&awaited);
  long long moved = clock_ms();
  struct pins now, last = *before;
  while (pins_sample(&now) && now.released - before->released < pages) {
    if (now.released != last.released) moved = clock_ms();
    last = now;
    if (clock_ms() - moved > limit) return patience_ended(&awaited, true);
    sleep_ms(20);
  }
  patience_ended(&awaited, false);
}

bool pins_rest(struct pins* now) {
  long long end = clock_ms() + settle_cap_ms();
  for (int equal = 0; equal < 4;) {
    struct pins next;
    sleep_ms(5);
    if (!pins_sample(&next)) return false;
    equal = same(&next, now) ? equal + 1 : 0;
    *now = next;
    // A guest that its host starves needs seconds for four equal samples: only movement is a reason to give
    // up.
    if (equal == 0 && clock_ms() > end) return ktap_fail("the pin counters do not settle");
  }
  at_rest = *now;
  return true;
}

static void claim(const char* word, long long amount) {
  const char* number = getenv("PINRIG_CLAIM_FD");
  if (!number) return;
  char line[48];
  int length = snprintf(line, sizeof(line), "%s %lld\n", word, amount);
  if (write(atoi(number), line, (size_t)length) != length)
    ktap_note("the claim was not accepted: %s", strerror(errno));
}

void pins_claim_exact(long long pages) { claim("exact", pages); }
void pins_claim_at_least(long long pages) { claim("atleast", pages); }
void pins_claim_skew(long long sections) { claim("skew", sections); }

struct range {
  long long least, most;  // of acquired
  long long held;         // acquired - released
};

static bool matches(const struct pins* before, const struct pins* now, const struct range* want) {
  long long acquired = now->acquired - before->acquired;
  long long released = now->released - before->released;
  return acquired >= want->least && acquired <= want->most && acquired - released == want->held;
}

// More than can ever be right, and nothing is outstanding that could still come back.
static bool beyond(const struct pins* before, const struct pins* now, const struct range* want) {
  const long long acquired = now->acquired - before->acquired;
  return acquired > want->most && acquired - (now->released - before->released) <= want->held;
}

// Fewer than there should be, and no more of them held than should be. Releases come late; what is taken
// after the operation has returned is rare, and comes soon.
static bool too_few(const struct pins* before, const struct pins* now, const struct range* want) {
  const long long acquired = now->acquired - before->acquired;
  return acquired < want->least && acquired - (now->released - before->released) <= want->held;
}

// Waits for `want`. Returns whether it came and sets *after to the last sample.
static bool settle(const struct pins* before, struct pins* after, const struct range* want,
                   long long* waited_ms) {
  struct pins last = {-1, -1};
  long long start = clock_ms(), moved = start;
  for (;;) {
    if (!pins_sample(after)) return false;
    long long now = clock_ms();
    *waited_ms = now - start;
    if (matches(before, after, want)) {
      at_rest = *after;
      patience_ended(&patience, false);
      return true;
    }
    if (same(after, &last) && beyond(before, after, want)) break;
    if (!same(after, &last)) moved = now;
    last = *after;
    const int part = too_few(before, after, want) ? 4 : 1;
    if (now - start > settle_cap_ms() || now - moved > patience_now(&patience) / part) break;
    sleep_ms(now - start < quick_ms ? 1 : 5);
  }
  patience_ended(&patience, true);
  return false;
}

static bool judge(struct pins* before, const struct range* want) {
  struct pins after = *before;
  long long waited = 0;
  bool good = settle(before, &after, want, &waited);
  char wanted[80];
  if (want->least == want->most)
    snprintf(wanted, sizeof(wanted), "%lld/%lld", want->least, want->least - want->held);
  else if (want->most == __LONG_LONG_MAX__)
    snprintf(wanted, sizeof(wanted), ">=%lld, %+lld held", want->least, want->held);
  else
    snprintf(wanted, sizeof(wanted), "%lld..%lld, %+lld held", want->least, want->most, want->held);
  long long acquired = after.acquired - before->acquired, released = after.released - before->released;
  ktap_aside("pins acq=%+lld rel=%+lld want %s (settled in %lld ms)", acquired, released, wanted, waited);
  *before = after;
  return good || ktap_fail("%lld pages pinned, %lld unpinned, want %s", acquired, released, wanted);
}

bool pins_expect(struct pins* before, long long acquired, long long released) {
  pins_claim_exact(acquired);
  struct range want = {acquired, acquired, acquired - released};
  return judge(before, &want);
}

bool pins_expect_either(struct pins* before, long long pages, long long other) {
  const struct range want = {pages < other ? pages : other, pages < other ? other : pages, 0};
  const long long start = before->acquired;
  const bool good = judge(before, &want);
  const long long acquired = before->acquired - start;
  pins_claim_exact(acquired);
  return good && (acquired == pages || acquired == other ||
                  ktap_fail("%lld pages pinned, want %lld or %lld", acquired, pages, other));
}

bool pins_expect_at_least(struct pins* before, long long acquired, long long held) {
  pins_claim_at_least(acquired);
  struct range want = {acquired, __LONG_LONG_MAX__, held};
  return judge(before, &want);
}

// ZONE_MOVABLE and CMA pageblocks are what FOLL_LONGTERM may not stay in (is_longterm_pinnable_page).
static bool has_movable_memory(void) {
  FILE* file = fopen("/proc/zoneinfo", "re");
  if (!file) return true;
  char line[200];
  bool movable_zone = false, found = false;
  long long value;
  while (!found && fgets(line, sizeof(line), file)) {
    if (strncmp(line, "Node", 4) == 0) movable_zone = strstr(line, "Movable") != NULL;
    if (movable_zone && sscanf(line, " present %lld", &value) == 1 && value > 0) found = true;
    if (sscanf(line, " cma %lld", &value) == 1 && value > 0) found = true;
  }
  fclose(file);
  return found;
}

static bool given_back(const struct pins* before, const struct pins* now, long long skew) {
  const long long acquired = now->acquired - before->acquired;
  return now->released - before->released == acquired + skew * acquired;
}

bool pins_moved(struct pins* before, long long skew, struct pins* moved) {
  struct pins after, again;
  if (!pins_sample(&after)) return false;
  // Twice: to release too much comes later than to release enough.
  bool over = given_back(before, &after, skew) && pins_sample(&again) && given_back(before, &again, skew);
  if (!over && !pins_rest(&after)) return false;
  *moved = (struct pins){after.acquired - before->acquired, after.released - before->released};
  *before = at_rest = after;
  pins_claim_exact(moved->acquired);
  ktap_aside("pins acq=%+lld rel=%+lld", moved->acquired, moved->released);
  return true;
}

bool pins_expect_longterm(struct pins* before, long long pages) {
  return pins_expect_held(before, pages, pages);
}

bool pins_expect_held(struct pins* before, long long pages, long long held) {
  static int movable = -1;
  if (movable < 0) movable = has_movable_memory();
  if (!movable) return pins_expect(before, pages, pages - held);
  pins_claim_at_least(pages);
  struct range want = {pages, 2 * pages, held};
  return judge(before, &want);
}
