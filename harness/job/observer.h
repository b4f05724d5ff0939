// SPDX-License-Identifier: GPL-2.0
// The events of a running run. Stages publish them; the terminal and the log listen.
#pragma once

#include <string>

#include "model/verdict.h"

namespace pinrig::job {

struct Event {
  enum class Kind {
    begin,     ///< a piece of work starts: "build", "guest", "import", ...
    progress,  ///< `done` of `known`
    end,       ///< it ended; `text` says how
    test,      ///< a test of a guest ended (or starts, with an empty `how`)
    line,      ///< a line of its own
    warning,   ///< the same, also shown with --quiet
  };
  Kind kind = Kind::line;
  std::string task;  ///< "tip-x86_64" or "sources"; groups events of one status line
  std::string what;  ///< "build", "guest", the test's name
  std::string text;
  double done = 0;   ///< objects, files or tests
  double known = 0;  ///< 0 = not known
  double left_s = -1;
  bool ok = true;  ///< end: it went well
};

/// Called from the threads of the stages; implementations do their own locking.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on(const Event& event) = 0;
};

}  // namespace pinrig::job
