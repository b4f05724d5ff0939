// SPDX-License-Identifier: GPL-2.0
// During which cases of a test did pages stay pinned? From the balance of the pin counters, read when its
// result lines come in. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "wire/messages.h"

namespace pinrig::agent {

class CasePins {
 public:
  /// A piece of the test's output. True: a result line ("ok 1 NAME", "not ok 1 NAME") of the outermost plan
  /// ended in it, so that it is time to read the counters.
  bool feed(std::string_view piece);
  /// The balance (acquired - released) now; before any output: what the test starts with.
  void note(std::int64_t balance);
  /// Where the balance rose for good: what `last`, the settled balance after the test, has no more was only
  /// in flight.
  std::vector<wire::CaseLeft> left(std::int64_t last) const;

 private:
  struct Reading {
    int results;
    std::int64_t balance;
  };
  int results_ = 0;
  std::size_t column_ = 0;  ///< of the next byte in its line
  char start_[7] = {};      ///< of the line
  std::vector<Reading> readings_;
};

}  // namespace pinrig::agent
