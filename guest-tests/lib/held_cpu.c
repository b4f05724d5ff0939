// SPDX-License-Identifier: GPL-2.0
#include "held_cpu.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "ktap.h"

enum { most_places = 8, name_size = 80, answer_ms = 20000 };

struct armed {
  char place[name_size];
  int cpu;
};

static struct armed armed[most_places];
static size_t armed_count;
static cpu_set_t own;

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

bool held_cpu_begin(void) {
  long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  if (cpus <= held_cpu_two)
    return ktap_skip("%ld CPUs, and two of %d are to be held", cpus, held_cpu_two + 1);
  sched_getaffinity(0, sizeof(own), &own);
  return held_cpu_move_to(0);
}

// "lacking: WHY" is a skip, everything else that is not "ok" a failure.
static bool judge(const char* reply, const char* what) {
  static const char lacking[] = "lacking: ";
  if (strncmp(reply, "ok", 2) == 0) return true;
  if (strncmp(reply, lacking, sizeof(lacking) - 1) == 0) return ktap_skip("%s", reply + sizeof(lacking) - 1);
  return ktap_fail("%s: %s", what, reply);
}

bool held_cpu_arm(const char* place, int cpu) {
  char reply[200];
  if (armed_count == most_places || strlen(place) >= name_size)
    return ktap_fail("too many places, or too long");
  if (!host_ask(reply, sizeof(reply), answer_ms, "hold %d %s", cpu, place) || !judge(reply, place))
    return false;
  struct armed* slot = &armed[armed_count++];
  slot->cpu = cpu;
  snprintf(slot->place, sizeof(slot->place), "%s", place);
  return true;
}

const char* held_cpu_wait_any(const char* const* places, size_t count, int limit_ms) {
  char reply[200], list[160] = "";
  for (size_t i = 0, at = 0; i < count && at < sizeof(list); ++i)
    at += (size_t)snprintf(list + at, sizeof(list) - at, " %s", places[i]);
  // The host stretches the limit to the speed of the guest, and always answers.
  if (!host_ask(reply, sizeof(reply), limit_ms + answer_ms, "await %d%s", limit_ms, list) ||
      !judge(reply, "holding a CPU"))
    return NULL;
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
  return host_ask(reply, sizeof(reply), answer_ms, "release %s", what) && judge(reply, what);
}

void held_cpu_end(void) {
  while (armed_count > 0) held_cpu_release(armed[0].place);
  sched_setaffinity(0, sizeof(own), &own);
}
