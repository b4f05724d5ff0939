// SPDX-License-Identifier: GPL-2.0
#include "iommufd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"

// ioctl numbers count from 0x80 on; the tests' lies beyond all that are given out.
#define REQUEST(number) _IO(';', 0x80 + (number))
enum {
  DESTROY = 0,
  IOAS_ALLOC = 1,
  IOAS_COPY = 3,
  IOAS_MAP = 5,
  IOAS_UNMAP = 6,
  OPTION = 7,
  HWPT_ALLOC = 9,
  SET_DIRTY = 11,
  GET_DIRTY = 12,
  TEST = 32
};
enum {
  OP_MOCK_DOMAIN = 2,
  OP_CHECK_MAP = 3,
  OP_CREATE_ACCESS = 5,
  OP_UNPIN = 6,
  OP_PIN = 7,
  OP_RW = 8,
  OP_LIMIT_MEMORY = 9,
  OP_DIRTY = 13
};

// Every request begins with its size, and what a kernel does not know of it has to be zero: one size fits all
// kernels.
struct test {
  uint32_t size, op, id, reserved;
  union {
    struct {
      uint32_t device, domain, attached;
    } mock;
    struct {
      uint64_t iova, length, addr;
    } check;
    struct {
      uint32_t file, flags;
    } create;
    struct {
      uint32_t id;
    } unpin;
    struct {
      uint32_t flags, id;
      uint64_t iova, length, addr;
    } pin;
    struct {
      uint64_t iova, length, addr;
      uint32_t flags;
    } rw;
    struct {
      uint32_t bytes;
    } limit;
    struct {
      uint32_t flags;
      uint64_t iova, length, unit, addr, count;
    } dirty;
    uint64_t room[14];
  };
};

static int call(int fd, unsigned number, void* request) {
  return ioctl(fd, REQUEST(number), request) < 0 ? errno : 0;
}

int iommufd_open(void) {
  int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
  if (fd < 0) ktap_skip("/dev/iommu: %s (IOMMUFD)", strerror(errno));
  return fd;
}

uint32_t iommufd_space(int fd) {
  struct {
    uint32_t size, flags, id;
  } request = {.size = sizeof(request)};
  int error = call(fd, IOAS_ALLOC, &request);
  if (error) ktap_fail("IOMMU_IOAS_ALLOC: %s", strerror(error));
  return error ? 0 : request.id;
}

int iommufd_map(int fd, uint32_t space, const void* addr, size_t length, uint64_t iova, unsigned flags) {
  struct {
    uint32_t size, flags, space, reserved;
    uint64_t addr, length, iova;
  } request = {sizeof(request), flags | IOMMUFD_FIXED, space, 0, (uintptr_t)addr, length, iova};
  return call(fd, IOAS_MAP, &request);
}

int iommufd_unmap(int fd, uint32_t space, uint64_t iova, uint64_t length, uint64_t* done) {
  struct {
    uint32_t size, space;
    uint64_t iova, length;
  } request = {sizeof(request), space, iova, length};
  int error = call(fd, IOAS_UNMAP, &request);
  *done = error ? 0 : request.length;
  return error;
}

int iommufd_copy(int fd, uint32_t other, uint64_t to, uint32_t space, uint64_t from, size_t length) {
  struct {
    uint32_t size, flags, to_space, from_space;
    uint64_t length, to, from;
  } request = {sizeof(request), IOMMUFD_RW | IOMMUFD_FIXED, other, space, length, to, from};
  return call(fd, IOAS_COPY, &request);
}

int iommufd_destroy(int fd, uint32_t id) {
  struct {
    uint32_t size, id;
  } request = {sizeof(request), id};
  return call(fd, DESTROY, &request);
}

static int test(int fd, struct test* request, unsigned op, uint32_t id) {
  request->size = sizeof(*request);
  request->op = op;
  request->id = id;
  return call(fd, TEST, request);
}

bool iommufd_limit_by_process(int fd) {
  struct {
    uint32_t size, option;
    uint16_t op, reserved;
    uint32_t object;
    uint64_t value;
  } request = {.size = sizeof(request), .value = 1};
  const int error = call(fd, OPTION, &request);
  return !error || ktap_skip("IOMMU_OPTION_RLIMIT_MODE: %s", strerror(error));
}

bool iommufd_limit_memory(int fd, unsigned bytes) {
  struct test request = {.limit = {bytes}};
  const int error = test(fd, &request, OP_LIMIT_MEMORY, 0);
  return !error || ktap_skip("a limit for arrays of frames: %s (IOMMUFD_TEST)", strerror(error));
}

