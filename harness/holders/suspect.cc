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

std::vector<Evidence> evidence(const Ledger& ledger, const Ledger* base) {
  std::vector<Evidence> out;
  add(out, Why::took_too_little, Tree::traced, ledger.unmatched);
  for (const auto& h : ledger.holders) {
    if (h.held == 0) continue;
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

std::optional<Suspect> suspect(const Ledger& ledger, const Ledger* base, const Patched& patched) {
  if (!ledger.sure) return std::nullopt;
  const auto all = evidence(ledger, base);
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

}  // namespace pinrig::holders
