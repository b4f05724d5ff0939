// SPDX-License-Identifier: GPL-2.0
// bisect.log: the whole state of a search as text. A header, then one line for each observation, only ever
// appended.
//
// clang-format off
//   # pinrig bisect.log 1
//   series demo-leak                                             or: git /src/linux
//   base debian-6.12
//   arch x86_64
//   run default
//   test bio/dio_rw
//   point 1 9f0c... 0 block: compute the page count once         number, commit, parents, subject
//   without 1                                                    reverted at every point that has it
//   signature verdict bio/dio_rw leak +
//   image 1 5e0a...                                              equal ones share their verdicts
//   2026-11-30T15:20:11Z 1 9f0c... clean search 0 20261130-152005-1b2c
//   2026-11-30T15:22:40Z resumed
// clang-format on
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bisect/engine.h"
#include "bisect/signature.h"
#include "model/kernel.h"

namespace pinrig::bisect {

struct Log {
  std::string series;  ///< as --series takes it; empty for a range of git
  std::string repo;    ///< of such a range
  std::string base;    ///< name in kernels/; may be empty
  std::string spec;    ///< run file
  std::string test;    ///< "suite/test" or "suite/test:case"
  model::Arch arch = model::Arch::x86_64;
  Settings settings;
  int first = 0;  ///< of a series: the patch that is point 0, the base if 0
  std::vector<Point> points;
  std::vector<int> without;  ///< points that are reverted wherever they are contained: culprits found before
  std::optional<Signature> signature;
  std::vector<Observation> seen;  ///< without failures of the machine before the last "resumed"

  History history() const { return History(points); }
  /// The patch of a point of a series, counted from 1; 0 = the base.
  int patch_at(int point) const { return first + point; }
};

/// The lines before any observation.
std::string header_text(const Log& log);
std::string observation_line(const Log& log, const Observation& o);
std::string image_line(int point, const std::string& image);
std::string signature_line(const Signature& signature);
std::string resumed_line(const std::string& time);

/// What is reverted at a point, newest first: what the log is without, and with reverted_point `culprit`.
std::vector<int> reverted_at(const Log& log, int point, int culprit);

/// Errors are bad_input, "NAME:LINE: what is wrong". A last line without its end was being written when
/// pinrig was killed: it does not count.
Result<Log> parse_log(const std::string& text, const std::string& name);

/// The same search as `git bisect log` prints it, for `git bisect replay`.
std::string git_log(const Log& log);

}  // namespace pinrig::bisect
