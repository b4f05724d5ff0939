// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace pinrig {

/// SHA-256 (FIPS 180-4), fed piece by piece. Cache keys put a length before every piece, so that
/// ("ab","c") and ("a","bc") differ.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  /// Raw bytes, as sha256sum(1) would see them.
  Sha256& bytes(std::string_view data);
  /// A field of a key: its length, then its bytes.
  Sha256& field(std::string_view data);
  /// 64 lower-case hex digits; the object must not be fed afterwards.
  std::string hex();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string sha256_hex(std::string_view data);
Result<std::string> sha256_file(const fs::path& path);

}  // namespace pinrig
