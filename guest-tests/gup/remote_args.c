// SPDX-License-Identifier: GPL-2.0
// /proc/PID/cmdline and environ read the task's memory with FOLL_ANON (fs/proc/base.c): if a task mapped a
// file over its arguments, the reader must not fault in that file, which may hang or be served by user space.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"

#ifndef PR_SET_MM
#define PR_SET_MM 35
#define PR_SET_MM_ARG_START 8
#define PR_SET_MM_ARG_END 9
#define PR_SET_MM_ENV_START 10
#define PR_SET_MM_ENV_END 11
#endif

static const char words[] = "pinrig-arguments";

static ssize_t read_proc(const char* name, char* to, size_t size) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/%s", name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t got = read(fd, to, size - 1);
  close(fd);
  to[got > 0 ? got : 0] = '\0';
  return got;
}

// Moves what the kernel takes for our arguments (or environment) to [start, end).
static bool point_at(unsigned long start, unsigned long end, bool environment) {
  int first = environment ? PR_SET_MM_ENV_START : PR_SET_MM_ARG_START;
  int last = environment ? PR_SET_MM_ENV_END : PR_SET_MM_ARG_END;
  // The start may never lie behind the end: which of the two goes first depends on where they were.
  bool early = prctl(PR_SET_MM, first, start, 0, 0) == 0;
  return prctl(PR_SET_MM, last, end, 0, 0) == 0 && (early || prctl(PR_SET_MM, first, start, 0, 0) == 0);
}

struct place {
  const char* name;
  bool environment, file;
};

// In a child: what it does to itself ends with it. 0: as it should be; 1: not; 2: cannot be set.
static int read_back(const struct place* place) {
  char text[256];
  unsigned char* page;
  if (place->file) {
    // A file of this very machine's memory, with the words in it: were it read, they would show.
    int fd = memfd_create("arguments", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)page_bytes()) < 0) return 2;
    page = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  } else {
    page = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  if (page == MAP_FAILED) return 2;
  memcpy(page, words, sizeof(words));
  if (!point_at((unsigned long)page, (unsigned long)page + sizeof(words), place->environment)) return 2;
  ssize_t got = read_proc(place->name, text, sizeof(text));
  bool shown = got > 0 && strstr(text, words) != NULL;
  if (place->file) return shown || got > 0 ? 1 : 0;
  return shown ? 0 : 1;
}

static void remapped(const void* arg) {
  const struct place* place = arg;
  struct pins before;
  if (!pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) _exit(read_back(place));
  int code = proc_reap(child, 20000);
  if (code == 2) ktap_skip("PR_SET_MM is refused (CHECKPOINT_RESTORE)");
  if (code == 1)
    ktap_fail("/proc/self/%s %s", place->name,
              place->file ? "reads a file mapping" : "does not show the words");
  pins_expect(&before, 0, 0);
}

// As it is: the name this program was started with.
static void own_arguments(const void* arg) {
  (void)arg;
  char text[4096];
  ssize_t got = read_proc("cmdline", text, sizeof(text));
  if (got <= 0 || text[0] == '\0') ktap_fail("/proc/self/cmdline gives %zd bytes: %s", got, strerror(errno));
  setenv("PINRIG_UNSEEN", "1", 1);
  got = read_proc("environ", text, sizeof(text));
  if (got < 0) ktap_fail("/proc/self/environ: %s", strerror(errno));
  if (memmem(text, (size_t)(got > 0 ? got : 0), "PINRIG_UNSEEN", 13))
    ktap_fail("environ shows data that was not passed to exec");
}

int main(void) {
  static const struct place anon_args = {"cmdline", false, false}, file_args = {"cmdline", false, true};
  static const struct place anon_env = {"environ", true, false}, file_env = {"environ", true, true};
  static const struct ktap_case cases[] = {
      {"own_arguments", own_arguments, NULL},         {"cmdline_anonymous", remapped, &anon_args},
      {"cmdline_file_refused", remapped, &file_args}, {"environ_anonymous", remapped, &anon_env},
      {"environ_file_refused", remapped, &file_env},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
