// SPDX-License-Identifier: GPL-2.0
// O_DIRECT on a file of a freshly made file system, whose type is the argument, in all shapes of
// lib/transfer.c. The effect of each alignment on the counters is probed first: it differs between file
// systems and kernels.
#include "caps.h"
#include "fs_fixture.h"
#include "ktap.h"
#include "transfer.h"

enum { most = 64 };

static struct fs_fixture fixture;

static int open_file(int flags) { return fs_fixture_open(&fixture, flags); }

static enum pin_mode mode(void) {
  if (!fs_fixture_ready(&fixture)) return MODE_UNKNOWN;
  return fixture.file.read[ALIGNED_PAGE].pins ? MODE_PIN : MODE_GET;
}

static void counts(const struct iovec* vec, int count, bool write, struct transfer_counts* want) {
  dio_file_counts(&fixture.file, vec, count, write, want);
}

static void probe(const void* type) { fs_fixture_begin(&fixture, type, fs_fixture_size_for_shapes()); }

int main(int argc, char** argv) {
  static struct target target = {
      .open = open_file, .mode = mode, .drop_cache = filesystem_drop_cache, .counts = counts};
  static struct ktap_case cases[most];
  target.offset = (off_t)fs_fixture_offset();
  cases[0] = (struct ktap_case){"probe", probe, argc > 1 ? argv[1] : "ext4"};
  int code = ktap_run(cases, transfer_cases(cases, 1, most, &target, "", NULL));
  fs_fixture_end(&fixture);
  return code;
}
