// SPDX-License-Identifier: GPL-2.0
#include "counters.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace pinrig::agent {
namespace {

constexpr std::array<std::string_view, 22> vmstat_names{"pgmigrate_success",
                                                        "pgmigrate_fail",
                                                        "thp_fault_alloc",
                                                        "thp_collapse_alloc",
                                                        "thp_split_page",
                                                        "thp_split_page_failed",
                                                        "thp_split_pmd",
                                                        "thp_migration_success",
                                                        "thp_migration_fail",
                                                        "nr_unevictable",
                                                        "nr_mlock",
                                                        "nr_anon_transparent_hugepages",
                                                        "htlb_buddy_alloc_success",
                                                        "htlb_buddy_alloc_fail",
                                                        "cma_alloc_success",
                                                        "cma_alloc_fail",
                                                        "pswpin",
                                                        "pswpout",
                                                        "pgfault",
                                                        "pgmajfault",
                                                        "oom_kill",
                                                        "cow_ksm"};
constexpr std::string_view vmstat_family = "unevictable_pgs_";

constexpr std::array<std::string_view, 14> meminfo_names{
    "MemFree", "MemAvailable",    "SwapFree",       "AnonPages",      "AnonHugePages",  "Unevictable",
    "Mlocked", "HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp", "CmaFree",
    "Slab",    "Hugepagesize"};

template <typename Names>
bool among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Calls take(name, value) for every line "NAME<blanks or colon>NUMBER[ kB]".
template <typename Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto name_end = line.find_first_of(": ");
    if (name_end == std::string_view::npos) continue;
    const auto value_at = line.find_first_not_of(": ", name_end);
    if (value_at == std::string_view::npos) continue;
    const auto value_end = std::min(line.find(' ', value_at), line.size());
    if (const auto value = parse_int(line.substr(value_at, value_end - value_at)))
      take(line.substr(0, name_end), *value);
  }
}

}  // namespace

std::optional<std::int64_t> parse_int(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || at != end) return std::nullopt;
  return value;
}

std::int64_t parse_taint(std::string_view text) {
  const auto value = parse_int(text.substr(0, text.find('\n')));
  return value && *value >= 0 ? *value : -1;
}

std::optional<Pins> parse_pins(std::string_view vmstat) {
  std::optional<std::int64_t> acquired;
  std::optional<std::int64_t> released;
  each_line(vmstat, [&](std::string_view name, std::int64_t value) {
    if (name == "nr_foll_pin_acquired") acquired = value;
    if (name == "nr_foll_pin_released") released = value;
  });
  if (!acquired || !released) return std::nullopt;
  return Pins{*acquired, *released};
}

void add_vmstat(std::string_view text, Counters& counters) {
  each_line(text, [&](std::string_view name, std::int64_t value) {
    if (among(vmstat_names, name) || name.starts_with(vmstat_family)) counters[std::string(name)] = value;
  });
}

void add_meminfo(std::string_view text, Counters& counters) {
  each_line(text, [&](std::string_view name, std::int64_t value) {
    if (among(meminfo_names, name)) counters[std::string(name)] = value;
  });
}

}  // namespace pinrig::agent
