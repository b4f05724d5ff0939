// SPDX-License-Identifier: GPL-2.0
#include "patience.h"

#include <stdlib.h>

enum { reference_settle_ms = 2000, part = 20, most_scale = 100, floor_ms = 50, unhurried = 2 };

int patience_scaled(int ms) {
  const char* text = getenv("PINRIG_SETTLE_MS");
  int settle = text ? atoi(text) : 0;
  if (settle <= reference_settle_ms) return ms;
  if (settle > most_scale * reference_settle_ms) settle = most_scale * reference_settle_ms;
  // In this order waits of up to three minutes do not overflow.
  return ms / part * settle / (reference_settle_ms / part);
}

int patience_now(const struct patience* patience) {
  int ms = patience->full_ms;
  for (int i = unhurried; i < patience->failures && ms / 2 >= floor_ms; ++i) ms /= 2;
  return patience_scaled(ms);
}

void patience_ended(struct patience* patience, bool in_vain) {
  patience->failures = in_vain ? patience->failures + 1 : 0;
}
