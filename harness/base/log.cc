// SPDX-License-Identifier: GPL-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include "base/environment.h"

namespace pinrig {

void setup_log(LogLevel level) {
  const auto mode = environment("NO_COLOR") ? spdlog::color_mode::never : spdlog::color_mode::automatic;
  auto logger =
      std::make_shared<spdlog::logger>("pinrig", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(mode));
  logger->set_pattern(level == LogLevel::verbose ? "%T.%e %^%l%$: %v" : "%^%l%$: %v");
  logger->set_level(level == LogLevel::quiet     ? spdlog::level::err
                    : level == LogLevel::verbose ? spdlog::level::debug
                                                 : spdlog::level::info);
  spdlog::set_default_logger(logger);
}

}  // namespace pinrig
