// SPDX-License-Identifier: GPL-2.0
#include "dio_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aio.h"
#include "fault.h"
#include "pins.h"

enum { fresh_pages = 8, answer_ms = 20000, max_faults = 600, untouched = 0x5a, seed = 130 };

static const struct target* target;

struct operation {
  const char* name;
  int pages;
  bool write, by_aio;
};

struct walk {
  const struct operation* operation;
  struct buffer buffer;
  struct aio aio;
  struct pins before;
  struct transfer_counts want;  // of all of it
  long long skew;               // extra pages released for each one taken
  size_t length;
  int fd, refused;
};

// The last pages that are read into are not there yet: to bring them in fails half way, with the others
// pinned.
static void make_ready(struct walk* w, unsigned pattern) {
  if (w->operation->write) {
    pattern_fill(w->buffer.addr, w->length, pattern, 0);
  } else {
    memset(w->buffer.addr, untouched, w->length);
    buffer_renew_tail(&w->buffer, fresh_pages);
  }
}

// Bytes, or -errno. The fault is for the submission alone, and not for the waiting.
static long transfer(struct walk* w, bool* injected) {
  const struct operation* op = w->operation;
  const off_t at = target->offset;
  long result;
  if (op->by_aio) {
    result = aio_try_submit(&w->aio, op->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, w->fd, w->buffer.addr,
                            w->length, at, 1);
  } else {
    result = op->write ? pwrite(w->fd, w->buffer.addr, w->length, at)
                       : pread(w->fd, w->buffer.addr, w->length, at);
    if (result < 0) result = -errno;
  }
  *injected = fault_nth_disarm();
  if (op->by_aio && result == 0 && aio_reap(&w->aio, answer_ms, &result) == 0)
    ktap_fail("no answer within %d ms", answer_ms);
  return result;
}

static void judge_pins(const struct walk* w, const struct pins* moved, bool whole) {
  const long long over = moved->released - moved->acquired;
  if (whole && moved->acquired != w->want.acquired)
    ktap_fail("without a fault %lld pages were pinned, want %lld", moved->acquired, w->want.acquired);
  if (over == 0) return;
  // Legacy direct I/O: as far as it came.
  bool legacy = w->skew && over > 0 && over % w->skew == 0 && over <= w->skew * moved->acquired;
  if (legacy) pins_claim_skew(over / w->skew);
  if (!legacy || (whole && moved->released != w->want.released))
    ktap_fail("%lld pages pinned, %lld unpinned", moved->acquired, moved->released);
}

static bool attempt(void* context, int nth) {
  struct walk* w = context;
  const struct operation* op = w->operation;
  struct pins moved;
  bool injected;
  const unsigned pattern = seed + (op->write ? (unsigned)nth : 0);
  make_ready(w, pattern);
  if (!fault_nth_arm(nth)) return false;
  long result = transfer(w, &injected);
  if (!pins_moved(&w->before, w->skew, &moved)) return false;
  judge_pins(w, &moved, !injected);
  w->refused += result < 0;
  if (result < 0 && result != -ENOMEM && result != -EAGAIN && result != -EFAULT && result != -EIO)
    ktap_fail("fault %d: the operation gave %ld (%s)", nth, result, strerror((int)-result));
  if (!injected && result != (long)w->length) ktap_fail("without a fault the operation gave %ld", result);
  if (result > 0 && op->write) transfer_compare(target, (size_t)result, pattern);
  long bad = result > 0 && !op->write ? pattern_check(w->buffer.addr, (size_t)result, seed, 0) : -1;
  if (bad >= 0)
    ktap_fail("fault %d: %ld bytes reported as transferred, but byte %ld is wrong", nth, result, bad);
  return injected;
}

// The first pages are of a memfd, for the oracle that sees a leak also where nothing is counted.
static bool lay_out(struct walk* w) {
  if (!buffer_get(&w->buffer, BUFFER_MEMFD, w->length) || !buffer_renew_tail(&w->buffer, fresh_pages))
    return false;
  struct iovec vec = {w->buffer.addr, w->length};
  const long long pages = target->mode() == MODE_PIN ? w->operation->pages : 0;
  w->want = (struct transfer_counts){.acquired = pages, .released = pages};
  if (target->counts) target->counts(&vec, 1, w->operation->write, &w->want);
  if (w->want.sections) w->skew = (w->want.released - w->want.acquired) / w->want.sections;
  return true;
}

static void walk_faults(const void* arg) {
  const struct operation* op = arg;
  struct walk walk = {.operation = op, .length = (size_t)op->pages * page_bytes()};
  if (target->mode() == MODE_UNKNOWN || !fault_nth_ready() || !transfer_store(target, walk.length, seed))
    return;
  walk.fd = target->open(O_RDWR | O_DIRECT);
  if (walk.fd < 0) return;
  if ((!op->by_aio || aio_open(&walk.aio, 1)) && lay_out(&walk)) {
    if (pins_begin(&walk.before)) {
      fault_each(attempt, &walk, max_faults);
      ktap_note("%d times refused", walk.refused);
    }
    buffer_seal(&walk.buffer);
    buffer_put(&walk.buffer);
  }
  if (op->by_aio) aio_close(&walk.aio);
  close(walk.fd);
}

size_t dio_walk_cases(struct ktap_case* cases, size_t count, const struct target* of) {
  static const struct operation operations[] = {
      {"read_16_pages", 16, false, false},    {"write_16_pages", 16, true, false},
      {"read_300_pages", 300, false, false},  {"write_300_pages", 300, true, false},
      {"aio_read_16_pages", 16, false, true}, {"aio_write_16_pages", 16, true, true},
  };
  target = of;
  for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); ++i)
    cases[count++] = (struct ktap_case){operations[i].name, walk_faults, &operations[i]};
  return count;
}
