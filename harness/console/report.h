// SPDX-License-Identifier: GPL-2.0
// One event while its lines are read: where it ends and which function is to blame.
#pragma once

#include <string>
#include <string_view>

#include "console/message.h"
#include "console/table.h"
#include "model/verdict.h"

namespace pinrig::console {

/// Printable ASCII with '?' for the rest, at most 300 bytes.
std::string printable(std::string_view text);

class Report {
 public:
  /// `message` is the line that fits; `first_line` may be that of the "[ cut here ]" before it.
  Report(const Match& match, const Message& message, int first_line, int line, const std::string& owner);

  /// Takes the next line of the same caller; false when the event ended before it.
  bool take(std::string_view text, int line);
  /// True when another row, met while this event is open, is only a part of it: the "Oops:" line of an oops.
  bool absorbs(const Row& row) const;
  void absorb(const Match& match, std::string_view text, int line);

  bool open() const { return open_; }
  /// False for text that only looks like a kernel report.
  bool real() const { return !doubtful_; }
  const std::string& caller() const { return caller_; }
  const model::KernelEvent& event() const { return event_; }
  /// The finished event, with its title filled in.
  model::KernelEvent finish();

 private:
  bool skipped(std::string_view function);
  void blame(std::string_view function);
  bool begins_trace(std::string_view text) const;
  void look_for_function(std::string_view text);
  void name_work(std::string_view text);
  void access_kind(std::string_view text);
  bool reaches(std::string_view text, int line);
  bool belongs(std::string_view text, int line);
  void keep(std::string_view text);

  model::KernelEvent event_;
  Extent extent_;
  std::string caller_;
  std::string pc_;              ///< "func+0x0/0x40" of the exception
  std::string servant_;         ///< the first function that was skipped because its caller is to blame
  std::string suffix_;          ///< " (nonzero _refcount)": what a page dump inside said
  std::size_t text_lines_ = 0;  ///< of the kept lines those up to last_line
  int idle_ = 0;                ///< lines since the last one that belongs
  int taken_ = 0;
  bool open_ = true;
  bool doubtful_ = false;
  bool in_trace_ = false;
  bool seen_trace_ = false;
  bool seen_cpu_ = false;
  bool inlined_ = false;  ///< the head names a function that is inlined into the one of the next head
};

}  // namespace pinrig::console
