// SPDX-License-Identifier: GPL-2.0
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_alg.h>
#include <linux/if_xdp.h>
#include <linux/memfd.h>
#include <linux/udmabuf.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffers.h"
#include "caps.h"
#include "ktap.h"
#include "pins.h"
#include "uffd.h"
#include "uring.h"

bool probe_unknown(const char* name, const char* format, ...) {
  char reason[160];
  va_list args;
  va_start(args, format);
  vsnprintf(reason, sizeof(reason), format, args);
  va_end(args);
  caps_print(name, "unknown");
  return ktap_skip("%s", reason);
}

void probe_alg(void) {
  struct sockaddr_alg hash = {.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256"};
  struct buffer buffer;
  struct pins before;
  int listener = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), fd = -1;
  if (listener >= 0 && bind(listener, (struct sockaddr*)&hash, sizeof(hash)) == 0)
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0)
    probe_unknown("alg", "AF_ALG: %s (CRYPTO_USER_API_HASH, CRYPTO_SHA256)", strerror(errno));
  else if (buffer_get(&buffer, BUFFER_PAGES, page_bytes())) {
    if (pins_begin(&before)) {
      if (send(fd, buffer.addr, buffer.size, 0) == (ssize_t)buffer.size)
        caps_conclude("alg", &before, 1);
      else
        ktap_fail("hashing a page: %s", strerror(errno));
    }
    buffer_put(&buffer);
  }
  if (fd >= 0) close(fd);
  if (listener >= 0) close(listener);
}

// A page of a file on ext4 in a shared mapping; NULL with the running case failed.
static unsigned char* map_file(const char* path, int* fd) {
  *fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  unsigned char* page = MAP_FAILED;
  if (*fd >= 0 && ftruncate(*fd, (off_t)page_bytes()) == 0)
    page = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
  if (page == MAP_FAILED) {
    ktap_fail("%s: %s", path, strerror(errno));
    return NULL;
  }
  page[0] = 1;
  return page;
}

static const char *lt_file_found, *lt_unlock_found;

// By AF_XDP, whose umem every kernel pins for long and for writing (net/xdp/xdp_umem.c).
void probe_lt_file(void) {
  static const char path[] = "/mnt/ext4/pinrig-probe";
  struct pins before, after;
  int file = -1, fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    probe_unknown("lt.file_rw", "AF_XDP: %s (XDP_SOCKETS)", strerror(errno));
    return;
  }
  unsigned char* page = map_file(path, &file);
  if (page && pins_begin(&before)) {
    struct xdp_umem_reg umem = {.addr = (uintptr_t)page, .len = page_bytes(), .chunk_size = 2048};
    int refused = setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)) < 0 ? errno : 0;
    after = before;
    if (refused != 0 && refused != EFAULT && refused != EOPNOTSUPP && refused != EINVAL)
      ktap_fail("XDP_UMEM_REG: %s", strerror(refused));
    else
      caps_print("lt.file_rw", lt_file_found = refused ? "refused" : "allowed");
    close(fd);
    fd = -1;
    // GUP-fast may have the page before it sees what it is.
    if (pins_rest(&after)) pins_claim_exact(after.acquired - before.acquired);
  }
  if (page) munmap(page, page_bytes());
  if (file >= 0) close(file);
  if (fd >= 0) close(fd);
  unlink(path);
}

void probe_lt_unlock(void) {
  struct uffd uffd;
  struct pins before;
  int ring = uring_open();
  if (ring < 0) return;
  if (uffd_open(&uffd, 1, 1, 0) && pins_begin(&before)) {
    int error = uring_register(ring, uffd.area, page_bytes());
    if (error != 0 && error != -EFAULT)
      ktap_fail("IORING_REGISTER_BUFFERS: %s", strerror(-error));
    else
      caps_print("lt.unlock", lt_unlock_found = error == 0 ? "yes" : "no");
    if (error == 0) uring_unregister(ring);
    pins_expect_at_least(&before, error == 0 ? 1 : 0, 0);
  } else if (!ktap_failed()) {
    caps_print("lt.unlock", "unknown");
  }
  uffd_close(&uffd);
  close(ring);
}

bool probe_lt_file_allowed(void) {
  static bool asked;
  const int fd = asked ? -1 : socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  asked = true;
  if (fd >= 0) {
    close(fd);
    probe_lt_file();
  }
  return lt_file_found && strcmp(lt_file_found, "allowed") == 0;
}

static void* unlock_thread(void* unused) {
  (void)unused;
  probe_lt_unlock();
  return NULL;
}

// In a thread: the end of a ring interrupts the task that used it some time later, as a signal does, and an
// ioctl of that which waits, such as SG_IO, starts again.
bool probe_lt_waits(void) {
  static bool asked;
  pthread_t thread;
  if (!asked && pthread_create(&thread, NULL, unlock_thread, NULL) == 0) pthread_join(thread, NULL);
  asked = true;
  return !lt_unlock_found || strcmp(lt_unlock_found, "yes") == 0;
}

static enum pin_mode udmabuf_of(int driver, int memfd) {
  struct udmabuf_create create = {.memfd = (uint32_t)memfd, .size = page_bytes()};
  struct pins before, after;
  if (!pins_begin(&before)) return MODE_UNKNOWN;
  int fd = ioctl(driver, UDMABUF_CREATE, &create);
  if (fd < 0) {
    ktap_fail("UDMABUF_CREATE: %s", strerror(errno));
    return MODE_UNKNOWN;
  }
  after = before;
  close(fd);
  if (!pins_rest(&after)) return MODE_UNKNOWN;
  pins_claim_exact(after.acquired - before.acquired);
  return caps_announce("udmabuf.pin", after.acquired > before.acquired ? MODE_PIN : MODE_GET);
}

enum pin_mode probe_udmabuf_mode(void) {
  static enum pin_mode known = MODE_UNKNOWN;
  if (known != MODE_UNKNOWN) return known;
  int driver = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
  if (driver < 0) {
    probe_unknown("udmabuf.pin", "/dev/udmabuf: %s (UDMABUF)", strerror(errno));
    return MODE_UNKNOWN;
  }
  int memfd = memfd_create("pinrig", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memfd >= 0 && ftruncate(memfd, (off_t)page_bytes()) == 0 &&
      fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK) == 0)
    known = udmabuf_of(driver, memfd);
  else
    ktap_fail("a memfd for udmabuf: %s", strerror(errno));
  if (memfd >= 0) close(memfd);
  close(driver);
  return known;
}

void probe_udmabuf(void) { probe_udmabuf_mode(); }
