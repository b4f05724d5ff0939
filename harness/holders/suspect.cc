// SPDX-License-Identifier: GPL-2.0
#include "holders/suspect.h"

#include <algorithm>

namespace pinrig::holders {
namespace {

using Why = Suspect::Why;

/// Code that every user of pins goes through, or that a system call begins with.
bool is_common(const model::SourceLine& l) {
  const auto below = [&](const char* folder) { return l.file.starts_with(folder); };
  return l.file.empty() || l.file == "lib/iov_iter.c" || l.file.ends_with(".h") || below("mm/") ||
         below("arch/") || below("kernel/entry/") || below("kernel/trace/");
}

/// A stack, and what it is to the pins that are held.
struct Evidence {
  Why why;
  const Path* path;
  Tree tree;
};

void add(std::vector<Evidence>& out, Why why, Tree tree, const std::vector<Group>& groups,
         bool dropping = false) {
  for (const auto& g : groups) {
    if (!dropping || g.refs < 0) out.push_back({why, &g.path, tree});
  }
}

bool on_base(const Ledger* base, const Copied& c) {
  return base != nullptr && std::any_of(base->copied.begin(), base->copied.end(), [&](const Copied& b) {
           return b.how == c.how && same_functions(b.path, c.path);
         });
}

bool on_base(const Ledger* base, const Excess& e) {
  return base != nullptr && std::any_of(base->excess.begin(), base->excess.end(), [&](const Excess& b) {
           return same_functions(b.release.path, e.release.path) && b.release.pins >= e.release.pins;
         });
}

bool is_new(const Ledger* base, const Holder& h) { return h.held > held_on_base(base, h); }

std::vector<Evidence> evidence(const Ledger& ledger, const Ledger* base) {
  std::vector<Evidence> out;
  for (const auto& c : ledger.copied) {
    const auto why = c.how == Copied::How::replaced ? Why::replaced : Why::shared_by_fork;
    if (!on_base(base, c)) out.push_back({why, &c.path, Tree::traced});
  }
  for (const auto& e : ledger.excess) {
    if (on_base(base, e)) continue;
    out.push_back({Why::released_unpinned, &e.release.path, Tree::traced});
    add(out, Why::released_before, Tree::traced, e.before);
  }
  for (const auto& h : ledger.holders) {
    if (!is_new(base, h)) continue;
    add(out, Why::dropped, Tree::traced, h.meanwhile, true);
    add(out, Why::releases_others, Tree::traced, h.released);
    const auto* same = base == nullptr ? nullptr : same_holder(*base, h);
    if (same != nullptr) add(out, Why::releases_on_base, Tree::base, same->released);
    out.push_back({Why::took, &h.taken, Tree::traced});
  }
  return out;
}

/// Functions of two stacks that are the same, counted from the outermost.
std::size_t in_common(const Path& a, const Path& b) {
  const auto [x, y] = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend(),
                                    [](const auto& l, const auto& m) { return l.function == m.function; });
  static_cast<void>(y);
  return static_cast<std::size_t>(x - a.rbegin());
}

}  // namespace

const Holder* same_holder(const Ledger& base, const Holder& holder) {
  const Holder* best = nullptr;
  std::size_t most = 0;
  for (const auto& h : base.holders) {
    const std::size_t n = in_common(h.taken, holder.taken);
    if (n > most) best = &h;
    most = std::max(most, n);
  }
  return best;
}

std::int64_t held_on_base(const Ledger* base, const Holder& holder) {
  std::int64_t out = 0;
  if (base == nullptr) return 0;
  for (const auto& b : base->holders) {
    if (same_functions(b.taken, holder.taken)) out += b.held;
  }
  return out;
}

bool differs(const Ledger& ledger, const Ledger* base) {
  const auto absent = [&](const auto& what) { return !on_base(base, what); };
  return std::any_of(ledger.holders.begin(), ledger.holders.end(),
                     [&](const Holder& h) { return is_new(base, h); }) ||
         std::any_of(ledger.excess.begin(), ledger.excess.end(), absent) ||
         std::any_of(ledger.copied.begin(), ledger.copied.end(), absent);
}

namespace {

/// The first function that the series changes, else the first that is not common.
std::optional<Suspect> first_of(const std::vector<Evidence>& all, const Patched& patched) {
  for (const auto& e : all) {
    for (const auto& line : *e.path) {
      if (const int patch = patched ? patched(e.tree, line) : 0; patch > 0)
        return Suspect{e.why, line, patch};
    }
  }
  for (const auto& e : all) {
    const auto at = std::find_if_not(e.path->begin(), e.path->end(), is_common);
    if (at != e.path->end()) return Suspect{e.why, *at, 0};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Suspect> suspect(const Ledger& ledger, const Ledger* base, const Patched& patched) {
  if (!ledger.sure) return std::nullopt;
  return first_of(evidence(ledger, base), patched);
}

std::optional<Suspect> suspect(const std::vector<PageHistory>& pages, const Patched& patched) {
  std::vector<Evidence> all;
  for (const auto& page : pages) {
    for (auto step = page.steps.rbegin(); step != page.steps.rend(); ++step) {
      if (step->by < 0) all.push_back({Why::last_put, &step->path, Tree::traced});
    }
  }
  return first_of(all, patched);
}

}  // namespace pinrig::holders