int iommufd_try_mock_device(int fd, uint32_t space, uint32_t* domain) {
  struct test request = {0};
  const int error = test(fd, &request, OP_MOCK_DOMAIN, space);
  *domain = error ? 0 : request.mock.domain;
  return error;
}

uint32_t iommufd_mock_device(int fd, uint32_t space, uint32_t* domain) {
  struct test request = {0};
  int error = test(fd, &request, OP_MOCK_DOMAIN, space);
  if (error == ENOTTY)
    ktap_skip("no mock devices (IOMMUFD_TEST)");
  else if (error)
    ktap_fail("creating a mock device: %s", strerror(error));
  *domain = request.mock.domain;
  return error ? 0 : request.mock.device;
}

int iommufd_mock_check(int fd, uint32_t domain, uint64_t iova, const void* addr, size_t length) {
  struct test request = {.check = {iova, length, (uintptr_t)addr}};
  return test(fd, &request, OP_CHECK_MAP, domain);
}

uint32_t iommufd_dirty_domain(int fd, uint32_t space) {
  struct test device = {0};
  struct {
    uint32_t size, flags, device, space, domain, reserved, type, length;
    uint64_t data, more;
  } domain = {.size = sizeof(domain), .flags = 2, .space = space};  // dirty tracking
  struct {
    uint32_t size, flags, domain, reserved;
  } tracking = {.size = sizeof(tracking), .flags = 1};
  int error = test(fd, &device, OP_MOCK_DOMAIN, space);
  domain.device = device.mock.attached;
  if (!error) error = call(fd, HWPT_ALLOC, &domain);
  tracking.domain = domain.domain;
  if (!error) error = call(fd, SET_DIRTY, &tracking);
  if (error == ENOTTY)
    ktap_skip("no mock devices that track what they write (IOMMUFD_TEST, since 6.7)");
  else if (error)
    ktap_fail("a mock domain that tracks what is written: %s", strerror(error));
  return error ? 0 : domain.domain;
}

int iommufd_mock_dirty(int fd, uint32_t domain, uint64_t iova, size_t length) {
  const size_t unit = page_bytes() / 2, bytes = (length / unit + 7) / 8;
  unsigned char* all = malloc(bytes);
  if (!all) return ENOMEM;
  memset(all, 0xff, bytes);
  struct test request = {.dirty = {0, iova, length, unit, (uintptr_t)all, 0}};
  const int error = test(fd, &request, OP_DIRTY, domain);
  free(all);
  return error;
}

int iommufd_get_dirty(int fd, uint32_t domain, uint64_t iova, size_t length, size_t unit, void* bitmap) {
  struct {
    uint32_t size, domain, flags, reserved;
    uint64_t iova, length, unit, bitmap;
  } request = {sizeof(request), domain, 0, 0, iova, length, unit, (uintptr_t)bitmap};
  return call(fd, GET_DIRTY, &request);
}

int iommufd_access(int fd, uint32_t space) {
  struct test request = {.create = {.flags = 1}};  // a driver that pins
  int error = test(fd, &request, OP_CREATE_ACCESS, space);
  if (error == ENOTTY)
    ktap_skip("no mock devices (IOMMUFD_TEST)");
  else if (error)
    ktap_fail("creating a mock driver: %s", strerror(error));
  return error ? -1 : (int)request.create.file;
}

int iommufd_access_pin(int fd, int access, uint64_t iova, const void* addr, size_t length, bool write,
                       uint32_t* id) {
  struct test request = {.pin = {write, 0, iova, length, (uintptr_t)addr}};
  int error = test(fd, &request, OP_PIN, (uint32_t)access);
  *id = request.pin.id;
  return error;
}

int iommufd_access_unpin(int fd, int access, uint32_t id) {
  struct test request = {.unpin = {id}};
  return test(fd, &request, OP_UNPIN, (uint32_t)access);
}

int iommufd_access_rw(int fd, int access, uint64_t iova, void* data, size_t length, unsigned flags) {
  struct test request = {.rw = {iova, length, (uintptr_t)data, flags}};
  return test(fd, &request, OP_RW, (uint32_t)access);
}

int iommufd_vfio_bind(int fd, int device) {
  struct {
    uint32_t size, flags;
    int32_t iommufd;
    uint32_t id;
  } request = {sizeof(request), 0, fd, 0};
  return ioctl(device, _IO(VFIO_TYPE, VFIO_BASE + 18), &request) < 0 ? errno : 0;
}

int iommufd_vfio_attach(int device, uint32_t space) {
  struct {
    uint32_t size, flags, space;
  } request = {sizeof(request), 0, space};
  return ioctl(device, _IO(VFIO_TYPE, VFIO_BASE + 19), &request) < 0 ? errno : 0;
}
