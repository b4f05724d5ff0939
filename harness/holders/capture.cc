// SPDX-License-Identifier: GPL-2.0
#include "holders/capture.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pinrig::holders {
namespace {

template <typename T>
std::optional<T> number(std::string_view word, int base = 10) {
  if (word.starts_with("0x")) {
    word.remove_prefix(2);
    base = 16;
  }
  T value{};
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (ec != std::errc() || end == word.data()) return std::nullopt;
  return value;
}

/// The value of " NAME=VALUE" in the text of an event.
std::string_view field(std::string_view text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto value = at + name.size();
    if ((at > 0 && text[at - 1] != ' ') || value >= text.size() || text[value] != '=') continue;
    const auto begin = value + 1;
    return text.substr(begin, text.find(' ', begin) - begin);
  }
  return {};
}

bool has_flag(std::string_view flags, std::string_view name) {
  for (const auto& f : split(flags, '|')) {
    if (f == name) return true;
  }
  return false;
}

/// "  dio_rw-85  [001] d..1.  3.456789: page_ref_mod: pfn=..." split at its fixed parts.
struct Line {
  std::string task;
  int pid = 0;
  int cpu = 0;
  double at_s = 0;
  std::string_view rest;  ///< behind the time: "page_ref_mod: pfn=..." or "<stack trace>"
};

