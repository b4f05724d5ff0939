// SPDX-License-Identifier: GPL-2.0
// The saved bytes of the results port, as records. Pure, and defensive: a guest with a broken kernel may
// write anything there.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/verdict.h"
#include "wire/messages.h"

namespace pinrig::verdict {

/// A test that the host asked a guest to run, and its end as reported on the control port.
struct SentTest {
  std::uint32_t id = 0;
  std::string name;
  std::optional<wire::TestEnd> end;
};

struct Results {
  std::optional<wire::Hello> hello;
  std::optional<wire::SetupDone> setup;  ///< of all set-ups together
  std::optional<wire::HoldResult> hold;
  /// In order of their begin; a test that began but has no (valid) end is `lost`.
  std::vector<model::TestRecord> records;
  /// What gcov counted while a test ran (wire::LineCounters::data): test -> .gcda of an object -> counters.
  std::map<std::string, std::map<std::string, std::string>> line_counters;
  /// Inconsistencies, one line each: damage, unknown messages, impossible numbers. What a running test may
  /// have written is also a finding of its record.
  std::vector<std::string> problems;
};

/// At most this much of what a test writes to stdout, and as much of stderr, is kept: twice what the agent
/// lets through. The rest is dropped, and reported in `problems`.
inline constexpr std::size_t max_stream = std::size_t{8} << 20;

/// Reads results.raw in pieces of any size, so that only the contents of its records are in memory. A
/// truncated last frame (the guest died while writing) only loses itself; after damage nothing more is read,
/// and `problems` has the byte offset.
class ResultsReader {
 public:
  /// With `sent` a record counts only for a test that this guest was asked to run, and its end only when the
  /// control port has the same: a test is root in the guest and can write to the results port. It must
  /// outlive the reader; null: unknown.
  explicit ResultsReader(const std::vector<SentTest>* sent = nullptr);
  ~ResultsReader();
  ResultsReader(const ResultsReader&) = delete;
  ResultsReader& operator=(const ResultsReader&) = delete;
  void feed(std::string_view piece);
  /// The result of all pieces; the reader cannot be used afterwards.
  Results finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pinrig::verdict
