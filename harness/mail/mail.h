// SPDX-License-Identifier: GPL-2.0
// `pinrig mail`: the text of a mail about a finding, for a person to read, change and send. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/verdict.h"

namespace pinrig::mail {

/// What was seen at one kernel: the base, the patch before, the patch.
struct Column {
  std::string name;
  std::optional<model::PinSample> pins;  ///< pages of the test; nothing: not measured
  int red = 0;
  int runs = 0;
};

/// Of a red that does not show each time: how often it did, and what it takes to believe that it is gone.
struct Rate {
  int red = 0;
  int runs = 0;
  int clean_runs = 0;  ///< that a kernel which has it passes in a row with a chance of `percent`
  int percent = 5;
  bool guests = false;  ///< counted are guests: it is decided when the kernel boots
};

struct Finding {
  enum class What { leak, crash, red, apply_failure, inconclusive };
  What what = What::red;
  std::string test;        ///< "suite/test" or "suite/test:case"; empty of an apply failure
  std::string said;        ///< title of the kernel message, verdict, or why the patch does not apply
  std::int64_t pages = 0;  ///< that stay pinned; negative = unpinned too often
  std::string series;      ///< as --series takes it; empty for a range of git
  int patch = 0;           ///< 1-based; 0 = not known
  int patches = 0;
  int version = 1;                  ///< of the series
  std::string subject;              ///< of the patch or commit
  std::string commit;               ///< of a range
  std::string reply_to;             ///< Message-ID of the patch; empty = not known
  std::vector<std::string> people;  ///< "Signed-off-by: NAME <ADDR>" and the like of the culprit
  std::vector<Column> columns;
  std::optional<Rate> rate;      ///< nothing: it showed each time
  std::vector<std::string> log;  ///< lines of the kernel or the test
  std::string bisection;         ///< "VERIFIED", ...; empty = none
  std::string good;              ///< last good version or commit
  std::string bad;               ///< first bad one
  std::vector<std::pair<std::string, std::string>>
      fields;                         ///< base, config, arch, accel, compiler, qemu, pinrig
  std::vector<std::string> commands;  ///< that reproduce it, from a clone
  std::vector<std::string> not_run;
};

/// An answer to the patch. Plain ASCII, at most 72 columns but for the subject, the log and the commands.
std::string series_mail(const Finding& finding);
/// For a commit that is merged: subject, tags and the paragraph that regzbot reads.
std::string regression_mail(const Finding& finding);

}  // namespace pinrig::mail
