// SPDX-License-Identifier: GPL-2.0
#include "holders/ledger.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <string_view>

namespace pinrig::holders {
namespace {

/// What tells apart pins and references of large folios: the functions of mm/gup.c that only pins go through,
/// in any version since 5.10.
bool is_pin_function(std::string_view name) {
  static constexpr std::array prefixes{"pin_user_page", "memfd_pin_folios", "folio_add_pin"};
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const char* p) { return name.starts_with(p); });
}

bool is_unpin_function(std::string_view name) {
  static constexpr std::array prefixes{"unpin_user_", "unpin_folio", "__unpin_devmap"};
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const char* p) { return name.starts_with(p); });
}

/// "gup_fast.constprop.0+0x1a/0x40" is gup_fast().
std::string plain(std::string_view text) { return std::string(text.substr(0, text.find_first_of("+. "))); }

/// What the tracing itself puts on a stack, above the function that changed the count.
bool is_tracing(const Frame& f) {
  static constexpr std::array prefixes{"trace_event_", "__traceiter_", "__do_trace_", "__page_ref_",
                                       "do_trace_"};
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const char* p) { return f.text.starts_with(p); });
}

/// Pins that a change of a small folio's count is; 0 when it is none.
int pins_of_bias(int by) {
  for (const int unit : {bias, bias - 1}) {
    if (std::abs(by) >= unit && by % unit == 0) return by / unit;
  }
  return 0;
}

/// Function names of all versions since 5.10.
bool is_fork(std::string_view name) {
  static constexpr std::array prefixes{"copy_page_range", "copy_present_p", "copy_pte_range", "copy_huge_pmd",
                                       "copy_hugetlb_page_range"};
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const char* p) { return name.starts_with(p); });
}

bool is_copying_fault(std::string_view name) {
  return name.starts_with("wp_page_copy") || name.starts_with("hugetlb_wp") ||
         name.starts_with("hugetlb_cow");
}

bool goes_through(const Path& path, bool (*what)(std::string_view)) {
  return std::any_of(path.begin(), path.end(), [&](const auto& l) { return what(l.function); });
}

struct Taken {
  std::size_t holder = 0;
  std::int64_t pins = 0;
  std::size_t since = 0;  ///< index of its change
};

class Matcher {
 public:
  Matcher(const Capture& capture, const Resolve& resolve) : in_(capture) {
    for (const auto& stack : capture.stacks) paths_.push_back(path_of(stack, resolve));
    resolve_ = &resolve;
  }

  Ledger run() {
    for (std::size_t i = 0; i < in_.changes.size(); ++i) {
      const auto& c = in_.changes[i];
      const auto pins = pins_in(c);
      if (pins > 0) take(i, pins);
      if (pins < 0) release(c, -pins);
      if (pins == 0) look_at_copy(c);
      last_[c.pfn] = i;
    }
    for (const auto& [pfn, taken] : pages_) hold(pfn, taken);
    add_meanwhile();
    out_.sure = in_.lost == 0 && in_.whole;
    for (std::size_t h = 0; h < out_.holders.size(); ++h) out_.holders[h].released = sorted(released_[h]);
    for (auto& [stack, e] : excess_) out_.excess.push_back(std::move(e));
    std::stable_sort(out_.excess.begin(), out_.excess.end(),
                     [](const Excess& a, const Excess& b) { return a.release.pins > b.release.pins; });
    add_copies();
    std::stable_sort(out_.holders.begin(), out_.holders.end(),
                     [](const Holder& a, const Holder& b) { return a.held > b.held; });
    return std::move(out_);
  }

 private:
  using Groups = std::map<std::size_t, Group>;  ///< by stack

  /// A page that was pinned when it was shared or replaced.
  struct Copy {
    std::size_t stack = 0;
    std::size_t holder = 0;
    std::string task;
    int refs = 0;  ///< that fork() has taken and not given back
  };
  using Copies = std::map<std::pair<std::uint64_t, int>, Copy>;  ///< by PFN and process

