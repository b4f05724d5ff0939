// SPDX-License-Identifier: GPL-2.0
// The bits of /proc/sys/kernel/tainted that a report of the kernel sets (include/linux/panic.h). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pinrig::verdict {

inline constexpr std::uint64_t taint_machine_check = std::uint64_t{1} << 4;  ///< M
inline constexpr std::uint64_t taint_bad_page = std::uint64_t{1} << 5;       ///< B
inline constexpr std::uint64_t taint_die = std::uint64_t{1} << 7;            ///< D
inline constexpr std::uint64_t taint_warn = std::uint64_t{1} << 9;           ///< W
inline constexpr std::uint64_t taint_soft_lockup = std::uint64_t{1} << 14;   ///< L
/// All of these. The others say what was loaded or allowed, not that something went wrong.
inline constexpr std::uint64_t taint_of_reports =
    taint_machine_check | taint_bad_page | taint_die | taint_warn | taint_soft_lockup;

/// Letters of Documentation/admin-guide/tainted-kernels.rst, by bit: "BW"; "(bit 30)" for one without a
/// letter.
std::string taint_letters(std::uint64_t bits);

/// What of `fresh`, the bits that came while a test ran, is damage that nobody announced: without
/// taint_warn if `output`, what the test printed, has a "# expects kernel" line.
std::uint64_t unannounced_taint(std::uint64_t fresh, std::string_view output);

}  // namespace pinrig::verdict
