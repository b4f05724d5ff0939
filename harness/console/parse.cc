// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <unordered_map>

#include "console/console.h"
#include "console/report.h"

namespace pinrig::console {
namespace {

/// Different reports of one kind in the time of one owner, and all in all; further ones are counted.
constexpr std::size_t max_of_kind = 50;
constexpr std::size_t max_events = 2000;
constexpr std::size_t max_fatal = 500;  ///< beyond max_events: a flood of others must not hide the end
constexpr std::size_t max_with_text = 300;
constexpr std::size_t max_marks = 10000;
constexpr std::size_t max_line = 64 << 10;  ///< longer ones are taken in pieces
constexpr std::size_t max_open = 8;         ///< events of different callers that are open at once

std::string_view mark_name(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

}  // namespace

struct Parser::Impl {
  Log log;
  std::string tail;    ///< a line whose end has not come yet
  std::string buffer;  ///< for take_apart()
  std::string head;    ///< the first bytes
  std::string owner;
  std::vector<Report> open;
  int line = 0;      ///< number of the last whole line
  int cut_line = 0;  ///< "[ cut here ]" that waits for its event
  int boots = 0;     ///< "Linux version" lines
  int last_oom_line = 0;
  std::unordered_map<std::string, std::size_t> known;       ///< owner, kind and title: index in log.events
  std::unordered_map<std::string, std::size_t> kinds;       ///< owner and kind: how many are kept
  std::map<std::pair<std::string, std::string>, int> lost;  ///< kind and owner of what was not kept
  std::size_t latest = 0;                                   ///< index of the event that was closed last
  int latest_line = 0;                                      ///< and its last line

