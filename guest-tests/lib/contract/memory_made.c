// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "contract/memory_maker.h"
#include "fsdax.h"
#include "ksm.h"
#include "ktap.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static const char mthp_control[] = "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled";
static const char shmem_control[] = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";

// Writes a control file. Skips the running case when the kernel has none.
static bool control(const char* path, const char* value) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ktap_skip("%s: %s", path, strerror(errno));
  bool good = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
  close(fd);
  return good || ktap_fail("%s = %s: %s", path, value, strerror(errno));
}

// Reserves `align` more than is needed, so that what is used begins at a multiple of it.
bool memory_map_aligned(struct memory* memory, size_t size, size_t align, int flags, int fd) {
  const size_t used = (size + align - 1) / align * align;
  void* room = mmap(NULL, used + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) return ktap_fail("mmap: %s", strerror(errno));
  memory->map = room;
  memory->map_size = used + align;
  unsigned char* start = (unsigned char*)(((uintptr_t)room + align - 1) / align * align);
  if (mmap(start, used, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) == MAP_FAILED)
    return ktap_fail("mmap of %s: %s", memory_name(memory->kind), strerror(errno));
  memory->addr = start;
  memory->size = used;
  return true;
}

bool memory_make_mthp(struct memory* memory, size_t size) {
  memory->folio = 65536;
  if (page_bytes() >= memory->folio) return ktap_skip("a base page is as large as a folio of 64 KiB");
  if (!control(mthp_control, "madvise")) return false;
  if (!memory_map_aligned(memory, size, memory->folio, MAP_PRIVATE | MAP_ANONYMOUS, -1)) return false;
  // No room for a larger one below this address and below the next multiple of it.
  madvise(memory->addr, memory->size, MADV_HUGEPAGE);
  memset(memory->addr, 0x5a, memory->size);
  control(mthp_control, "never");
  return true;
}

static bool sized_memfd(struct memory* memory, unsigned flags, size_t size) {
  memory->fd = memfd_create("contract", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
  if (memory->fd < 0) return ktap_skip("memfd_create: %s", strerror(errno));
  return ftruncate(memory->fd, (off_t)size) == 0 || ktap_fail("ftruncate: %s", strerror(errno));
}

bool memory_make_memfd_hole(struct memory* memory, size_t size) {
  size = (size + page_bytes() - 1) / page_bytes() * page_bytes();
  return sized_memfd(memory, 0, size) &&
         memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd);
}

bool memory_make_memfd_hugetlb(struct memory* memory, size_t size) {
  const size_t huge = hugetlb_bytes();
  if (huge == 0) return ktap_skip("no hugetlb pages in this kernel");
  size = (size + huge - 1) / huge * huge;
  memory->folio = huge;
  if (hugetlb_free() < (long)(size / huge)) return ktap_skip("%zu free huge pages are needed", size / huge);
  if (!sized_memfd(memory, MFD_HUGETLB, size) ||
      !memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd))
    return false;
  memset(memory->addr, 0x5a, memory->size);
  return true;
}

bool memory_make_memfd_thp(struct memory* memory, size_t size) {
  const size_t huge = thp_usable();
  if (huge == 0 || !control(shmem_control, "advise")) return false;
  size = (size + huge - 1) / huge * huge;
  memory->folio = huge;
  if (!sized_memfd(memory, 0, size) || !memory_map_aligned(memory, size, huge, MAP_SHARED, memory->fd))
    return false;
  if (madvise(memory->addr, memory->size, MADV_HUGEPAGE) < 0)
    return ktap_skip("MADV_HUGEPAGE of shared memory: %s", strerror(errno));
  memset(memory->addr, 0x5a, memory->size);
  return true;
}

// Two in a row, and then two from elsewhere: neighbors in memory that are none in the file, or are so the
// other way round. What takes the pages of a folio for a piece must look at each of them.
bool memory_make_shuffled(struct memory* memory, size_t size) {
  const size_t page = page_bytes(), count = (size + page - 1) / page;
  const off_t apart[] = {6, 7, 3, 2, 0, 1, 5, 4};
  enum { turns = sizeof(apart) / sizeof(apart[0]) };
  struct memory whole = *memory;
  bool good = memory_make_memfd_thp(&whole, (count + turns) * page);
  memory->fd = whole.fd;
  good = good && memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_SHARED, whole.fd);
  for (size_t i = 0; good && i < count; ++i) {
    const off_t at = ((off_t)(i - i % turns) + apart[i % turns]) * (off_t)page;
    good = mmap(memory->addr + i * page, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, whole.fd,
                at) != MAP_FAILED;
    if (!good) ktap_fail("mmap of a page of a memfd: %s", strerror(errno));
    if (good) memset(memory->addr + i * page, 0x5a, page);
  }
  if (whole.map != MAP_FAILED) munmap(whole.map, whole.map_size);
  return good;
}

