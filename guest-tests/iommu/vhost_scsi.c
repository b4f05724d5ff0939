// SPDX-License-Identifier: GPL-2.0
// Requests to vhost-scsi (drivers/vhost/scsi.c): guest memory is held by plain references during the request,
// which no pin counter shows. Afterwards no reference is left: the memfd that is the guest's memory can be
// sealed.
#include "vhost_scsi.h"

#include <string.h>

#include "ktap.h"
#include "pins.h"

enum { data_bytes = 65536, seed = 98 };
enum { at_out = 0, at_in = data_bytes, guest_bytes = 2 * data_bytes };

static bool carry_out(struct vhost_scsi* host, bool out, unsigned char* addr, size_t length) {
  const struct iovec piece = {addr, length};
  int error = vhost_scsi_submit(host, out, &piece, 1);
  if (!error) error = vhost_scsi_answer(host);
  return error == 0 || ktap_fail("the %s: %s", out ? "write" : "read", strerror(-error));
}

static void write_and_read(const void* arg) {
  const unsigned* offset = arg;
  const size_t length = data_bytes - 2 * 4096;
  struct vhost_scsi host = VHOST_SCSI_CLOSED;
  struct buffer guest;
  struct pins before;
  if (buffer_get(&guest, BUFFER_MEMFD, guest_bytes)) {
    unsigned char *from = guest.addr + at_out + *offset, *to = guest.addr + at_in + *offset;
    memset(guest.addr, 0, guest_bytes);
    pattern_fill(from, length, seed, 0);
    if (vhost_scsi_open(&host) && pins_begin(&before)) {
      if (carry_out(&host, true, from, length)) carry_out(&host, false, to, length);
      pins_expect(&before, 0, 0);
      if (pattern_check(to, length, seed, 0) >= 0) ktap_fail("what was read is not what was written");
    }
    vhost_scsi_close(&host);
    buffer_seal(&guest);
    buffer_put(&guest);
  }
}

int main(void) {
  static const unsigned aligned = 0, odd = 512;
  static const struct ktap_case cases[] = {{"aligned", write_and_read, &aligned},
                                           {"odd", write_and_read, &odd}};
  return ktap_run(cases, sizeof(cases) / sizeof(cases[0]));
}
