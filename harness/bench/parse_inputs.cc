// SPDX-License-Identifier: GPL-2.0
#include "bench/parse_inputs.h"

#include <fmt/format.h>

namespace pinrig::bench {

std::string cow_stream(std::size_t bytes) {
  std::string body;
  int n = 0;
  while (body.size() < bytes) {
    ++n;
    body += fmt::format(
        "# [RUN] Basic COW after fork() with mprotect() optimization {} ... with swapped out THP (2048 kB)\n",
        n);
    body += n % 3 == 0 ? fmt::format("ok {} # SKIP MADV_PAGEOUT did not work, is swap enabled?\n", n)
                       : fmt::format("ok {} No leak from parent into child\n", n);
  }
  return fmt::format("TAP version 13\n1..{}\n{}# Totals: pass:{} fail:0 xfail:0 xpass:0 skip:{} error:0\n", n,
                     body, n - n / 3, n / 3);
}

std::string talkative_stream(std::size_t bytes) {
  std::string body;
  int n = 0;
  for (int line = 0; body.size() < bytes; ++line) {
    if (line % 100 == 99)
      body += fmt::format("ok {} dio read of {} pages\n", ++n, n);
    else if (line % 2 == 0)
      body +=
          fmt::format("# offset {:#x} length {} acquired {} released {}\n", line * 4096, 65536, line, line);
    else
      body +=
          fmt::format("write 65536/65536 bytes at offset {}, 64 KiB, 16 ops; 0.0003 sec\n", line * 65536L);
  }
  return fmt::format("KTAP version 1\n1..{}\n{}", n, body);
}

std::string kernel_log(std::size_t bytes, int every) {
  std::string out = "[    0.000000] Linux version 6.12.117\n[    0.900000] pinrig: agent protocol 1\n";
  out.reserve(bytes + 4096);
  for (int line = 1; out.size() < bytes; ++line) {
    const double stamp = 1 + line * 0.00037;
    switch (line % 4) {
      case 0:
        out +=
            fmt::format("[{:12.6f}] nvme nvme0: 2/0/0 default/read/poll queues, {} of them\n", stamp, line);
        break;
      case 1:
        out += fmt::format(
            "[{:12.6f}] EXT4-fs (nvme0n1): mounted filesystem r/w with ordered data mode. Quota mode: "
            "none.\n",
            stamp);
        break;
      case 2:
        out += fmt::format("[{:12.6f}] cow ({}): drop_caches: 3\n", stamp, line);
        break;
      default:
        out += fmt::format("[{:12.6f}] pci 0000:00:{:02x}.0: BAR 0 [mem 0xfebd0000-0xfebd0fff 64bit]\n",
                           stamp, line % 32);
    }
    if (every == 0 || line % every != 0) continue;
    out += fmt::format(
        "[{0:12.6f}] ------------[ cut here ]------------\n"
        "[{0:12.6f}] WARNING: CPU: 0 PID: 77 at mm/gup.c:{1} try_grab_folio+0x8e/0xb0\n"
        "[{0:12.6f}] Modules linked in:\n[{0:12.6f}] RIP: 0010:try_grab_folio+0x8e/0xb0\n"
        "[{0:12.6f}] Call Trace:\n[{0:12.6f}]  <TASK>\n[{0:12.6f}]  pin_user_pages_fast+0x3a/0x60\n"
        "[{0:12.6f}]  </TASK>\n[{0:12.6f}] ---[ end trace 0000000000000000 ]---\n",
        stamp, line);
  }
  return out;
}

}  // namespace pinrig::bench