  void add_copies(Copied::How how, const Copies& all) {
    std::map<std::pair<std::size_t, int>, std::size_t> known;  // by stack and process, in out_.copied
    for (const auto& [page, copy] : all) {
      if (copy.refs <= 0) continue;
      const auto [at, fresh] = known.emplace(std::pair{copy.stack, page.second}, out_.copied.size());
      if (fresh)
        out_.copied.push_back(
            {how, paths_[copy.stack], out_.holders[copy.holder].taken, copy.task, page.second, {}});
      out_.copied[at->second].pages.push_back(page.first);
    }
  }

  std::size_t stack_of(const Change& c) {
    if (c.stack && *c.stack < paths_.size()) return *c.stack;
    if (!none_) {
      none_ = paths_.size();
      paths_.emplace_back();
    }
    return *none_;
  }

  std::int64_t pins_in(const Change& c) {
    if (!c.large) return pins_of_bias(c.by);
    const auto& path = paths_[stack_of(c)];
    const bool pin = goes_through(path, is_pin_function), unpin = goes_through(path, is_unpin_function);
    if (c.by > 0 && pin && !unpin) return c.by;
    // gup_fast() gives back what it took of a page that changed meanwhile.
    if (c.by < 0 && (unpin || pin)) return c.by;
    return 0;
  }

  void take(std::size_t i, std::int64_t pins) {
    const auto& c = in_.changes[i];
    const auto stack = stack_of(c);
    const auto [at, fresh] = holder_of_.emplace(stack, out_.holders.size());
    if (fresh) {
      out_.holders.push_back({.taken = paths_[stack], .task = c.task, .pid = c.pid});
      released_.emplace_back();
    }
    out_.holders[at->second].pins += pins;
    out_.taken += pins;
    pages_[c.pfn].push_back({at->second, pins, i});
  }

  void release(const Change& c, std::int64_t pins) {
    out_.released += pins;
    auto& open = pages_[c.pfn];
    while (pins > 0 && !open.empty()) {
      auto one = best(open, stack_of(c));
      const auto n = std::min(pins, one->pins);
      add(released_[one->holder], c, n);
      released_by_[c.pfn] = stack_of(c);
      one->pins -= n;
      pins -= n;
      if (one->pins == 0) open.erase(one);
    }
    if (pins > 0) add_excess(c, pins);
  }

  void add_excess(const Change& c, std::int64_t pins) {
    auto& e = excess_[stack_of(c)];
    count(e.release, c, pins);
    if (std::find(e.pages.begin(), e.pages.end(), c.pfn) == e.pages.end()) e.pages.push_back(c.pfn);
    const auto at = released_by_.find(c.pfn);
    if (at == released_by_.end()) return;
    const auto& path = paths_[at->second];
    auto known = std::find_if(e.before.begin(), e.before.end(),
                              [&](const Group& g) { return same_functions(g.path, path); });
    if (known == e.before.end()) known = e.before.insert(known, Group{.path = path});
    known->pins += pins;
    ++known->changes;
  }

  /// An anonymous page that somebody has pinned belongs to one process alone: fork() copies it at once, and a
  /// write to it needs no copy (Documentation/mm: PageAnonExclusive; before 5.19 the kernel only tried).
  void look_at_copy(const Change& c) {
    const auto open = pages_.find(c.pfn);
    if (c.by == 0 || (c.mapping & 1) == 0 || open == pages_.end() || open->second.empty()) return;
    const auto stack = stack_of(c);
    const auto holder = open->second.front().holder;
    if (goes_through(paths_[stack], is_fork)) {
      // What fork() takes before it finds the pin, and gives back.
      auto& one = forks_[{c.pfn, c.pid}];
      if (c.by > 0 && one.refs == 0) one = {stack, holder, c.task, 0};
      one.refs += c.by;
    } else if (c.by < 0 && goes_through(paths_[stack], is_copying_fault)) {
      copies_.try_emplace({c.pfn, c.pid}, Copy{stack, holder, c.task, 1});
    }
  }

  void add_copies() {
    add_copies(Copied::How::shared_by_fork, forks_);
    add_copies(Copied::How::replaced, copies_);
  }

  /// Where several stacks pinned the same page: one of those whose pins this stack has released before, else
  /// the oldest.
  std::deque<Taken>::iterator best(std::deque<Taken>& open, std::size_t stack) {
    const auto known = std::find_if(open.begin(), open.end(),
                                    [&](const Taken& t) { return released_[t.holder].contains(stack); });
    return known != open.end() ? known : open.begin();
  }

