// SPDX-License-Identifier: GPL-2.0
// Direct I/O with a shared mapping of the same file as buffer: pinning it faults in pages of the file under
// I/O, which must not deadlock. btrfs pins without faulting (FOLL_NOFAULT) and retries. The argument is the
// type.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs_fixture.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

enum {
  pages = 16,
  file_pages = 64,
  limit_ms = 20000,
  pattern = 21,
  wrong_length = 2,
  wrong_data = 3,
  no_mapping = 4
};

struct step {
  int from_page;  // of the file, in the transfer
  int to_page;    // of the mapping
  bool write;
};

static struct fs_fixture fixture;

static void probe(const void* type) { fs_fixture_begin(&fixture, type, file_pages * page_bytes()); }

static bool fill(void) {
  int fd = fs_fixture_open(&fixture, O_RDWR);
  unsigned char block[4096];
  bool good = fd >= 0;
  for (size_t at = 0; good && at < file_pages * page_bytes(); at += sizeof(block)) {
    pattern_fill(block, sizeof(block), pattern, at);
    good = pwrite(fd, block, sizeof(block), (off_t)at) == sizeof(block);
  }
  good = good && filesystem_drop_cache(fd);
  if (!good) ktap_fail("filling the file: %s", strerror(errno));
  if (fd >= 0) close(fd);
  return good;
}

// In a process of its own, so that one that waits for itself is noticed. Nothing of the mapping is there
// before.
static int transfer(const struct step* step) {
  int fd = open(fixture.path, O_RDWR | O_DIRECT | O_CLOEXEC);
  size_t page = page_bytes(), length = pages * page;
  unsigned char* all = mmap(NULL, file_pages * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (all == MAP_FAILED) return no_mapping;
  unsigned char* memory = all + (size_t)step->to_page * page;
  off_t offset = step->from_page * (off_t)page;
  ssize_t done = step->write ? pwrite(fd, memory, length, offset) : pread(fd, memory, length, offset);
  if (done != (ssize_t)length) return wrong_length;
  size_t origin = (size_t)(step->write ? step->to_page : step->from_page) * page;
  unsigned char* where = step->write ? all + offset : memory;
  return pattern_check(where, length, pattern, origin) < 0 ? 0 : wrong_data;
}

static void run(const void* arg) {
  const struct step* step = arg;
  struct pins before;
  if (!fs_fixture_ready(&fixture) || !fill() || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child == 0) _exit(transfer(step));
  int code = child < 0 ? -1 : proc_reap(child, limit_ms);
  if (code == wrong_length) ktap_fail("not all bytes were transferred");
  if (code == wrong_data) ktap_fail("wrong data");
  if (code == no_mapping) ktap_fail("no mapping of the file");
  bool cached = step->from_page == step->to_page && fixture.file.kind->cached_onto_itself;
  dio_file_expect(&fixture.file, &before, step->write, ALIGNED_PAGE, cached ? 0 : pages, 0);
}

int main(int argc, char** argv) {
  static const struct step read_other = {0, 2 * pages, false}, read_same = {0, 0, false};
  static const struct step write_other = {pages, 2 * pages, true}, write_same = {0, 0, true};
  const struct ktap_case cases[] = {
      {"probe", probe, argc > 1 ? argv[1] : "ext4"},   {"read_into_another_range", run, &read_other},
      {"read_into_the_same_range", run, &read_same},   {"write_from_another_range", run, &write_other},
      {"write_from_the_same_range", run, &write_same},
  };
  int code = ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
  fs_fixture_end(&fixture);
  return code;
}
