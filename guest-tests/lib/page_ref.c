// SPDX-License-Identifier: GPL-2.0
#include "page_ref.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "pagemap.h"
#include "patience.h"

#define TRACING "/sys/kernel/tracing/"
#define INSTANCE TRACING "instances/pinrig-page-ref"
#define EVENTS "/events/page_ref"

enum { filter_room = 4000 };

// How long is waited for an event that should come.
static struct patience patience = {1000, 0};

static bool put(const char* file, const char* value) {
  char path[128];
  snprintf(path, sizeof(path), INSTANCE "/%s", file);
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);
  bool good = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
  if (!good) ktap_fail("writing %s to %s: %s", value, path, strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

static void remove_instance(void) { rmdir(INSTANCE); }

static bool instance_ready(void) {
  static bool ready;
  if (ready) return true;
  if (access(TRACING EVENTS, F_OK) < 0)
    return ktap_skip(TRACING EVENTS ": %s (CONFIG_DEBUG_PAGE_REF)", strerror(errno));
  // One that a test left behind when it was ended at its time limit.
  remove_instance();
  if (mkdir(INSTANCE, 0700) < 0) return ktap_fail(INSTANCE ": %s", strerror(errno));
  atexit(remove_instance);
  // buffer_percent: an event wakes the reader at once, and not when half the buffer is full.
  ready = put("buffer_percent", "0") && put("buffer_size_kb", "256");
  return ready;
}

// A page new on its way to the LRU lists has a reference of that way, which may end at any time (mm/swap.c,
// folio_add_lru()). Moving ourselves from node 0 to node 0 moves nothing, but empties these ways of all
// CPUs first.
static bool drain_lru(void) {
  unsigned long node = 1;
  return syscall(SYS_migrate_pages, 0, 8 * sizeof(node), &node, &node) == 0 ||
         ktap_fail("migrate_pages: %s", strerror(errno));
}

// "pfn >= A && pfn <= B || ...": neighbours share a term.
static bool set_filter(const struct page_ref* watch) {
  static char text[filter_room];
  size_t used = 0;
  for (size_t i = 0; i < watch->count;) {
    uint64_t low = watch->pages[i].frame, high = low;
    for (++i; i < watch->count; ++i) {
      uint64_t frame = watch->pages[i].frame;
      if (frame != high + 1 && frame + 1 != low) break;
      if (frame > high) high = frame;
      if (frame < low) low = frame;
    }
    used += (size_t)snprintf(text + used, sizeof(text) - used, "%spfn >= 0x%llx && pfn <= 0x%llx",
                             used ? " || " : "", (unsigned long long)low, (unsigned long long)high);
    if (used >= sizeof(text)) return ktap_fail("the buffer has too many physical ranges for one filter");
  }
  return put("events/page_ref/filter", text);
}

static bool find_frames(struct page_ref* watch, const struct buffer* buffer) {
  uint64_t* frames = calloc(watch->count, sizeof(*frames));
  bool good = frames && watch->pages && pagemap_pfns(buffer->addr, buffer->size, frames);
  for (size_t i = 0; good && i < watch->count; ++i) watch->pages[i].frame = frames[i];
  free(frames);
  return good;
}

bool page_ref_begin(struct page_ref* watch, const struct buffer* buffer, enum buffer_kind kind) {
  size_t folio = kind == BUFFER_THP ? thp_bytes() : kind == BUFFER_HUGETLB ? hugetlb_bytes() : page_bytes();
  *watch = (struct page_ref){.count = buffer->size / page_bytes(), .folio = folio / page_bytes(), .pipe = -1};
  if (!instance_ready() || !drain_lru()) return false;
  watch->pages = calloc(watch->count, sizeof(*watch->pages));
  bool good = find_frames(watch, buffer) && set_filter(watch) && put("trace", "");
  if (good) watch->pipe = open(INSTANCE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (good && watch->pipe < 0) ktap_fail(INSTANCE "/trace_pipe: %s", strerror(errno));
  if (watch->pipe >= 0 && put("events/page_ref/enable", "1")) return true;
  page_ref_end(watch);
  return false;
}

void page_ref_end(struct page_ref* watch) {
  put("events/page_ref/enable", "0");
  if (watch->pipe >= 0) close(watch->pipe);
  free(watch->pages);
}

static long number(const char* line, const char* name) {
  const char* at = strstr(line, name);
  return at ? atol(at + strlen(name)) : 0;
}

// "COMM-PID [CPU] FLAGS TIME: page_ref_NAME: pfn=0x... flags=... count=... mapcount=... mapping=... mt=...
// val=N ret=N"
static void account(struct page_ref* watch, const char* line) {
  char name[16];
  unsigned long long frame;
  const char* at = strstr(line, ": page_ref_");
  if (!at || sscanf(at, ": page_ref_%15[a-z_]: pfn=0x%llx", name, &frame) != 2) return;
  size_t i = 0;
  while (i < watch->count && watch->pages[i].frame != frame) ++i;
  if (i == watch->count) return;
  ++watch->events;
  long change = number(at, " val=");
  // Those two say what was tried, and whether it was done.
  bool tried = strcmp(name, "mod_unless") == 0 || strcmp(name, "freeze") == 0;
  if (tried && number(at, " ret=") == 0) return;
  if (strcmp(name, "freeze") == 0) change = -change;
  if (strcmp(name, "set") == 0)
    watch->gone = true;
  else if (change > 0)
    watch->pages[i].taken += change;
  else
    watch->pages[i].given -= change;
}

// All that is in the buffers of the instance.
static void take_in(struct page_ref* watch) {
  static char text[16384];
  size_t used = 0;
  ssize_t got;
  while ((got = read(watch->pipe, text + used, sizeof(text) - 1 - used)) > 0) {
    char *line = text, *end;
    used += (size_t)got;
    text[used] = '\0';
    for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
      *end = '\0';
      account(watch, line);
    }
    used -= (size_t)(line - text);
    memmove(text, line, used);
  }
}

long long page_ref_lost(void) {
  long long lost = 0;
  for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); ++cpu) {
    char path[128], line[64];
    long more;
    snprintf(path, sizeof(path), INSTANCE "/per_cpu/cpu%ld/stats", cpu);
    FILE* file = fopen(path, "re");
    if (!file) return -1;
    while (fgets(line, sizeof(line), file))
      if (sscanf(line, "overrun: %ld", &more) == 1 || sscanf(line, "commit overrun: %ld", &more) == 1 ||
          sscanf(line, "dropped events: %ld", &more) == 1)
        lost += more;
    fclose(file);
  }
  return lost;
}

