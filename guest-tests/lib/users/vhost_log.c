// SPDX-License-Identifier: GPL-2.0
/* user:
what: "the dirty log of vhost: set_bit_to_user() pins the page of the log for each bit that it sets"
rows: [G22]
traits: [in, carry, short]
needs: {symbols: [VHOST_NET, TUN, PACKET]}
not:
  release.no_memory: "the pins are taken by vhost's thread, where this process injects no faults"
proof: {mutant: m42-vhost-log-not-unpinned, red: [pages.in.anon]}
*/
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contract/memory.h"
#include "contract/user.h"
#include "ktap.h"
#include "vhost_net.h"

// Bytes of the guest that one byte of the log is about.
enum { covered = 8 * VHOST_NET_PAGE, most_looks = 64 };

static struct vhost_net net = {-1, -1, -1, -1, -1, {.map = MAP_FAILED, .fd = -1}};
static int reader = -1;

static bool open_user(void) {
  reader = memfd_create("reader", MFD_CLOEXEC);
  return vhost_net_open(&net);
}

static void close_user(void) {
  vhost_net_close(&net);
  if (reader >= 0) close(reader);
  reader = -1;
}

// One byte of the log, by a copy that takes nothing. False: it cannot be read.
static bool look(const unsigned char* at, unsigned char* byte) {
  return pwrite(reader, at, 1, 0) == 1 && pread(reader, byte, 1, 0) == 1;
}

// The first bit from `at` on that is clear, as far as `end` or some bytes; looking maps no page that is
// missing. -1: none.
static int clear_bit(const unsigned char* at, const unsigned char* end) {
  const struct memory* memory = memory_at(at);
  const bool empty = !memory || (!memory_is_written(memory->kind) && memory->kind != MEMORY_PFNMAP);
  unsigned char byte;
  for (int i = 0; !empty && i < most_looks && at + i < end; ++i) {
    if (!look(at + i, &byte)) return 0;
    if (byte != 0xff) return 8 * i + __builtin_ctz(~(unsigned)byte);
  }
  return empty ? 0 : -1;
}

// A frame to the part of the guest that the bit is about sets it.
static int log_in(const unsigned char* log, const unsigned char* at, const unsigned char* end) {
  unsigned char byte;
  const int bit = clear_bit(at, end);
  if (bit < 0) return -ENODATA;
  const uint64_t page = (uint64_t)(at - log) * covered + (uint64_t)bit * VHOST_NET_PAGE;
  int error = vhost_net_log_to(&net, log, page, VHOST_NET_DATA);
  if (!error) error = vhost_net_start(&net, page, false);
  if (error) return error;
  if (!vhost_net_deliver(&net)) return -EIO;
  return look(at + bit / 8, &byte) && byte & 1 << bit % 8 ? 0 : -EFAULT;
}

// Once for each page.
static long carry(enum way way, void* addr, size_t length) {
  const unsigned char *log = addr, *at = log;
  (void)way;
  while (at < log + length) {
    const unsigned char* next = at + page_bytes() - (uintptr_t)at % page_bytes();
    const int error = log_in(log, at, next < log + length ? next : log + length);
    if (error) return at > log ? at - log : error;
    at = next;
  }
  return (long)length;
}

const struct user user_vhost_log = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .carry = carry,
    .most = 32 << 10,
};
