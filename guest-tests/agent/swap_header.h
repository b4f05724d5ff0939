// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>
#include <string>

namespace pinrig::agent {

/// The first page of a swap area of `pages` pages, as `union swap_header` of the kernel's linux/swap.h lays
/// it out: version 1, no bad pages. Pure.
std::string swap_header(std::size_t page_size, std::uint32_t pages);

}  // namespace pinrig::agent
