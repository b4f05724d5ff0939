// SPDX-License-Identifier: GPL-2.0
// fork() racing with direct reads, on every kind of target (lib/fork_race.h). bio/dio_fork_race does
// the same for longer on the raw drive.
//
//   dio_race [milliseconds of each case]
#include <stdlib.h>

#include "buffers.h"
#include "fork_race.h"
#include "ktap.h"
#include "pins.h"
#include "place.h"

struct race_case {
  enum place_kind place;
  enum buffer_kind kind;
};

static int duration_ms = 1500;

static void reads_survive_forks(const void* arg) {
  const struct race_case* c = arg;
  struct place place;
  struct buffer page;
  struct pins before;
  struct fork_race_result result;
  if (place_open(&place, c->place, false, fork_race_fill) && buffer_get(&page, c->kind, page_bytes())) {
    const struct fork_race race = {.fd = place.fd,
                                   .page = page.addr,
                                   .duration_ms = duration_ms,
                                   .extra_factor = 8,
                                   .least_reads = 50,
                                   .least_forks = 8};
    if (pins_begin(&before) && fork_race_run(&race, &result)) {
      // A fork between the two halves of a pin makes GUP take the page again: at least.
      bool pins = place.mode == MODE_PIN;
      pins_expect_at_least(&before, pins ? result.reads : 0, -place_skew(&place, result.reads));
      fork_race_judge(&race, &result, pins);
    }
    buffer_put(&page);
  }
  place_close(&place);
}

int main(int argc, char** argv) {
  static const struct race_case ext4 = {PLACE_EXT4, BUFFER_PAGES}, vfat = {PLACE_VFAT, BUFFER_PAGES};
  static const struct race_case p9 = {PLACE_9P, BUFFER_PAGES}, thp = {PLACE_BDEV, BUFFER_THP};
  static const struct ktap_case cases[] = {
      {"ext4", reads_survive_forks, &ext4},
      {"vfat", reads_survive_forks, &vfat},
      {"9p", reads_survive_forks, &p9},
      {"bdev_thp", reads_survive_forks, &thp},
  };
  if (argc > 1) duration_ms = atoi(argv[1]);
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