long long page_ref_each(const struct page_ref* watch, bool pin) {
  return watch->folio > 1 ? (long long)watch->folio : pin ? page_ref_bias : 1;
}

struct range {
  long long least, most;  // of what was taken
  long long held;         // and not released
};

// How many pages have other sums than these; *first is one of them. Only the first page of a folio has any.
static size_t strangers(const struct page_ref* watch, const struct range* want, size_t* first) {
  size_t bad = 0;
  for (size_t i = watch->count; i-- > 0;) {
    const struct page_ref_sum* page = &watch->pages[i];
    bool good = i % watch->folio == 0 ? page->taken >= want->least && page->taken <= want->most &&
                                            page->taken - page->given == want->held
                                      : page->taken == 0 && page->given == 0;
    if (good) continue;
    *first = i;
    ++bad;
  }
  return bad;
}

// Waits for the event that makes it true: mm/gup.c counts a page as released before it drops its references.
static size_t settle(struct page_ref* watch, const struct range* want, size_t* first) {
  long long end = clock_ms() + patience_now(&patience);
  for (;;) {
    take_in(watch);
    size_t bad = strangers(watch, want, first);
    long long left = end - clock_ms();
    if (bad == 0) {
      patience_ended(&patience, false);
      return 0;
    }
    struct pollfd more = {watch->pipe, POLLIN, 0};
    if (left > 0 && poll(&more, 1, (int)left) > 0) continue;
    patience_ended(&patience, true);
    return bad;
  }
}

static bool judge(struct page_ref* watch, const struct range* want) {
  size_t first = 0, bad = settle(watch, want, &first);
  const struct page_ref_sum* page = &watch->pages[first];
  ktap_note("page_ref: %zu pages, folios of %zu, %zu events: %+lld %+lld", watch->count, watch->folio,
            watch->events, page->taken, -page->given);
  long long lost = page_ref_lost();
  if (lost != 0) return ktap_fail("%lld page_ref events were lost", lost);
  if (watch->gone) return ktap_fail("a frame was reallocated while it was watched");
  return bad == 0 ||
         ktap_fail("%zu of %zu pages, page %zu first: %lld references taken, %lld held, want %lld and %lld",
                   bad, watch->count, first, page->taken, page->taken - page->given, want->least, want->held);
}

bool page_ref_expect(struct page_ref* watch, long long taken, long long given) {
  struct range want = {taken, taken, taken - given};
  return judge(watch, &want);
}

bool page_ref_expect_at_least(struct page_ref* watch, long long taken, long long held) {
  struct range want = {taken, __LONG_LONG_MAX__, held};
  return judge(watch, &want);
}
