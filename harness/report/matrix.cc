// SPDX-License-Identifier: GPL-2.0
#include "report/matrix.h"

#include <algorithm>
#include <map>
#include <set>

namespace pinrig::report {
namespace {

using model::Verdict;
using Points = std::vector<const KernelData*>;

PointMark point_mark(const KernelData& kernel, const Row* row) {
  PointMark m;
  m.inherited = !kernel.row.inherits.empty();
  if (row == nullptr) return m;
  m.verdict = row->verdict().verdict;
  m.expected = row->expected();
  m.pages = row->result.outstanding();
  return m;
}

const Row* case_of(const TestData* test, const std::string& name) {
  if (test == nullptr) return nullptr;
  for (const auto& c : test->cases) {
    if (c.verdict().case_name == name) return &c;
  }
  return nullptr;
}

/// Points that were not built say nothing of their tests: they are no difference.
bool differs(const MatrixRow& row, const Points& points) {
  const PointMark* first = nullptr;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i]->built()) continue;
    if (first != nullptr && !(row.marks[i] == *first)) return true;
    if (first == nullptr) first = &row.marks[i];
  }
  return false;
}

void find_first_red(MatrixRow& row) {
  bool red = false;
  for (std::size_t i = 0; i < row.marks.size(); ++i) {
    const PointMark& m = row.marks[i];
    if (!m.verdict) continue;
    if (m.red() && !red && i > 0) {
      row.first_red = i;
      return;
    }
    red = m.red();
  }
}

/// Every case of a test at any point, in the order of their first appearance.
std::vector<std::string> case_names(const std::vector<const TestData*>& tests) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const TestData* t : tests) {
    if (t == nullptr) continue;
    for (const auto& c : t->cases) {
      if (seen.insert(c.verdict().case_name).second) out.push_back(c.verdict().case_name);
    }
  }
  return out;
}

/// Cases that differ in the same way are one row.
void add_cases(std::vector<MatrixRow>& rows, const std::string& test, const Points& points,
               const std::vector<const TestData*>& tests) {
  std::vector<MatrixRow> cases;
  for (const auto& name : case_names(tests)) {
    MatrixRow row{test + ":" + name, 0, {}, {}};
    for (std::size_t i = 0; i < points.size(); ++i)
      row.marks.push_back(point_mark(*points[i], case_of(tests[i], name)));
    if (!differs(row, points)) continue;
    const auto alike =
        std::find_if(cases.begin(), cases.end(), [&](const MatrixRow& r) { return r.marks == row.marks; });
    if (alike != cases.end()) {
      ++alike->more;
      continue;
    }
    find_first_red(row);
    cases.push_back(std::move(row));
  }
  rows.insert(rows.end(), cases.begin(), cases.end());
}

/// A warning without its line, which every patch above it moves.
std::string without_line(const std::string& warning) {
  const auto file = warning.find(':');
  auto text = file;
  while (text != std::string::npos && text + 1 < warning.size() && warning[text + 1] >= '0' &&
         warning[text + 1] <= '9')
    text = warning.find(':', text + 1);
  return text == std::string::npos ? warning : warning.substr(0, file) + warning.substr(text);
}

void add_builds(Matrix& m) {
  MatrixRow build{"build/kernel", 0, {}, {}};
  MatrixRow warnings{"build/warnings", 0, {}, {}};
  std::set<std::string> known;
  bool failed = false;
  bool warned = false;
  for (const KernelData* k : m.points) {
    const bool planned = k->row.state == store::KernelState::planned;
    PointMark b;
    if (!planned) b.verdict = k->built() ? Verdict::pass : Verdict::fail;
    b.expected = k->built();
    failed = failed || (!planned && !k->built());
    build.marks.push_back(b);
    std::set<std::string> now;
    std::vector<std::string> fresh;
    for (const auto& w : k->row.warnings) {
      const auto text = without_line(w);
      if (now.insert(text).second && !known.contains(text)) fresh.push_back(text);
    }
    PointMark w;
    if (k->built()) {
      w.verdict = Verdict::pass;
      known = now;
    }
    w.warnings = static_cast<int>(fresh.size());
    warned = warned || !fresh.empty();
    warnings.marks.push_back(w);
    m.new_warnings.push_back(std::move(fresh));
  }
  find_first_red(build);
  if (failed) m.rows.push_back(std::move(build));
  if (warned) m.rows.push_back(std::move(warnings));
}

Matrix matrix_of(const RunData& data, const Points& points) {
  Matrix m;
  m.head = comparison_name(points.front()->row);
  m.points = points;
  add_builds(m);
  for (const auto& test : data.tests) {
    std::vector<const TestData*> tests;
    MatrixRow row{test, 0, {}, {}};
    for (const KernelData* k : points) {
      tests.push_back(k->not_built() ? nullptr : k->find(test));
      row.marks.push_back(point_mark(*k, tests.back() == nullptr ? nullptr : &tests.back()->row));
    }
    const std::size_t before = m.rows.size();
    find_first_red(row);
    if (differs(row, points)) m.rows.push_back(std::move(row));
    add_cases(m.rows, test, points, tests);
    const bool seen = std::any_of(tests.begin(), tests.end(), [](const auto* t) { return t != nullptr; });
    if (m.rows.size() == before && seen) ++m.same;
  }
  return m;
}

}  // namespace

std::vector<std::string> Matrix::red_at(std::size_t point) const {
  std::vector<std::string> out;
  for (const auto& row : rows) {
    if (row.first_red != point) continue;
    const std::string test = row.name.substr(0, row.name.find(':'));
    if (std::find(out.begin(), out.end(), test) == out.end()) out.push_back(test);
  }
  return out;
}

std::vector<Matrix> matrices(const RunData& data, std::size_t least) {
  std::vector<std::pair<std::string, Points>> groups;
  for (const auto& k : data.kernels) {
    const auto head = comparison_name(k.row);
    if (groups.empty() || groups.back().first != head) groups.emplace_back(head, Points{});
    groups.back().second.push_back(&k);
  }
  std::vector<Matrix> out;
  for (const auto& [head, points] : groups) {
    if (points.size() >= least) out.push_back(matrix_of(data, points));
  }
  return out;
}

}  // namespace pinrig::report
