// SPDX-License-Identifier: GPL-2.0
#include "tinyvm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "ktap.h"

#ifdef __x86_64__
// Real mode: a segment of 64 KiB is the 16 pages, and adding to the last one's offset gives 0.
enum { code_at = 0x1000, data_at = 0x10000, ends_with = KVM_EXIT_HLT };
static const unsigned char program[] = {
    0x66, 0x8b, 0x04,        // again: mov (%si),%eax
    0x66, 0x89, 0x44, 0x08,  // mov %eax,8(%si)
    0x81, 0xc6, 0x00, 0x10,  // add $4096,%si
    0x75, 0xf3,              // jnz again
    0xf4,                    // hlt
};

static bool set_processor(const struct tinyvm* vm) {
  struct kvm_sregs s;
  struct kvm_regs r = {.rip = code_at, .rflags = 2};
  if (ioctl(vm->vcpu, KVM_GET_SREGS, &s) < 0) return false;
  s.cs.base = s.cs.selector = 0;
  s.ds.base = data_at;
  s.ds.selector = data_at >> 4;
  return ioctl(vm->vcpu, KVM_SET_SREGS, &s) == 0 && ioctl(vm->vcpu, KVM_SET_REGS, &r) == 0;
}

static bool begin_processor(const struct tinyvm* vm) { return vm->vcpu >= 0; }
#else
// Without its MMU; a store where no memory is tells the host that it is done.
enum { code_at = 0x80000000, data_at = 0x80100000, nothing_at = 0x1000, ends_with = KVM_EXIT_MMIO };
static const unsigned program[] = {
    0xd503201f,  // nop, which the host steps over when the store at the end is done
                 // (kvm_handle_mmio_return())
    0xb9400004,  // again: ldr w4, [x0]
    0xb9000804,  // str w4, [x0, #8]
    0x8b010000,  // add x0, x0, x1
    0xf1000442,  // subs x2, x2, #1
    0x54ffff81,  // b.ne again
    0xb9000064,  // str w4, [x3]
};

static bool set_one(const struct tinyvm* vm, size_t offset, unsigned long value) {
  struct kvm_one_reg reg = {
      .id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | (offset / sizeof(__u32)),
      .addr = (unsigned long)&value,
  };
  return ioctl(vm->vcpu, KVM_SET_ONE_REG, &reg) == 0;
}

static bool begin_processor(const struct tinyvm* vm) {
  struct kvm_vcpu_init init;
  return ioctl(vm->vm, KVM_ARM_PREFERRED_TARGET, &init) == 0 &&
         ioctl(vm->vcpu, KVM_ARM_VCPU_INIT, &init) == 0;
}

static bool set_processor(const struct tinyvm* vm) {
  const unsigned long start[] = {data_at, page_bytes(), TINYVM_PAGES, nothing_at};
  for (size_t i = 0; i < sizeof(start) / sizeof(start[0]); ++i) {
    if (!set_one(vm, offsetof(struct kvm_regs, regs.regs) + i * sizeof(__u64), start[i])) return false;
  }
  return set_one(vm, offsetof(struct kvm_regs, regs.pc), code_at);
}
#endif

static bool add_memory(const struct tinyvm* vm, unsigned slot, unsigned long at, void* memory, size_t size) {
  struct kvm_userspace_memory_region region = {
      .slot = slot, .guest_phys_addr = at, .memory_size = size, .userspace_addr = (unsigned long)memory};
  return ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region) == 0;
}

static bool begin(struct tinyvm* vm, void* memory) {
  vm->vm = ioctl(vm->kvm, KVM_CREATE_VM, 0);
  vm->vcpu = vm->vm < 0 ? -1 : ioctl(vm->vm, KVM_CREATE_VCPU, 0);
  int bytes = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
  if (vm->vcpu < 0 || bytes < 0) return false;
  vm->run_bytes = (size_t)bytes;
  void* run = mmap(NULL, vm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu, 0);
  void* code = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (run == MAP_FAILED || code == MAP_FAILED) return false;
  vm->run = run;
  vm->code = code;
  memcpy(code, program, sizeof(program));
  __builtin___clear_cache((char*)code, (char*)code + sizeof(program));
  return add_memory(vm, 0, code_at, code, page_bytes()) &&
         add_memory(vm, 1, data_at, memory, TINYVM_PAGES * page_bytes()) && begin_processor(vm) &&
         set_processor(vm);
}

bool tinyvm_open(struct tinyvm* vm, void* memory) {
  *vm = (struct tinyvm){.vm = -1, .vcpu = -1};
  vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (vm->kvm < 0)
    return ktap_skip("/dev/kvm: %s (CONFIG_KVM, and a CPU with virtualization)", strerror(errno));
  if (begin(vm, memory)) return true;
  ktap_fail("making a guest: %s", strerror(errno));
  tinyvm_close(vm);
  return false;
}

bool tinyvm_rewind(struct tinyvm* vm) {
  return set_processor(vm) || ktap_fail("setting registers: %s", strerror(errno));
}

int tinyvm_run(struct tinyvm* vm) {
  if (ioctl(vm->vcpu, KVM_RUN, 0) < 0) return errno;
  if (vm->run->exit_reason == ends_with) return 0;
  if (vm->run->exit_reason == KVM_EXIT_INTR) return EINTR;
  ktap_note("the guest ends with exit reason %u", vm->run->exit_reason);
  return EPROTO;
}

void tinyvm_close(struct tinyvm* vm) {
  if (vm->run) munmap(vm->run, vm->run_bytes);
  if (vm->code) munmap(vm->code, page_bytes());
  if (vm->vcpu >= 0) close(vm->vcpu);
  if (vm->vm >= 0) close(vm->vm);
  if (vm->kvm >= 0) close(vm->kvm);
}