std::optional<Line> trace_line(std::string_view line) {
  const auto open = line.find(" [");
  const auto close = line.find(']', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  const auto who = trim(line.substr(0, open));
  const auto dash = who.rfind('-');
  const auto colon = line.find(": ", close);
  if (dash == std::string_view::npos || colon == std::string_view::npos) return std::nullopt;
  const auto pid = number<int>(who.substr(dash + 1));
  const auto cpu = number<int>(line.substr(open + 2, close - open - 2));
  const auto before = trim(line.substr(close + 1, colon - close - 1));
  const auto time = before.substr(before.rfind(' ') == std::string_view::npos ? 0 : before.rfind(' ') + 1);
  double at = 0;
  const auto [end, ec] = std::from_chars(time.data(), time.data() + time.size(), at);
  if (!pid || !cpu || ec != std::errc() || end != time.data() + time.size()) return std::nullopt;
  return Line{std::string(who.substr(0, dash)), *pid, *cpu, at, line.substr(colon + 2)};
}

std::optional<Change> change_of(const Line& line) {
  const auto colon = line.rest.find(": ");
  if (!line.rest.starts_with("page_ref_") || colon == std::string_view::npos) return std::nullopt;
  const auto text = line.rest.substr(colon + 1);
  const auto pfn = number<std::uint64_t>(field(text, "pfn"));
  const auto by = number<int>(field(text, "val"));
  if (!pfn || !by) return std::nullopt;
  Change c;
  c.at_s = line.at_s;
  c.task = line.task;
  c.pid = line.pid;
  c.cpu = line.cpu;
  c.event = line.rest.substr(0, colon);
  c.pfn = *pfn;
  c.by = *by;
  c.flags = field(text, "flags");
  c.large = has_flag(c.flags, "head");
  c.count = number<int>(field(text, "count")).value_or(0);
  c.mapcount = number<int>(field(text, "mapcount")).value_or(0);
  c.mapping = number<std::uint64_t>(field(text, "mapping"), 16).value_or(0);
  return c;
}

/// " => func <ffffffff81234567>"
Frame frame_of(std::string_view line) {
  Frame f;
  auto rest = trim(line.substr(line.find("=>") + 2));
  if (const auto open = rest.rfind('<'); open != std::string_view::npos && rest.ends_with('>')) {
    f.address = number<std::uint64_t>(rest.substr(open + 1), 16).value_or(0);
    rest = trim(rest.substr(0, open));
  }
  f.text = rest;
  return f;
}

class Reader {
 public:
  Result<Capture> read(std::string_view console) {
    for (auto line : lines(console)) {
      while (line.ends_with('\r')) line.remove_suffix(1);
      if (line == "pinrig: no page_ref")
        return make_error(ErrorKind::infra, "this kernel has no events of page_ref",
                          "its configuration needs DEBUG_PAGE_REF, as debug kernels have");
      if (line == "pinrig: holders begin") inside_ = true;
      if (line == "pinrig: holders end" && inside_) return finish();
      if (inside_) take(line);
    }
    return make_error(ErrorKind::infra, inside_ ? "the guest ended in the middle of its trace"
                                                : "the guest ended before its trace was printed");
  }

 private:
  void take(std::string_view line) {
    if (const auto at = trace_line(line); at && !line.starts_with(" =>")) return take_event(*at);
    if (trim(line).starts_with("=>")) {
      if (filling_) out_.stacks[*filling_].push_back(frame_of(line));
      return;
    }
    filling_.reset();
    if (line.starts_with('+') || line.starts_with('=')) return take_stack(line);
    if (line.starts_with("Page allocated via")) return begin_owner(line);
    if (line.starts_with("PFN ")) return name_owner(line);
    if (owner_ && line.starts_with(' ')) {
      owner_->stack.push_back({0, std::string(trim(line))});
    } else if (line.empty()) {
      end_owner();
    } else {
      take_facts(line);
    }
  }

  void take_event(const Line& line) {
    filling_.reset();
    if (line.rest.starts_with("<stack trace>")) {
      auto& waiting = pending_[line.cpu];
      // An event of an interrupt comes between another and its stack: the last one is first.
      owner_of_stack_.reset();
      if (!waiting.empty()) {
        owner_of_stack_ = waiting.back();
        waiting.pop_back();
      }
      return;
    }
    auto change = change_of(line);
    if (!change) return;
    // A change that was not made: the page had no reference left.
    const auto ret = number<int>(field(line.rest, "ret"));
    const bool made = change->event != "page_ref_mod_unless" || ret.value_or(1) != 0;
    if (!made) change->by = 0;
    pending_[line.cpu].push_back(out_.changes.size());
    out_.changes.push_back(*std::move(change));
  }

  void take_stack(std::string_view line) {
    const auto n = number<std::size_t>(line.substr(1));
    if (!n || *n == 0) return;
    if (line.front() == '+') {
      if (*n != out_.stacks.size() + 1) return;  // they are numbered as they come
      out_.stacks.emplace_back();
      filling_ = *n - 1;
    }
    if (owner_of_stack_ && *n <= out_.stacks.size()) out_.changes[*owner_of_stack_].stack = *n - 1;
    owner_of_stack_.reset();
  }

  void begin_owner(std::string_view line) {
    owner_.emplace();
    const auto word = [&](std::string_view name) {
      const auto at = line.find(name);
      return at == std::string_view::npos ? std::string_view() : line.substr(at + name.size());
    };
    owner_->order = number<int>(word("order ")).value_or(0);
    owner_->pid = number<int>(word(" pid ")).value_or(0);
    // ", tgid 85 (dio_rw), ts"
    const auto behind = word(" tgid ");
    const auto open = behind.find('('), close = behind.find("), ts");
    if (open != std::string_view::npos && close != std::string_view::npos && open < close)
      owner_->task = behind.substr(open + 1, close - open - 1);
  }

  void name_owner(std::string_view line) {
    pfn_ = number<std::uint64_t>(line.substr(4)).value_or(0);  // decimal before 6.2, with 0x since
  }

  void end_owner() {
    if (owner_ && pfn_ != 0) out_.owners[pfn_] = *std::move(owner_);
    owner_.reset();
    pfn_ = 0;
  }

  void take_facts(std::string_view line) {
    const auto count = [&](std::string_view prefix) -> std::optional<std::int64_t> {
      if (!line.starts_with(prefix)) return std::nullopt;
      return number<std::int64_t>(trim(line.substr(prefix.size())));
    };
    if (const auto n = count("before nr_foll_pin_acquired")) out_.acquired -= *n;
    if (const auto n = count("after nr_foll_pin_acquired")) out_.acquired += *n;
    if (const auto n = count("before nr_foll_pin_released")) out_.released -= *n;
    if (const auto n = count("after nr_foll_pin_released")) out_.released += *n;
    if (const auto n = count("pinrig: exit code")) out_.code = static_cast<int>(*n);
    for (const auto* name : {"overrun:", "commit overrun:"}) {
      if (const auto n = count(name)) out_.lost += static_cast<std::uint64_t>(*n);
    }
    if (line == "pinrig: cut") out_.whole = false;
  }

  Capture finish() {
    end_owner();
    return std::move(out_);
  }

  Capture out_;
  bool inside_ = false;
  std::map<int, std::vector<std::size_t>> pending_;  ///< by CPU: events whose stack has not come
  std::optional<std::size_t> owner_of_stack_;        ///< the event of the "<stack trace>" above
  std::optional<std::size_t> filling_;               ///< the stack whose frames come
  std::optional<Owner> owner_;
  std::uint64_t pfn_ = 0;
};

}  // namespace

Result<Capture> read_capture(std::string_view console) { return Reader().read(console); }

}  // namespace pinrig::holders
