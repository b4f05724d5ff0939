// SPDX-License-Identifier: GPL-2.0
// What fork() does to the references of a page (lib/page_ref.h): an unpinned page is shared, and the child
// holds a reference until it exits; of a pinned page the child gets a copy, and holds no reference.
#include "page_ref.h"

#include <string.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "uring.h"

enum { pages = 16, limit_ms = 20000 };

static void child_side(const struct rendezvous* go) {
  unsigned char byte;
  _exit(rendezvous_wait(go, &byte, limit_ms) ? 0 : 1);
}

static void across_fork(bool pinned, struct page_ref* watch) {
  struct rendezvous go;
  long long held = pinned ? page_ref_bias : 0;
  page_ref_expect(watch, held, 0);
  if (!rendezvous_open(&go)) return;
  pid_t child = proc_fork();
  if (child == 0) child_side(&go);
  if (child > 0) {
    // Since 5.19 fork() takes the child's reference before it looks whether the page may be pinned, twice
    // where it has to get memory first.
    const long long taken = pinned ? held : 1;
    page_ref_expect_at_least(watch, taken, taken);
    rendezvous_send(&go, 1);
    if (proc_reap(child, limit_ms) != 0) ktap_fail("the child's wait timed out");
    page_ref_expect_at_least(watch, taken, held);
  }
  rendezvous_close(&go);
}

static void references(const void* arg) {
  bool pinned = arg != NULL;
  struct buffer buffer;
  struct page_ref watch;
  struct pins before;
  int ring = uring_open();
  if (ring < 0) return;
  if (buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    if (page_ref_begin(&watch, &buffer, BUFFER_PAGES)) {
      if (pins_begin(&before)) {
        if (pinned && uring_register(ring, buffer.addr, buffer.size) != 0)
          ktap_fail("IORING_REGISTER_BUFFERS");
        across_fork(pinned, &watch);
        if (pinned && uring_unregister(ring) != 0) ktap_fail("IORING_UNREGISTER_BUFFERS");
        pins_expect(&before, pinned ? pages : 0, pinned ? pages : 0);
        page_ref_expect_at_least(&watch, 1, 0);
      }
      page_ref_end(&watch);
    }
    buffer_put(&buffer);
  }
  close(ring);
}

int main(void) {
  static const struct ktap_case cases[] = {
      {"pinned_pages_are_copied", references, "pinned"},
      {"others_are_shared", references, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
