// SPDX-License-Identifier: GPL-2.0
// user_events (kernel/trace/trace_events_user.c): the kernel writes a bit of a word of this process when the
// word is registered, while the event is traced, and when the word is removed.
#pragma once

#define TRACING "/sys/kernel/tracing/"

enum { user_event_bit = 7, user_event_word = 4 };

// -1: the running case has been skipped.
int user_events_open(void);
// Registers an event that is described like "NAME u32 n" with a word. 0, or the errno value: EINVAL or ENOTTY
// of the ABI before 6.4, which has no words in user memory.
int user_event_register(int fd, const volatile void* word, const char* event);
int user_event_remove(int fd, const volatile void* word);
