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
constexpr std::size_t most_bad_pages = 3;

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
  const auto on_base = held_on_base(r.base ? &*r.base : nullptr, h);
  if (on_base >= h.held)
    out += fmt::format("  the base holds {} by that stack, too: not of the series\n", pins(on_base));
  else if (on_base > 0)
    out += fmt::format("  the base holds {} by that stack: the others are of the series\n", pins(on_base));
  const auto* same = r.base ? same_holder(*r.base, h) : nullptr;
  if (same != nullptr && !same->released.empty())
    out += "  on the base such pins are released:\n" + groups_text(same->released, "      ");
  return out + "  pages:\n" + pages_text(h.pages);
}

std::string why_text(Suspect::Why why) {
  switch (why) {
    case Suspect::Why::shared_by_fork:
      return "gives a child the pages that are pinned, instead of copies";
    case Suspect::Why::replaced:
      return "gives the process another page than the pinned one";
    case Suspect::Why::released_unpinned:
      return "releases pins that nobody took";
    case Suspect::Why::released_before:
      return "released the pins that are then released again";
    case Suspect::Why::last_put:
      return "drops references of the page that is then found bad";
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

std::string pfns(const std::vector<std::uint64_t>& pages) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::min(pages.size(), most_pages); ++i)
    out.push_back(fmt::format("{:#x}", pages[i]));
  return "pfn " + join(out, ", ") +
         (pages.size() > most_pages ? fmt::format(" and {} more", pages.size() - most_pages) : "");
}

std::string excess_text(const Excess& e) {
  std::string out =
      fmt::format("\n{} released without a pin, {}, by\n", pins(e.release.pins), pfns(e.pages)) +
      path_text(e.release.path, "    ");
  if (!e.before.empty())
    out += "  the pins of these pages had been released before:\n" + groups_text(e.before, "      ");
  return out;
}

std::string copied_text(const Copied& c) {
  const bool fork = c.how == Copied::How::shared_by_fork;
  std::string out =
      fmt::format("\n{}, {}, {} by {}, pid {}:\n", count_of(c.pages.size(), "pinned page"), pfns(c.pages),
                  fork ? "shared with a child" : "replaced by a copy", shown(c.task), c.pid);
  return out + path_text(c.path, "    ") + "  they were pinned by\n" + path_text(c.pinned_by, "      ");
}

std::string owner_text(const char* what, const std::optional<Owner>& o, const Path& path) {
  if (!o) return "";
  const std::string task = o->task.empty() ? "" : shown(o->task) + ", ";
  return fmt::format("  {} by {}pid {}:\n", what, task, o->pid) + path_text(path, "      ");
}

std::string bad_page_text(const PageHistory& h) {
  std::string out =
      fmt::format("\npfn {:#x}: {} ({})\n", h.report.pfn, shown(h.report.what), shown(h.report.state));
  if (!h.seen.empty()) out += "  found by\n" + path_text(h.seen, "      ");
  out +=
      owner_text("allocated", h.report.allocated, h.allocated) + owner_text("freed", h.report.freed, h.freed);
  if (h.steps.empty()) return out + "  the trace has no change of its references\n";
  out += fmt::format("  its last {}{}, newest last:\n", count_of(h.steps.size(), "change"),
                     h.earlier > 0 ? fmt::format(" of {}", h.steps.size() + h.earlier) : "");
  for (const auto& step : h.steps) {
    out += fmt::format("    {:+} to {} by {}, pid {}\n", step.by, step.count, shown(step.task), step.pid) +
           path_text(step.path, "      ");
  }
  return out;
}

std::string others_text(const Report& r) {
  std::string out;
  for (const auto& c : r.ledger.copied) out += copied_text(c);
  for (const auto& e : r.ledger.excess) out += excess_text(e);
  for (std::size_t i = 0; i < std::min(r.bad_pages.size(), most_bad_pages); ++i)
    out += bad_page_text(r.bad_pages[i]);
  if (r.bad_pages.size() > most_bad_pages)
    out += fmt::format("\nand {}\n", count_of(r.bad_pages.size() - most_bad_pages, "other bad page"));
  return out;
}

bool nothing_wrong(const Report& r) { return !differs(r.ledger, nullptr) && r.bad_pages.empty(); }

}  // namespace

std::vector<std::string> summary(const Report& r) {
  std::vector<std::string> out;
  if (!r.ledger.sure && r.bad_pages.empty()) return {"the trace lost events: nobody is named"};
  const Ledger* base = r.base ? &*r.base : nullptr;
  std::int64_t held = 0, on_base = 0;
  std::size_t pages = 0;
  for (const auto& h : r.ledger.holders) {
    held += h.held;
    pages += h.pages.size();
    on_base += std::min(h.held, held_on_base(base, h));
  }
  if (held > 0)
    out.push_back(fmt::format("{} of {} held, on {}", held, pins(r.ledger.taken), count_of(pages, "page")) +
                  (on_base > 0 ? fmt::format("; {} of them on the base, too", on_base) : ""));
  for (const auto& e : r.ledger.excess)
    out.push_back(fmt::format("{} released without a pin", pins(e.release.pins)));
  for (const auto& c : r.ledger.copied)
    out.push_back(fmt::format("{} {} by {}", count_of(c.pages.size(), "pinned page"),
                              c.how == Copied::How::replaced ? "replaced by a copy" : "shared with a child",
                              shown(c.task)));
  for (const auto& p : r.bad_pages)
    out.push_back(fmt::format("pfn {:#x}: {}", p.report.pfn, shown(p.report.what)));
  if (out.empty()) out.emplace_back("every pin that was taken was released");
  if (r.suspect) {
    std::string look = suspect_text(*r.suspect);
    out.emplace_back(trim(look));
  }
  if (!r.base_problem.empty()) out.push_back("not compared with the base: " + shown(r.base_problem));
  return out;
}

std::string to_text(const Report& r) {
  const auto held = r.ledger.taken - r.ledger.released;
  std::string out = fmt::format("{} on {}: {} taken, {} released", r.test, r.kernel, pins(r.ledger.taken),
                                r.ledger.released);
  out += fmt::format(" in the trace; the kernel counted {} and {}\n", r.acquired, r.counted_released);
  if (!r.ledger.sure) {
    out += "The trace lost events: a release of what looks held may be one of them, so nobody is named.\n";
    for (const auto& p : r.bad_pages) out += bad_page_text(p);
    return out + (r.suspect ? suspect_text(*r.suspect) : "");
  }
  if (held != r.acquired - r.counted_released)
    out +=
        "The trace does not account for all that the counters saw: some pins are in no event that it "
        "follows.\n";
  if (!r.base_problem.empty()) out += "Not compared with the base: " + shown(r.base_problem) + "\n";
  std::size_t shown_holders = 0, others = 0;
  for (const auto& h : r.ledger.holders) {
    if (h.held == 0) continue;
    if (shown_holders++ < most_holders)
      out += holder_text(h, r);
    else
      ++others;
  }
  if (others > 0) out += fmt::format("\nand {} that hold pins\n", count_of(others, "other stack"));
  out += others_text(r);
  if (nothing_wrong(r)) out += "Every pin that was taken was released.\n";
  return out + (r.suspect ? suspect_text(*r.suspect) : "");
}

}  // namespace pinrig::holders
