// SPDX-License-Identifier: GPL-2.0
#include "holders/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pinrig::holders {
namespace {

constexpr std::size_t most_holders = 5;
constexpr std::size_t most_groups = 3;
constexpr std::size_t most_pages = 4;

std::string pins(std::int64_t n) { return count_of(static_cast<std::size_t>(n), "pin"); }

std::string place(const model::SourceLine& l) {
  return l.file.empty() ? "" : fmt::format("{}:{}", l.file, l.line);
}

/// The events of page_ref begin below the function that the tracing itself is.
std::string path_text(const Path& path, const char* indent) {
  std::string out;
  for (const auto& l : path) {
    out += fmt::format("{}{:<36} {}{}{}\n", indent, shown(l.function) + "()", place(l),
                       l.inlined ? " (inlined)" : "", l.patch > 0 ? fmt::format("  patch {}", l.patch) : "");
  }
  return out.empty() ? fmt::format("{}a stack that is not known\n", indent) : out;
}

std::string groups_text(const std::vector<Group>& groups, const char* indent) {
  std::string out;
  for (std::size_t i = 0; i < std::min(groups.size(), most_groups); ++i) {
    const auto& g = groups[i];
    out += g.pins > 0 ? fmt::format("    {} by\n", pins(g.pins))
                      : fmt::format("    {:+} references in {} by\n", g.refs, count_of(g.changes, "change"));
    out += path_text(g.path, indent);
  }
  if (groups.size() > most_groups)
    out += fmt::format("    and by {}\n", count_of(groups.size() - most_groups, "other stack"));
  return out;
}

std::string kind(const HeldPage& p) {
  return p.anon ? "anonymous" : p.cached ? "of a file or shared memory" : "no mapping";
}

std::string page_text(const HeldPage& p) {
  std::string out =
      fmt::format("    pfn {:#x}  {}, {} left, {}", p.pfn, pins(p.pins),
                  count_of(static_cast<std::size_t>(std::max(p.count, 0)), "reference"), kind(p));
  if (p.owner)
    out += fmt::format(", order {}", p.owner->order);
  else if (p.large)
    out += ", large";
  if (p.mappings >= 0)
    out += fmt::format(", mapped {}", p.mappings == 1 ? "once" : fmt::format("{} times", p.mappings));
  if (!p.flags.empty()) out += ", " + shown(p.flags);
  out += "\n";
  if (!p.owner) return out;
  const std::string task = p.owner->task.empty() ? "" : shown(p.owner->task) + ", ";
  return out + fmt::format("      allocated by {}pid {}:\n", task, p.owner->pid) +
         path_text(p.allocated, "        ");
}

/// The allocation is told once for pages that have the same.
std::string pages_text(const std::vector<HeldPage>& pages) {
  std::string out;
  for (std::size_t i = 0; i < std::min(pages.size(), most_pages); ++i) {
    HeldPage p = pages[i];
    const auto functions = [](const Path& path) {
      std::string all;
      for (const auto& l : path) all += l.function + " ";
      return all;
    };
    const bool told =
        i > 0 && p.owner && pages[0].owner && functions(p.allocated) == functions(pages[0].allocated);
    std::string text = page_text(p);
    if (told) text = text.substr(0, text.find('\n') + 1);
    out += text;
  }
  if (pages.size() > most_pages)
    out += fmt::format("    and {}\n", count_of(pages.size() - most_pages, "other page"));
  return out;
}

std::string holder_text(const Holder& h, const Report& r) {
  std::string out = fmt::format("\n{} of {} held, on {}, taken by {}, pid {}:\n", h.held, pins(h.pins),
                                count_of(h.pages.size(), "page"), shown(h.task), h.pid);
  out += path_text(h.taken, "    ");
  if (!h.released.empty())
    out += "  others of that stack were released:\n" + groups_text(h.released, "      ");
  std::vector<Group> dropped;
  std::copy_if(h.meanwhile.begin(), h.meanwhile.end(), std::back_inserter(dropped),
               [](const Group& g) { return g.refs < 0; });
  if (!dropped.empty())
    out += "  their pages lost references, but no pin:\n" + groups_text(dropped, "      ");
  const auto* same = r.base ? same_holder(*r.base, h) : nullptr;
  if (same != nullptr && !same->released.empty())
    out += "  on the base such pins are released:\n" + groups_text(same->released, "      ");
  return out + "  pages:\n" + pages_text(h.pages);
}

std::string why_text(Suspect::Why why) {
  switch (why) {
    case Suspect::Why::took_too_little:
      return "releases pins that nobody took";
    case Suspect::Why::dropped:
      return "drops a reference of these pages and not the pin";
    case Suspect::Why::releases_others:
      return "released other pins of that stack, but not these";
    case Suspect::Why::releases_on_base:
      return "releases such pins on the base";
    case Suspect::Why::took:
      break;
  }
  return "took the pins";
}

std::string suspect_text(const Suspect& s) {
  const std::string where = place(s.line).empty() ? "" : " at " + place(s.line);
  const std::string who = s.patch > 0
                              ? fmt::format("patch {} changes it", s.patch)
                              : std::string("no patch of the series changes a function of these stacks");
  return fmt::format("\nlook at {}(){}: {}; {}\n", shown(s.line.function), where, why_text(s.why), who);
}

}  // namespace

std::string to_text(const Report& r) {
  const auto held = r.ledger.taken - r.ledger.released;
  std::string out = fmt::format("{} on {}: {} taken, {} released", r.test, r.kernel, pins(r.ledger.taken),
                                r.ledger.released);
  out += fmt::format(" in the trace; the kernel counted {} and {}\n", r.acquired, r.counted_released);
  if (!r.ledger.sure) {
    out += "The trace lost events: a release of what looks held may be one of them, so nobody is named.\n";
    return out;
  }
  if (held != r.acquired - r.counted_released)
    out +=
        "The trace does not account for all that the counters saw: some pins are in no event that it "
        "follows.\n";
  std::size_t shown_holders = 0, others = 0;
  for (const auto& h : r.ledger.holders) {
    if (h.held == 0) continue;
    if (shown_holders++ < most_holders)
      out += holder_text(h, r);
    else
      ++others;
  }
  if (others > 0) out += fmt::format("\nand {} that hold pins\n", count_of(others, "other stack"));
  if (!r.ledger.unmatched.empty())
    out += "\nreleased without a pin:\n" + groups_text(r.ledger.unmatched, "      ");
  if (shown_holders == 0 && r.ledger.unmatched.empty()) out += "Every pin that was taken was released.\n";
  return out + (r.suspect ? suspect_text(*r.suspect) : "");
}

}  // namespace pinrig::holders
