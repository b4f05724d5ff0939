// SPDX-License-Identifier: GPL-2.0
// A source tarball as a stream for git fast-import: nothing is unpacked to disk. Private to the module.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::git {

/// Reads any tar that libarchive reads. Its single top directory is removed from all names.
class TarballStream {
 public:
  /// bad_input when the file cannot be opened or is not a tar archive.
  static Result<TarballStream> open(const fs::path& tarball);
  TarballStream(TarballStream&&) noexcept;
  TarballStream& operator=(TarballStream&&) noexcept;
  ~TarballStream();

  /// The next piece of the stream, one commit on refs/heads/base. False at the end and after an error.
  bool next(std::string& piece);
  /// Why the stream ended early: bad_input (truncated, not a tar archive, two top directories).
  const std::optional<Error>& error() const;
  std::uint64_t bytes_read() const;  ///< of the compressed file

 private:
  struct Impl;
  explicit TarballStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pinrig::git
