// SPDX-License-Identifier: GPL-2.0
#include "report/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace pinrig::report {
namespace {

using model::Verdict;
using Kind = PatchPair::Kind;

const Row* row_in(const KernelData& k, const std::string& test, const std::string& name) {
  const TestData* t = k.find(test);
  if (t == nullptr || name.empty()) return t == nullptr ? nullptr : &t->row;
  for (const auto& c : t->cases) {
    if (c.verdict().case_name == name) return &c;
  }
  return nullptr;
}

/// What of a row is compared.
std::string compared_words(const Row* row) {
  if (row == nullptr) return "";
  const auto& v = row->verdict();
  std::string out = model::to_string(v.verdict);
  if (row->result.outstanding() != 0) out += fmt::format(" {:+}", row->result.outstanding());
  if (v.verdict == Verdict::skip && !v.detail.empty()) out += " (" + v.detail + ")";
  const auto& l = row->result.ledger;
  const bool exact = l && l->available && l->claim && l->claim->mode == model::PinClaim::Mode::exact;
  if (v.verdict == Verdict::pass && exact) out += fmt::format(" {}/{}", l->acquired(), l->released());
  return out;
}

/// The patch at which a row of the last point began to be not as expected.
std::string since_of(const Matrix& m, const std::string& test, const std::string& name) {
  std::size_t last = 0;  // the last point that was as expected, and the one after it
  std::size_t next = 0;
  bool fine = false;
  for (std::size_t i = 0; i < m.points.size(); ++i) {
    const Row* row = m.points[i]->not_built() ? nullptr : row_in(*m.points[i], test, name);
    if (row == nullptr) continue;
    if (row->expected()) {
      fine = true;
      last = i;
      next = m.points.size();
    } else if (next >= m.points.size()) {
      next = i;
    }
  }
  if (!fine) return "the base";
  const int before = m.points[last]->row.point.number;
  const int now = m.points[next]->row.point.number;
  return now - before <= 1 ? fmt::format("patch {}", now) : fmt::format("patches {} to {}", before + 1, now);
}

/// Nothing when it was not built.
const KernelData* last_of(const Matrix& m) { return m.points.back()->built() ? m.points.back() : nullptr; }

struct Side {
  const Matrix& matrix;
  const KernelData& kernel;
};

class Comparison {
 public:
  Comparison(const Side& before, const Side& now, VersionDiff& out) : before_(before), now_(now), out_(out) {}

  void add() {
    for (const TestData* t : before_.kernel.tests()) add_test(t->name());
    for (const TestData* t : now_.kernel.tests()) add_test(t->name());
  }

 private:
  void add_test(const std::string& test) {
    if (!seen_.insert(test).second) return;
    const bool gone = now_.kernel.find(test) == nullptr;
    if (gone && !model::is_harness_row(test) &&
        std::find(out_.not_run.begin(), out_.not_run.end(), test) == out_.not_run.end())
      out_.not_run.push_back(test);
    add_row(test, "");
    std::vector<std::string> names;
    std::set<std::string> known;
    for (const KernelData* k : {&before_.kernel, &now_.kernel}) {
      const TestData* of = k->find(test);
      if (of == nullptr) continue;
      for (const auto& c : of->cases) {
        if (known.insert(c.verdict().case_name).second) names.push_back(c.verdict().case_name);
      }
    }
    for (const auto& name : names) add_row(test, name);
  }

  /// A test that one of them did not run is no change of the series; a red of it is a red all the same.
  static std::string words_at(const KernelData& k, const std::string& test, const Row* row) {
    return k.find(test) == nullptr ? "not run" : compared_words(row);
  }

  void add_row(const std::string& test, const std::string& name) {
    const Row* was = row_in(before_.kernel, test, name);
    const Row* is = row_in(now_.kernel, test, name);
    RowPair p;
    p.name = name.empty() ? test : test + ":" + name;
    p.head = now_.matrix.head;
    p.before = words_at(before_.kernel, test, was);
    p.now = words_at(now_.kernel, test, is);
    p.red_before = was != nullptr && !was->expected();
    p.red_now = is != nullptr && !is->expected();
    if (p.red_before) p.since_before = since_of(before_.matrix, test, name);
    if (p.red_now) p.since_now = since_of(now_.matrix, test, name);
    const bool gone = now_.kernel.find(test) == nullptr;
    const bool added = before_.kernel.find(test) == nullptr;
    if (p.red_before && (p.red_now || gone)) put(out_.still_red, p, test);
    if (p.before != p.now && !gone && (!added || p.red_now)) put(out_.changed, std::move(p), test);
  }

  /// Cases of a test that changed alike are one line.
  static void put(std::vector<RowPair>& list, RowPair p, const std::string& test) {
    const bool is_case = p.name.size() > test.size();
    const auto alike = std::find_if(list.begin(), list.end(), [&](const RowPair& o) {
      return is_case && o.name.starts_with(test + ":") && o.head == p.head && o.before == p.before &&
             o.now == p.now && o.since_before == p.since_before && o.since_now == p.since_now;
    });
    if (alike != list.end())
      ++alike->more;
    else
      list.push_back(std::move(p));
  }

