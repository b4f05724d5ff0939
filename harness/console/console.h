// SPDX-License-Identifier: GPL-2.0
// What a guest kernel's console log says, as values. Pure.
//
// Kinds of events: panic, oops, bug, kasan, kfence, race, bad_page, rss_counter, slab, refcount, warning,
// lockdep, ubsan, atomic_sleep, preemptible, lock, soft_lockup, hard_lockup, hung_task, rcu_stall, irq, oom,
// memory_leak, reference, hardware, page_dump (also on purpose: gup_test -c), reboot, events_lost (the log or
// its reading is incomplete). table.cc maps messages to kinds.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/verdict.h"

namespace pinrig::console {

struct Log {
  /// In order of first_line. Of equal titles in the time of one owner the first, with their count; more than
  /// 50 different ones of one kind and owner, or 2000 in all, are an events_lost; of fatal ones there may be
  /// 500 more.
  std::vector<model::KernelEvent> events;
  std::set<std::string> begun;  ///< tests whose begin mark was seen; at most 10000, like `ended`
  std::set<std::string> ended;
  bool booted = false;       ///< the agent's first mark was seen
  bool panicked = false;     ///< the kernel reported it, or rebooted unexpectedly
  bool powered_off = false;  ///< "reboot: Power down" or the like, and no test after it
  double last_stamp_s = 0;   ///< printk time of the last stamped line
  std::string last_line;     ///< last non-empty line, for timeouts
  int line_count = 0;
};

/// The marks that the agent writes to /dev/kmsg around every test; they tell which test owns an event.
inline constexpr const char* begin_mark = "pinrig: begin ";  ///< followed by the test's name
inline constexpr const char* end_mark = "pinrig: end ";
inline constexpr const char* agent_mark = "pinrig: agent ";

/// The same piece by piece, cut anywhere: a log of gigabytes needs no more memory than a short one (a line
/// longer than 64 KiB is cut). parse() is feed() once and finish().
class Parser {
 public:
  Parser();
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  void feed(std::string_view chunk);
  Log finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Parses a whole log: printk prefixes "[    1.234567]", "[    1.234567][  T12]", "<4>[ ... ]", CR LF, ANSI
/// colours, binary junk. Never fails.
Log parse(std::string_view text);

std::string to_json(const Log& log);

}  // namespace pinrig::console
