// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <cstdint>

#include "ports.h"

namespace pinrig::agent {

/// Sets the counters of all objects that were built with gcov to 0; does nothing on other kernels
/// (kernel/gcov/fs.c, reset_write()).
void reset_line_counters();
/// Sends them on the results port, as counters of test `id`.
void send_line_counters(Ports& ports, std::uint32_t id);

}  // namespace pinrig::agent
