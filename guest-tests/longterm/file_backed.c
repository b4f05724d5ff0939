// SPDX-License-Identifier: GPL-2.0
// Long-term pins of shared file mappings for writing: a file system that tracks dirty pages would miss writes
// through them, so newer kernels refuse (mm/gup.c, writable_file_mapping_allowed()); memory files have
// nothing to track.
#include <fcntl.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "caps.h"
#include "mr.h"
#include "uring.h"

enum user { REGION, URING, XDP };
enum place { DISK, MEMORY };

struct row {
  enum user user;
  enum place place;
  int prot;
};

// A shared mapping of 16 written pages, or NULL after reporting.
static unsigned char* map_file(enum place place, int prot) {
  // The working directory is on the block device's file system (needs: fs).
  int fd =
      place == MEMORY ? memfd_create("pinrig", MFD_CLOEXEC) : open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  char block[65536];
  memset(block, 1, sizeof(block));
  bool good = fd >= 0;
  for (int i = 0; i < MR_PAGES && good; ++i) good = write(fd, block, page_bytes()) == (ssize_t)page_bytes();
  unsigned char* area = good ? mmap(NULL, MR_PAGES * page_bytes(), prot, MAP_SHARED, fd, 0) : MAP_FAILED;
  int error = errno;
  if (fd >= 0) close(fd);
  if (area != MAP_FAILED && (prot & PROT_WRITE)) memset(area, 2, MR_PAGES * page_bytes());
  if (area != MAP_FAILED) return area;
  ktap_fail("mapping a file: %s", strerror(error));
  return NULL;
}

struct holder {
  struct link link;
  struct ibv_mr* region;
  int fd;
};

// 0, or the errno value of the refusal; -1: the running case has been skipped.
static int take(struct holder* holder, enum user user, void* area, int access) {
  const size_t size = MR_PAGES * page_bytes();
  *holder = (struct holder){.fd = -1};
  if (user == REGION) {
    if (!link_open(&holder->link)) return -1;
    holder->region = ibv_reg_mr(holder->link.domain, area, size, access);
    return holder->region ? 0 : errno;
  }
  if (user == URING) {
    holder->fd = uring_open();
    return holder->fd < 0 ? -1 : -uring_register(holder->fd, area, size);
  }
  holder->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (holder->fd < 0) {
    ktap_skip("AF_XDP: %s (XDP_SOCKETS)", strerror(errno));
    return -1;
  }
  struct xdp_umem_reg umem = {.addr = (unsigned long)area, .len = size, .chunk_size = 2048};
  return setsockopt(holder->fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)) < 0 ? errno : 0;
}

static void give_back(struct holder* holder, enum user user) {
  if (holder->region) ibv_dereg_mr(holder->region);
  if (user == URING && holder->fd >= 0) uring_unregister(holder->fd);
  if (holder->fd >= 0) close(holder->fd);
  link_close(&holder->link);
}

// What this kernel does with a region of a disk file is a capability: GUP refuses it with EFAULT, or does
// not. io_uring has always refused, before GUP did by looking at the mapping (EOPNOTSUPP).
static void judge(const struct row* row, int error) {
  if (row->place == MEMORY) {
    if (error) ktap_fail("refused: %s", strerror(error));
  } else if (row->user == URING) {
    if (error != EFAULT && error != EOPNOTSUPP) ktap_fail("want EFAULT or EOPNOTSUPP, got %d", error);
  } else {
    if (error && error != EFAULT) ktap_fail("want EFAULT or no error, got %d", error);
    caps_found("lt.file_rw", error ? "refused" : "allowed");
  }
}

static void file(const void* arg) {
  const struct row* row = arg;
  struct holder holder;
  struct link warm;
  struct pins before;
  unsigned char* area = map_file(row->place, row->prot);
  if (!area) return;
  // What libibverbs allocates the first time is out of the way.
  if (row->user == REGION && link_open(&warm)) link_close(&warm);
  if (pins_begin(&before)) {
    int error = take(&holder, row->user, area, row->prot & PROT_WRITE ? IBV_ACCESS_LOCAL_WRITE : 0);
    if (error >= 0) {
      judge(row, error);
      if (error)
        pins_expect_at_least(&before, 0, 0);
      else
        pins_expect_longterm(&before, MR_PAGES);
    }
    give_back(&holder, row->user);
    pins_expect_at_least(&before, 0, error == 0 ? -MR_PAGES : 0);
  }
  munmap(area, MR_PAGES * page_bytes());
}

int main(void) {
  static const int rw = PROT_READ | PROT_WRITE;
  static const struct row rows[] = {{REGION, DISK, rw},   {URING, DISK, rw},   {XDP, DISK, rw},
                                    {REGION, MEMORY, rw}, {URING, MEMORY, rw}, {XDP, MEMORY, rw}};
  static const struct ktap_case cases[] = {
      {"region_of_a_disk_file", file, &rows[0]},     {"io_uring_of_a_disk_file", file, &rows[1]},
      {"af_xdp_of_a_disk_file", file, &rows[2]},     {"region_of_a_memory_file", file, &rows[3]},
      {"io_uring_of_a_memory_file", file, &rows[4]}, {"af_xdp_of_a_memory_file", file, &rows[5]},
  };
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
