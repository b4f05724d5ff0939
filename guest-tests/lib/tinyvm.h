// SPDX-License-Identifier: GPL-2.0
// A guest of KVM with one CPU and one program: of each of its pages it copies the first word to the
// place of the third, by CPU and memory alone. What it reads and writes is what KVM mapped for it
// (virt/kvm/kvm_main.c).
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
// Sets the program to its beginning.
bool tinyvm_rewind(struct tinyvm* vm);
// Runs the guest from where it stands. 0 when the program came to its end, EINTR when a signal came first,
// else what KVM_RUN gave; anything else that ends it is EPROTO, with a line of what it was.
int tinyvm_run(struct tinyvm* vm);
void tinyvm_close(struct tinyvm* vm);
