// SPDX-License-Identifier: GPL-2.0
// Rules on what the kernel said on the console while a test ran, and on its taint.
#include <fmt/format.h>

#include <array>
#include <map>

#include "verdict/evidence.h"

namespace pinrig::verdict {
namespace {

using model::Verdict;

struct KindRule {
  std::string_view kind;
  Verdict verdict;
};

// Kinds of console/table.cc. What is not here makes a test fail.
constexpr std::array<KindRule, 12> kind_rules{{
    {"panic", Verdict::crash},
    {"oops", Verdict::crash},
    {"bug", Verdict::crash},
    {"kasan", Verdict::crash},
    {"kfence", Verdict::crash},
    {"bad_page", Verdict::crash},
    {"refcount", Verdict::crash},
    {"slab", Verdict::crash},
    {"reboot", Verdict::crash},
    {"events_lost", Verdict::error},
    {"hardware", Verdict::error},  // a machine check of the emulated machine says nothing about the series
    {"page_dump",
     Verdict::pass},  // gup_test -c dumps pages on purpose; a real one comes with a BUG or WARNING
}};

/// Letters of Documentation/admin-guide/tainted-kernels.rst, by bit.
std::string taint_letters(std::uint64_t bits) {
  constexpr std::string_view letters = "PFSRMBUDAWCIOELKXTNJ";
  std::string out;
  for (std::size_t i = 0; i < 64; ++i) {
    if ((bits >> i & 1U) == 0) continue;
    if (i < letters.size())
      out += letters[i];
    else
      out += fmt::format("(bit {})", i);
  }
  return out;
}

/// "# expects kernel: TEXT" lines: the test provokes an event whose title contains TEXT. Only what would make
/// it fail; a crash cannot be announced.
class Announced {
 public:
  explicit Announced(const model::TestRecord& record) {
    for (const std::string_view title : marked_lines(record.output, "# expects kernel: "))
      seen_.emplace(title, false);
  }

  bool covers(const model::KernelEvent& event, Verdict verdict) {
    bool found = false;
    if (verdict != Verdict::fail) return false;
    for (auto& [title, seen] : seen_) {
      if (event.title.find(title) == std::string::npos) continue;
      found = seen = true;
    }
    return found;
  }

  std::vector<std::string> unseen() const {
    std::vector<std::string> out;
    for (const auto& [title, seen] : seen_) {
      if (!seen) out.push_back(title);
    }
    return out;
  }

 private:
  std::map<std::string, bool> seen_;
};

}  // namespace

Verdict event_verdict(const model::KernelEvent& event) {
  if (event.fatal) return Verdict::crash;
  for (const auto& rule : kind_rules) {
    if (rule.kind == event.kind) return rule.verdict;
  }
  return Verdict::fail;
}

void judge_kernel(const model::TestRecord& record, const std::vector<model::KernelEvent>& events,
                  Evidence& evidence) {
  bool explained = false;
  Announced announced(record);
  for (const auto& e : events) {
    if (e.owner != record.name) continue;
    const Verdict v = event_verdict(e);
    if (v == Verdict::pass) continue;
    explained = true;
    if (announced.covers(e, v)) continue;
    evidence.against(v, fmt::format("{} (console line {})", e.title, e.first_line));
  }
  using Exit = model::TestExit::Kind;
  if (record.exit.kind == Exit::lost || record.exit.kind == Exit::not_run) return;
  if (!record.taint_before || !record.taint_after) {
    evidence.against(Verdict::error,
                     fmt::format("the kernel's taint could not be read {} the test: what it hid is unknown",
                                 record.taint_before ? "after" : "before"));
    return;
  }
  for (const auto& title : announced.unseen()) {
    evidence.against(Verdict::fail, "the test announced an event of the kernel that did not come: " + title);
  }
  const std::uint64_t fresh = *record.taint_after & ~*record.taint_before;
  if (fresh != 0 && !explained) {
    evidence.against(
        Verdict::fail,
        fmt::format("kernel tainted: {}, and no message of the kernel in the test's time says why",
                    taint_letters(fresh)));
  }
}

}  // namespace pinrig::verdict
