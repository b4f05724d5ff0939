// SPDX-License-Identifier: GPL-2.0
// A test that was run several times: how often it failed, and what that says about its rate. Pure.
#pragma once

#include <map>
#include <string>

#include "model/verdict.h"

namespace pinrig::assess {

/// Neither pass, skip nor xfail.
bool is_red(model::Verdict verdict);

struct Attempts {
  std::map<model::Verdict, int> seen;  ///< how often each verdict

  void add(model::Verdict verdict) { ++seen[verdict]; }
  int count() const;
  int red() const;
};

/// Bounds of a rate, 0 to 1.
struct Interval {
  double low = 0;
  double high = 1;
};

/// The 95 % interval of a rate that was seen as `hits` of `of` (E. B. Wilson, JASA 22, 1927): unlike hits/of
/// plus or minus an error it is of use for small numbers, and for none and all. of = 0: 0 to 1.
Interval wilson(int hits, int of);

/// `steady_red`: every attempt failed; `flaky`: some did; `steady_green`: none did.
enum class Steadiness { none, steady_green, flaky, steady_red };
Steadiness steadiness(const Attempts& attempts);

/// "bio/a: flaky, 3 of 20 failed (2 leak, 1 crash), rate 15 %, 95 % interval 5.2 to 36.0 %"
std::string to_text(const std::string& test, const Attempts& attempts);

}  // namespace pinrig::assess
