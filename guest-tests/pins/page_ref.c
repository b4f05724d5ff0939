// SPDX-License-Identifier: GPL-2.0
// The counters of /proc/vmstat and the page_ref events (lib/page_ref.h) must agree for one operation: they
// are updated in different places, so that each checks the other. Plain references only show in the events.
#include "page_ref.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "drive.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "uring.h"

enum { pages = 16 };

enum way { READ, WRITE, PROCESS_VM, VMSPLICE };
struct operation {
  enum buffer_kind kind;
  enum way way;
};

// Bytes moved, or -1 with errno.
static ssize_t read_out(struct buffer* buffer, void* copy) {
  int ends[2];
  struct iovec vec = {buffer->addr, buffer->size};
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
  ssize_t done = vmsplice(ends[1], &vec, 1, 0);
  if (done > 0) done = read(ends[0], copy, (size_t)done);
  close(ends[0]);
  close(ends[1]);
  return done;
}

static ssize_t move(enum way way, int drive, struct buffer* buffer, struct buffer* copy) {
  switch (way) {
    case READ:
      return pread(drive, buffer->addr, buffer->size, drive_raw.offset);
    case WRITE:
      return pwrite(drive, buffer->addr, buffer->size, drive_raw.offset);
    case PROCESS_VM:
      return proc_vm_read(copy->addr, buffer->addr, buffer->size);
    case VMSPLICE:
      return read_out(buffer, copy->addr);
  }
  return -1;
}

// Each page is taken once and released.
static void once(const struct operation* op, bool pin, int drive, struct buffer* buffer,
                 struct buffer* copy) {
  struct page_ref watch;
  struct pins before;
  long long counted = pin ? (long long)(buffer->size / page_bytes()) : 0;
  if (!page_ref_begin(&watch, buffer, op->kind)) return;
  if (pins_begin(&before)) {
    ssize_t done = move(op->way, drive, buffer, copy);
    if (done != (ssize_t)buffer->size)
      ktap_fail("%zd of %zu bytes: %s", done, buffer->size, done < 0 ? strerror(errno) : "");
    pins_expect(&before, counted, counted);
    long long each = page_ref_each(&watch, pin);
    page_ref_expect(&watch, each, each);
  }
  page_ref_end(&watch);
}

static void balanced(const void* arg) {
  const struct operation* op = arg;
  struct buffer buffer, copy;
  bool direct = op->way == READ || op->way == WRITE;
  enum pin_mode mode = direct ? caps_dio_bdev() : op->way == VMSPLICE ? MODE_GET : MODE_PIN;
  if (mode == MODE_UNKNOWN || !buffer_get(&buffer, op->kind, pages * page_bytes())) return;
  int drive = direct ? drive_raw.open(O_RDWR | O_DIRECT) : -1;
  if ((!direct || drive >= 0) && buffer_get(&copy, BUFFER_PAGES, buffer.size)) {
    once(op, mode == MODE_PIN, drive, &buffer, &copy);
    buffer_put(&copy);
  }
  if (drive >= 0) close(drive);
  buffer_put(&buffer);
}

// A pin that stays: taken when the memory is registered, released when that ends and not before.
static void registered(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct page_ref watch;
  struct pins before;
  int ring = uring_open();
  if (ring < 0) return;
  if (buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    if (page_ref_begin(&watch, &buffer, BUFFER_PAGES)) {
      if (pins_begin(&before) && uring_register(ring, buffer.addr, buffer.size) == 0) {
        pins_expect_longterm(&before, pages);
        page_ref_expect(&watch, page_ref_bias, 0);
        if (uring_unregister(ring) != 0) ktap_fail("IORING_UNREGISTER_BUFFERS");
        pins_expect(&before, 0, pages);
        page_ref_expect(&watch, page_ref_bias, page_ref_bias);
      }
      page_ref_end(&watch);
    }
    buffer_put(&buffer);
  }
  close(ring);
}

// An oracle that loses events would say that pages are kept or, worse, that nothing happened.
static void lost_events(const void* arg) {
  (void)arg;
  enum { most = 4000 };
  struct buffer buffer, copy;
  struct page_ref watch;
  struct pins before;
  int calls = 0;
  if (!buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()) ||
      !buffer_get(&copy, BUFFER_PAGES, buffer.size))
    return;
  if (page_ref_begin(&watch, &buffer, BUFFER_PAGES)) {
    if (pins_begin(&before)) {
      for (; calls < most && page_ref_lost() == 0; ++calls) proc_vm_read(copy.addr, buffer.addr, buffer.size);
      if (calls == 0 || calls == most)
        ktap_fail("%lld events were lost after %d calls", page_ref_lost(), calls);
      pins_expect(&before, (long long)pages * calls, (long long)pages * calls);
      ktap_note("room for %d calls of %d pages", calls, pages);
    }
    page_ref_end(&watch);
  }
  buffer_put(&buffer);
  buffer_put(&copy);
}

int main(void) {
  static const struct operation read_pages = {BUFFER_PAGES, READ}, write_pages = {BUFFER_PAGES, WRITE};
  static const struct operation read_memfd = {BUFFER_MEMFD, READ}, read_thp = {BUFFER_THP, READ};
  static const struct operation write_hugetlb = {BUFFER_HUGETLB, WRITE},
                                vm_pages = {BUFFER_PAGES, PROCESS_VM};
  static const struct operation vm_thp = {BUFFER_THP, PROCESS_VM}, pipe_pages = {BUFFER_PAGES, VMSPLICE};
  static const struct ktap_case cases[] = {
      {"direct_read_16_pages", balanced, &read_pages},    {"direct_write_16_pages", balanced, &write_pages},
      {"direct_read_memfd", balanced, &read_memfd},       {"direct_read_thp", balanced, &read_thp},
      {"direct_write_hugetlb", balanced, &write_hugetlb}, {"process_vm_readv_16_pages", balanced, &vm_pages},
      {"process_vm_readv_thp", balanced, &vm_thp},        {"vmsplice_16_pages", balanced, &pipe_pages},
      {"registered_16_pages_held", registered, NULL},     {"lost_events_are_noticed", lost_events, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
