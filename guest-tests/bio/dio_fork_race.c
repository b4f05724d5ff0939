// SPDX-License-Identifier: GPL-2.0
// fork() racing with direct reads of the raw drive, for some seconds: lib/fork_race.h.
//
//   dio_fork_race [seconds]
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "fork_race.h"
#include "ktap.h"
#include "pins.h"

static int seconds = 3;
static const off_t drive_offset = 4 << 20;

static bool prepare_drive(void) {
  unsigned char block[fork_race_sector];
  int fd = device_open(DRIVE_RAW, 1, O_RDWR);
  if (fd < 0) return false;
  memset(block, fork_race_fill, sizeof(block));
  bool good = pwrite(fd, block, sizeof(block), drive_offset) == sizeof(block) ||
              ktap_fail("preparing the drive: %s", strerror(errno));
  good = good && device_drop_cache(fd);
  close(fd);
  return good;
}

static void reads_survive_forks(const void* arg) {
  (void)arg;
  struct buffer page;
  struct pins before;
  struct fork_race_result result;
  if (caps_dio_bdev() == MODE_UNKNOWN || !prepare_drive()) return;
  bool pins = caps_dio_bdev() == MODE_PIN;
  int fd = device_open(DRIVE_RAW, 1, O_RDONLY | O_DIRECT);
  if (fd < 0) return;
  if (buffer_get(&page, BUFFER_PAGES, page_bytes())) {
    // An emulated guest on a busy host does thousands of reads in 3 s.
    const struct fork_race race = {.fd = fd,
                                   .offset = drive_offset,
                                   .page = page.addr,
                                   .duration_ms = seconds * 1000,
                                   .extra_factor = 5,
                                   .least_reads = 200,
                                   .least_forks = 20};
    if (pins_begin(&before) && fork_race_run(&race, &result)) {
      // A fork between the two halves of a pin makes GUP take the page again: at least.
      pins_expect_at_least(&before, pins ? result.reads : 0, 0);
      fork_race_judge(&race, &result, pins);
    }
    buffer_put(&page);
  }
  close(fd);
}

int main(int argc, char** argv) {
  static const struct ktap_case cases[] = {{"reads_survive_forks", reads_survive_forks, NULL}};
  if (argc > 1) seconds = atoi(argv[1]);
  return ktap_run(cases, 1);
}
