// SPDX-License-Identifier: GPL-2.0
// Direct I/O on a file with each allocation failing in turn (lib/dio_walk.c). The argument is the
// type.
#include "dio_walk.h"
#include "fs_fixture.h"
#include "ktap.h"

enum { file_pages = 512 };

static struct fs_fixture fixture;

static int open_file(int flags) { return fs_fixture_open(&fixture, flags); }

static enum pin_mode mode(void) {
  if (!fs_fixture_ready(&fixture)) return MODE_UNKNOWN;
  return fixture.file.read[ALIGNED_PAGE].pins ? MODE_PIN : MODE_GET;
}

static void counts(const struct iovec* vec, int count, bool write, struct transfer_counts* want) {
  dio_file_counts(&fixture.file, vec, count, write, want);
}

static void probe(const void* type) { fs_fixture_begin(&fixture, type, file_pages * page_bytes()); }

int main(int argc, char** argv) {
  static const struct target target = {
      .open = open_file, .mode = mode, .drop_cache = filesystem_drop_cache, .counts = counts};
  static struct ktap_case cases[8];
  cases[0] = (struct ktap_case){"probe", probe, argc > 1 ? argv[1] : "ext4"};
  int code = ktap_run(cases, dio_walk_cases(cases, 1, &target));
  fs_fixture_end(&fixture);
  return code;
}
