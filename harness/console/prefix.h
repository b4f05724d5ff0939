// SPDX-License-Identifier: GPL-2.0
// What mail, the journal, syslog and dmesg put in front of a kernel message. Private to console.
#pragma once

#include <string_view>

namespace pinrig::console {

/// Without the marks of a quoted mail: "> ", ">> ", "| > ". Only what stands at the very front.
std::string_view without_quote(std::string_view line);

/// Without the time of a message that has no printk stamp, and without "HOST kernel: ". The forms are those
/// of dmesg -T, -H and --time-format iso (util-linux, sys-utils/dmesg.c), of journalctl's short outputs and
/// of syslogd: "[Sun Nov 29 20:00:00 2026] ", "[Nov29 20:00] ", "[  +0.000012] ",
/// "2026-11-29T20:00:00,123456+00:00 ", "Nov 29 20:00:00 HOST kernel: ". A line without any of them is
/// returned as it is.
std::string_view without_time(std::string_view line);

/// Without "HOST kernel: " or "kernel: " in front: the journal writes it behind a stamp too (-o
/// short-monotonic).
std::string_view without_host(std::string_view line);

}  // namespace pinrig::console
