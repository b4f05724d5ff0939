// SPDX-License-Identifier: GPL-2.0
// A breakpoint in text mapped by a huge page: the kernel splits the mapping first (FOLL_SPLIT_PMD,
// kernel/events/uprobes.c) and puts a private copy of one page in its place, while the file keeps its huge
// page. The text is a function of ours in a file on tmpfs.
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/obligations.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25  // since 6.1
#endif

enum { seed = 97, answer = 42, calls = 3 };

static const char folder[] = "/tmp/text", path[] = "/tmp/text/text";

// A word that does nothing, on which the breakpoint is put; then return 42.
#if defined(__x86_64__)
static const unsigned char code[] = {0x90, 0xb8, answer, 0, 0, 0, 0xc3};
#else
static const unsigned char code[] = {0x1f, 0x20, 0x03, 0xd5, 0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6};
#endif

struct text {
  unsigned char* map;   // of room for two huge pages
  unsigned char* addr;  // where the huge page is mapped
  size_t huge, at;      // size; where the function is
  bool mounted;
};

// KiB of `name` in /proc/self/smaps for the mapping that begins at `addr`.
static long smaps(const void* addr, const char* name) {
  char line[256];
  unsigned long first, last;
  long value = -1;
  bool inside = false;
  FILE* file = fopen("/proc/self/smaps", "re");
  while (file && fgets(line, sizeof(line), file)) {
    if (sscanf(line, "%lx-%lx ", &first, &last) == 2) inside = first == (unsigned long)addr;
    if (inside && strncmp(line, name, strlen(name)) == 0) value = atol(line + strlen(name) + 1);
  }
  if (file) fclose(file);
  return value;
}

static bool huge_kib(const struct text* text, size_t want, const char* when) {
  long now = smaps(text->addr, "ShmemPmdMapped");
  ktap_note("%ld KiB mapped huge %s", now, when);
  return now == (long)(want / 1024) ||
         ktap_fail("%ld KiB are mapped huge %s, want %zu", now, when, want / 1024);
}

static bool write_file(const struct text* text) {
  unsigned char* bytes = malloc(text->huge);
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0755);
  bool good = bytes && fd >= 0;
  if (good) {
    pattern_fill(bytes, text->huge, seed, 0);
    memcpy(bytes + text->at, code, sizeof(code));
    good = write(fd, bytes, text->huge) == (ssize_t)text->huge;
  }
  if (fd >= 0) close(fd);
  free(bytes);
  return good || ktap_fail("%s: %s", path, strerror(errno));
}

