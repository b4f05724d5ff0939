// SPDX-License-Identifier: GPL-2.0
#include "e1000e.h"

#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "ktap.h"
#include "patience.h"

// Register offsets and bits of the 82574 data sheet.
enum {
  CTRL = 0x0,
  RCTL = 0x100,
  TCTL = 0x400,
  RDBA = 0x2800,
  TDBA = 0x3800,
  LEN = 8,
  HEAD = 0x10,
  TAIL = 0x18
};
enum {
  CTRL_SLU = 1 << 6,
  RCTL_EN = 1 << 1,
  RCTL_UPE = 1 << 3,
  RCTL_MPE = 1 << 4,
  RCTL_BAM = 1 << 15,
  RCTL_LBM_MAC = 1 << 6,
  RCTL_SECRC = 1 << 26
};
enum {
  TCTL_EN = 1 << 1,
  TCTL_PSP = 1 << 3,
  SEND = 1 | 2 | 8 /* end of packet, insert checksum, report status */,
  DONE = 1
};

struct descriptor {
  uint64_t address;
  uint16_t length;
  uint8_t offset, command;  // of what is sent; a checksum in what is received
  uint8_t status, errors;
  uint16_t special;
};
// The least that a ring may have is 128 bytes; both lie in one page.
enum { entries = 8, send_at = 0, receive_at = 2048 };

static void set(struct e1000e* nic, unsigned at, uint32_t value) { nic->registers[at / 4] = value; }

static void set_ring(struct e1000e* nic, unsigned base, uint64_t address) {
  set(nic, base, (uint32_t)address);
  set(nic, base + 4, (uint32_t)(address >> 32));
  set(nic, base + LEN, entries * sizeof(struct descriptor));
  set(nic, base + HEAD, 0);
  set(nic, base + TAIL, 0);
}

static bool may_master(const struct vfio* vfio) {
  struct vfio_region_info info = {.argsz = sizeof(info), .index = VFIO_PCI_CONFIG_REGION_INDEX};
  uint16_t command = 0;
  const off_t at = ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, &info) < 0 ? -1 : (off_t)info.offset + 4;
  if (at < 0 || pread(vfio->device, &command, 2, at) != 2)
    return ktap_fail("configuration space: %s", strerror(errno));
  command |= 2 | 4;  // memory, bus master
  return pwrite(vfio->device, &command, 2, at) == 2 || ktap_fail("bus mastering: %s", strerror(errno));
}

bool e1000e_start(struct e1000e* nic, const struct vfio* vfio, uint64_t iova) {
  struct vfio_region_info info = {.argsz = sizeof(info), .index = VFIO_PCI_BAR0_REGION_INDEX};
  *nic = (struct e1000e){.registers = MAP_FAILED, .rings = {.map = MAP_FAILED, .fd = -1}};
  if (ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, &info) < 0)
    return ktap_fail("no BAR 0: %s", strerror(errno));
  nic->length = info.size;
  nic->registers =
      mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, vfio->device, (off_t)info.offset);
  if (nic->registers == MAP_FAILED) return ktap_fail("mapping BAR 0: %s", strerror(errno));
  if (!may_master(vfio) || !buffer_get(&nic->rings, BUFFER_PAGES, page_bytes())) return false;
  memset(nic->rings.addr, 0, nic->rings.size);
  // Whatever fork() does to pinned pages: it is the data that are looked at, not whether the device can be
  // talked to.
  madvise(nic->rings.addr, nic->rings.size, MADV_DONTFORK);
  int error = vfio_map(vfio, nic->rings.addr, nic->rings.size, iova,
                       VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE);
  if (error) return ktap_fail("mapping the descriptors: %s", strerror(error));
  set(nic, CTRL, nic->registers[CTRL / 4] | CTRL_SLU);
  return true;
}

void e1000e_stop(struct e1000e* nic) {
  if (nic->registers != MAP_FAILED) {
    set(nic, RCTL, 0);
    set(nic, TCTL, 0);
    munmap((void*)nic->registers, nic->length);
  }
  nic->registers = MAP_FAILED;
  buffer_put(&nic->rings);
}

bool e1000e_copy(struct e1000e* nic, uint64_t iova, uint64_t from, uint64_t to, size_t length) {
  volatile struct descriptor* send = (void*)(nic->rings.addr + send_at);
  volatile struct descriptor* receive = (void*)(nic->rings.addr + receive_at);
  set(nic, RCTL, 0);
  set(nic, TCTL, 0);
  set_ring(nic, TDBA, iova + send_at);
  set_ring(nic, RDBA, iova + receive_at);
  *receive = (struct descriptor){.address = to};
  *send = (struct descriptor){.address = from, .length = (uint16_t)length, .command = SEND};
  __sync_synchronize();
  set(nic, RCTL, RCTL_EN | RCTL_UPE | RCTL_MPE | RCTL_BAM | RCTL_LBM_MAC | RCTL_SECRC);
  set(nic, RDBA + TAIL, 1);
  set(nic, TCTL, TCTL_EN | TCTL_PSP);
  set(nic, TDBA + TAIL, 1);
  // Interrupts are not set up: the descriptor tells.
  for (long long end = clock_ms() + patience_scaled(1000); !(receive->status & DONE); sleep_ms(1))
    if (clock_ms() > end) return false;
  __sync_synchronize();
  return receive->length == length;
}
