// SPDX-License-Identifier: GPL-2.0
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"
#include "proc.h"

static void print_output(int fd) {
  char text[4096];
  off_t size = lseek(fd, 0, SEEK_END),
        start = size > (off_t)sizeof(text) - 1 ? size - (off_t)sizeof(text) + 1 : 0;
  ssize_t got = pread(fd, text, sizeof(text) - 1, start);
  text[got > 0 ? got : 0] = '\0';
  char* rest = NULL;
  for (char* line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
    ktap_note("  %s", line);
}

bool tool_start(struct tool* tool, const char* const* argv) {
  *tool = (struct tool){.name = argv[0], .child = -1};
  tool->output = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (tool->output < 0) return ktap_fail("a file for the output of %s: %s", argv[0], strerror(errno));
  tool->child = proc_fork();
  if (tool->child == 0) {
    dup2(tool->output, 1);
    dup2(tool->output, 2);
    execvp(argv[0], (char* const*)argv);
    _exit(errno == ENOENT ? 127 : 126);
  }
  if (tool->child < 0) close(tool->output);
  return tool->child > 0;
}

int tool_end(struct tool* tool, int limit_ms) {
  int code = proc_reap(tool->child, limit_ms);
  if (code != 0) print_output(tool->output);
  close(tool->output);
  return code;
}

bool tool_run(const char* const* argv, int limit_ms) {
  struct tool tool;
  if (!tool_start(&tool, argv)) return false;
  int code = tool_end(&tool, limit_ms);
  if (code == 127) return ktap_skip("no %s in PATH", argv[0]);
  return code == 0 || ktap_fail("%s ended with %d", argv[0], code);
}

// A line of /proc/net/tcp: "0: 00000000:4855 00000000:0000 0A ...", 0A being LISTEN.
static bool listens(int port) {
  static const char* const files[] = {"/proc/net/tcp", "/proc/net/tcp6"};
  bool found = false;
  for (int i = 0; i < 2 && !found; ++i) {
    FILE* file = fopen(files[i], "re");
    char line[300];
    unsigned local, state;
    while (file && !found && fgets(line, sizeof(line), file))
      found = sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local, &state) == 2 &&
              (int)local == port && state == 10;
    if (file) fclose(file);
  }
  return found;
}

bool tool_wait_for_port(int port, int limit_ms) {
  long long end = clock_ms() + patience_scaled(limit_ms);
  while (!listens(port)) {
    if (clock_ms() > end) return ktap_fail("no process listens on port %d", port);
    sleep_ms(10);
  }
  return true;
}
