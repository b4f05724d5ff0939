// SPDX-License-Identifier: GPL-2.0
#include "user_events.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/types.h>
#include <string.h>
#include <sys/ioctl.h>

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

int user_events_open(void) {
  const int fd = open(TRACING "user_events_data", O_RDWR | O_CLOEXEC);
  if (fd < 0) ktap_skip(TRACING "user_events_data: %s (USER_EVENTS)", strerror(errno));
  return fd;
}

int user_event_register(int fd, const volatile void* word, const char* event) {
  struct registration request = {.size = sizeof(request),
                                 .bit = user_event_bit,
                                 .word_bytes = user_event_word,
                                 .word = (unsigned long)word,
                                 .name = (unsigned long)event};
  return ioctl(fd, REGISTER, &request) < 0 ? errno : 0;
}

int user_event_remove(int fd, const volatile void* word) {
  struct removal request = {.size = sizeof(request), .bit = user_event_bit, .word = (unsigned long)word};
  return ioctl(fd, UNREGISTER, &request) < 0 ? errno : 0;
}
