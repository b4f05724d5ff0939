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
  fault.ends_badly: "it writes one word"
  fault.taken_away: "it writes one word"
  fault.write_protected: "a word is too short for whole pages"
*/
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "contract/user.h"
#include "ktap.h"

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

enum { bit = 7, word = 4 };

static int fd = -1;

static bool open_user(void) {
  static const char path[] = "/sys/kernel/debug/tracing/user_events_data";
  fd = open(path, O_RDWR | O_CLOEXEC);
  return fd >= 0 || ktap_skip("%s: %s (USER_EVENTS)", path, strerror(errno));
}

static void close_user(void) {
  if (fd >= 0) close(fd);
  fd = -1;
}

static long carry(enum way way, void* addr, size_t length) {
  (void)way;
  struct registration request = {.size = sizeof(request),
                                 .bit = bit,
                                 .word_bytes = word,
                                 .word = (unsigned long)addr,
                                 .name = (unsigned long)"contract u32 n"};
  struct removal removal = {.size = sizeof(removal), .bit = bit, .word = (unsigned long)addr};
  if (ioctl(fd, REGISTER, &request) < 0) return -errno;
  // What fails once, by an injected fault, would stay registered in this process.
  const int error = ioctl(fd, UNREGISTER, &removal) < 0 ? errno : 0;
  if (error) ioctl(fd, UNREGISTER, &removal);
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
    .align = word,
    .most = word,
    // For any failed write (user_event_enabler_create()).
    .refusal = ENOMEM,
};
