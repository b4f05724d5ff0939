// SPDX-License-Identifier: GPL-2.0
// A user of pinning: code in the kernel that takes pages of user memory, lets something else read or write
// them, and gives up its hold. An adapter (lib/users/NAME.c) describes one by a `struct user user_NAME` and
// gets every obligation (obligations.h) that its traits allow: the comment at its top names them, and
// contract/suite.yaml the obligations and the kinds of memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "caps.h"

// Which way the data goes. In: the user writes the memory (FOLL_WRITE), such as a read from a drive.
enum way { WAY_IN, WAY_OUT };

// Accounts to which held memory is charged.
enum charge {
  CHARGE_NONE,
  CHARGE_VMPIN,  // VmPin of /proc/PID/status (mm->pinned_vm)
  CHARGE_VMLCK,  // VmLck (mm->locked_vm)
  CHARGE_USER,   // user_struct.locked_vm, which only a limit shows
};

// What one operation does to the counters, in base pages.
struct user_counts {
  long long acquired;
  long long kept;      // of these while the memory is held
  long long sections;  // of legacy direct I/O: each releases two more than it acquires, when it is submitted
};

// `align` of a user that takes whole pages, whatever size they have.
#define USER_WHOLE_PAGES SIZE_MAX

// Ways that a user has, as bits.
enum { USER_IN = 1, USER_OUT = 2 };

struct user {
  int ways;
  // Opens what the user needs, before each case. False: the case has been skipped or failed. close() is
  // called in either case, and undoes all of it.
  bool (*open)(void);
  void (*close)(void);
  // After an operation in which an allocation was made to fail: as open() leaves it, so that a connection or
  // a ring on which something was lost does not fail the next one. NULL: it keeps nothing.
  bool (*renew)(void);
  // In a child of fork() that lives on while the memory is released: closes what it inherited and would hold
  // the memory by. NULL: nothing does.
  void (*forked)(void);
  // How it takes memory; NULL: it always pins. MODE_UNKNOWN: the case has been skipped or failed.
  enum pin_mode (*mode)(void);

  // One whole transfer of `length` bytes, from taking the memory to letting go: bytes, or -errno. NULL: the
  // user only holds memory.
  long (*carry)(enum way way, void* addr, size_t length);
  // The same with many pieces. NULL: it takes one piece only.
  long (*carry_pieces)(enum way way, const struct iovec* pieces, int count);

  // Takes the memory and keeps it until let_go(): 0 or -errno. NULL: nothing can happen in between.
  int (*take)(enum way way, void* addr, size_t length);
  // Lets the held transfer go on, where take() began one, and waits for its end; then nothing is held. Bytes
  // transferred, 0 where take() began none, or -errno.
  long (*let_go)(void);
  // The process that took memory is ending, says another one: what the user holds by a gate goes on. The next
  // close() removes what that process left. NULL: there is no gate.
  void (*ending)(void);
  // Access through what is held, as the device would: `length` bytes at `offset` of it. NULL: none but the
  // transfer that let_go() completes.
  bool (*poke)(size_t offset, const void* from, size_t length);
  bool (*peek)(size_t offset, void* to, size_t length);

  // The user's other end: what a WAY_IN brings, what a WAY_OUT brought, `length` bytes of it from its start.
  // They do not touch the tested memory, claim what they pin, and fail the case on error. NULL: no data
  // moves.
  bool (*store)(const void* data, size_t length);
  bool (*load)(void* data, size_t length);
  // Instead of load() where the other end cannot be read: did these bytes arrive there?
  bool (*same)(const void* data, size_t length);

  // Counts of an operation on these bytes. NULL: every page once, in MODE_PIN.
  void (*counts)(enum way way, const void* addr, size_t length, struct user_counts* counts);

  size_t align;   // of addresses and lengths, in bytes; 0: any
  size_t least;   // shortest transfer or hold in bytes
  size_t most;    // longest transfer or hold in bytes, 0: 1 MiB
  int refusal;    // errno with which it refuses memory, 0: EFAULT
  int beyond;     // errno for what is beyond RLIMIT_MEMLOCK, 0: ENOMEM, ENOBUFS, EPERM or EAGAIN
  bool longterm;  // held memory is taken with FOLL_LONGTERM
  enum charge charge;
  // Bytes charged for these bytes. NULL: their pages.
  long long (*charged)(const void* addr, size_t length);
  size_t charge_open;  // bytes that open() charges to the account of CHARGE_USER
  bool forced;         // mprotect() does not bind it (FOLL_FORCE)
  bool locked;         // it faults with the mmap lock held: what userfaultfd watches is refused
  // Whether it lets the lock go and waits. NULL: as a long-term pin of this kernel does, if it is `longterm`.
  bool (*waits)(void);
  // Whether it takes without a pin what must not be pinned long-term (RDS on a device with ODP). NULL: never.
  bool (*on_demand)(void);
  bool counts_at_least;  // it may pin more often than needed (a NOWAIT attempt that is repeated)
};

// Runs the cells named by the arguments, "OBLIGATION.MEMORY" each, as cases. Returns the exit code.
int contract_main(const struct user* user, int argc, char** argv);

// Helpers of adapters and obligations.

// `mode` of a user that only takes plain references: MODE_GET.
enum pin_mode user_takes_references(void);

// `user->counts`, or its default.
void user_count(const struct user* user, enum way way, const void* addr, size_t length,
                struct user_counts* counts);
size_t user_most(const struct user* user);
size_t user_align(const struct user* user);
// A length of at most user_most() and a multiple of its alignment, rounded down; at least one unit.
size_t user_length(const struct user* user, size_t wanted);
