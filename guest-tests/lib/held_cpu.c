// SPDX-License-Identifier: GPL-2.0
#include "held_cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "ktap.h"

enum { most_places = 8, name_size = 60, answer_ms = 30000, attempts = 3 };

struct armed {
  char place[name_size];
  int cpu;
};

static int attempts_left;
static bool in_vain;

static struct armed armed[most_places];
static size_t armed_count;
static cpu_set_t own;
static bool own_known;

// What warns of a CPU that does not answer for some 20 s. The host lets it go on after 45 s.
static struct warning {
  const char *file, *patient;
  char before[24];
} warnings[] = {
    {"/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress", "1", ""},
    {"/sys/module/workqueue/parameters/watchdog_thresh", "0", ""},
    {"/proc/sys/kernel/watchdog_thresh", "60", ""},
};

static void write_setting(const char* file, const char* text) {
  int fd = open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, text, strlen(text)) < 0) ktap_note("%s: %s", file, strerror(errno));
  close(fd);
}

// Before a CPU is held and after, since the kernel asks all CPUs to change them. What it does not have is not
// changed.
static void be_patient(bool patient) {
  for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); ++i) {
    struct warning* w = &warnings[i];
    if (patient && !w->before[0]) {
      int fd = open(w->file, O_RDONLY | O_CLOEXEC);
      ssize_t got = fd < 0 ? 0 : read(fd, w->before, sizeof(w->before) - 1);
      if (fd >= 0) close(fd);
      w->before[got > 0 ? got : 0] = '\0';
      if (got > 0) write_setting(w->file, w->patient);
    } else if (!patient && w->before[0]) {
      write_setting(w->file, w->before);
      w->before[0] = '\0';
    }
  }
}

static struct armed* find(const char* place) {
  for (size_t i = 0; i < armed_count; ++i) {
    if (strcmp(armed[i].place, place) == 0) return &armed[i];
  }
  return NULL;
}

bool held_cpu_move_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)cpu, &set);
  return sched_setaffinity(0, sizeof(set), &set) == 0 ||
         ktap_fail("moving to CPU %d: %s", cpu, strerror(errno));
}

void held_cpu_attempts(void (*attempt)(const void* arg), const void* arg) {
  for (attempts_left = attempts - 1;; --attempts_left) {
    in_vain = false;
    attempt(arg);
    if (!in_vain || attempts_left == 0 || ktap_failed()) break;
  }
  attempts_left = 0;
}

bool held_cpu_begin(void) {
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  if (cpus <= held_cpu_two)
    return ktap_skip("%ld CPUs, and two of %d are to be held", cpus, held_cpu_two + 1);
  if (!own_known) own_known = sched_getaffinity(0, sizeof(own), &own) == 0;
  be_patient(true);
  return held_cpu_move_to(0);
}

// "lacking: WHY" is a skip, everything else that is not "ok" a failure.
static const char lacking[] = "lacking: ", failed[] = "failed: ";

static bool judge(const char* reply, const char* what) {
  if (strncmp(reply, "ok", 2) == 0) return true;
  if (strncmp(reply, lacking, sizeof(lacking) - 1) == 0) return ktap_skip("%s", reply + sizeof(lacking) - 1);
  return ktap_fail("%s: %s", what, reply);
}

// The host releases by itself what was held for too long. In an attempt that is in vain that may have come
// first.
static bool judge_release(const char* reply, const char* what) {
  if (!in_vain || strncmp(reply, failed, sizeof(failed) - 1) != 0) return judge(reply, what);
  ktap_note("%s: %s", what, reply);
  return true;
}

enum { list_size = 500 };

static void append(char list[list_size], const char* place) {
  const size_t at = strlen(list), length = strlen(place);
  if (at + length + 2 > list_size) return;  // the host answers that the rest is not armed
  list[at] = ' ';
  memcpy(list + at + 1, place, length + 1);
}

bool held_cpu_arm_any(const char* const* places, size_t count, int cpu) {
  char reply[list_size + 20], list[list_size] = "";
  for (size_t i = 0; i < count; ++i) append(list, places[i]);
  if (armed_count + count > most_places) return ktap_fail("more than %d places", most_places);
  if (!host_ask(reply, sizeof(reply), answer_ms, "hold %d%s", cpu, list) || !judge(reply, "arming"))
    return false;
  char *rest = NULL, *word = strtok_r(reply, " ", &rest);  // "ok", then the places that this kernel has
  while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
    struct armed* slot = &armed[armed_count++];
    slot->cpu = cpu;
    snprintf(slot->place, sizeof(slot->place), "%s", word);
  }
  return true;
}

bool held_cpu_arm(const char* place, int cpu) { return held_cpu_arm_any(&place, 1, cpu); }

const char* held_cpu_wait_any(const char* const* places, size_t count, int limit_ms) {
  char reply[600], list[list_size] = "";
  for (size_t i = 0; i < count; ++i) append(list, places[i]);
  // The host stretches the limit to the speed of the guest, and always answers.
  if (!host_ask(reply, sizeof(reply), limit_ms + answer_ms, "await %d%s", limit_ms, list)) return NULL;
  if (strncmp(reply, failed, sizeof(failed) - 1) == 0 && attempts_left > 0) {
    ktap_note("another attempt follows: %s", reply + sizeof(failed) - 1);
    in_vain = true;
    return NULL;
  }
  if (!judge(reply, "holding a CPU")) return NULL;
  for (size_t i = 0; i < count; ++i) {
    const struct armed* slot = find(places[i]);
    if (!slot || strncmp(reply, "ok ", 3) != 0 || strcmp(reply + 3, places[i]) != 0) continue;
    ktap_note("held CPU %d at %s", slot->cpu, slot->place);
    char name[name_size + 20];
    snprintf(name, sizeof(name), "cpu_held_at:%s", slot->place);
    ktap_number(name, slot->cpu);  // stored with the result
    return places[i];
  }
  ktap_fail("held in an unknown place: %s", reply);
  return NULL;
}

bool held_cpu_wait(const char* place, int limit_ms) { return held_cpu_wait_any(&place, 1, limit_ms) != NULL; }

bool held_cpu_release(const char* place) {
  char reply[200], what[name_size];
  struct armed* slot = find(place);
  if (!slot) return ktap_fail("%s is not armed", place);
  snprintf(what, sizeof(what), "%s", place);  // `place` may be the slot's
  *slot = armed[--armed_count];
  return host_ask(reply, sizeof(reply), answer_ms, "release %s", what) && judge_release(reply, what);
}

void held_cpu_end(void) {
  char reply[200], list[list_size] = "";
  for (size_t i = 0; i < armed_count; ++i) append(list, armed[i].place);
  if (armed_count > 0 && host_ask(reply, sizeof(reply), answer_ms, "release%s", list))
    judge_release(reply, "releasing");
  armed_count = 0;
  be_patient(false);
  if (own_known) sched_setaffinity(0, sizeof(own), &own);
}