  void lines(std::string_view text);
  void line_of(std::string_view text);
  void candidate(const Message& m);
  bool mark(std::string_view text);
  void plain(const Message& m);
  void start(const Match& match, const Message& m);
  void add(model::KernelEvent e);
  void add_lost();
  void look_at_encoding();
  void reboot();
  void close_all();
  void close(Report& report);
  void remember_last(std::string_view text);
};

/// Whole lines. While no event is open only the lines with a marker are looked at.
void Parser::Impl::lines(std::string_view text) {
  remember_last(text);
  while (!text.empty()) {
    std::size_t begin = 0;
    if (open.empty()) {
      const std::size_t at = line_markers().find(text);
      if (at == std::string_view::npos) break;
      const std::size_t before = text.rfind('\n', at);
      begin = before == std::string_view::npos ? 0 : before + 1;
      line +=
          static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
    }
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    ++line;
    line_of(text.substr(begin, end - begin));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  line += static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

void Parser::Impl::line_of(std::string_view text) {
  const bool marked = !open.empty() ? line_markers().find(text) != std::string_view::npos : true;
  const Message m = take_apart(text, buffer);
  if (marked)
    candidate(m);
  else
    plain(m);
  std::erase_if(open, [&](Report& r) {
    if (r.open()) return false;
    close(r);
    return true;
  });
}

void Parser::Impl::plain(const Message& m) {
  for (Report& r : open) {
    // With CONFIG_PRINTK_CALLER lines of two CPUs are told apart.
    if (r.caller().empty() || m.caller.empty() || r.caller() == m.caller) r.take(m.text, line);
  }
}

void Parser::Impl::candidate(const Message& m) {
  if (mark(m.text)) return;
  if (m.text.find("---[ end ") != std::string_view::npos) return plain(m);  // repeats the words of a panic
  if (m.text.find("[ cut here ]") != std::string_view::npos) {
    plain(m);
    cut_line = line;
    return;
  }
  const auto match = match_row(m.text);
  if (!match) return plain(m);
  for (Report& r : open) {
    if (r.caller() == m.caller && r.absorbs(*match->row)) return r.absorb(*match, m.text, line);
  }
  start(*match, m);
}

/// The agent's marks, the end of the kernel and its beginning; true when the line was one of them.
bool Parser::Impl::mark(std::string_view text) {
  if (text.starts_with(begin_mark) || text.starts_with(end_mark)) {
    const bool begins = text.starts_with(begin_mark);
    std::string name = printable(mark_name(text.substr(std::strlen(begins ? begin_mark : end_mark))));
    close_all();
    std::set<std::string>& seen = begins ? log.begun : log.ended;
    if (seen.size() < max_marks) seen.insert(name);
    owner = begins ? std::move(name) : std::string{};
    log.booted = true;
    log.powered_off = false;  // whoever wrote "reboot: " before it: the guest went on
    return true;
  }
  if (text.starts_with(agent_mark)) return log.booted = true;
  if (text.starts_with("reboot: ")) {
    log.powered_off = true;
    return true;
  }
  if (!text.starts_with("Linux version ")) return false;
  if (++boots > 1) reboot();
  return true;
}

void Parser::Impl::reboot() {
  close_all();
  model::KernelEvent e;
  e.kind = "reboot";
  e.title = "the kernel rebooted";
  e.first_line = e.last_line = line;
  e.owner = owner;
  e.fatal = true;
  if (log.powered_off) return;  // after "reboot: Restarting system": requested
  log.panicked = true;
  add(std::move(e));
}

void Parser::Impl::start(const Match& match, const Message& m) {
  const std::string_view kind = match.row->kind;
  const std::string_view caller = m.caller;
  if (kind == "oom" && !log.events.empty() && log.events[latest].kind == "oom" &&
      line - last_oom_line < 300) {
    // "X invoked oom-killer" and, after pages of memory state, "Out of memory: Killed process": one event.
    model::KernelEvent& oom = log.events[latest];
    last_oom_line = latest_line = line;
    if (oom.count == 1) oom.last_line = line;
    if (match.row->extent == Extent::line && oom.count == 1) oom.title = normalised(match.title);
    return;
  }
  const bool cut = cut_line > 0 && line - cut_line <= 3;
  const int first = cut ? cut_line : line;
  cut_line = 0;
  for (Report& r : open) {
    if (r.caller() == caller || open.size() >= max_open) close(r);
  }
  std::erase_if(open, [&](const Report& r) { return !r.open(); });
  if (kind == "panic") {
    log.panicked = true;
    // die() panics after its report ("Fatal exception"), __warn() after its own ("panic_on_warn set ...").
    if (!log.events.empty() && line - latest_line <= 20) {
      const bool follows = match.title.find("Fatal exception") != std::string::npos ||
                           match.title.find("panic_on_warn") != std::string::npos ||
                           match.title.find("Oops") != std::string::npos ||
                           match.title.find("kernel stack overflow") != std::string::npos;
      log.events[latest].fatal = log.events[latest].fatal || follows;
    }
  }
  open.emplace_back(match, m, first, line, owner);
}

void Parser::Impl::close(Report& report) {
  model::KernelEvent e = report.finish();
  if (!report.real()) return;
  if (e.kind == "oom") last_oom_line = e.last_line;
  add(std::move(e));
}

/// The first of each title is kept, repeats are counted, and what goes beyond the limits is counted as lost.
void Parser::Impl::add(model::KernelEvent e) {
  const std::string kind = e.owner + '\n' + e.kind;
  const std::string key = kind + '\n' + e.title;
  latest_line = e.last_line;
  const std::size_t most = max_events + (e.fatal ? max_fatal : 0);
  const bool full = log.events.size() >= most;
  const auto same = known.find(key);
  if (same != known.end() && (full || (!e.fatal && !log.events[same->second].fatal))) {
    latest = same->second;
    ++log.events[latest].count;
    return;
  }
  const auto counted = kinds.find(kind);
  if (full || (!e.fatal && counted != kinds.end() && counted->second >= max_of_kind)) {
    if (lost.size() < max_events) ++lost[{e.kind, e.owner}];
    return;
  }
  ++kinds[kind];
  if (log.events.size() >= (e.fatal ? max_events : max_with_text)) e.text.clear();
  latest = log.events.size();
  known[key] = latest;
  log.events.push_back(std::move(e));
}

void Parser::Impl::add_lost() {
  for (const auto& [what, n] : lost) {
    model::KernelEvent e;
    e.kind = "events_lost";
    e.title = fmt::format("further reports of kind {} omitted", what.first);
    e.owner = what.second;
    e.count = n;
    e.first_line = e.last_line = line;
    log.events.push_back(std::move(e));
  }
}

void Parser::Impl::close_all() {
  for (Report& r : open) close(r);
  open.clear();
}

void Parser::Impl::remember_last(std::string_view text) {
  bool have_line = false;
  bool have_stamp = false;
  // The stamp is on nearly every line; a few hundred without one is a flood from user space.
  for (int tries = 0; tries < 200 && !text.empty() && !(have_line && have_stamp); ++tries) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    const std::size_t before = text.rfind('\n');
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const Message m = take_apart(text.substr(begin), buffer);
    if (!have_line && m.text.find_first_not_of(" \t") != std::string_view::npos) {
      log.last_line = printable(m.text);
      have_line = true;
    }
    if (!have_stamp && m.stamp_s >= 0) {
      log.last_stamp_s = m.stamp_s;
      have_stamp = true;
    }
    text = text.substr(0, begin);
  }
}

Parser::Parser() : impl_(std::make_unique<Impl>()) {}
Parser::~Parser() = default;

void Parser::feed(std::string_view piece) {
  constexpr std::size_t max_head = 4096;
  std::string& head = impl_->head;
  if (head.size() < max_head) head.append(piece.substr(0, max_head - head.size()));
  std::string& tail = impl_->tail;
  const std::size_t last = piece.rfind('\n');
  if (last == std::string_view::npos) {
    tail.append(piece);
  } else {
    if (!tail.empty()) {
      const std::size_t first = piece.find('\n');
      tail.append(piece.substr(0, first + 1));
      impl_->lines(tail);
      tail.clear();
      piece.remove_prefix(first + 1);
    }
    const std::size_t whole = piece.rfind('\n');
    const std::size_t n = whole == std::string_view::npos ? 0 : whole + 1;
    impl_->lines(piece.substr(0, n));
    tail.assign(piece.substr(n));
  }
  if (tail.size() > max_line) {  // its words may matter; that it is one line does not
    const int before = impl_->line;
    impl_->lines(tail);
    impl_->line = before;
    tail.clear();
  }
}

/// A log that is no text in ASCII or UTF-8 has no marker in it, and would be a log without a finding.
void Parser::Impl::look_at_encoding() {
  // gzip, xz, zstd, bzip2
  static constexpr std::array<std::string_view, 4> magic{"\x1f\x8b",
                                                         "\xfd"
                                                         "7zXZ",
                                                         "\x28\xb5\x2f\xfd", "BZh"};
  const bool packed =
      std::any_of(magic.begin(), magic.end(), [&](std::string_view m) { return head.starts_with(m); });
  const bool marked = head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff");
  const auto zeros = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\0'));
  if (!packed && !marked && (head.size() < 64 || zeros < head.size() / 4)) return;
  model::KernelEvent e;
  e.kind = "events_lost";
  e.title = packed ? "the log is compressed" : "the log is in UTF-16 or another unsupported encoding";
  e.first_line = e.last_line = 1;
  log.events.push_back(std::move(e));
}

Log Parser::finish() {
  if (!impl_->tail.empty()) impl_->lines(impl_->tail + "\n");
  impl_->close_all();
  Log& log = impl_->log;
  log.line_count = impl_->line;
  impl_->add_lost();
  impl_->look_at_encoding();
  std::stable_sort(log.events.begin(), log.events.end(),
                   [](const auto& a, const auto& b) { return a.first_line < b.first_line; });
  return std::move(log);
}

Log parse(std::string_view text) {
  Parser parser;
  parser.feed(text);
  return parser.finish();
}

}  // namespace pinrig::console
