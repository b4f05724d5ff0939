// SPDX-License-Identifier: GPL-2.0
// fio writes a drive and reads it back with checksums in every block, with the system calls that applications
// use. The memory is pinned at least once and unpinned.
#include <stdio.h>
#include <string.h>

#include "buffers.h"
#include "caps.h"
#include "devices.h"
#include "ktap.h"
#include "pins.h"
#include "tool.h"

enum { limit_ms = 90000, megabytes = 4, max_words = 24 };

struct load {
  const char* options[8];
  bool registered;  // its buffers are pinned once and not with every request
};

static void run(const void* arg) {
  const struct load* load = arg;
  char device[300], name[320], size[32];
  struct pins before;
  if (!device_find(DRIVE_RAW, 1, device, sizeof(device))) {
    ktap_skip("the machine has no NVMe drive with serial " DRIVE_RAW);
    return;
  }
  snprintf(name, sizeof(name), "--filename=%s", device);
  snprintf(size, sizeof(size), "--size=%dm", megabytes);
  const char* argv[max_words] = {"fio",
                                 "--name=pinrig",
                                 name,
                                 size,
                                 "--direct=1",
                                 "--verify=crc32c",
                                 "--verify_fatal=1",
                                 "--randseed=1",
                                 "--thread",
                                 "--eta=never",
                                 "--output-format=terse"};
  int words = 11;
  for (int i = 0; load->options[i]; ++i) argv[words++] = load->options[i];
  enum pin_mode mode = caps_dio_bdev();
  if (mode == MODE_UNKNOWN || !pins_begin(&before) || !tool_run(argv, limit_ms)) return;
  long long moved = 2LL * megabytes * (1 << 20) / (long long)page_bytes();
  if (load->registered)
    pins_expect_at_least(&before, 1, 0);
  else if (mode == MODE_PIN)
    pins_expect_at_least(&before, moved, 0);
  else
    pins_expect(&before, 0, 0);
}

int main(void) {
  static const struct load psync = {{"--ioengine=psync", "--rw=write", "--bs=64k"}, false};
  static const struct load libaio = {{"--ioengine=libaio", "--iodepth=16", "--rw=randwrite", "--bs=16k"},
                                     false};
  static const struct load uring = {{"--ioengine=io_uring", "--iodepth=16", "--rw=randwrite", "--bs=16k"},
                                    false};
  static const struct load uring_large = {{"--ioengine=io_uring", "--iodepth=4", "--rw=write", "--bs=512k"},
                                          false};
  static const struct load uring_fixed = {
      {"--ioengine=io_uring", "--fixedbufs=1", "--iodepth=8", "--rw=randwrite", "--bs=16k"}, true};
  static const struct load odd_sizes = {
      {"--ioengine=libaio", "--iodepth=8", "--rw=randwrite", "--bsrange=512-32k", "--bs_unaligned=0"}, false};
  static const struct ktap_case cases[] = {
      {"psync", run, &psync},
      {"libaio", run, &libaio},
      {"io_uring", run, &uring},
      {"io_uring_512k", run, &uring_large},
      {"io_uring_fixed", run, &uring_fixed},
      {"libaio_odd_sizes", run, &odd_sizes},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
