// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace pinrig::cli {

/// Whether write_usage() will be possible: bad_usage when the file cannot be written. It leaves an empty
/// file.
Result<void> check_usage(const std::string& file);

/// Writes the resource usage of this process, without its children, to `file` as JSON: cpu_s, wall_s,
/// peak_rss_bytes. Nothing to do when `file` is empty.
Result<void> write_usage(const std::string& file, double wall_s);

}  // namespace pinrig::cli
