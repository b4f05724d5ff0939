// SPDX-License-Identifier: GPL-2.0
#include "contract/udmabuf_user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/memory.h"
#include "ktap.h"

static int device = -1, dmabuf = -1;
static enum way held_way;
static size_t held_length, stored;
static unsigned char* other;

bool udmabuf_user_open(void) {
  stored = 0;
  device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
  other = calloc(1, udmabuf_user_most);
  if (device < 0) return ktap_skip("/dev/udmabuf: %s (UDMABUF)", strerror(errno));
  return other || ktap_fail("no memory");
}

// A memfd that is not sealed is refused in any case: by EBADFD, which means the kind of file, where huge
// pages are not known, and by EINVAL elsewhere.
bool udmabuf_user_open_huge(void) {
  if (!udmabuf_user_open()) return false;
  const int fd = memfd_create("pinrig", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
  if (fd < 0) return ktap_skip("memfd_create: %s (HUGETLBFS)", strerror(errno));
  struct udmabuf_create request = {.memfd = (unsigned)fd, .size = hugetlb_bytes()};
  const int made = ioctl(device, UDMABUF_CREATE, &request), error = errno;
  close(fd);
  if (made >= 0) close(made);
  return made >= 0 || error != EBADFD || ktap_skip("udmabuf takes no huge pages (since 5.14)");
}

void udmabuf_user_close(void) {
  if (dmabuf >= 0) close(dmabuf);
  if (device >= 0) close(device);
  free(other);
  device = dmabuf = -1;
  other = NULL;
}

void udmabuf_user_forked(void) {
  if (dmabuf >= 0) close(dmabuf);
}

int udmabuf_user_take(enum way way, void* addr, size_t length) {
  const struct memory* memory = memory_at(addr);
  if (!memory) return -EFAULT;
  const int fd = memory_fd(memory);
  fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
  struct udmabuf_create request = {.memfd = (unsigned)fd,
                                   .flags = UDMABUF_FLAGS_CLOEXEC,
                                   .offset = (size_t)((unsigned char*)addr - memory->addr),
                                   .size = length};
  dmabuf = ioctl(device, UDMABUF_CREATE, &request);
  held_way = way;
  held_length = length;
  return dmabuf < 0 ? -errno : 0;
}

long udmabuf_user_let_go(void) {
  long done = 0;
  if (dmabuf < 0) return 0;
  if (stored >= held_length) {
    unsigned char* view = mmap(NULL, held_length, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
    done = view == MAP_FAILED ? -errno : (long)held_length;
    if (done > 0 && held_way == WAY_IN) memcpy(view, other, held_length);
    if (done > 0 && held_way == WAY_OUT) memcpy(other, view, held_length);
    if (done > 0) munmap(view, held_length);
  }
  close(dmabuf);
  dmabuf = -1;
  return done;
}

bool udmabuf_user_store(const void* data, size_t length) {
  memcpy(other, data, length);
  stored = length;
  return true;
}

bool udmabuf_user_load(void* data, size_t length) {
  memcpy(data, other, length);
  return true;
}

// Each folio once, whatever part of it.
void udmabuf_user_counts(enum way way, const void* addr, size_t length, struct user_counts* counts) {
  (void)way;
  const struct memory* memory = memory_at(addr);
  if (!memory || probe_udmabuf_mode() != MODE_PIN) return;
  const size_t from = (size_t)((const unsigned char*)addr - memory->addr), to = from + length - 1;
  counts->acquired = counts->kept = (long long)(to / memory->folio - from / memory->folio + 1);
}
