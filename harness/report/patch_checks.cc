// SPDX-License-Identifier: GPL-2.0
#include "report/patch_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/patch_lines.h"

namespace pinrig::report {
namespace {

using CheckState = PatchCheck::State;
using store::KernelState;

std::string row_words(const MatrixRow& row, std::size_t point) {
  const PointMark& m = row.marks[point];
  std::string out = fmt::format("{} in {}", model::to_string(*m.verdict), row.name);
  if (row.more > 0) out += fmt::format(" and {} more", row.more);
  if (m.pages != 0) out += fmt::format(" ({:+})", m.pages);
  return out;
}

bool bad_at(const MatrixRow& row, std::size_t point) {
  return row.marks[point].verdict.has_value() && !row.marks[point].expected;
}

/// What was seen of a row at a point; a test that went with its guest was not.
bool seen_at(const MatrixRow& row, std::size_t point) {
  return row.marks[point].verdict.has_value() && *row.marks[point].verdict != model::Verdict::missing;
}

/// The nearest earlier point at which a row has a result: those between did not build, or lost their guest.
std::optional<std::size_t> seen_before(const MatrixRow& row, std::size_t point) {
  while (point-- > 0) {
    if (seen_at(row, point)) return point;
  }
  return std::nullopt;
}

/// The nearest earlier point that was built.
std::optional<std::size_t> before(const Matrix& m, std::size_t point) {
  while (point-- > 0) {
    if (m.points[point]->built()) return point;
  }
  return std::nullopt;
}

/// " (patches 2 to 5)" where points between were not run, or have no result.
std::string range_words(const Matrix& m, std::size_t point, std::optional<std::size_t> last) {
  const int from = last ? m.points[*last]->row.point.number : 0;
  const int now = m.points[point]->row.point.number;
  return now - from <= 1 ? "" : fmt::format(" (patches {} to {})", from + 1, now);
}

/// Not as expected at `point`, and as expected where it was seen last.
void add_new_bad(const Matrix& m, std::size_t point, PatchCheck& check) {
  const auto last = before(m, point);
  auto& out = check.details;
  for (const auto& row : m.rows) {
    if (row.name.starts_with("build/") || !bad_at(row, point)) continue;
    // Of a test that was never seen before, any result of the point before is the reference.
    const auto seen = seen_before(row, point);
    const auto reference = seen ? seen : last;
    if (reference && bad_at(row, *reference)) continue;
    out.push_back(row_words(row, point) + range_words(m, point, reference));
    check.red.push_back(row.name);
  }
  const auto& k = m.points[point]->row;
  for (const auto& u : k.unmet) {
    const auto* old = last ? &m.points[*last]->row.unmet : nullptr;
    if (old == nullptr || std::find(old->begin(), old->end(), u) == old->end())
      out.push_back(u + range_words(m, point, last));
  }
  for (const auto& l : k.lost) {
    const auto same = [&](const model::LostRow& o) { return o.test == l.test && o.case_name == l.case_name; };
    const auto* old = last ? &m.points[*last]->row.lost : nullptr;
    if (old == nullptr || std::none_of(old->begin(), old->end(), same))
      out.push_back("gone: " + name_of(l) + range_words(m, point, last));
  }
}

std::string test_words(const TestData& t) {
  const auto& l = t.row.result.ledger;
  std::string out = fmt::format("{} {}", model::to_string(t.row.verdict().verdict), t.name());
  if (l && l->available) out += fmt::format(" {}/{}", l->acquired(), l->released());
  return out;
}

/// A skip is no result.
std::size_t tests_with_result(const KernelData& k) {
  const auto tests = k.tests();
  return static_cast<std::size_t>(std::count_if(tests.begin(), tests.end(), [](const auto* t) {
    const auto v = t->row.verdict().verdict;
    return !model::is_harness_row(t->name()) && v != model::Verdict::skip && v != model::Verdict::missing;
  }));
}

std::size_t bad_tests(const KernelData& k) {
  const auto tests = k.tests();
  return static_cast<std::size_t>(
      std::count_if(tests.begin(), tests.end(), [](const auto* t) { return !t->as_expected(); }));
}

/// Every test that is not as expected, by itself or by its first such case.
void add_bad(const KernelData& k, PatchCheck& out) {
  for (const auto* t : k.tests()) {
    const Row* bad = t->row.expected() ? nullptr : &t->row;
    for (const auto& c : t->cases) {
      if (bad == nullptr && !c.expected()) bad = &c;
    }
    if (bad == nullptr) continue;
    const auto& v = bad->verdict();
    const std::string name = v.case_name.empty() ? v.test : v.test + ":" + v.case_name;
    out.details.push_back(fmt::format("{} in {}", model::to_string(v.verdict), name));
    out.red.push_back(name);
  }
}

std::string good_words(const KernelData& k) {
  std::size_t cases = 0;
  for (const auto* t : k.tests()) cases += t->cases.size();
  return fmt::format("{}, {} as expected{}", count_of(k.tests().size(), "test"), count_of(cases, "case"),
                     k.row.inherits.empty() ? "" : ", no code change");
}

void judge_unbuilt(const KernelData& k, PatchCheck& out) {
  switch (k.row.state) {
    case KernelState::apply_failed:
      out.state = CheckState::fail;
      out.text = k.row.failure.empty() ? "the series does not apply" : k.row.failure;
      return;
    case KernelState::build_failed:
      out.state = CheckState::fail;
      out.text = "does not build: " + k.row.failure;
      return;
    default:
      out.text = "not tested: " + (k.row.failure.empty() ? "the run ended before" : k.row.failure);
  }
}

void judge_point(const Matrix& m, std::size_t point, PatchCheck& out) {
  const KernelData& k = *m.points[point];
  if (!k.built()) return judge_unbuilt(k, out);
  out.key = k.row.key;
  out.point = k.row.point.number;
  for (const auto* t : k.tests()) out.rows.push_back(test_words(*t));
  add_new_bad(m, point, out);
  for (const auto& w : m.new_warnings[point]) out.details.push_back("new warning: " + w);
  const auto warnings = m.new_warnings[point].size();
  out.failures = out.details.size() - warnings;
  if (const auto failures = out.failures; failures > 0) {
    out.state = CheckState::fail;
    out.text = out.details.front() + (failures > 1 ? fmt::format("; {} more", failures - 1) : "");
  } else if (warnings > 0) {
    out.state = CheckState::warning;
    out.text = out.details.front();
  } else if (const auto bad = bad_tests(k); bad > 0) {
    // Without an earlier point there is nobody else to have done it.
    const bool compared = before(m, point).has_value();
    add_bad(k, out);
    if (!compared) out.failures = bad;
    out.state = compared ? CheckState::warning : CheckState::fail;
    out.text = count_of(bad, "test") + " not as expected" + (compared ? ", as before this patch" : "");
  } else if (tests_with_result(k) == 0) {
    out.state = CheckState::warning;
    out.text = k.tests().empty() ? "no test ran" : "every test was skipped";
  } else {
    out.state = CheckState::success;
    out.text = good_words(k);
  }
}

/// A patch between the points of the run.
void judge_between(const Matrix& m, PatchCheck& out) {
  out.text = "not tested by itself";
  const auto next = std::find_if(m.points.begin(), m.points.end(),
                                 [&](const KernelData* k) { return k->row.point.number > out.patch.point; });
  if (next == m.points.end()) return;
  PatchCheck later = out;
  judge_point(m, static_cast<std::size_t>(next - m.points.begin()), later);
  out.state = later.state == CheckState::success ? CheckState::success : CheckState::pending;
  out.text += fmt::format("; with patch {}: {}", (*next)->row.point.number, later.text);
  out.point = later.point;
  out.rows = later.rows;
}

/// A run in which this row of the same kernel is as expected.
const RunData* clean_run_of(const std::string& name, const std::string& key,
                            const std::vector<RunData>& other) {
  const auto colon = name.find(':');
  for (const auto& data : other) {
    for (const auto& k : data.kernels) {
      const TestData* t = k.row.key == key ? k.find(name.substr(0, colon)) : nullptr;
      if (t == nullptr) continue;
      if (colon == std::string::npos && t->row.expected()) return &data;
      for (const auto& c : t->cases) {
        if (colon != std::string::npos && c.verdict().case_name == name.substr(colon + 1) && c.expected())
          return &data;
      }
    }
  }
  return nullptr;
}

/// Of a kernel that counts lines: which of the patch's ran. What failed is said first.
void add_lines_run(const RunData& data, const Matrix& m, PatchCheck& out) {
  const auto* lines = lines_of(data, m.points.back()->row.id);
  if (lines == nullptr || data.run.state == store::RunState::running) return;
  for (const auto& p : coverage::patch_coverage(*data.measured, *lines)) {
    if (p.number != out.patch.point) continue;
    const auto words = coverage::to_words(p);
    out.text = out.state == CheckState::success ? words : out.text + "; " + words;
    if (!p.never.empty()) out.details.push_back("never ran: " + coverage::to_text(p.never));
  }
}

/// What of it the kernel that was judged has not: its tests say nothing of that.
void add_unbuilt(const model::Unbuilt& unbuilt, PatchCheck& out) {
  if (unbuilt.files.empty()) return;
  const auto words = model::to_reason(unbuilt);
  const bool well = out.state == CheckState::success;
  if (well && unbuilt.all) {
    out.state = CheckState::warning;
    out.text = words;
  } else {
    out.text += "; " + words;
  }
  for (const auto& u : unbuilt.files) out.details.push_back(fmt::format("not built: {}: {}", u.file, u.why));
}

/// The kernel with which a patch was judged: its own point, or the next.
const KernelData* judged_with(const Matrix& m, int patch) {
  const auto at = std::find_if(m.points.begin(), m.points.end(),
                               [&](const KernelData* k) { return k->row.point.number >= patch; });
  return at == m.points.end() ? nullptr : *at;
}

/// How it came into the tree, when that is not as it was sent: a reader has to know which text was tested.
void add_fit(PatchCheck& out) {
  const auto words = model::to_string(out.patch.fit);
  if (words.empty()) return;
  out.text += "; " + words;
  out.details.push_back(words);
}

}  // namespace

std::vector<PatchCheck> patch_checks(const RunData& data, const std::vector<store::PatchRow>& patches) {
  std::vector<PatchCheck> out;
  for (const auto& m : matrices(data, 1)) {
    for (const auto& patch : patches) {
      PatchCheck c;
      c.patch = patch;
      c.head = m.head;
      const auto at = std::find_if(m.points.begin(), m.points.end(),
                                   [&](const KernelData* k) { return k->row.point.number == patch.point; });
      if (data.run.state == store::RunState::running)
        c.text = "the run has not ended";
      else if (at != m.points.end())
        judge_point(m, static_cast<std::size_t>(at - m.points.begin()), c);
      else
        judge_between(m, c);
      add_lines_run(data, m, c);
      if (const auto* k = judged_with(m, patch.point)) add_unbuilt(data.unbuilt_at(patch.point, *k), c);
      add_fit(c);
      out.push_back(std::move(c));
    }
  }
  return out;
}

void find_flaky(PatchCheck& check, const std::vector<RunData>& other) {
  if (check.state != CheckState::fail || check.key.empty() || check.red.empty()) return;
  std::size_t flaky = 0;
  for (std::size_t i = 0; i < check.red.size(); ++i) {
    const RunData* clean_run = clean_run_of(check.red[i], check.key, other);
    if (clean_run == nullptr) continue;
    ++flaky;
    check.details[i] += fmt::format(" (flaky: not in run {})", clean_run->run.id);
  }
  if (flaky < check.failures) return;
  check.state = CheckState::warning;
  check.text = "flaky: " + check.text;
}

std::string cut(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t at = most - 3;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return text.substr(0, at) + "...";
}

}  // namespace pinrig::report
