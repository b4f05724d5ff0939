// SPDX-License-Identifier: GPL-2.0
// Reading a directory of a 9p share: the transport takes the pages of the kernel's own buffer
// (net/9p/trans_virtio.c p9_get_mapped_pages()), which begins within a page. A small msize, so that each
// answer fills all of its pages.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filesystem.h"
#include "ktap.h"
#include "pins.h"

enum { entries = 120, name_bytes = 200 };

static void name_of(int number, char* name) {
  memset(name, 'a' + number % 26, name_bytes);
  const int digits = snprintf(name, name_bytes, "%03d", number);
  name[digits] = 'x';
  name[name_bytes] = '\0';
}

static bool make_entries(const char* folder, bool remove) {
  char path[512], name[name_bytes + 1];
  for (int i = 0; i < entries; ++i) {
    name_of(i, name);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (remove) {
      unlink(path);
      continue;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return ktap_fail("%s: %s", path, strerror(errno));
    close(fd);
  }
  return true;
}

static void list(const char* folder) {
  bool seen[entries] = {false};
  int count = 0;
  DIR* dir = opendir(folder);
  KTAP_REQUIRE(dir, "%s: %s", folder, strerror(errno));
  for (struct dirent* entry; (entry = readdir(dir)) && !ktap_failed();) {
    char want[name_bytes + 1];
    if (entry->d_name[0] == '.') continue;
    const int number = atoi(entry->d_name);
    if (number < 0 || number >= entries || seen[number]) {
      ktap_fail("an entry that does not exist, or twice: %.40s", entry->d_name);
      break;
    }
    name_of(number, want);
    if (strcmp(entry->d_name, want) != 0) ktap_fail("entry %d has another name", number);
    seen[number] = true;
    ++count;
  }
  closedir(dir);
  if (count != entries) ktap_fail("%d entries of %d", count, entries);
}

static void directory(const void* arg) {
  struct filesystem fs = {.type = "9p"};
  struct pins before;
  char folder[80];
  (void)arg;
  if (filesystem_mount(&fs, "9p", "pinshare", "trans=virtio,version=9p2000.L,cache=none,msize=8192")) {
    snprintf(folder, sizeof(folder), "%s/pinrig-entries", fs.target);
    if (mkdir(folder, 0755) < 0 && errno != EEXIST) ktap_fail("%s: %s", folder, strerror(errno));
    if (!ktap_failed() && make_entries(folder, false) && pins_begin(&before)) {
      list(folder);
      pins_expect(&before, 0, 0);
    }
    make_entries(folder, true);
    rmdir(folder);
  }
  filesystem_close(&fs);
}

int main(void) {
  static const struct ktap_case cases[] = {{"directory", directory, NULL}};
  return ktap_run(cases, 1);
}
