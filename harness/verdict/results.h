// SPDX-License-Identifier: GPL-2.0
// The saved bytes of the results port, as records. Pure, and suspicious: a guest with a broken kernel may
// write anything there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/verdict.h"
#include "wire/messages.h"

namespace pinrig::verdict {

/// A test that the host asked a guest to run, and what the control port said of its end.
struct SentTest {
  std::uint32_t id = 0;
  std::string name;
  std::optional<wire::TestEnd> end;
};

struct Results {
  std::optional<wire::Hello> hello;
  std::optional<wire::SetupDone> setup;  ///< of all set-ups together
  std::optional<wire::HoldResult> hold;
  /// In order of their begin; a test that began and has no (believable) end is `lost`.
  std::vector<model::TestRecord> records;
  /// What does not fit, one line each: damage, unknown messages, numbers that cannot be. What a running test
  /// may have written is a finding of its record as well.
  std::vector<std::string> problems;
};

/// At most this much of what a test writes to stdout, and as much of stderr, is kept: what the agent lets
/// through, twice. The rest is left out, and `problems` says so.
inline constexpr std::size_t max_stream = std::size_t{8} << 20;

/// Reads results.raw in pieces of any size, so that no more of it is in memory than what its records keep. A
/// frame cut off at the end (the guest died while writing) loses only itself; after damage nothing more is
/// read, and `problems` says at which byte.
class ResultsReader {
 public:
  /// With `sent` a record counts only for a test that this guest was asked to run, and its end only when the
  /// control port has the same: a test is root in the guest and can write to the results port. It has to live
  /// as long as the reader; null: not known.
  explicit ResultsReader(const std::vector<SentTest>* sent = nullptr);
  ~ResultsReader();
  ResultsReader(const ResultsReader&) = delete;
  ResultsReader& operator=(const ResultsReader&) = delete;
  void feed(std::string_view piece);
  /// What all pieces together say; the reader is used up.
  Results finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pinrig::verdict
