// SPDX-License-Identifier: GPL-2.0
// What every user of pinning owes: one function for each obligation of contract/suite.yaml, which asks it of
// one user with one kind of memory.
#pragma once

#include "contract/memory.h"
#include "contract/user.h"

typedef void (*obligation_check)(const struct user* user, enum memory_kind kind);

struct obligation {
  const char* name;
  obligation_check check;
};

// Tables of the files obligation_*.c, each ended by a name of NULL.
extern const struct obligation pages_obligations[];
extern const struct obligation data_obligations[];
extern const struct obligation release_obligations[];
extern const struct obligation access_obligations[];
extern const struct obligation dirty_obligations[];
extern const struct obligation longterm_obligations[];
extern const struct obligation stay_obligations[];
extern const struct obligation fork_obligations[];
extern const struct obligation charge_obligations[];
extern const struct obligation owner_obligations[];
extern const struct obligation fault_obligations[];

// Measured parts that several obligations are made of. Each returns false when the running case has failed.

// One transfer, or taking and letting go where there is none: all bytes arrive, and the counters move as
// the user says.
bool contract_transfer(const struct user* user, enum way way, void* addr, size_t length);
// The same without judging or claiming anything: bytes, or -errno.
long contract_attempt(const struct user* user, enum way way, void* addr, size_t length);
struct pins;
// take(), up to three times where a long-term pin of a huge page is refused because it could not be moved
// (migrations failed, or a huge page found no room): `before` is begun again for each. 0 or -errno.
int contract_take_moving(const struct user* user, enum way way, void* addr, size_t length,
                         struct pins* before);
// take(), with the counters as the user says; `before` is for contract_let_go().
bool contract_take(const struct user* user, enum way way, void* addr, size_t length, struct pins* before);
// let_go(), and everything is released. `length`: of the transfer.
bool contract_let_go(const struct user* user, enum way way, void* addr, size_t length, struct pins* before);
// The operation is refused with one of two errors (the second may be 0) or the user's own, and nothing stays
// held.
bool contract_refused(const struct user* user, enum way way, void* addr, size_t length, int error, int other);
// How many more pages an open user releases than it acquires, for each: legacy direct I/O (pins.h).
long long contract_skew(const struct user* user);
// However many pages were taken since `before`, all of them are released.
bool contract_settled(struct pins* before, long long skew);
// `length` bytes of the pattern `seed` at the user's other end, and what is there.
bool contract_store(const struct user* user, size_t length, unsigned seed);
bool contract_compare(const struct user* user, size_t length, unsigned seed);
// The page cache is dropped, and the batches of all CPUs are drained (lru_add_drain_all()).
void contract_drop_caches(void);
// Makes whole pages unreachable, for a user that mprotect() does not bind too: they are behind the end of a
// file then.
bool contract_take_away(const struct user* user, void* addr, size_t length);
