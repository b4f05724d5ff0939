// SPDX-License-Identifier: GPL-2.0
// How long is waited for what a wrong kernel never does: a release, an event, a free page. A guest that its
// host starves looks like a wrong kernel, so the wait is long; a kernel that is wrong everywhere must not use
// up the time limit in waiting, so it gets shorter while cases keep failing.
#pragma once

#include <stdbool.h>

struct patience {
  int full_ms;   // on the reference machine
  int failures;  // waits in vain, one after the other
};

// `ms` on the reference machine, in milliseconds of this guest: as much longer as what the agent waits for
// the pin counters (PINRIG_SETTLE_MS, scaled to host and kernel by the harness). Never shorter than `ms`.
int patience_scaled(int ms);
// How long to wait now, in milliseconds of this guest.
int patience_now(const struct patience* patience);
// How the wait ended. One failure, and a second, shorten nothing: they may be what they look like, and the
// cases after them are to be judged like those before. A wait that was not in vain restores all of it.
void patience_ended(struct patience* patience, bool in_vain);
