// SPDX-License-Identifier: GPL-2.0
/* user:
what: "the bitmap that iommufd writes to tell which pages a device has written (iova_bitmap_get())"
rows: [G21]
traits: [in, carry, short]
needs: {symbols: [IOMMUFD, IOMMUFD_TEST]}
proof: {mutant: m56-unpin-pages-keeps-last, red: [pages.in.anon]}
*/
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buffers.h"
#include "contract/user.h"
#include "iommufd.h"
#include "ktap.h"
#include "pins.h"

// A bit for each byte of what the device has written: a byte of the bitmap for eight.
enum { most = 64 << 10, sample = 64 };
#define AT 0x1000000ull

static int iommufd = -1, reader = -1;
static uint32_t domain;
static struct buffer written;

// Mapping what the device writes to takes it for as long.
static bool open_user(void) {
  written = (struct buffer){.fd = -1};
  reader = memfd_create("reader", MFD_CLOEXEC);
  iommufd = iommufd_open();
  const uint32_t space = iommufd >= 0 ? iommufd_space(iommufd) : 0;
  if (!space || !buffer_get(&written, BUFFER_PAGES, 8 * most)) return false;
  madvise(written.map, written.map_size, MADV_DONTFORK);
  const int error = iommufd_map(iommufd, space, written.addr, written.size, AT, IOMMUFD_RW);
  if (error) return ktap_fail("mapping memory: %s", strerror(error));
  pins_claim_at_least((long long)pages_spanned(written.addr, written.size));
  domain = iommufd_dirty_domain(iommufd, space);
  return domain != 0;
}

static void close_user(void) {
  if (iommufd >= 0) close(iommufd);
  if (reader >= 0) close(reader);
  iommufd = reader = -1;
  if (written.addr) buffer_put(&written);
  written.addr = NULL;
}

// Are the first bits of the page set? By a copy that takes nothing.
static bool is_set(const unsigned char* page) {
  unsigned char bytes[sample], all[sample];
  memset(all, 0xff, sizeof(all));
  return pwrite(reader, page, sample, 0) == sample && pread(reader, bytes, sample, 0) == sample &&
         memcmp(bytes, all, sample) == 0;
}

// What the kernel cannot set it drops, and says nothing of it.
static long carry(enum way way, void* addr, size_t length) {
  (void)way;
  int error = iommufd_mock_dirty(iommufd, domain, AT, 8 * length);
  if (!error) error = iommufd_get_dirty(iommufd, domain, AT, 8 * length, 1, addr);
  if (error) return -error;
  size_t done = 0;
  while (done < length && is_set((unsigned char*)addr + done)) done += page_bytes();
  return done ? (long)done : -EFAULT;
}

const struct user user_iommufd_dirty = {
    .ways = USER_IN,
    .open = open_user,
    .close = close_user,
    .carry = carry,
    .align = USER_WHOLE_PAGES,
    .most = most,
};
