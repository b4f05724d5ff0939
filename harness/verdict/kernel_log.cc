// SPDX-License-Identifier: GPL-2.0
// Rules on what the kernel said on the console while a test ran, and on its taint.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/text.h"
#include "verdict/evidence.h"
#include "verdict/taint.h"

namespace pinrig::verdict {
namespace {

using model::Verdict;

struct KindRule {
  std::string_view kind;
  Verdict verdict;
  std::uint64_t taint;  ///< bits that the kernel sets with such a report
};

// Kinds of console/table.cc. What is not here makes a test fail and sets no bit. The bits are those of
// add_taint() in 6.1 to 6.17: kernel/panic.c, __warn(); arch/x86/kernel/dumpstack.c, oops_end();
// arch/arm64/kernel/traps.c, die(); mm/page_alloc.c, bad_page(); mm/memory.c, print_bad_pte(); mm/slub.c;
// mm/kasan/report.c and mm/kfence/report.c; mm/kmsan/report.c; kernel/sched/core.c, __schedule_bug() and
// __might_resched(); kernel/watchdog.c, watchdog_timer_fn().
constexpr std::array kind_rules{
    KindRule{"panic", Verdict::crash, taint_die | taint_warn},
    KindRule{"oops", Verdict::crash, taint_die},
    KindRule{"bug", Verdict::crash, taint_die},
    KindRule{"kasan", Verdict::crash, taint_bad_page},
    KindRule{"kfence", Verdict::crash, taint_bad_page},
    KindRule{"bad_page", Verdict::crash, taint_bad_page},
    KindRule{"refcount", Verdict::crash, taint_warn},
    KindRule{"slab", Verdict::crash, taint_bad_page | taint_warn},
    KindRule{"reboot", Verdict::crash, 0},
    KindRule{"warning", Verdict::fail, taint_warn},
    KindRule{"atomic_sleep", Verdict::fail, taint_warn},
    KindRule{"race", Verdict::fail, taint_bad_page},
    // A stuck task or CPU: what it waits for may be what the test is about.
    KindRule{"hung_task", Verdict::timeout, 0},
    KindRule{"soft_lockup", Verdict::timeout, taint_soft_lockup},
    KindRule{"hard_lockup", Verdict::timeout, 0},
    KindRule{"rcu_stall", Verdict::timeout, 0},
    KindRule{"events_lost", Verdict::error, 0},
    // A machine check of the emulated machine says nothing about the series.
    KindRule{"hardware", Verdict::error, taint_machine_check},
    // gup_test -c dumps pages on purpose; a real one comes with a BUG or WARNING.
    KindRule{"page_dump", Verdict::pass, 0},
};

const KindRule* rule_for(const std::string& kind) {
  const auto it =
      std::find_if(kind_rules.begin(), kind_rules.end(), [&](const auto& r) { return r.kind == kind; });
  return it == kind_rules.end() ? nullptr : &*it;
}

/// Shorter texts are part of nearly every title.
constexpr std::size_t shortest_announcement = 8;

/// "# expects kernel: TEXT" and "# expects kernel N: TEXT" lines: the test provokes one event (or N) whose
/// title contains TEXT. Only what would make it fail; a crash cannot be announced.
class Announced {
 public:
  Announced(const model::TestRecord& record, Evidence& evidence) {
    for (const std::string_view line : marked_lines(record.output, announcement_mark)) read(line, evidence);
  }

  /// How many of the event's reports were not announced.
  int uncovered(const model::KernelEvent& event, Verdict verdict) {
    int rest = event.count;
    if (verdict != Verdict::fail) return rest;
    for (auto& [title, n] : announced_) {
      if (event.title.find(title) == std::string::npos) continue;
      n.seen = true;
      const int taken = std::min(n.left, rest);
      n.left -= taken;
      rest -= taken;
    }
    return rest;
  }

  std::vector<std::string> unseen() const {
    std::vector<std::string> out;
    for (const auto& [title, n] : announced_) {
      if (!n.seen) out.push_back(title);
    }
    return out;
  }

 private:
  struct Number {
    int left = 0;
    bool seen = false;
  };

  void read(std::string_view line, Evidence& evidence) {
    constexpr int most = 10000;
    int n = 1;
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && colon > 0) {
      const std::string_view number = trim(line.substr(0, colon));
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), n);
      if (error != std::errc{} || end != number.data() + number.size() || n < 1 || n > most) n = 0;
    }
    const std::string_view title = colon == std::string_view::npos ? "" : trim(line.substr(colon + 1));
    if (n == 0 || title.size() < shortest_announcement) {
      return evidence.against(Verdict::error,
                              fmt::format("\"# expects kernel{}\" is invalid: expected \"[N]: TEXT\" with a "
                                          "TEXT of at least {} characters",
                                          line.substr(0, 60), shortest_announcement));
    }
    Number& number = announced_[std::string(title)];
    number.left = std::min(number.left + n, most);
  }

  std::map<std::string, Number> announced_;
};

