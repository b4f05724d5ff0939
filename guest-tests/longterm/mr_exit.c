// SPDX-License-Identifier: GPL-2.0
// Processes that end with registered regions: by exit, by SIGKILL, while another process has inherited the
// memory, and by only closing the device. Nothing stays pinned (uverbs destroys its context with the file).
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mr.h"
#include "proc.h"

enum { limit_ms = 20000 };

struct end {
  enum buffer_kind kind;
  bool killed, with_grandchild;
};

static void live_and_end(const struct end* end, const struct rendezvous* ready, const struct rendezvous* go) {
  struct link link;
  struct buffer buffer;
  if (!link_open(&link) || !buffer_get(&buffer, end->kind, MR_PAGES * page_bytes())) _exit(1);
  if (!ibv_reg_mr(link.domain, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE)) _exit(2);
  // Holds the inherited memory and the device's file a moment longer than its parent.
  if (end->with_grandchild && fork() == 0) {
    rendezvous_linger(go, limit_ms);
    _exit(0);
  }
  rendezvous_send(ready, 1);
  if (end->killed) rendezvous_linger(go, limit_ms);
  _exit(0);
}

static void ends(const void* arg) {
  const struct end* end = arg;
  struct rendezvous ready, go;
  struct pins before;
  unsigned char byte;
  long free_before = hugetlb_free();
  if (!rendezvous_open(&ready) || !rendezvous_open(&go) || !pins_begin(&before)) return;
  pid_t child = proc_fork();
  if (child < 0) return;
  if (child == 0) live_and_end(end, &ready, &go);
  bool up = rendezvous_wait(&ready, &byte, limit_ms) || ktap_fail("the child registers nothing");
  if (up && end->killed) {
    kill(child, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED);
  } else if (proc_reap(child, limit_ms) != 0) {
    ktap_fail("the child could not register");
  }
  rendezvous_send(&go, 1);
  size_t size = end->kind == BUFFER_HUGETLB ? hugetlb_bytes() : end->kind == BUFFER_THP ? thp_bytes() : 0;
  long long pages = size ? (long long)(size / page_bytes()) : MR_PAGES;
  pins_expect_at_least(&before, pages, 0);
  if (end->kind == BUFFER_HUGETLB) hugetlb_expect_free(free_before);
  rendezvous_close(&ready);
  rendezvous_close(&go);
}

static void close_device(const void* arg) {
  (void)arg;
  struct link link;
  struct buffer buffer;
  struct pins before;
  if (!link_open(&link)) return;
  if (buffer_get(&buffer, BUFFER_PAGES, MR_PAGES * page_bytes())) {
    struct ibv_mr* region = mr_hold(&link, buffer.addr, buffer.size, IBV_ACCESS_LOCAL_WRITE, &before);
    // The domain is in use and cannot be freed; closing the file takes all of it.
    if (region && ibv_dealloc_pd(link.domain) == 0) ktap_fail("a domain with a region in it was freed");
    ibv_close_device(link.context);
    pins_expect(&before, 0, MR_PAGES);
    buffer_put(&buffer);
  }
}

int main(void) {
  static const struct end plain = {BUFFER_PAGES, false, false}, killed = {BUFFER_PAGES, true, false};
  static const struct end hugetlb = {BUFFER_HUGETLB, true, false}, thp = {BUFFER_THP, true, false};
  static const struct end inherited = {BUFFER_PAGES, true, true};
  static const struct ktap_case cases[] = {
      {"exit", ends, &plain},
      {"kill", ends, &killed},
      {"kill_thp", ends, &thp},
      {"kill_hugetlb", ends, &hugetlb},
      {"kill_with_child", ends, &inherited},
      {"close_device", close_device, NULL},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
