// SPDX-License-Identifier: GPL-2.0
// What makes two reds the same: not the fact that a test failed, but how.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bisect/observation.h"
#include "model/verdict.h"

namespace pinrig::bisect {

struct Signature {
  enum class Kind {
    verdict,  ///< of the test or a case, with the sign of the pages that stay pinned
    event,    ///< something that the kernel logs while the test runs
    number,   ///< one that the test measures, above or below a limit
  };
  Kind kind = Kind::verdict;
  std::string test;       ///< "suite/test"
  std::string case_name;  ///< empty: the test itself
  model::Verdict verdict = model::Verdict::fail;
  int sign = 0;       ///< of the pages: +1 pinned, -1 unpinned too often
  std::string event;  ///< KernelEvent::kind
  std::string title;  ///< KernelEvent::title
  std::string number;
  bool above = true;
  double limit = 0;

  bool operator==(const Signature&) const = default;
};

/// What one run of the test left.
struct TestFacts {
  std::vector<model::TestResult> rows;     ///< of the test and its cases
  std::vector<model::KernelEvent> events;  ///< that the kernel logged while it ran
};

struct Answer {
  Seen seen = Seen::other;
  double value = 0;  ///< pages that stayed pinned, or the number
};
/// The same signature is red, a pass clean, another red is `other`, a test or case that does not exist or
/// does not run is a skip.
Answer judge(const Signature& signature, const TestFacts& facts);

/// Why a run is no answer, for people: of a skip what the test said, or that it has no such case.
std::string why_skipped(const Signature& signature, const TestFacts& facts);

/// The signature of a red run: of a crash its kernel event, otherwise the verdict and the sign of the pages.
/// Nothing when the test (or case) is not red.
std::optional<Signature> signature_of(const std::string& test, const std::string& case_name,
                                      const TestFacts& facts);

/// "bio/dio_rw: leak, pages +", for people.
std::string describe(const Signature& signature);

/// One line of bisect.log without its first word, and back. The error names what is wrong.
std::string to_line(const Signature& signature);
Result<Signature> signature_from_line(const std::string& text);

/// A test, a case and what is asked of them on the command line: "bio/dio_rw", "bio/dio_rw:read_1_page".
struct TestName {
  std::string test;
  std::string case_name;
};
TestName test_name(const std::string& word);

/// "NAME>LIMIT" or "NAME<LIMIT" of --number; bad_usage otherwise.
Result<Signature> number_signature(const TestName& test, const std::string& word);

}  // namespace pinrig::bisect
