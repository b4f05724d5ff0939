// SPDX-License-Identifier: GPL-2.0
#include "iommufd_scene.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "account.h"
#include "iommufd.h"
#include "ktap.h"
#include "vfio.h"

enum { limit_ms = 20000, memlock = 8 << 20, apart = 5, end_now = 0, tell_charge = 1, no_room = 255 };

size_t remote_bytes(void) { return remote_pages * page_bytes(); }

// Pages 0, 5, 10, ... of the memfd.
static unsigned char* scatter(int memfd) {
  const size_t page = page_bytes();
  unsigned char* area = mmap(NULL, remote_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
  for (size_t i = 0; area != MAP_FAILED && i < remote_pages; ++i) {
    const off_t at = (off_t)(i * apart % remote_pages * page);
    if (mmap(area + i * page, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memfd, at) == MAP_FAILED)
      return MAP_FAILED;
    area[i * page] = 1;
  }
  return area;
}

static int map_it(const struct remote* r) {
  const size_t half = remote_bytes() / 2;
  if (r->kind->half && mprotect(r->addr + half, half, PROT_NONE) < 0) return errno;
  if (r->kind->read && mprotect(r->addr, remote_bytes(), PROT_READ) < 0) return errno;
  return iommufd_map(r->fd, r->space, r->addr, remote_bytes(), VFIO_IOVA,
                     r->kind->read ? IOMMUFD_READ : IOMMUFD_RW);
}

static void source_side(const struct remote* r) {
  struct account account;
  unsigned char word = end_now;
  if (r->kind->limited && (!account_limit(memlock) || !account_become_limited())) _exit(3);
  rendezvous_send(&r->answer, (unsigned char)map_it(r));
  while (rendezvous_wait(&r->ask, &word, limit_ms) && word != end_now) {
    const bool good = account_read(&account);
    const long long kib = r->kind->limited ? account.lock_kib : account.pin_kib,
                    each = (long long)page_bytes() / 1024;
    rendezvous_send(&r->answer, good && kib % each == 0 ? (unsigned char)(kib / each) : no_room);
  }
  _exit(0);
}

static bool start_source(struct remote* r) {
  unsigned char error = 0;
  if (!rendezvous_open(&r->ask) || !rendezvous_open(&r->answer)) return false;
  r->source = proc_fork();
  if (r->source == 0) source_side(r);
  if (r->source < 0 || !rendezvous_wait(&r->answer, &error, limit_ms))
    return ktap_fail("the process that maps the memory did not come up");
  return error == 0 || ktap_fail("IOMMU_IOAS_MAP by another process: %s", strerror(error));
}

bool remote_open(struct remote* remote, const struct remote_kind* kind) {
  *remote = (struct remote){.kind = kind, .access = -1, .addr = MAP_FAILED, .source = -1};
  remote->file =
      (struct memory){.map = MAP_FAILED, .fd = -1, .child = -1, .buffer = {.map = MAP_FAILED, .fd = -1}};
  remote->memfd = (struct buffer){.map = MAP_FAILED, .fd = -1};
  remote->ask = remote->answer = (struct rendezvous){-1, -1};
  remote->fd = iommufd_open();
  if (remote->fd < 0 || !buffer_get(&remote->memfd, BUFFER_MEMFD, remote_bytes())) return false;
  if (kind->limited && !iommufd_limit_by_process(remote->fd)) return false;
  if (!(remote->space = iommufd_space(remote->fd))) return false;
  if (kind->file && !memory_get(&remote->file, MEMORY_FILE, remote_bytes())) return false;
  remote->addr = kind->file ? remote->file.addr : scatter(remote->memfd.fd);
  if (remote->addr == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  remote->access = iommufd_access(remote->fd, remote->space);
  if (remote->access < 0 || !pins_begin(&remote->before)) return false;
  if (!kind->local) return start_source(remote);
  const int error = map_it(remote);
  return error == 0 || ktap_fail("IOMMU_IOAS_MAP: %s", strerror(error));
}

void remote_end_source(struct remote* remote) {
  if (remote->source <= 0) return;
  rendezvous_send(&remote->ask, end_now);
  proc_end(remote->source, limit_ms);
  remote->source = -1;
}

void remote_close(struct remote* remote) {
  remote_end_source(remote);
  if (remote->access >= 0) close(remote->access);
  if (remote->fd >= 0) close(remote->fd);
  if (remote->kind->file)
    memory_put(&remote->file);
  else if (remote->addr != MAP_FAILED)
    munmap(remote->addr, remote_bytes());
  rendezvous_close(&remote->ask);
  rendezvous_close(&remote->answer);
  if (remote->memfd.fd >= 0) buffer_seal(&remote->memfd);
  buffer_put(&remote->memfd);
}

void remote_expect_charge(struct remote* remote, long long kib) {
  unsigned char got = no_room;
  struct account own;
  if (!rendezvous_send(&remote->ask, tell_charge) || !rendezvous_wait(&remote->answer, &got, limit_ms)) {
    ktap_fail("the process that mapped the memory does not answer");
    return;
  }
  if ((long long)got * (long long)page_bytes() / 1024 != kib)
    ktap_fail("%d pages are charged to the process that mapped them, want %lld kB", got, kib);
  if (account_read(&own) && (own.pin_kib || own.lock_kib))
    ktap_fail("VmPin %lld kB, VmLck %lld kB of the process that pins them", own.pin_kib, own.lock_kib);
}
