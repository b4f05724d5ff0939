// SPDX-License-Identifier: GPL-2.0
// The progress of a run on the terminal: live lines on a tty, plain lines elsewhere.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "job/observer.h"

namespace pinrig::run {

using job::Event;
using job::Observer;

enum class Verbosity { quiet, normal, verbose };

class Status : public Observer {
 public:
  /// Writes to file descriptor `fd`. `live`: the descriptor is a terminal that understands ANSI cursor
  /// movement (not TERM=dumb); `color`: use colors (no NO_COLOR).
  Status(int fd, bool live, bool color, Verbosity verbosity);
  ~Status() override;  ///< removes the live lines

  void on(const Event& event) override;
  /// Lines above the live ones until the next board, redrawn in place; what does not fit the height of the
  /// terminal is cut at the top. Where lines cannot be redrawn, `plain` is printed instead.
  void board(const std::string& text, const std::string& plain);
  /// Redraws elapsed times; called about twice a second.
  void tick();

 private:
  struct Line {
    std::string what;
    std::string text;
    double done = 0;
    double known = 0;
    double left_s = -1;
    Clock::time_point start;
    Clock::time_point reported;  ///< last plain progress line
    Seconds interval{20};        ///< until the next one; grows, so that a long build stays short in a log
  };

  void print(const std::string& text);  ///< a line that stays
  void plain_progress(const std::string& task, Line& line);
  void erase();
  void draw();
  std::string paint(const char* code, const std::string& text) const;
  std::string live_text(const std::string& task, const Line& line) const;

  int fd_;
  bool live_;
  bool color_;
  Verbosity verbosity_;
  std::mutex mutex_;
  std::map<std::string, Line> lines_;  ///< by task: what is going on now
  std::vector<std::string> board_;     ///< lines above them
  std::size_t drawn_ = 0;              ///< live lines on the screen
  Clock::time_point start_ = Clock::now();
};

/// Chosen from the environment: stderr, isatty, TERM, NO_COLOR.
std::unique_ptr<Status> make_status(Verbosity verbosity);

}  // namespace pinrig::run
