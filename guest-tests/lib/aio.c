// SPDX-License-Identifier: GPL-2.0
#include "aio.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"

bool aio_open(struct aio* aio, int depth) {
  *aio = (struct aio){0};
  if (syscall(SYS_io_setup, depth, &aio->context) == 0) return true;
  return errno == ENOSYS ? ktap_skip("no AIO in this kernel") : ktap_fail("io_setup: %s", strerror(errno));
}

void aio_close(struct aio* aio) { syscall(SYS_io_destroy, aio->context); }

int aio_try_submit(struct aio* aio, int command, int fd, const void* addr, size_t length, off_t offset,
                   unsigned tag) {
  struct iocb request = {
      .aio_data = tag,
      .aio_lio_opcode = (uint16_t)command,
      .aio_fildes = (uint32_t)fd,
      .aio_buf = (uintptr_t)addr,
      .aio_nbytes = length,
      .aio_offset = offset,
  };
  struct iocb* requests[] = {&request};
  if (syscall(SYS_io_submit, aio->context, 1, requests) != 1) return -errno;
  ++aio->in_flight;
  return 0;
}

bool aio_submit(struct aio* aio, int command, int fd, const void* addr, size_t length, off_t offset,
                unsigned tag) {
  int error = aio_try_submit(aio, command, fd, addr, length, offset, tag);
  return error == 0 || ktap_fail("io_submit: %s", strerror(-error));
}

bool aio_read(struct aio* aio, int fd, void* to, size_t length, off_t offset, unsigned tag) {
  return aio_submit(aio, IOCB_CMD_PREAD, fd, to, length, offset, tag);
}

unsigned aio_reap(struct aio* aio, int limit_ms, long* result) {
  struct io_event event;
  const long long end = clock_ms() + patience_scaled(limit_ms);
  long got = 0;
  // Work that io_uring has left for this task interrupts it as a signal does (TIF_NOTIFY_SIGNAL), without a
  // handler or a restart.
  do {
    long long left = end - clock_ms();
    if (left < 0) return 0;
    struct timespec limit = {left / 1000, left % 1000 * 1000000L};
    got = syscall(SYS_io_getevents, aio->context, 1, 1, &event, &limit);
  } while (got < 0 && errno == EINTR);
  if (got != 1) return 0;
  --aio->in_flight;
  *result = (long)event.res;
  return (unsigned)event.data;
}
