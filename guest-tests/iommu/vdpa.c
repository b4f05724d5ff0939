// SPDX-License-Identifier: GPL-2.0
// Memory of a vDPA device (drivers/vhost/vdpa.c), of which the simulator makes one: what is entered into its IOTLB is pinned for
// long until it is invalidated or the file is closed, when the device wants physical addresses (vdpa_sim.use_va=0).
#include <errno.h>
#include <fcntl.h>
#include <linux/vdpa.h>
#include <linux/vhost.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "buffers.h"
#include "genl.h"
#include "ktap.h"
#include "pins.h"
#include "vfio.h"

enum { pages = 16 };

// A fresh device's file, or -1 after skipping or failing the running case. Ended by put_device().
static int get_device(void) {
  const struct genl_string words[] = {{VDPA_ATTR_MGMTDEV_DEV_NAME, "vdpasim_net"}, {VDPA_ATTR_DEV_NAME, "pinrig"}};
  char use_va = 'N';
  int parameter = open("/sys/module/vdpa_sim/parameters/use_va", O_RDONLY | O_CLOEXEC), family = genl_family("vdpa");
  if (parameter >= 0 && read(parameter, &use_va, 1) < 0) use_va = '?';
  if (parameter >= 0) close(parameter);
  if (family < 0 || use_va != 'N') {
    ktap_skip("%s", family < 0 ? "no vDPA (VDPA)" : "the simulator takes virtual addresses (vdpa_sim.use_va=0)");
    return -1;
  }
  int error = genl_request(family, VDPA_CMD_DEV_NEW, words, 2);
  if (error == ENODEV) ktap_skip("no simulated device (VDPA_SIM_NET)");
  else if (error) ktap_fail("VDPA_CMD_DEV_NEW: %s", strerror(error));
  int fd = error ? -1 : open("/dev/vhost-vdpa-0", O_RDWR | O_CLOEXEC);
  if (!error && fd < 0) ktap_skip("/dev/vhost-vdpa-0: %s (VHOST_VDPA)", strerror(errno));
  if (fd >= 0 && ioctl(fd, VHOST_SET_OWNER) < 0) ktap_fail("VHOST_SET_OWNER: %s", strerror(errno));
  return fd;
}

static void put_device(int fd) {
  const struct genl_string word = {VDPA_ATTR_DEV_NAME, "pinrig"};
  if (fd >= 0) close(fd);
  int family = genl_family("vdpa");
  if (family > 0) genl_request(family, VDPA_CMD_DEV_DEL, &word, 1);
}

// 0, or the errno value.
static int send_message(int fd, uint8_t type, uint64_t iova, const void* addr, uint64_t length, uint8_t access) {
  struct vhost_msg_v2 message = {.type = VHOST_IOTLB_MSG_V2,
                                 .iotlb = {iova, length, (uintptr_t)addr, access, type}};
  return write(fd, &message, sizeof(message)) == sizeof(message) ? 0 : errno;
}

// `pinned` pages are taken, and all of them held.
static bool enter(int fd, struct pins* before, uint64_t iova, const void* addr, size_t length, uint8_t access) {
  int error = send_message(fd, VHOST_IOTLB_UPDATE, iova, addr, length, access);
  if (error) return ktap_fail("VHOST_IOTLB_UPDATE: %s", strerror(error));
  return pins_expect_longterm(before, (long long)(length / page_bytes()));
}

static void leave(int fd, struct pins* before, uint64_t iova, size_t length, size_t held) {
  int error = send_message(fd, VHOST_IOTLB_INVALIDATE, iova, NULL, length, 0);
  if (error) ktap_fail("VHOST_IOTLB_INVALIDATE: %s", strerror(error));
  pins_expect(before, 0, (long long)(held / page_bytes()));
}

