// SPDX-License-Identifier: GPL-2.0
#include "run/status.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/environment.h"
#include "base/text.h"

namespace pinrig::run {
namespace {

constexpr const char* red = "31";
constexpr const char* green = "32";
constexpr const char* yellow = "33";
constexpr const char* cyan = "36";
constexpr const char* dim = "2";
constexpr Seconds longest_interval{300};

std::size_t columns(int fd) {
  winsize w = {};
  return ::ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

std::size_t rows(int fd) {
  winsize w = {};
  return ::ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_row > 4 ? w.ws_row : 24;
}

/// The first `width` characters of UTF-8 text.
std::string cut(std::string text, std::size_t width) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
    if (begins && ++seen > width) return text.substr(0, i);
  }
  return text;
}

std::string amount(double done, double known, const std::string& what) {
  if (known > 0) return fmt::format("{:.0f}/{:.0f}{}", done, known, what.empty() ? "" : " " + what);
  return done > 0 ? fmt::format("{:.0f}{}", done, what.empty() ? "" : " " + what) : what;
}

}  // namespace

Status::Status(int fd, bool live, bool color, Verbosity verbosity)
    : fd_(fd), live_(live && verbosity != Verbosity::quiet), color_(color), verbosity_(verbosity) {}

Status::~Status() {
  const std::lock_guard lock(mutex_);
  erase();
}

std::string Status::paint(const char* code, const std::string& text) const {
  return color_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

void Status::print(const std::string& text) {
  erase();
  const std::string line = text + "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    const auto n = ::write(fd_, rest.data(), rest.size());
    if (n <= 0) break;  // a closed terminal must not end a run
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

void Status::erase() {
  if (drawn_ == 0) return;
  const std::string up = fmt::format("\x1b[{}A\r\x1b[J", drawn_);
  [[maybe_unused]] const auto n = ::write(fd_, up.data(), up.size());
  drawn_ = 0;
}

std::string Status::live_text(const std::string& task, const Line& line) const {
  std::string text =
      fmt::format("  {:<16} {:<8} {}", task, line.what, amount(line.done, line.known, line.text));
  text += fmt::format("  {}", human_seconds(since(line.start).count()));
  if (line.left_s >= 0) text += fmt::format(", about {} left", human_seconds(line.left_s));
  return cut(shown(text), columns(fd_) - 1);
}

void Status::draw() {
  if (!live_ || (lines_.empty() && board_.empty())) return;
  std::string out;
  const std::size_t room = rows(fd_) - std::min(rows(fd_), lines_.size() + 1);
  const std::size_t shown_rows = std::min(room, board_.size());
  for (std::size_t i = board_.size() - shown_rows; i < board_.size(); ++i)
    out += cut(board_[i], columns(fd_) - 1) + "\n";
  for (const auto& [task, line] : lines_) out += paint(cyan, live_text(task, line)) + "\n";
  [[maybe_unused]] const auto n = ::write(fd_, out.data(), out.size());
  drawn_ = shown_rows + lines_.size();
}

void Status::board(const std::string& text, const std::string& plain) {
  const std::lock_guard lock(mutex_);
  if (!live_) {
    if (verbosity_ != Verbosity::quiet) print(shown_lines(plain));
    return;
  }
  erase();
  board_.clear();
  for (const auto line : lines(text)) board_.push_back(shown(line));
  draw();
}

void Status::plain_progress(const std::string& task, Line& line) {
  if (live_ || verbosity_ == Verbosity::quiet || since(line.reported) < line.interval) return;
  line.reported = Clock::now();
  line.interval = std::min(2 * line.interval, longest_interval);
  print(live_text(task, line));
}

void Status::on(const Event& event) {
  Event e = event;
  // Subjects, paths and the words of other programs are in it.
  for (std::string* text : {&e.task, &e.what, &e.text}) *text = shown_lines(*text);
  const std::lock_guard lock(mutex_);
  const bool quiet = verbosity_ == Verbosity::quiet;
  const auto now = Clock::now();
  switch (e.kind) {
    case Event::Kind::begin:
      lines_[e.task] = Line{e.what, e.text, e.done, e.known, -1, now, now};
      if (!live_ && verbosity_ == Verbosity::verbose)
        print(fmt::format("  {:<16} {:<8} {}", e.task, e.what, e.text));
      break;
    case Event::Kind::progress:
    case Event::Kind::test: {
      auto& line = lines_.try_emplace(e.task, Line{e.what, "", 0, 0, -1, now, now}).first->second;
      // A test is in a guest; the image that was made for that one may have been the step before.
      line.what = e.kind == Event::Kind::progress ? e.what : "guest";
      line.text = e.kind == Event::Kind::test ? e.what : e.text;
      line.done = e.done;
      line.known = e.known;
      line.left_s = e.left_s;
      if (e.kind == Event::Kind::test && verbosity_ == Verbosity::verbose && !e.text.empty())
        print(fmt::format("  {:<16} {:<8} {} {}", e.task, "test", e.what, e.text));
      plain_progress(e.task, line);
      break;
    }
    case Event::Kind::end:
      lines_.erase(e.task);
      if (!quiet)
        print(fmt::format("{} {:<16} {:<8} {}", e.ok ? paint(green, "\u2713") : paint(red, "\u2717"), e.task,
                          e.what, e.text));
      break;
    case Event::Kind::line:
      if (!quiet) print(e.task.empty() ? paint(dim, e.text) : fmt::format("  {:<16} {}", e.task, e.text));
      break;
    case Event::Kind::warning:
      print(fmt::format("{} {}{}", paint(yellow, "!"), e.task.empty() ? "" : fmt::format("{:<16} ", e.task),
                        e.text));
      break;
  }
  erase();
  draw();
}

void Status::tick() {
  const std::lock_guard lock(mutex_);
  if (live_) {
    erase();
    draw();
    return;
  }
  for (auto& [task, line] : lines_) plain_progress(task, line);
}

std::unique_ptr<Status> make_status(Verbosity verbosity) {
  const bool tty =
      ::isatty(STDERR_FILENO) == 1 && environment("TERM").value_or("dumb") != "dumb" && !environment("CI");
  return std::make_unique<Status>(STDERR_FILENO, tty, tty && !environment("NO_COLOR"), verbosity);
}

}  // namespace pinrig::run
