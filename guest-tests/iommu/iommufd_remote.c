// SPDX-License-Identifier: GPL-2.0
// Memory that one process has mapped into an address space is pinned by another one, for a driver or a device
// (drivers/iommu/iommufd/pages.c: pages->source_mm is not current->mm): the pages, the account and the end
// are those of the process that mapped it. And memory that is taken in several batches.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "account.h"
#include "buffers.h"
#include "iommufd.h"
#include "iommufd_scene.h"
#include "ktap.h"
#include "pins.h"
#include "proc.h"
#include "vfio.h"

enum { seed = 93, new_seed = 94, batch_bytes = 96, usual_bytes = 65536 };

static uint32_t pin(struct remote* r, size_t from, size_t count, long long fresh) {
  uint32_t id = 0;
  const size_t offset = from * page_bytes();
  const int error = iommufd_access_pin(r->fd, r->access, VFIO_IOVA + offset, r->addr + offset,
                                       count * page_bytes(), true, &id);
  if (error) ktap_fail("pinning pages %zu+%zu: %s", from, count, strerror(error));
  pins_expect_longterm(&r->before, fresh);
  return id;
}

static void unpin(struct remote* r, uint32_t id, long long released) {
  const int error = iommufd_access_unpin(r->fd, r->access, id);
  if (error) ktap_fail("unpinning: %s", strerror(error));
  pins_expect(&r->before, 0, released);
}

static void attach_and_detach(struct remote* r, long long fresh) {
  uint32_t domain, device = iommufd_mock_device(r->fd, r->space, &domain);
  if (!device) return;
  pins_expect_longterm(&r->before, fresh);
  int error = iommufd_mock_check(r->fd, domain, VFIO_IOVA, r->addr, remote_bytes());
  if (error) ktap_fail("the domain does not have the frames of the mapping: %s", strerror(error));
  error = iommufd_destroy(r->fd, device);
  if (error) ktap_fail("IOMMU_DESTROY: %s", strerror(error));
  pins_expect(&r->before, 0, fresh);
}

// Reads and writes through pages that are pinned for it, `fresh` of them each time.
static void transfer(struct remote* r, size_t from, size_t bytes, long long fresh) {
  static unsigned char data[remote_pages << 16];
  pattern_fill(r->addr, remote_bytes(), seed, 0);
  int error = iommufd_access_rw(r->fd, r->access, VFIO_IOVA + from, data, bytes, IOMMUFD_RW_SLOW);
  if (error) ktap_fail("reading: %s", strerror(error));
  if (pattern_check(data, bytes, seed, from) >= 0) ktap_fail("%zu bytes at %zu: other data", bytes, from);
  pins_expect(&r->before, fresh, fresh);
  pattern_fill(data, bytes, new_seed, from);
  error =
      iommufd_access_rw(r->fd, r->access, VFIO_IOVA + from, data, bytes, IOMMUFD_RW_SLOW | IOMMUFD_RW_WRITE);
  if (error) ktap_fail("writing: %s", strerror(error));
  pins_expect(&r->before, fresh, fresh);
  const size_t end = from + bytes;
  if (pattern_check(r->addr + from, bytes, new_seed, from) >= 0 ||
      pattern_check(r->addr, from, seed, 0) >= 0 ||
      pattern_check(r->addr + end, remote_bytes() - end, seed, end) >= 0)
    ktap_fail("%zu bytes at %zu: other data were written", bytes, from);
}

static void pinned_by_another(const void* arg) {
  const struct remote_kind* kind = arg;
  struct remote r;
  if (remote_open(&r, kind)) {
    const long long page_kib = (long long)page_bytes() / 1024;
    const uint32_t middle = pin(&r, 4, 8, 8), all = pin(&r, 0, remote_pages, remote_pages - 8);
    remote_expect_charge(&r, remote_pages * page_kib);
    unpin(&r, middle, 0);
    attach_and_detach(&r, 0);
    unpin(&r, all, remote_pages);
    remote_expect_charge(&r, 0);
    attach_and_detach(&r, remote_pages);
    remote_expect_charge(&r, 0);
  }
  remote_close(&r);
}

static void transferred_by_another(const void* arg) {
  const struct remote_kind* kind = arg;
  struct remote r;
  const size_t page = page_bytes();
  if (remote_open(&r, kind)) {
    transfer(&r, 100, 200, 1);
    transfer(&r, page - 100, 200, 2);
    transfer(&r, 0, remote_bytes(), remote_pages);
    // The first pages are held already, and stay so.
    const uint32_t first = pin(&r, 0, 5, 5), last = pin(&r, 12, 4, 4);
    transfer(&r, 10, remote_bytes() - 20, remote_pages - 9);
    unpin(&r, last, 4);
    unpin(&r, first, 5);
  }
  remote_close(&r);
}