  Side before_;
  Side now_;
  VersionDiff& out_;
  std::set<std::string> seen_;
};

const Matrix* find_head(const std::vector<Matrix>& all, const std::string& head) {
  const auto it = std::find_if(all.begin(), all.end(), [&](const Matrix& m) { return m.head == head; });
  return it == all.end() ? nullptr : &*it;
}

const KernelData* base_kernel(const RunData& data) {
  const auto it = std::find_if(data.kernels.begin(), data.kernels.end(),
                               [](const auto& k) { return k.row.point.is_base(); });
  return it == data.kernels.end() ? nullptr : &*it;
}

bool same_base(const RunData& a, const RunData& b) {
  const KernelData* x = base_kernel(a);
  const KernelData* y = base_kernel(b);
  const bool known = x != nullptr && y != nullptr && !x->row.point.tree.empty() && !y->row.point.tree.empty();
  return known ? x->row.point.tree == y->row.point.tree : a.run.base == b.run.base;
}

}  // namespace

std::string VersionData::name() const {
  if (series) return fmt::format("v{}", series->version);
  return data.run.series.empty() ? data.run.base : data.run.series;
}

Result<VersionData> load_version(const store::Store& store, const store::RunRow& run) {
  VersionData out;
  PINRIG_TRY(data, load(store, run));
  PINRIG_TRY(series, store.series(run.id));
  PINRIG_TRY(patches, store.patches(run.id));
  out.data = std::move(data);
  out.series = std::move(series);
  out.patches = std::move(patches);
  for (auto& p : out.patches) p.subject = clean(p.subject);
  return out;
}

char sign_of(Kind kind) {
  switch (kind) {
    case Kind::same:
      return '=';
    case Kind::changed:
      return '!';
    case Kind::dropped:
      return '<';
    case Kind::fresh:
      return '>';
  }
  return '?';
}

std::vector<PatchPair> pair_patches(const std::vector<store::PatchRow>& before,
                                    const std::vector<store::PatchRow>& now) {
  std::vector<const store::PatchRow*> partner(now.size(), nullptr);
  std::set<const store::PatchRow*> taken;
  const auto pair = [&](auto alike) {
    for (std::size_t i = 0; i < now.size(); ++i) {
      for (const auto& old : before) {
        if (partner[i] != nullptr || taken.contains(&old) || !alike(old, now[i])) continue;
        partner[i] = &old;
        taken.insert(&old);
      }
    }
  };
  pair([](const auto& a, const auto& b) { return !a.patch_id.empty() && a.patch_id == b.patch_id; });
  pair([](const auto& a, const auto& b) { return a.subject == b.subject; });
  std::vector<PatchPair> out;
  std::size_t at = 0;
  const auto drop_until = [&](const store::PatchRow* end) {
    // Those before the partner that nothing of the new version corresponds to.
    for (; at < before.size() && &before[at] != end; ++at) {
      if (!taken.contains(&before[at])) out.push_back({Kind::dropped, &before[at], nullptr});
    }
  };
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto* old = partner[i];
    if (old != nullptr && old >= before.data() + at) drop_until(old);
    const bool same = old != nullptr && !old->patch_id.empty() && old->patch_id == now[i].patch_id;
    out.push_back({old == nullptr ? Kind::fresh : same ? Kind::same : Kind::changed, old, &now[i]});
  }
  drop_until(nullptr);
  return out;
}

std::optional<std::vector<PatchPair>> pair_as(const std::vector<PatchLink>& links,
                                              const std::vector<store::PatchRow>& before,
                                              const std::vector<store::PatchRow>& now) {
  const auto row_of = [](const std::vector<store::PatchRow>& rows, const std::string& commit) {
    const auto it = std::find_if(rows.begin(), rows.end(), [&](const auto& p) { return p.commit == commit; });
    return commit.empty() || it == rows.end() ? nullptr : &*it;
  };
  std::vector<PatchPair> out;
  std::size_t old = 0;
  std::size_t fresh = 0;
  for (const auto& link : links) {
    PatchPair pair{Kind::same, row_of(before, link.before), row_of(now, link.now)};
    if ((pair.before == nullptr) != link.before.empty() || (pair.now == nullptr) != link.now.empty())
      return std::nullopt;
    if (pair.now == nullptr)
      pair.kind = Kind::dropped;
    else if (pair.before == nullptr)
      pair.kind = Kind::fresh;
    else if (link.mark == '!')
      pair.kind = Kind::changed;
    old += pair.before != nullptr ? 1 : 0;
    fresh += pair.now != nullptr ? 1 : 0;
    out.push_back(pair);
  }
  if (old != before.size() || fresh != now.size()) return std::nullopt;
  return out;
}

VersionDiff compare_versions(const VersionData& before, const VersionData& now,
                             const std::optional<std::vector<PatchLink>>& links) {
  VersionDiff out;
  out.same_base = same_base(before.data, now.data);
  auto by_git = links ? pair_as(*links, before.patches, now.patches) : std::nullopt;
  out.by_git = by_git.has_value();
  out.patches = by_git ? std::move(*by_git) : pair_patches(before.patches, now.patches);
  const auto old = matrices(before.data, 1);
  const auto fresh = matrices(now.data, 1);
  for (const auto& m : old) {
    if (find_head(fresh, m.head) == nullptr) out.only_first.push_back(m.head);
  }
  for (const auto& m : fresh) {
    const Matrix* was = find_head(old, m.head);
    if (was == nullptr) continue;
    const KernelData* a = last_of(*was);
    const KernelData* b = last_of(m);
    if (a == nullptr || b == nullptr) {
      out.not_built.push_back(m.head);
      continue;
    }
    Comparison({*was, *a}, {m, *b}, out).add();
  }
  return out;
}

}  // namespace pinrig::report
