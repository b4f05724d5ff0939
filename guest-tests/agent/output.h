// SPDX-License-Identifier: GPL-2.0
// Limits the output of a test. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace pinrig::agent {

/// A budget of bytes: what goes beyond it is counted and dropped, so that a flooding test neither fills the
/// host's disk nor blocks.
class OutputBudget {
 public:
  explicit OutputBudget(std::uint64_t limit) : left_(limit) {}
  /// How many of `bytes` may still be sent.
  std::size_t take(std::size_t bytes) {
    const auto sent = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, left_));
    left_ -= sent;
    dropped_ += bytes - sent;
    return sent;
  }
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::uint64_t left_;
  std::uint64_t dropped_ = 0;
};

}  // namespace pinrig::agent
