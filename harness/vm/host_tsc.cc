// SPDX-License-Identifier: GPL-2.0
#include "vm/host_tsc.h"

#include <ctime>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "base/file.h"

namespace pinrig::vm {
namespace {

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

std::uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return 0;
#endif
}

bool tsc_is_a_clock() {
#if defined(__x86_64__)
  const auto text = read_file("/proc/cpuinfo");
  return text.has_value() && text->find(" constant_tsc ") != std::string::npos &&
         text->find(" nonstop_tsc ") != std::string::npos;
#else
  return false;
#endif
}

}  // namespace

TscWatch::TscWatch() : usable_(tsc_is_a_clock()), ticks_(ticks()), ns_(now_ns()) {}

std::int64_t TscWatch::khz() const { return usable_ ? khz_of(ticks() - ticks_, now_ns() - ns_) : 0; }

std::int64_t khz_of(std::uint64_t ticks, std::int64_t took_ns) {
  if (took_ns <= 0) return 0;
  return static_cast<std::int64_t>(static_cast<double>(ticks) * 1e6 / static_cast<double>(took_ns));
}

std::int64_t loops_per_jiffy(std::int64_t tsc_khz, int hz) {
  return tsc_khz > 0 && hz > 0 ? tsc_khz * 1000 / hz : 0;
}

}  // namespace pinrig::vm
