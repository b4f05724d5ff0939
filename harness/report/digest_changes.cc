// SPDX-License-Identifier: GPL-2.0
// What differs between base and tip. What could not be tested is no difference.
#include "report/digest_changes.h"

#include <algorithm>
#include <set>

namespace pinrig::report {
namespace {

using assess::Delta;
using assess::DeltaKind;
using model::Verdict;

/// The row of the test or case that `d` names; null when the kernel has none.
const Row* row_of(const KernelData& k, const Delta& d) {
  const TestData* t = k.find(d.test);
  if (t == nullptr || d.case_name.empty()) return t == nullptr ? nullptr : &t->row;
  for (const auto& c : t->cases) {
    if (c.verdict().case_name == d.case_name) return &c;
  }
  return nullptr;
}

/// Tests without a result because their guest was lost or has not ended: they say nothing by themselves.
std::set<std::string> untested(const KernelData& k) {
  std::set<std::string> out;
  for (const auto& g : k.guests) {
    if (g.completed()) continue;
    for (const auto& t : g.tests) {
      if (t.row.verdict().verdict == Verdict::missing) out.insert(t.name());
    }
  }
  return out;
}

/// Tests and cases of a kernel as assess::compare() takes them, without some tests.
assess::Results results_without(const KernelData& k, const std::set<std::string>& without) {
  assess::Results out;
  for (const auto& g : k.guests) {
    for (const auto& t : g.tests) {
      if (without.contains(t.name())) continue;
      out.push_back(&t.row.result);
      for (const auto& c : t.cases) out.push_back(&c.result);
    }
  }
  return out;
}

/// The last point above the base with the same architecture and configuration.
const KernelData* tip_of(const RunData& data, const KernelData& base) {
  const KernelData* last = nullptr;
  for (const auto& k : data.kernels) {
    if (!k.row.point.is_base() && data.base_of(k) == &base) last = &k;
  }
  return last;
}

/// The first point after the base whose verdict is that of the tip; nothing when only one was run.
const KernelData* first_seen(const RunData& data, const KernelData& base, const Delta& d) {
  std::size_t points = 0;
  const KernelData* found = nullptr;
  for (const auto& k : data.kernels) {
    if (k.row.point.is_base() || data.base_of(k) != &base) continue;
    ++points;
    const auto* row = row_of(k, d);
    if (found == nullptr && row != nullptr && d.after && row->verdict().verdict == d.after->verdict)
      found = &k;
  }
  return points > 1 ? found : nullptr;
}

/// The first patch after the last point before `seen` that has a result of the row.
int first_suspect(const RunData& data, const KernelData& base, const KernelData& seen, const Delta& d) {
  int last = 0;
  for (const auto& k : data.kernels) {
    if (k.row.point.is_base() || data.base_of(k) != &base) continue;
    if (k.row.point.number >= seen.row.point.number) break;
    const auto* row = row_of(k, d);
    // That a test or case is absent is a result too, unless its guest was lost.
    const bool has_result = row != nullptr ? row->verdict().verdict != Verdict::missing : k.completed();
    if (k.built() && has_result) last = k.row.point.number;
  }
  return last + 1;
}

/// The same verdicts; pages and numbers may differ.
bool alike(const Change& a, const Change& b) {
  const Delta& x = a.delta;
  const Delta& y = b.delta;
  const auto verdict = [](const std::optional<assess::Seen>& s) {
    return s ? std::optional(s->verdict) : std::nullopt;
  };
  return x.kind == y.kind && x.test == y.test && x.case_name == y.case_name &&
         verdict(x.before) == verdict(y.before) && verdict(x.after) == verdict(y.after) &&
         a.expected == b.expected && a.since == b.since && a.since_from == b.since_from &&
         a.subject == b.subject;
}

void add(std::vector<Change>& all, Change c) {
  for (auto& o : all) {
    if (!alike(o, c)) continue;
    o.columns.push_back(c.columns.front());
    return;
  }
  all.push_back(std::move(c));
}

/// Is the loss of a row unexpected?
bool is_loss(const KernelData& tip, const Delta& d) {
  return std::any_of(tip.row.lost.begin(), tip.row.lost.end(),
                     [&](const auto& l) { return l.test == d.test && l.case_name == d.case_name; });
}

void collect(Digest& out, const KernelData& base, const KernelData& tip) {
  const RunData& data = out.data;
  for (const KernelData* k : {&base, &tip}) {
    if (!k->not_built() && k->completed()) continue;
    const auto missing = untested(*k);
    if (k->not_built() || results_without(*k, missing).empty()) {
      out.not_compared.push_back({k, 0});
      return;
    }
    if (!missing.empty()) out.not_compared.push_back({k, missing.size()});
  }
  auto without = untested(base);
  without.merge(untested(tip));
  for (auto& d : assess::compare(results_without(base, without), results_without(tip, without))) {
    if (d.kind == DeltaKind::same) continue;
    Change c{d, {comparison_name(tip.row)}, !is_loss(tip, d), 0, "", 0};
    if (const auto* row = row_of(tip, d)) c.expected = row->expected();
    if (const auto* k = first_seen(data, base, d)) {
      c.since = k->row.point.number;
      c.subject = k->row.point.subject;
      c.since_from = first_suspect(data, base, *k, d);
    }
    add(out.changes, std::move(c));
  }
}

/// Unexpected changes, then regressions, then fixed, gone and new.
int order_of(const Change& c) {
  if (!c.expected) return c.delta.kind == DeltaKind::regression ? 0 : 1;
  switch (c.delta.kind) {
    case DeltaKind::regression:
      return 2;
    case DeltaKind::fixed:
      return 3;
    case DeltaKind::gone:
      return 4;
    case DeltaKind::fresh:
      return 5;
    case DeltaKind::same:
      return 6;
  }
  return 6;
}

}  // namespace

void add_changes(Digest& d) {
  for (const auto& base : d.data.kernels) {
    if (!base.row.point.is_base()) continue;
    const KernelData* tip = tip_of(d.data, base);
    if (tip == nullptr) continue;
    d.compared = true;
    collect(d, base, *tip);
  }
  std::stable_sort(d.changes.begin(), d.changes.end(),
                   [](const Change& a, const Change& b) { return order_of(a) < order_of(b); });
}

}  // namespace pinrig::report
