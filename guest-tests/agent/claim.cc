// SPDX-License-Identifier: GPL-2.0
#include "claim.h"

#include "counters.h"

namespace pinrig::agent {
namespace {

// A longer line is no claim; its rest is not kept, so that a test cannot fill PID 1's memory.
constexpr std::size_t longest_line = 128;
// No guest has that many pages: a sum of claims below it cannot overflow.
constexpr std::int64_t max_pages = std::int64_t{1} << 40;

}  // namespace

void ClaimReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    const auto piece = bytes.substr(0, newline);
    if (partial_.size() <= longest_line) partial_ += piece.substr(0, longest_line + 1 - partial_.size());
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    line(partial_);
    partial_.clear();
  }
}

void ClaimReader::finish() {
  if (!partial_.empty()) line(partial_);
  partial_.clear();
}

void ClaimReader::line(std::string_view text) {
  if (text.empty()) return;
  const auto blank = text.find(' ');
  const std::string_view word = text.substr(0, blank);
  const auto number = blank == std::string_view::npos ? std::nullopt : parse_int(text.substr(blank + 1));
  const bool usable = number && *number >= 0 && *number <= max_pages && claim_.pages <= max_pages &&
                      claim_.skew_sections <= max_pages;
  if (usable && word == "exact") {
    claim_.pages += *number;
    if (claim_.mode == "net_zero") claim_.mode = "exact";
  } else if (usable && word == "atleast") {
    claim_.pages += *number;
    claim_.mode = "at_least";
  } else if (usable && word == "skew") {
    claim_.skew_sections += *number;
  } else if (problem_.empty()) {
    problem_ = "claim line not understood: \"" + std::string(text.substr(0, longest_line)) +
               "\" (known: exact N, atleast N, skew S)";
  }
}

}  // namespace pinrig::agent
