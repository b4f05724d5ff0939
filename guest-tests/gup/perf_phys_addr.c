// SPDX-License-Identifier: GPL-2.0
// A perf sample with PERF_SAMPLE_PHYS_ADDR looks up its address with get_user_page_fast_only()
// (kernel/events/core.c, perf_virt_to_phys()): FOLL_FAST_ONLY, in atomic context. Page faults are software
// events with an address, so each touched page has a sample, and pagemap has the expected value.
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"
#include "pagemap.h"
#include "pins.h"

enum { pages = 16, ring_pages = 4, inside = 0x128 };

struct sampler {
  int fd;
  struct perf_event_mmap_page* ring;
};

struct sample {
  struct perf_event_header header;
  uint64_t address, physical;
};

static bool sampler_open(struct sampler* sampler) {
  struct perf_event_attr attr = {
      .type = PERF_TYPE_SOFTWARE,
      .size = sizeof(attr),
      .config = PERF_COUNT_SW_PAGE_FAULTS_MIN,
      .sample_period = 1,
      .sample_type = PERF_SAMPLE_ADDR | PERF_SAMPLE_PHYS_ADDR,
      .disabled = 1,
      .exclude_kernel = 1,
  };
  sampler->ring = MAP_FAILED;
  sampler->fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (sampler->fd < 0) return ktap_fail("perf_event_open: %s", strerror(errno));
  sampler->ring =
      mmap(NULL, (1 + ring_pages) * page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, sampler->fd, 0);
  return sampler->ring != MAP_FAILED || ktap_fail("mapping the samples: %s", strerror(errno));
}

static void sampler_close(struct sampler* sampler) {
  if (sampler->ring != MAP_FAILED) munmap(sampler->ring, (1 + ring_pages) * page_bytes());
  if (sampler->fd >= 0) close(sampler->fd);
}

static int samples_at(const struct sampler* sampler, uint64_t address, uint64_t* physical) {
  const unsigned char* data = (const unsigned char*)sampler->ring + sampler->ring->data_offset;
  uint64_t head = __atomic_load_n(&sampler->ring->data_head, __ATOMIC_ACQUIRE);
  int found = 0;
  // It does not wrap: what a case touches fits in.
  for (uint64_t at = 0; at + sizeof(struct sample) <= head;) {
    struct sample sample;
    memcpy(&sample, data + at, sizeof(sample));
    if (sample.header.type == PERF_RECORD_SAMPLE && sample.address == address) {
      *physical = sample.physical;
      ++found;
    }
    at += sample.header.size;
  }
  return found;
}

// The sample of the fault at `*address`, which must be the only one; `*address` becomes what it says.
static bool find(const struct sampler* sampler, uint64_t* address, uint64_t* physical) {
  int found = samples_at(sampler, *address, physical);
#ifdef __aarch64__
  // arm64 of 5.10 hands on where the page begins (arch/arm64/mm/fault.c, __do_page_fault()).
  const uint64_t page = *address / page_bytes() * page_bytes();
  if (found == 0 && (found = samples_at(sampler, page, physical)) == 1) *address = page;
#endif
  return found == 1 || ktap_fail("%d samples of the fault at %#llx", found, (unsigned long long)*address);
}

struct touch {
  enum buffer_kind kind;
  bool read;  // the zero page, which the fast way does not give
};

static void compare(const struct sampler* sampler, const struct touch* touch, const struct buffer* buffer,
                    size_t step) {
  for (size_t at = inside; at < buffer->size && !ktap_failed(); at += step) {
    const unsigned char* place = buffer->addr + at;
    uint64_t seen = 0, frame = pagemap_pfn(place), sampled_at = (uintptr_t)place;
    if (frame == 0) ktap_fail("no frame in /proc/self/pagemap");
    const bool found = find(sampler, &sampled_at, &seen);
    const uint64_t want = touch->read ? 0 : frame * page_bytes() + sampled_at % page_bytes();
    if (found && seen != want)
      ktap_fail("%p is reported at %#llx, but is at %#llx", (const void*)place, (unsigned long long)seen,
                (unsigned long long)want);
  }
}

static void touch_all(const struct touch* touch, const struct sampler* sampler, struct buffer* buffer) {
  bool huge = touch->kind == BUFFER_THP || touch->kind == BUFFER_HUGETLB;
  size_t step = huge ? buffer->size : page_bytes();
  struct pins before;
  // What is there already is not faulted in.
  if (madvise(buffer->addr, buffer->size, MADV_DONTNEED) < 0) {
    if (errno == EINVAL && touch->kind == BUFFER_HUGETLB)
      ktap_skip("MADV_DONTNEED of hugetlb memory: %s (since 5.18)", strerror(errno));
    else
      ktap_fail("MADV_DONTNEED: %s", strerror(errno));
    return;
  }
  if (!pins_begin(&before)) return;
  ioctl(sampler->fd, PERF_EVENT_IOC_ENABLE, 0);
  for (size_t at = inside; at < buffer->size; at += step) {
    volatile unsigned char* place = buffer->addr + at;
    if (touch->read)
      (void)*place;
    else
      *place = 1;
  }
  ioctl(sampler->fd, PERF_EVENT_IOC_DISABLE, 0);
  pins_expect(&before, 0, 0);
  compare(sampler, touch, buffer, step);
}

static void sampled(const void* arg) {
  const struct touch* touch = arg;
  struct sampler sampler;
  struct buffer buffer;
  long free_before = hugetlb_free();
  if (!buffer_get(&buffer, touch->kind, pages * page_bytes())) return;
  if (sampler_open(&sampler)) touch_all(touch, &sampler, &buffer);
  sampler_close(&sampler);
  if (touch->kind == BUFFER_MEMFD) buffer_seal(&buffer);
  buffer_put(&buffer);
  if (touch->kind == BUFFER_HUGETLB) hugetlb_expect_free(free_before);
}

int main(void) {
  static const struct touch page = {BUFFER_PAGES, false}, zero = {BUFFER_PAGES, true},
                            thp = {BUFFER_THP, false};
  static const struct touch memfd = {BUFFER_MEMFD, false}, hugetlb = {BUFFER_HUGETLB, false};
  static const struct ktap_case cases[] = {
      {"pages", sampled, &page},
      {"zero_page_has_none", sampled, &zero},
      {"thp", sampled, &thp},
      {"memfd_is_let_go", sampled, &memfd},
      {"hugetlb_is_let_go", sampled, &hugetlb},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