// Half of it is missing: refused, and what was there is released.
static void half_missing(const void* arg) {
  struct remote_kind kind = *(const struct remote_kind*)arg;
  struct remote r;
  uint32_t id, domain;
  kind.half = true;
  if (remote_open(&r, &kind)) {
    int error = iommufd_access_pin(r.fd, r.access, VFIO_IOVA, r.addr, remote_bytes(), true, &id);
    if (error != EFAULT) ktap_fail("pinning for a driver: %s, want EFAULT", strerror(error));
    pins_expect_at_least(&r.before, 0, 0);
    error = iommufd_try_mock_device(r.fd, r.space, &domain);
    if (error != EFAULT) ktap_fail("attaching a device: %s, want EFAULT", strerror(error));
    pins_expect_at_least(&r.before, 0, 0);
    remote_expect_charge(&r, 0);
  }
  remote_close(&r);
}

// A file is nothing to hold for long, but may be read and written page by page.
static void file_of_another(const void* arg) {
  const struct remote_kind* kind = arg;
  struct remote r;
  uint32_t id;
  if (remote_open(&r, kind)) {
    const int error = iommufd_access_pin(r.fd, r.access, VFIO_IOVA, r.addr, remote_bytes(), true, &id);
    if (error != EFAULT) ktap_fail("pinning a file's pages: %s, want EFAULT", strerror(error));
    pins_expect_at_least(&r.before, 0, 0);
    transfer(&r, 100, 200, 1);
  }
  remote_close(&r);
}

// What may only be read there is pinned for reading, and not for writing.
static void read_of_another(const void* arg) {
  const struct remote_kind* kind = arg;
  struct remote r;
  uint32_t id, domain;
  if (remote_open(&r, kind)) {
    int error = iommufd_access_pin(r.fd, r.access, VFIO_IOVA, r.addr, remote_bytes(), true, &id);
    if (error != EPERM) ktap_fail("pinning for writing: %s, want EPERM", strerror(error));
    error = iommufd_access_pin(r.fd, r.access, VFIO_IOVA, r.addr, remote_bytes(), false, &id);
    if (error) ktap_fail("pinning for reading: %s", strerror(error));
    pins_expect_longterm(&r.before, remote_pages);
    const uint32_t device = iommufd_mock_device(r.fd, r.space, &domain);
    if (device && iommufd_destroy(r.fd, device)) ktap_fail("IOMMU_DESTROY");
    if (!error) unpin(&r, id, remote_pages);
  }
  remote_close(&r);
}

// The process that mapped the memory ends: what is pinned stays until it is unpinned, and can be read, and
// nothing else can be taken.
static void source_ended(const void* arg) {
  const struct remote_kind* kind = arg;
  struct remote r;
  unsigned char byte[2] = {0};
  uint32_t id;
  if (remote_open(&r, kind)) {
    const uint32_t first = pin(&r, 0, 8, 8);
    pattern_fill(r.addr, remote_bytes(), seed, 0);
    remote_end_source(&r);
    int error = iommufd_access_rw(r.fd, r.access, VFIO_IOVA + page_bytes(), byte, 2, IOMMUFD_RW_SLOW);
    if (error || pattern_check(byte, 2, seed, page_bytes()) >= 0)
      ktap_fail("reading what is pinned: %s", error ? strerror(error) : "other data");
    error = iommufd_access_pin(r.fd, r.access, VFIO_IOVA, r.addr, remote_bytes(), true, &id);
    if (error != EFAULT) ktap_fail("pinning memory of a process that ended: %s", strerror(error));
    pins_expect_at_least(&r.before, 0, 0);
    unpin(&r, first, 8);
  }
  remote_close(&r);
}

// Room for a few pages at a time: many batches.
static void in_batches(const void* arg) {
  const struct remote_kind* kind = arg;
  struct remote r;
  if (remote_open(&r, kind) && iommufd_limit_memory(r.fd, batch_bytes)) {
    const uint32_t all = pin(&r, 0, remote_pages, remote_pages);
    attach_and_detach(&r, 0);
    unpin(&r, all, remote_pages);
    attach_and_detach(&r, remote_pages);
    transfer(&r, 10, remote_bytes() - 20, remote_pages);
    const uint32_t first = pin(&r, 0, 3, 3);
    attach_and_detach(&r, remote_pages - 3);
    transfer(&r, 0, remote_bytes(), remote_pages - 3);
    unpin(&r, first, 3);
    iommufd_limit_memory(r.fd, usual_bytes);
  }
  remote_close(&r);
}

int main(void) {
  static const struct remote_kind own = {.local = true}, other = {0}, limited = {.limited = true};
  static const struct remote_kind file = {.file = true}, read = {.read = true};
  static const struct ktap_case cases[] = {
      {"pinned_by_another", pinned_by_another, &other},
      {"pinned_by_another_limited", pinned_by_another, &limited},
      {"transferred_by_another", transferred_by_another, &other},
      {"transferred_by_itself", transferred_by_another, &own},
      {"half_missing", half_missing, &other},
      {"half_missing_limited", half_missing, &limited},
      {"file_of_another", file_of_another, &file},
      {"read_of_another", read_of_another, &read},
      {"source_ended", source_ended, &other},
      {"source_ended_limited", source_ended, &limited},
      {"batches", in_batches, &own},
      {"batches_by_another", in_batches, &other},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