/// A warning that an earlier test had set off was not printed again. `note_only`: nothing better can be asked
/// of this kernel, or the test has a worse verdict anyway.
void judge_unarmed(bool note_only, Evidence& evidence) {
  if (note_only) return evidence.note("WARN_ONCE could not be armed again before the test (clear_warn_once)");
  evidence.against(Verdict::error,
                   "clear_warn_once could not be written: a repeated WARN_ONCE is not printed");
}

std::string event_text(const model::KernelEvent& e, int count) {
  std::string text = fmt::format("{} (console line {}", e.title, e.first_line);
  if (count > 1) text += fmt::format(", {} times", count);
  if (count < e.count) text += fmt::format(", {} of them announced", e.count - count);
  return text + ")";
}

}  // namespace

Verdict event_verdict(const model::KernelEvent& event) {
  if (event.fatal) return Verdict::crash;
  const KindRule* rule = rule_for(event.kind);
  return rule ? rule->verdict : Verdict::fail;
}

std::string event_text(const model::KernelEvent& event) { return event_text(event, event.count); }

void judge_between(const std::vector<model::TestRecord>& records,
                   const std::vector<model::KernelEvent>& events, Evidence& evidence) {
  std::uint64_t explained = 0;
  for (const auto& e : events) {
    if (const KindRule* rule = rule_for(e.kind)) explained |= rule->taint;
  }
  std::uint64_t fresh = 0;
  std::map<int, std::uint64_t> last;  // of each guest, 0 when it boots
  for (const auto& r : records) {
    if (!r.taint_before || !r.taint_after) continue;
    std::uint64_t& before = last[r.guest];
    fresh |= *r.taint_before & ~before;
    before = *r.taint_before | *r.taint_after;
  }
  fresh &= taint_of_reports & ~explained;
  if (fresh != 0)
    evidence.against(Verdict::fail, fmt::format("kernel tainted: {}, and no message of the kernel says why",
                                                taint_letters(fresh)));
}

void judge_kernel(const model::TestRecord& record, const std::vector<model::KernelEvent>& events,
                  Evidence& evidence) {
  std::uint64_t explained = 0;
  bool red = false;
  Announced announced(record, evidence);
  std::vector<std::string> incomplete;
  for (const auto& e : events) {
    if (e.owner != record.name) continue;
    const Verdict v = event_verdict(e);
    if (const KindRule* rule = rule_for(e.kind); rule && v != Verdict::pass) explained |= rule->taint;
    if (v == Verdict::pass) {
      evidence.splat(e, v, "");
      continue;
    }
    const int count = announced.uncovered(e, v);
    if (count == 0) continue;
    if (e.kind == "events_lost") {
      incomplete.push_back(event_text(e, count));
      continue;
    }
    red = true;
    evidence.splat(e, v, event_text(e, count));
  }
  // What is missing cannot make it any better where something was found.
  for (auto& text : incomplete) {
    if (red)
      evidence.note(std::move(text));
    else
      evidence.against(Verdict::error, text + ": what it hid is unknown");
  }
  using Exit = model::TestExit::Kind;
  const bool ran = record.exit.kind != Exit::lost && record.exit.kind != Exit::not_run;
  if (!record.once_armed) judge_unarmed(record.once_absent || red || !ran, evidence);
  if (!ran) return;
  if (!record.logged) {
    evidence.against(Verdict::error,
                     "the console does not have the agent's marks around the test: the kernel's log is lost");
  }
  if (!record.taint_before || !record.taint_after) {
    evidence.against(Verdict::error,
                     fmt::format("the kernel's taint could not be read {} the test: what it hid is unknown",
                                 record.taint_before ? "after" : "before"));
    return;
  }
  for (const auto& title : announced.unseen()) {
    evidence.against(Verdict::fail, "the test announced a kernel event that did not occur: " + title);
  }
  const std::uint64_t fresh = *record.taint_after & ~*record.taint_before & ~explained;
  if (fresh != 0) {
    evidence.against(Verdict::fail,
                     fmt::format("kernel tainted: {}, but no kernel message during the test explains it",
                                 taint_letters(fresh)));
  }
}

}  // namespace pinrig::verdict
