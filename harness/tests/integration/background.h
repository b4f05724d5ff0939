// SPDX-License-Identifier: GPL-2.0
// A pinrig that runs in parallel with the test, read line by line: the test waits for its output, never for
// time.
#pragma once

#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "sandbox.h"

namespace pinrig::integration {

/// A pipe with a name. Whoever writes to it is heard by the one who holds this.
class Fifo {
 public:
  explicit Fifo(fs::path path);
  const fs::path& path() const { return path_; }
  /// Reads until `text` was seen, at most `seconds`. False when it was not, or when the process behind
  /// `pidfd` ended before (-1: none).
  bool wait_for(const std::string& text, double seconds, int pidfd = -1);
  const std::string& heard() const { return heard_; }
  /// Reads until the process behind `pidfd` has ended; false when `seconds` are over.
  bool wait_for_end(int pidfd, double seconds);

 private:
  void take();
  fs::path path_;
  UniqueFd fd_;
  std::string heard_;
};

class Background {
 public:
  /// Starts pinrig with stdout and stderr into a Fifo of the sandbox.
  Background(const Sandbox& box, std::vector<std::string> args);
  bool wait_for(const std::string& text, double seconds) {
    return fifo_->wait_for(text, seconds, child_->pidfd());
  }
  void signal(int signo) const;
  /// Waits for its end: "exit 130", "killed by SIGKILL", or "still runs".
  std::string end(double seconds);
  const std::string& heard() const { return fifo_->heard(); }

 private:
  std::unique_ptr<Fifo> fifo_;
  std::unique_ptr<process::Child> child_;
};

/// Waits until a process (not a child of ours) is gone; false after `seconds`.
class Watched {
 public:
  explicit Watched(pid_t pid);
  bool gone_within(double seconds) const;

 private:
  UniqueFd pidfd_;
};

}  // namespace pinrig::integration
