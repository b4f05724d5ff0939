// SPDX-License-Identifier: GPL-2.0
// A mark in results.raw, written by the host when it cut the middle out of the file.
#pragma once

#include <cstdint>
#include <string>

#include "wire/fields.h"

namespace pinrig::wire {

struct Cut {
  std::string type = "cut";
  std::uint64_t bytes = 0;  ///< that were there
};
PINRIG_MESSAGE(Cut, type, bytes)

}  // namespace pinrig::wire