static bool text_open(struct text* text) {
  *text = (struct text){.map = MAP_FAILED, .huge = thp_usable(), .at = 5 * page_bytes() + 64};
  if (text->huge == 0) return false;
  mkdir(folder, 0755);
  if (mount("text", folder, "tmpfs", 0, "huge=always") < 0)
    return ktap_skip("tmpfs of huge pages: %s", strerror(errno));
  text->mounted = true;
  if (!write_file(text)) return false;
  text->map = mmap(NULL, 2 * text->huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (text->map == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  text->addr = (unsigned char*)(((unsigned long)text->map + text->huge - 1) & ~(text->huge - 1));
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  void* got = mmap(text->addr, text->huge, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0);
  if (fd >= 0) close(fd);
  if (got == MAP_FAILED) return ktap_fail("mapping the text: %s", strerror(errno));
  // Without BASE_FULL the page cache of 6.1 has nodes too small for a huge page (MAX_PAGECACHE_ORDER), and
  // says no here too.
  if (text->addr[0] == pattern_byte(seed, 0) && smaps(text->addr, "ShmemPmdMapped") == 0 &&
      madvise(text->addr, text->huge, MADV_COLLAPSE) < 0 && errno == EINVAL)
    return ktap_skip("files on tmpfs get no huge pages in this kernel (BASE_FULL)");
  return text->addr[0] == pattern_byte(seed, 0) && huge_kib(text, text->huge, "before");
}

static void text_close(struct text* text) {
  if (text->map != MAP_FAILED) munmap(text->map, 2 * text->huge);
  if (text->mounted && umount(folder) < 0) ktap_fail("%s: %s", folder, strerror(errno));
}

static int call(const struct text* text) {
  int (*function)(void);
  unsigned char* entry = text->addr + text->at;
  memcpy(&function, &entry, sizeof(function));
  return function();
}

// An event that counts calls of the function in this process. Skips the running case when the kernel has no
// such events.
static int probe(const struct text* text) {
  struct perf_event_attr attr = {.size = sizeof(attr)};
  int type = -1;
  FILE* file = fopen("/sys/bus/event_source/devices/uprobe/type", "re");
  if (file && fscanf(file, "%d", &type) != 1) type = -1;
  if (file) fclose(file);
  if (type < 0) {
    ktap_skip("no uprobe events (UPROBE_EVENTS)");
    return -1;
  }
  attr.type = (unsigned)type;
  attr.config1 = (unsigned long)path;
  attr.config2 = text->at;
  int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) ktap_fail("a breakpoint in a huge page: %s", strerror(errno));
  return fd;
}

static void same_but_code(const struct text* text, const char* when) {
  bool before = pattern_check(text->addr, text->at, seed, 0) < 0;
  size_t after = text->at + sizeof(code);
  if (!before || pattern_check(text->addr + after, text->huge - after, seed, after) >= 0)
    ktap_fail("text lost %s", when);
  for (int i = 0; i < calls; ++i)
    if (call(text) != answer) ktap_fail("the function behaves differently %s", when);
}

static void file_is_untouched(void) {
  unsigned char bytes[sizeof(code)];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool same = pread(fd, bytes, sizeof(bytes), (off_t)(5 * page_bytes() + 64)) == (ssize_t)sizeof(bytes) &&
              memcmp(bytes, code, sizeof(code)) == 0;
  if (fd >= 0) close(fd);
  if (!same) ktap_fail("the breakpoint is in the file");
}

// On 7.3 the page of the file comes back only where nothing else refers to its copy (__uprobe_write()). A
// batch of the LRU does for a while, where a copy that is new, or was accessed twice, waits for its list;
// removing the breakpoint is an access itself. One that is on the active list already waits for nothing.
static void make_active(const struct text* text) {
  unsigned char byte;
  const int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  for (int i = 0; i < 2; ++i) {
    contract_drop_caches();
    if (pread(fd, &byte, 1, (off_t)(uintptr_t)(text->addr + text->at)) != 1)
      ktap_fail("/proc/self/mem: %s", strerror(errno));
  }
  contract_drop_caches();
  if (fd >= 0) close(fd);
}

static void splits(const void* arg) {
  (void)arg;
  struct text text;
  struct pins before;
  unsigned long long hits = 0;
  if (text_open(&text) && pins_begin(&before)) {
    uint64_t frame = pagemap_pfn(text.addr + text.at), first = pagemap_pfn(text.addr);
    same_but_code(&text, "before the breakpoint");
    int fd = probe(&text);
    if (fd >= 0) {
      // It is there from now on, in a page of its own among those of the huge page.
      huge_kib(&text, 0, "with the breakpoint");
      if (memcmp(text.addr + text.at, code, sizeof(code)) == 0)
        ktap_fail("there is no breakpoint in the text");
      if (pagemap_pfn(text.addr + text.at) == frame) ktap_fail("the breakpoint is in the page of the file");
      same_but_code(&text, "with the breakpoint");
      if (pagemap_pfn(text.addr) != first) ktap_fail("the other pages moved");
      if (!(pagemap_flags(first) & PAGEMAP_THP))
        ktap_fail("the file's huge page was split, not its mapping alone");
      file_is_untouched();
      if (read(fd, &hits, sizeof(hits)) != sizeof(hits) || hits != calls)
        ktap_fail("%llu hits, want %d", hits, calls);
      make_active(&text);
      close(fd);
      if (memcmp(text.addr + text.at, code, sizeof(code)) != 0) ktap_fail("the breakpoint was not removed");
      same_but_code(&text, "after the breakpoint");
      if (pagemap_pfn(text.addr + text.at) != frame) ktap_fail("the page of the file was not restored");
    }
    // get_user_page_vma_remote() takes plain references.
    pins_expect(&before, 0, 0);
  }
  text_close(&text);
}

int main(void) {
  static const struct ktap_case cases[] = {{"shmem_text", splits, NULL}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
