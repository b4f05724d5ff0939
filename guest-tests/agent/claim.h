// SPDX-License-Identifier: GPL-2.0
// The claims of a test about its pins, from its claim descriptor. Pure.
#pragma once

#include <string>
#include <string_view>

#include "wire/messages.h"

namespace pinrig::agent {

/// Sums up the lines "exact N", "atleast N" and "skew S" as they come in, in any pieces.
class ClaimReader {
 public:
  void feed(std::string_view bytes);
  /// After the last byte: a last line without its newline counts too.
  void finish();

  const wire::Claim& claim() const { return claim_; }
  /// An error message for the first invalid line; empty when all were valid.
  const std::string& problem() const { return problem_; }

 private:
  void line(std::string_view text);

  wire::Claim claim_;
  std::string partial_;
  std::string problem_;
};

}  // namespace pinrig::agent