  void add(Groups& groups, const Change& c, std::int64_t pins) { count(groups[stack_of(c)], c, pins); }

  void count(Group& g, const Change& c, std::int64_t pins) {
    g.path = paths_[stack_of(c)];
    g.pins += pins;
    g.refs += c.by;
    ++g.changes;
  }

  void hold(std::uint64_t pfn, const std::deque<Taken>& taken) {
    for (const auto& t : taken) {
      auto& h = out_.holders[t.holder];
      h.held += t.pins;
      const auto same =
          std::find_if(h.pages.begin(), h.pages.end(), [&](const auto& p) { return p.pfn == pfn; });
      if (same != h.pages.end()) {
        same->pins += t.pins;
        continue;
      }
      h.pages.push_back(page_of(pfn, t));
      since_[pfn].emplace_back(t.holder, t.since);
    }
  }

  HeldPage page_of(std::uint64_t pfn, const Taken& taken) const {
    const auto& c = in_.changes[last_.at(pfn)];
    HeldPage p;
    p.pfn = pfn;
    p.pins = taken.pins;
    p.count = c.count;
    p.flags = c.flags;
    p.large = c.large;
    // PAGE_MAPPING_ANON (include/linux/page-flags.h) is the lowest bit of the mapping.
    // A page that was freed since has lost it.
    const auto mapping = in_.changes[taken.since].mapping;
    p.anon = (mapping & 1) != 0;
    p.cached = mapping != 0 && !p.anon;
    p.mappings = c.large ? -1 : c.mapcount + 1;
    if (const auto at = in_.owners.find(pfn); at != in_.owners.end()) {
      p.owner = at->second;
      p.allocated = path_of(at->second.stack, *resolve_);
    }
    return p;
  }

  void add_meanwhile() {
    std::vector<Groups> groups(out_.holders.size());
    for (std::size_t i = 0; i < in_.changes.size(); ++i) {
      const auto& c = in_.changes[i];
      const auto held = since_.find(c.pfn);
      if (held == since_.end() || c.by == 0 || pins_in(c) != 0) continue;
      for (const auto& [holder, since] : held->second) {
        if (i > since) add(groups[holder], c, 0);
      }
    }
    for (std::size_t h = 0; h < groups.size(); ++h) out_.holders[h].meanwhile = sorted(groups[h]);
  }

  static std::vector<Group> sorted(const Groups& groups) {
    std::vector<Group> out;
    for (const auto& [stack, g] : groups) out.push_back(g);
    std::stable_sort(out.begin(), out.end(),
                     [](const Group& a, const Group& b) { return a.changes > b.changes; });
    return out;
  }

  const Capture& in_;
  const Resolve* resolve_ = nullptr;
  std::vector<Path> paths_;
  std::optional<std::size_t> none_;  ///< in paths_: of changes without a stack
  Ledger out_;
  std::map<std::size_t, std::size_t> holder_of_;      ///< by stack
  std::vector<Groups> released_;                      ///< by holder
  std::map<std::size_t, Excess> excess_;              ///< by stack
  std::map<std::uint64_t, std::size_t> released_by_;  ///< the stack that last released a pin of the page
  Copies forks_, copies_;
  std::map<std::uint64_t, std::deque<Taken>> pages_;
  std::map<std::uint64_t, std::size_t> last_;  ///< change of each page
  /// By page: who holds it, and the change that began it.
  std::map<std::uint64_t, std::vector<std::pair<std::size_t, std::size_t>>> since_;
};

}  // namespace

Path path_of(const Stack& stack, const Resolve& resolve) {
  Path out;
  const auto first = std::find_if_not(stack.begin(), stack.end(), is_tracing);
  for (const auto& frame : Stack(first, stack.end())) {
    auto lines = resolve ? resolve(frame) : std::vector<model::SourceLine>();
    if (lines.empty()) lines.push_back({.function = plain(frame.text), .file = {}});
    out.insert(out.end(), lines.begin(), lines.end());
  }
  return out;
}

bool same_functions(const Path& a, const Path& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& l, const auto& m) { return l.function == m.function; });
}

Ledger make_ledger(const Capture& capture, const Resolve& resolve) { return Matcher(capture, resolve).run(); }

}  // namespace pinrig::holders
