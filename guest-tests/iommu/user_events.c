// SPDX-License-Identifier: GPL-2.0
// user_events (kernel/trace/trace_events_user.c): a program names a word of its memory, and the kernel sets a
// bit in it while the event is traced. For each such write it briefly pins the page.
#include "user_events.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"

#define ENABLE TRACING "events/user_events/pinrig/enable"
static bool set_event(const char* value) {
  int fd = open(ENABLE, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write(fd, value, 1) == 1;
  if (!good) ktap_fail("%s: %s", ENABLE, strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

// Traces the event and stops again: each time the kernel writes to the word, by one pin.
static void trace(volatile __u32* word, struct pins* before) {
  if (set_event("1")) pins_expect(before, 1, 1);
  if (*word != 1u << user_event_bit) ktap_fail("the word is %#x while the event is traced", *word);
  if (set_event("0")) pins_expect(before, 1, 1);
  if (*word) ktap_fail("the word is %#x afterwards", *word);
}

static void toggle(const void* arg) {
  const bool* absent = arg;
  struct buffer buffer;
  struct pins before;
  int fd = user_events_open();
  if (fd < 0) return;
  if (buffer_get(&buffer, BUFFER_PAGES, page_bytes()) && pins_begin(&before)) {
    volatile __u32* word = (volatile __u32*)(buffer.addr + 64);
    *word = 0;
    int error = user_event_register(fd, word, "pinrig u32 n");
    if (error == EINVAL || error == ENOTTY)
      ktap_skip("the ABI before 6.4 does not support words in user memory");
    else if (error)
      ktap_fail("registering: %s", strerror(error));
    // The state of now is written at once.
    if (!error) pins_expect(&before, 1, 1);
    for (int i = 0; !error && i < 3 && !ktap_failed(); ++i) {
      // The kernel does not fault under its locks (FOLL_NOFAULT): a worker brings the page, and then it is
      // pinned.
      if (*absent) madvise(buffer.addr, buffer.size, MADV_DONTNEED);
      trace(word, &before);
    }
    const int left = error ? 0 : user_event_remove(fd, word);
    if (left) ktap_fail("unregistering: %s", strerror(left));
    // The bit is cleared on the way out, whatever it was; then the word is the program's own again.
    if (!error) pins_expect(&before, 1, 1);
    if (!error && set_event("1")) pins_expect(&before, 0, 0);
    if (!error) set_event("0");
    buffer_put(&buffer);
  }
  close(fd);
}

int main(void) {
  static const bool there = false, absent = true;
  static const struct ktap_case cases[] = {{"toggle", toggle, &there}, {"absent_page", toggle, &absent}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
