// SPDX-License-Identifier: GPL-2.0
// A ledger for people. Pure.
#pragma once

#include <string>

#include "holders/suspect.h"

namespace pinrig::holders {

struct Report {
  std::string test;    ///< "bio/dio_rw"
  std::string kernel;  ///< id: "tip-x86_64-debug"
  Ledger ledger;
  std::optional<Ledger> base;  ///< of the same test on the base
  std::string base_problem;    ///< why it could not be run there; empty: it was, or the kernel is the base
  std::vector<PageHistory> bad_pages;  ///< that the kernel found, with what became of them before
  std::optional<Suspect> suspect;
  std::int64_t acquired = 0;  ///< by the counters of /proc/vmstat
  std::int64_t counted_released = 0;
};

/// In a few lines what to_text() says: how many pins are held beyond those of the base, what else is wrong,
/// and the suspect. No final newline.
std::vector<std::string> summary(const Report& report);

/// What is held and who holds it: pages, the stack that took the pins, what became of others of that stack,
/// the suspect. A trace that lost events says so, and names nobody as the one who did not release. Pages and
/// stacks beyond the first few are counted. Ends with a newline.
std::string to_text(const Report& report);

}  // namespace pinrig::holders
