// SPDX-License-Identifier: GPL-2.0
// The lines of /proc/vmstat and /proc/meminfo that a pin ledger is made of. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pinrig::agent {

/// The two pin counters, in base pages.
struct Pins {
  std::int64_t acquired = 0;
  std::int64_t released = 0;
  std::int64_t balance() const { return acquired - released; }
  bool operator==(const Pins&) const = default;
};

/// Nothing when one of the two lines is missing: such a kernel does not count pins.
std::optional<Pins> parse_pins(std::string_view vmstat);

using Counters = std::map<std::string, std::int64_t>;

/// The vmstat events that go into a sample: migration, THP splits, mlock, swap, OOM.
void add_vmstat(std::string_view text, Counters& counters);
/// The meminfo lines that go into a sample, in KiB (HugePages_* are numbers of pages).
void add_meminfo(std::string_view text, Counters& counters);

/// Of /proc/sys/kernel/tainted; -1 when it is not a number: an unknown taint must not look clean.
std::int64_t parse_taint(std::string_view text);

/// Of decimal digits, with '-' before them; nothing when `text` is anything else or too large.
std::optional<std::int64_t> parse_int(std::string_view text);

}  // namespace pinrig::agent
