// SPDX-License-Identifier: GPL-2.0
#include "uring.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ktap.h"

// include/uapi/linux/io_uring.h since 6.12.
enum { register_clone_buffers = 30 };
struct clone_buffers {
  unsigned source, flags, reserved[6];
};

int uring_open(void) {
  struct io_uring_params params;
  memset(&params, 0, sizeof(params));
  int ring = (int)syscall(SYS_io_uring_setup, 4, &params);
  if (ring < 0 && errno == ENOSYS)
    ktap_skip("no io_uring in this kernel");
  else if (ring < 0)
    ktap_fail("io_uring_setup: %s", strerror(errno));
  return ring;
}

int uring_register(int ring, void* addr, size_t length) {
  struct iovec vec = {addr, length};
  return syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &vec, 1) < 0 ? -errno : 0;
}

int uring_unregister(int ring) {
  return syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0) < 0 ? -errno : 0;
}

int uring_workers_on(int ring, int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)cpu, &set);
  return syscall(SYS_io_uring_register, ring, IORING_REGISTER_IOWQ_AFF, &set, sizeof(set)) < 0 ? -errno : 0;
}

int uring_workers_at_most(int ring, unsigned most) {
  unsigned kinds[] = {most, most};
  return syscall(SYS_io_uring_register, ring, IORING_REGISTER_IOWQ_MAX_WORKERS, kinds, 2) < 0 ? -errno : 0;
}

int uring_clone(int ring, int other) {
  const struct clone_buffers request = {.source = (unsigned)other};
  return syscall(SYS_io_uring_register, ring, register_clone_buffers, &request, 1) < 0 ? -errno : 0;
}
