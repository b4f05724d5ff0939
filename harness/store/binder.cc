// SPDX-License-Identifier: GPL-2.0
#include "store/binder.h"

#include <chrono>
#include <ctime>

namespace pinrig::store {

std::string now_utc() {
  const std::time_t t = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm tm{};
  gmtime_r(&t, &tm);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
  return text;
}

}  // namespace pinrig::store
