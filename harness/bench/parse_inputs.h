// SPDX-License-Identifier: GPL-2.0
// Streams for the parsers' benchmarks, modeled on real ones.
#pragma once

#include <cstddef>
#include <string>

namespace pinrig::bench {

inline constexpr std::size_t mib = std::size_t{1} << 20;

/// What cow prints: a RUN line and a result that is named by its outcome, every third one skipped.
std::string cow_stream(std::size_t bytes);

/// A verbose test: few results, many diagnostics and lines of other programs.
std::string talkative_stream(std::size_t bytes);

/// A boot and a long uneventful log; one WARNING per `every` lines when that is not 0.
std::string kernel_log(std::size_t bytes, int every);

}  // namespace pinrig::bench
