// SPDX-License-Identifier: GPL-2.0
// user_events (kernel/trace/trace_events_user.c): a program names a word of its memory, and the kernel sets a
// bit in it while the event is traced. For each such write it briefly pins the page.
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"

// Mounted by itself where debugfs is.
#define TRACING "/sys/kernel/debug/tracing/"
#define ENABLE TRACING "events/user_events/pinrig/enable"
enum { bit = 7 };

// The ABI since 6.4 (include/uapi/linux/user_events.h); headers older than that lack it.
struct registration {
  __u32 size;
  __u8 bit, word_bytes;
  __u16 flags;
  __u64 word, name;
  __u32 index;
} __attribute__((packed));
struct removal {
  __u32 size;
  __u8 bit, reserved;
  __u16 reserved_too;
  __u64 word;
} __attribute__((packed));
#define REGISTER _IOWR('*', 0, struct registration*)
#define UNREGISTER _IOW('*', 2, struct removal*)

static bool set_event(const char* value) {
  int fd = open(ENABLE, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write(fd, value, 1) == 1;
  if (!good) ktap_fail("%s: %s", ENABLE, strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

// 0, or the errno value.
static int enroll(int fd, volatile __u32* word) {
  struct registration request = {.size = sizeof(request),
                                 .bit = bit,
                                 .word_bytes = 4,
                                 .word = (unsigned long)word,
                                 .name = (unsigned long)"pinrig u32 n"};
  return ioctl(fd, REGISTER, &request) < 0 ? errno : 0;
}

static int open_events(void) {
  int fd = open(TRACING "user_events_data", O_RDWR | O_CLOEXEC);
  if (fd < 0) ktap_skip(TRACING "user_events_data: %s (USER_EVENTS)", strerror(errno));
  return fd;
}

// Traces the event and stops again: each time the kernel writes to the word, by one pin.
static void trace(volatile __u32* word, struct pins* before) {
  if (set_event("1")) pins_expect(before, 1, 1);
  if (*word != 1u << bit) ktap_fail("the word is %#x while the event is traced", *word);
  if (set_event("0")) pins_expect(before, 1, 1);
  if (*word) ktap_fail("the word is %#x afterwards", *word);
}

static void toggle(const void* arg) {
  const bool* absent = arg;
  struct buffer buffer;
  struct pins before;
  int fd = open_events();
  if (fd < 0) return;
  if (buffer_get(&buffer, BUFFER_PAGES, page_bytes()) && pins_begin(&before)) {
    volatile __u32* word = (volatile __u32*)(buffer.addr + 64);
    *word = 0;
    int error = enroll(fd, word);
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
    struct removal request = {.size = sizeof(request), .bit = bit, .word = (unsigned long)word};
    if (!error && ioctl(fd, UNREGISTER, &request) < 0) ktap_fail("unregistering: %s", strerror(errno));
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
