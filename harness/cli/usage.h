// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace pinrig::cli {

/// Writes the resource usage of this process, without its children, to `file` as JSON: cpu_s, wall_s,
/// peak_rss_bytes. Nothing to do when `file` is empty.
Result<void> write_usage(const std::string& file, double wall_s);

}  // namespace pinrig::cli