static void enter_and_leave(const void* arg) {
  const enum buffer_kind* kind = arg;
  struct buffer buffer;
  struct pins before;
  int fd = get_device();
  const size_t size = *kind == BUFFER_THP ? thp_bytes() : *kind == BUFFER_HUGETLB ? hugetlb_bytes() : pages * page_bytes();
  if (fd >= 0 && buffer_get(&buffer, *kind, size)) {
    long start = vfio_status_kib("VmPin");
    if (pins_begin(&before) && enter(fd, &before, VFIO_IOVA, buffer.addr, buffer.size, VHOST_ACCESS_RW)) {
      long now = vfio_status_kib("VmPin");
      if (now - start != (long)(buffer.size / 1024)) ktap_fail("VmPin went from %ld to %ld kB", start, now);
      leave(fd, &before, VFIO_IOVA, buffer.size, buffer.size);
      if (vfio_status_kib("VmPin") != start) ktap_fail("VmPin does not come back to %ld kB", start);
    }
    if (*kind == BUFFER_MEMFD) buffer_seal(&buffer);
    buffer_put(&buffer);
  }
  put_device(fd);
}

// The same pages twice; the file closes with one of the mappings in place.
static void twice_and_close(const void* arg) {
  (void)arg;
  struct buffer buffer;
  struct pins before;
  int fd = get_device();
  if (fd >= 0 && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes())) {
    const uint64_t second = VFIO_IOVA + buffer.size;
    if (pins_begin(&before) && enter(fd, &before, VFIO_IOVA, buffer.addr, buffer.size, VHOST_ACCESS_RW) &&
        enter(fd, &before, second, buffer.addr, buffer.size, VHOST_ACCESS_RO)) {
      leave(fd, &before, VFIO_IOVA, buffer.size, buffer.size);
      if (!send_message(fd, VHOST_IOTLB_UPDATE, second, buffer.addr, buffer.size, VHOST_ACCESS_RW))
        ktap_fail("an address that is taken was given again");
      pins_expect(&before, 0, 0);
      close(fd);
      fd = -1;
      pins_expect(&before, 0, pages);
    }
    buffer_put(&buffer);
  }
  put_device(fd);
}

// Half of the memory is not there, may not be written, or goes over the limit of locked memory.
static void refused(const void* arg) {
  const char* why = arg;
  struct rlimit old, low;
  struct buffer buffer;
  struct pins before;
  int fd = get_device();
  if (fd >= 0 && buffer_get(&buffer, BUFFER_PAGES, pages * page_bytes()) && getrlimit(RLIMIT_MEMLOCK, &old) == 0) {
    long start = vfio_status_kib("VmPin");
    low = (struct rlimit){buffer.size / 2, old.rlim_max};
    if (*why == 'h') munmap(buffer.addr + buffer.size / 2, buffer.size / 2);
    if (*why == 'r') mprotect(buffer.addr, buffer.size, PROT_READ);
    if (*why == 'l') setrlimit(RLIMIT_MEMLOCK, &low);
    if (pins_begin(&before)) {
      if (!send_message(fd, VHOST_IOTLB_UPDATE, VFIO_IOVA, buffer.addr, buffer.size, VHOST_ACCESS_RW))
        ktap_fail("it was not refused");
      long long taken = *why == 'h' ? pages / 2 : 0;
      pins_expect(&before, taken, taken);
      if (vfio_status_kib("VmPin") != start) ktap_fail("VmPin does not come back to %ld kB", start);
    }
    setrlimit(RLIMIT_MEMLOCK, &old);
    buffer_put(&buffer);
  }
  put_device(fd);
}

int main(void) {
  static const enum buffer_kind page = BUFFER_PAGES, memfd = BUFFER_MEMFD, thp = BUFFER_THP, hugetlb = BUFFER_HUGETLB;
  static const struct ktap_case cases[] = {
      {"pages", enter_and_leave, &page},       {"memfd", enter_and_leave, &memfd},
      {"thp", enter_and_leave, &thp},          {"hugetlb", enter_and_leave, &hugetlb},
      {"twice_and_close", twice_and_close, NULL}, {"half_unmapped_refused", refused, "half"},
      {"read_only_refused", refused, "read"},  {"limit_is_kept", refused, "limit"},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
