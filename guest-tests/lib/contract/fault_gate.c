// SPDX-License-Identifier: GPL-2.0
#include "contract/fault_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/local_end.h"
#include "ktap.h"
#include "patience.h"

enum { limit_ms = 20000 };

static struct {
  fault_gate_call call;
  int uffd, ended;
  unsigned char* area;  // pages are missing until let_go()
  pthread_t thread;
  bool runs;
  enum way way;
  void* addr;
  size_t length;
  long result;
} gate = {.uffd = -1, .ended = -1, .area = MAP_FAILED};

bool fault_gate_open(fault_gate_call call) {
  struct uffdio_api api = {.api = UFFD_API};
  gate.call = call;
  gate.uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  if (gate.uffd < 0) return ktap_skip("userfaultfd: %s (USERFAULTFD)", strerror(errno));
  gate.ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  gate.area = mmap(NULL, local_end_most, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register range = {.range = {(unsigned long)gate.area, local_end_most},
                                  .mode = UFFDIO_REGISTER_MODE_MISSING};
  // A huge page would be missing as a whole.
  const bool good = gate.ended >= 0 && gate.area != MAP_FAILED &&
                    madvise(gate.area, local_end_most, MADV_NOHUGEPAGE) == 0 &&
                    ioctl(gate.uffd, UFFDIO_API, &api) == 0 && ioctl(gate.uffd, UFFDIO_REGISTER, &range) == 0;
  return good || ktap_fail("memory with missing pages: %s", strerror(errno));
}

static void* transfer(void* unused) {
  const uint64_t one = 1;
  gate.result = gate.call(gate.way, gate.area, gate.addr, gate.length);
  if (write(gate.ended, &one, sizeof(one)) != sizeof(one)) gate.result = -errno;
  return unused;
}

// The end of the call, after which pages are missing again.
static long join(void) {
  uint64_t ends;
  pthread_join(gate.thread, NULL);
  gate.runs = false;
  if (read(gate.ended, &ends, sizeof(ends)) != sizeof(ends)) return -errno;
  if (gate.way == WAY_OUT && gate.result > 0) memcpy(local_end, gate.area, (size_t)gate.result);
  madvise(gate.area, local_end_most, MADV_DONTNEED);
  return gate.result;
}

int fault_gate_take(enum way way, void* addr, size_t length) {
  gate.way = way;
  gate.addr = addr;
  gate.length = length;
  const int error = pthread_create(&gate.thread, NULL, transfer, NULL);
  if (error) return -error;
  gate.runs = true;
  struct pollfd ready[] = {{gate.uffd, POLLIN, 0}, {gate.ended, POLLIN, 0}};
  const int found = poll(ready, 2, patience_scaled(limit_ms));
  if (found > 0 && !ready[1].revents) return 0;
  const long done = fault_gate_let_go();
  return found <= 0 ? -ETIME : done < 0 ? (int)done : -EBADE;
}

long fault_gate_let_go(void) {
  if (!gate.runs) return 0;
  struct uffd_msg message;
  const size_t length = (gate.length + page_bytes() - 1) / page_bytes() * page_bytes();
  struct uffdio_copy copy = {.dst = (unsigned long)gate.area, .src = (unsigned long)local_end, .len = length};
  while (read(gate.uffd, &message, sizeof(message)) > 0) {
  }
  // A call that was refused did not get that far: nothing is waiting then.
  if (ioctl(gate.uffd, UFFDIO_COPY, &copy) < 0) ktap_fail("UFFDIO_COPY: %s", strerror(errno));
  return join();
}

void fault_gate_close(void) {
  if (gate.runs) fault_gate_let_go();
  if (gate.area != MAP_FAILED) munmap(gate.area, local_end_most);
  if (gate.ended >= 0) close(gate.ended);
  if (gate.uffd >= 0) close(gate.uffd);
  gate.area = MAP_FAILED;
  gate.uffd = gate.ended = -1;
}