// A file in `folder` with its data on the medium.
static bool make_file(struct memory* memory, const char* folder, size_t size) {
  snprintf(memory->path, sizeof(memory->path), "%s/contract-%d", folder, (int)getpid());
  memory->fd = open(memory->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  size = (size + page_bytes() - 1) / page_bytes() * page_bytes();
  unsigned char* bytes = malloc(size);
  bool good = memory->fd >= 0 && bytes;
  if (good) {
    memset(bytes, 0x5a, size);
    good = pwrite(memory->fd, bytes, size, 0) == (ssize_t)size && fsync(memory->fd) == 0;
  }
  free(bytes);
  return good || ktap_fail("%s: %s", memory->path, strerror(errno));
}

// On the machine's ext4.
bool memory_make_file(struct memory* memory, size_t size) {
  struct stat here, parent;
  if (stat("/mnt/ext4", &here) < 0 || stat("/mnt", &parent) < 0 || here.st_dev == parent.st_dev)
    return ktap_skip("nothing is mounted at /mnt/ext4");
  return make_file(memory, "/mnt/ext4", size) &&
         memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd);
}

// The mapping is the medium: MAP_SYNC is for such alone. Its pages have been written, so that the page table
// allows writing.
bool memory_make_fsdax(struct memory* memory, size_t size) {
  if (!fsdax_mount_ext4() || !make_file(memory, FSDAX_FOLDER, size) ||
      !memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE | MAP_SYNC, memory->fd))
    return false;
  memset(memory->addr, 0x5a, memory->size);
  return true;
}

bool memory_make_secret(struct memory* memory, size_t size) {
  memory->fd = (int)syscall(SYS_memfd_secret, 0);
  if (memory->fd < 0) return ktap_skip("memfd_secret: %s (SECRETMEM, secretmem.enable=1)", strerror(errno));
  size = (size + page_bytes() - 1) / page_bytes() * page_bytes();
  if (ftruncate(memory->fd, (off_t)size) < 0) return ktap_fail("ftruncate: %s", strerror(errno));
  if (!memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory->fd)) return false;
  memset(memory->addr, 0x5a, memory->size);
  return true;
}

bool memory_make_ksm(struct memory* memory, size_t size) {
  if (!memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1)) return false;
  madvise(memory->addr, memory->size, MADV_NOHUGEPAGE);
  memset(memory->addr, 0x5a, memory->size);
  if (madvise(memory->addr, memory->size, MADV_MERGEABLE) < 0)
    return ktap_skip("MADV_MERGEABLE: %s (CONFIG_KSM)", strerror(errno));
  return ksm_scan();
}

// Registers of a PCI device, mapped by remap_pfn_range().
bool memory_make_pfnmap(struct memory* memory, size_t size) {
  for (int slot = 1; slot < 32; ++slot) {
    for (int bar = 0; bar < 5; ++bar) {
      char path[96];
      struct stat file;
      snprintf(path, sizeof(path), "/sys/bus/pci/devices/0000:00:%02x.0/resource%d", slot, bar);
      const int fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
      if (fd < 0) continue;
      void* area = MAP_FAILED;
      if (fstat(fd, &file) == 0 && file.st_size >= (off_t)page_bytes())
        area = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      close(fd);
      if (area == MAP_FAILED) continue;
      memory->map = area;
      memory->addr = area;
      memory->size = memory->map_size = page_bytes();
      return true;
    }
  }
  (void)size;
  return ktap_skip("no PCI device whose memory can be mapped");
}

bool memory_make_guard(struct memory* memory, size_t size) {
  if (!memory_map(memory, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1)) return false;
  madvise(memory->addr, memory->size, MADV_NOHUGEPAGE);
  memset(memory->addr, 0x5a, memory->size);
  const size_t half = memory->size / 2 / page_bytes() * page_bytes();
  if (madvise(memory->addr + half, memory->size - half, MADV_GUARD_INSTALL) < 0)
    return ktap_skip("MADV_GUARD_INSTALL: %s (since 6.13)", strerror(errno));
  return true;
}
