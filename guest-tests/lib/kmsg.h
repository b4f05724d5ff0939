// SPDX-License-Identifier: GPL-2.0
// Reads the kernel log during a test.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// A reader at the end of the log. Skips the running case when /dev/kmsg cannot be read; -1 then.
int kmsg_open(void);
// The next line that contains `text`, without its prefix. False when there is none up to the end of the log:
// printk() has stored a message before the call that made it returns.
bool kmsg_find(int fd, const char* text, char* line, size_t size);
// The same, but waits up to `limit_ms` for it to be logged.
bool kmsg_wait(int fd, const char* text, char* line, size_t size, int limit_ms);
// Skips what has been logged so far.
void kmsg_rewind(int fd);

// Arms every WARN_ON_ONCE() again. False when the kernel does not support that; nothing is reported.
bool kmsg_clear_once(void);

// The number after `name` in `text`, or -1.
long kmsg_number(const char* text, const char* name);
