// SPDX-License-Identifier: GPL-2.0
#include "holders/history.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pinrig::holders {
namespace {

/// Without what printk() puts in front: "[    3.100000] ", "[    3.100000][   T85] ".
std::string_view without_time(std::string_view line) {
  while (line.ends_with('\r')) line.remove_suffix(1);
  while (line.starts_with('[')) {
    const auto close = line.find(']');
    if (close == std::string_view::npos) break;
    line.remove_prefix(close + 1);
  }
  return line.starts_with(' ') ? line.substr(1) : line;
}

std::string_view behind(std::string_view text, std::string_view what) {
  const auto at = text.find(what);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + what.size());
}

int number_behind(std::string_view text, std::string_view what) {
  const auto digits = behind(text, what);
  int out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

/// "page: refcount:-1023 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0xde96"; before 6.12 "page:ADDRESS
/// refcount:...".
std::optional<std::uint64_t> dumped_pfn(std::string_view line) {
  if (!line.starts_with("page:") || line.find("refcount:") == std::string_view::npos) return std::nullopt;
  const auto digits = behind(line, " pfn:0x");
  std::uint64_t out = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
  return parsed.ec == std::errc() ? std::optional(out) : std::nullopt;
}

/// What a test asks for: gup_test's dump of pages.
bool is_asked_for(const PageReport& r) { return r.what.find("gup_test") != std::string::npos; }

class ReportReader {
 public:
  std::vector<PageReport> read(std::string_view console) {
    for (const auto line : lines(console)) take(without_time(line));
    finish();
    return std::move(out_);
  }

 private:
  void take(std::string_view line) {
    if (const auto bad = behind(line, "BUG: Bad page state in process "); !bad.empty()) {
      finish();
      bad_ = "Bad page state in process " + std::string(trim(bad.substr(0, bad.find("  pfn:"))));
      return;
    }
    if (const auto pfn = dumped_pfn(line)) return begin(*pfn, line);
    if (!report_) return;
    if (line.starts_with("page dumped because: ")) {
      const std::string why(line.substr(line.find(": ") + 2));
      report_->what = report_->what.empty() ? why : report_->what + ": " + why;
    } else if (line.starts_with("page last allocated via order ")) {
      into(report_->allocated.emplace(owner_of(line)).stack);
    } else if (line.starts_with("page last free ")) {
      into(report_->freed.emplace(owner_of(line)).stack);
    } else if (line.starts_with("Call Trace:") || line.starts_with("Call trace:")) {
      into(report_->seen);
    } else if (stack_ != nullptr && line.starts_with(' ')) {
      if (const auto text = trim(line); !text.empty() && !text.starts_with('<') && !text.starts_with("? "))
        stack_->push_back({0, std::string(text)});
    } else {
      stack_ = nullptr;
      // What follows the trace is no longer about the page.
      if (!report_->seen.empty()) finish();
    }
  }

  void begin(std::uint64_t pfn, std::string_view line) {
    if (bad_.empty()) finish();
    if (report_) finish();
    report_.emplace();
    report_->pfn = pfn;
    report_->what = std::exchange(bad_, "");
    const auto state = line.substr(line.find("refcount:"));
    report_->state = trim(state.substr(0, state.find(" pfn:")));
  }

  void into(Stack& stack) {
    stack.clear();
    stack_ = &stack;
  }

  static Owner owner_of(std::string_view line) {
    Owner o;
    o.order = number_behind(line, " order ");
    o.pid = number_behind(line, " pid ");
    // ", tgid 85 (dio_rw), ts"
    const auto name = behind(line, " tgid ");
    const auto open = name.find('('), close = name.find("), ts");
    if (open != std::string_view::npos && close != std::string_view::npos && open < close)
      o.task = name.substr(open + 1, close - open - 1);
    return o;
  }

  void finish() {
    stack_ = nullptr;
    if (!report_) return;
    const bool known =
        std::any_of(out_.begin(), out_.end(), [&](const auto& r) { return r.pfn == report_->pfn; });
    if (!known && !report_->what.empty() && !is_asked_for(*report_)) out_.push_back(*std::move(report_));
    report_.reset();
  }

  std::vector<PageReport> out_;
  std::optional<PageReport> report_;
  std::string bad_;         ///< the line above a dump
  Stack* stack_ = nullptr;  ///< whose lines come
};

}  // namespace

std::vector<PageReport> read_page_reports(std::string_view console) { return ReportReader().read(console); }

std::vector<PageHistory> make_history(const std::vector<PageReport>& reports, const Capture& capture,
                                      const Resolve& resolve, std::size_t most) {
  std::vector<PageHistory> out;
  for (const auto& r : reports) {
    PageHistory h{.report = r, .seen = path_of(r.seen, resolve), .allocated = {}, .freed = {}, .steps = {}};
    if (r.allocated) h.allocated = path_of(r.allocated->stack, resolve);
    if (r.freed) h.freed = path_of(r.freed->stack, resolve);
    for (const auto& c : capture.changes) {
      if (c.pfn != r.pfn || c.by == 0) continue;
      h.steps.push_back({c.at_s, c.task, c.pid, c.by, c.count, {}});
      if (c.stack && *c.stack < capture.stacks.size())
        h.steps.back().path = path_of(capture.stacks[*c.stack], resolve);
    }
    if (h.steps.size() > most) {
      h.earlier = h.steps.size() - most;
      h.steps.erase(h.steps.begin(), h.steps.end() - static_cast<std::ptrdiff_t>(most));
    }
    out.push_back(std::move(h));
  }
  return out;
}

}  // namespace pinrig::holders
