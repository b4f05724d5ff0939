// SPDX-License-Identifier: GPL-2.0
// fork() while a direct read is in flight, made deterministic. The parent submits a read, forks, and writes
// to the last byte of the page before the drive has answered. A pinned page stays with the parent: fork()
// gives the child a copy, and the data arrives in the parent's page. A page with a plain reference is shared
// copy-on-write: the parent's write moves the parent to a copy, the data goes to the old page, and the read
// is lost.
//
// The drive must delay the data until then. QEMU's throttling delays a request before it is executed
// (null-co's latency transfers the data first and hides the race). A burst of reads ahead of the one under
// test delays it most; that it was still in flight after the parent's write is checked, not assumed.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "aio.h"
#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum {
  sector = 512,
  stale = 0xaa,       // in the page before the read
  fresh = 0xc3,       // on the drive
  mark = 0xab,        // what the parent writes to the end of the page
  answer_ms = 20000,  // longest wait for the drive
  first_burst = 3,    // reads ahead: some 0.65 s at 4 operations a second
  max_burst = 24,
  tag_burst = 1,
  tag_read = 2,
};

struct attempt {
  bool in_time;          // the read was in flight until after the parent's write
  long result;           // of the read
  unsigned char parent;  // first byte as the parent sees it afterwards
  unsigned char child;   // and the child
};

// The drive is filled with `fresh` where it will be read.
static bool prepare_drive(int fd) {
  struct buffer block;
  if (!buffer_get(&block, BUFFER_PAGES, page_bytes())) return false;
  memset(block.addr, fresh, sector);
  pins_claim_exact(caps_dio_bdev() == MODE_PIN ? 1 : 0);
  bool good = pwrite(fd, block.addr, sector, 0) == sector ||
              ktap_fail("preparing the slow drive: %s", strerror(errno));
  buffer_put(&block);
  return good;
}

// Sends the byte it sees when it is told to look, after the read has ended.
static void child_side(const struct buffer* target, const struct rendezvous* look,
                       const struct rendezvous* report) {
  unsigned char go;
  if (!rendezvous_wait(look, &go, answer_ms)) _exit(1);
  _exit(rendezvous_send(report, target->addr[0]) ? 0 : 2);
}

// Reaps until the read itself has come.
static bool reap_all(struct aio* aio, struct attempt* out) {
  bool came = false;
  while (aio->in_flight > 0) {
    long result = 0;
    unsigned tag = aio_reap(aio, answer_ms, &result);
    if (tag == 0) return ktap_fail("the slow drive did not answer within %d ms", answer_ms);
    if (tag == tag_read) {
      out->result = result;
      came = true;
    }
  }
  return came;
}

static bool fork_in_flight(struct aio* aio, const struct buffer* target, struct attempt* out) {
  struct rendezvous look, report;
  if (!rendezvous_open(&look) || !rendezvous_open(&report)) return false;
  pid_t child = proc_fork();
  if (child == 0) child_side(target, &look, &report);
  bool good = child > 0;
  if (good) {
    target->addr[page_bytes() - 1] = mark;
    long result = 0;
    unsigned tag;
    out->in_time = true;
    while ((tag = aio_reap(aio, 0, &result)) != 0) {
      if (tag != tag_read) continue;
      out->in_time = false;
      out->result = result;
    }
    good = reap_all(aio, out) || !out->in_time;
    out->parent = target->addr[0];
    good = rendezvous_send(&look, 1) && rendezvous_wait(&report, &out->child, answer_ms) && good;
    if (proc_reap(child, answer_ms) != 0) good = ktap_fail("the child could not report");
  }
  rendezvous_close(&look);
  rendezvous_close(&report);
  return good;
}

// One try with `burst` reads ahead. Each read pins one page.
static bool attempt(int fd, const struct buffer* target, const struct buffer* scratch, int burst,
                    struct attempt* out) {
  struct aio aio;
  if (!aio_open(&aio, max_burst + 1)) return false;
  memset(target->addr, stale, page_bytes());
  bool good = true;
  for (int i = 0; good && i < burst; ++i) good = aio_read(&aio, fd, scratch->addr, sector, 0, tag_burst);
  good = good && aio_read(&aio, fd, target->addr, sector, 0, tag_read);
  good = good && fork_in_flight(&aio, target, out);
  aio_close(&aio);
  return good;
}

static void judge(const struct attempt* seen, const struct buffer* target) {
  bool kept = seen->parent == fresh && seen->child == stale;
  ktap_note("parent sees %02x (drive: %02x), child sees %02x (before: %02x): %s", seen->parent, fresh,
            seen->child, stale, kept ? "the parent kept the page" : "the read is lost");
  KTAP_REQUIRE(seen->result == sector, "the read gave %ld", seen->result);
  KTAP_REQUIRE(target->addr[page_bytes() - 1] == mark, "the parent's own write is gone");
  if (caps_dio_bdev() == MODE_PIN) {
    KTAP_REQUIRE(kept, "a direct read was lost to fork(): the page is not pinned");
  } else if (kept) {
    ktap_xpass("direct I/O takes plain references here, but the read was not lost");
  } else if (seen->parent == stale && seen->child == fresh) {
    ktap_xfail("direct I/O takes plain references here: fork() loses the read");
  } else {
    ktap_fail("neither kept nor lost: the data is in none of the possible places");
  }
}

static void fork_keeps_page(const void* arg) {
  struct buffer target, scratch;
  struct pins before;
  struct attempt seen = {0};
  if (caps_dio_bdev() == MODE_UNKNOWN) return;
  int fd = device_open(DRIVE_SLOW, 1, O_RDWR | O_DIRECT);
  if (fd < 0) return;
  if (prepare_drive(fd) && buffer_get(&scratch, BUFFER_PAGES, page_bytes())) {
    if (buffer_get(&target, *(const enum buffer_kind*)arg, page_bytes())) {
      for (int burst = first_burst; burst <= max_burst && !seen.in_time && !ktap_failed(); burst *= 2) {
        if (!pins_begin(&before) || !attempt(fd, &target, &scratch, burst, &seen)) break;
        long long pages = caps_dio_bdev() == MODE_PIN ? burst + 1 : 0;
        pins_expect(&before, pages, pages);
        if (!seen.in_time)
          ktap_note("the drive answered before the parent wrote: retrying with a longer burst");
      }
      if (seen.in_time)
        judge(&seen, &target);
      else if (!ktap_failed())
        ktap_fail("the drive never held a read back long enough: is %s throttled?", DRIVE_SLOW);
      buffer_put(&target);
    }
    buffer_put(&scratch);
  }
  close(fd);
}

int main(void) {
  static const enum buffer_kind base = BUFFER_PAGES, thp = BUFFER_THP, hugetlb = BUFFER_HUGETLB;
  static const struct ktap_case cases[] = {
      {"base_page", fork_keeps_page, &base},
      {"thp", fork_keeps_page, &thp},
      {"hugetlb", fork_keeps_page, &hugetlb},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
