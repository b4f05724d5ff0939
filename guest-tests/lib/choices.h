// SPDX-License-Identifier: GPL-2.0
// The choices of a stress test: what a worker does in a step follows from the seed, its number and the number
// of the step, and from nothing else. The number of steps depends on the machine.
#pragma once

#include <stdint.h>

struct draw {
  uint64_t state;
};

// The choices of one step, drawn in a fixed order.
struct draw draw_for(uint64_t seed, unsigned worker, uint64_t step);
// A number below `end` (at least 1).
unsigned draw_below(struct draw* draw, unsigned end);

// A fingerprint of the choices in the first `steps` steps of a worker.
uint64_t choices_hash(uint64_t seed, unsigned worker, uint64_t steps);
