// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

namespace pinrig {

using Clock = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::duration<double>;

/// The latest end of a wait. `never()` has none.
class Deadline {
 public:
  static Deadline never() { return Deadline(Clock::time_point::max()); }
  static Deadline after(Seconds s) {
    return Deadline(Clock::now() + std::chrono::duration_cast<Clock::duration>(s));
  }

  bool passed() const { return at_ != Clock::time_point::max() && Clock::now() >= at_; }
  /// Milliseconds left, as an argument of poll(2): -1 for never, rounded up so that a wait does not end
  /// early.
  int poll_ms() const {
    if (at_ == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<Millis>(at_ - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, std::numeric_limits<int>::max()));
  }
  /// The nearer of two deadlines.
  static Deadline earlier(Deadline a, Deadline b) { return a.at_ < b.at_ ? a : b; }
  Clock::time_point at() const { return at_; }

 private:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_;
};

inline Seconds since(Clock::time_point start) { return Clock::now() - start; }

}  // namespace pinrig
