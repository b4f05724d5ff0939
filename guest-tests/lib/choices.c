// SPDX-License-Identifier: GPL-2.0
#include "choices.h"

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
static uint64_t next(uint64_t* state) {
  uint64_t word = *state += 0x9e3779b97f4a7c15u;
  word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
  word = (word ^ word >> 27) * 0x94d049bb133111ebu;
  return word ^ word >> 31;
}

struct draw draw_for(uint64_t seed, unsigned worker, uint64_t step) {
  // One after the other through the mixer: neighbouring seeds, workers and steps have nothing in common.
  uint64_t state = seed;
  state = next(&state) + worker;
  state = next(&state) + step;
  return (struct draw){next(&state)};
}

unsigned draw_below(struct draw* draw, unsigned end) {
  return (unsigned)((next(&draw->state) >> 32) * end >> 32);
}

uint64_t choices_hash(uint64_t seed, unsigned worker, uint64_t steps) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a over words
  for (uint64_t step = 0; step < steps; ++step)
    hash = (hash ^ draw_for(seed, worker, step).state) * 0x100000001b3u;
  return hash;
}
