// SPDX-License-Identifier: GPL-2.0
// The program's own log, on stderr: diagnostics of pinrig itself, not results.
#pragma once

#include <spdlog/spdlog.h>

namespace pinrig {

enum class LogLevel { quiet, normal, verbose };

/// Plain "level: text" lines on stderr; time stamps only when verbose. NO_COLOR and non-ttys get no colour.
void setup_log(LogLevel level);

}  // namespace pinrig
