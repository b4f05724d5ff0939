// SPDX-License-Identifier: GPL-2.0
// A KVM guest with one CPU and one program: in each of its pages it copies the first word to the third, using
// only CPU and memory. It accesses what KVM mapped for it (virt/kvm/kvm_main.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct kvm_run;

enum { TINYVM_PAGES = 16, TINYVM_FROM = 0, TINYVM_TO = 2 };  // words of 4 bytes

struct tinyvm {
  int kvm, vm, vcpu;
  struct kvm_run* run;
  size_t run_bytes;
  unsigned char* code;  // a page
};

// A guest whose memory is the TINYVM_PAGES pages at `memory`, which belong to the caller. Skips the running
// case when there is no /dev/kvm that works.
bool tinyvm_open(struct tinyvm* vm, void* memory);
// Resets the program to its start.
bool tinyvm_rewind(struct tinyvm* vm);
// Continues the guest. 0 when the program finished, EINTR when a signal came first, else the error of
// KVM_RUN; any other exit is EPROTO, with a diagnostic.
int tinyvm_run(struct tinyvm* vm);
void tinyvm_close(struct tinyvm* vm);
