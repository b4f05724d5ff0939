// SPDX-License-Identifier: GPL-2.0
#include "swap_header.h"

#include <cstring>
#include <string_view>

namespace pinrig::agent {

std::string swap_header(std::size_t page_size, std::uint32_t pages) {
  constexpr std::string_view magic = "SWAPSPACE2";
  constexpr std::size_t info_at = 1024;  // behind room for a boot block
  std::string page(page_size, '\0');
  const std::uint32_t version = 1;
  const std::uint32_t last_page = pages - 1;
  // In the machine's own byte order: the kernel swaps it when it finds the version swapped.
  std::memcpy(page.data() + info_at, &version, sizeof version);
  std::memcpy(page.data() + info_at + sizeof version, &last_page, sizeof last_page);
  page.replace(page_size - magic.size(), magic.size(), magic);
  return page;
}

}  // namespace pinrig::agent
