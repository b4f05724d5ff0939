// SPDX-License-Identifier: GPL-2.0
// What a run says of each patch of its series. Pure. Private to report.
#pragma once

#include <string>
#include <vector>

#include "report/matrix.h"

namespace pinrig::report {

/// One patch on one architecture under one configuration.
struct PatchCheck {
  enum class State { success, warning, fail, pending };
  store::PatchRow patch;
  std::string head;  ///< "x86_64", "x86_64 debug"
  State state = State::pending;
  std::string text;                  ///< one line
  std::vector<std::string> details;  ///< the rows that are not as expected since this patch
  std::size_t failures = 0;          ///< of the details; the others, behind them, are new warnings
  std::vector<std::string> red;      ///< names of the tests and cases among the failures, which come first
  std::vector<std::string> rows;     ///< every test at the point that was judged: "pass bio/dio_rw 64/64"
  std::string key;                   ///< of the kernel that was judged; empty: none was
  int point = -1;                    ///< its number
};

/// By architecture and configuration, patches ascending. A patch is held against the nearest earlier point of
/// the run: what is not as expected since then is its failure, or that of a patch between them.
std::vector<PatchCheck> patch_checks(const RunData& data, const std::vector<store::PatchRow>& patches);

/// Marks rows as flaky that are as expected on the same kernel in another run; a failure of nothing else is a
/// warning. `other` are runs with this patch.
void find_flaky(PatchCheck& check, const std::vector<RunData>& other);

/// Not longer than `most` bytes, with "..." at the end of what was cut.
std::string cut(const std::string& text, std::size_t most);

}  // namespace pinrig::report
