// SPDX-License-Identifier: GPL-2.0
#include "report/sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pinrig::report {
namespace {

constexpr std::size_t most_cases = 5;    ///< of one unexpected test; more are counted
constexpr std::size_t most_events = 5;   ///< of one kernel
constexpr std::size_t most_tests = 3;    ///< names of a finding that many share
constexpr std::size_t most_further = 4;  ///< commands

std::string words(const char* name) {
  std::string s = name;
  std::replace(s.begin(), s.end(), '_', ' ');
  return s;
}

/// The cases that nobody expected; those with the same verdict and detail are one line.
std::string bad_cases(const TestData& t, const Painter& p) {
  std::vector<std::pair<const model::TestVerdict*, std::size_t>> groups;  // the first, how many
  for (const auto& c : t.cases) {
    if (c.expected) continue;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& g) {
      return g.first->verdict == c.verdict && g.first->detail == c.detail && !p.style().verbose;
    });
    if (same == groups.end())
      groups.emplace_back(&c, 1);
    else
      ++same->second;
  }
  std::string out;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i >= most_cases && !p.style().verbose)
      return out + p.dim(fmt::format("      and more: {} in all\n", count_of(groups.size(), "kind")));
    const auto& [c, n] = groups[i];
    out += hanging(p, fmt::format("      {:<8} ", model::to_string(c->verdict)),
                   c->case_name + (n > 1 ? fmt::format(" and {} more", n - 1) : "") +
                       (c->detail.empty() ? "" : ": " + c->detail));
  }
  return out;
}

std::string reason_of(const TestData& t) {
  const auto& v = t.row.verdict;
  std::string out = v.detail;
  if (v.expected) return out.empty() ? "the test itself is as expected, its cases are not" : out;
  if (!v.expectation.empty())
    out += fmt::format("{}expected otherwise: {}", out.empty() ? "" : "; ", v.expectation);
  return out.empty() ? "no reason is known" : out;
}

/// Lines that several kernels share are printed once, with all their names.
std::string grouped(const Painter& p, const std::vector<std::pair<std::string, std::string>>& rows) {
  std::vector<std::pair<std::string, std::string>> merged;  // text, names
  for (const auto& [name, text] : rows) {
    const auto same =
        std::find_if(merged.begin(), merged.end(), [&](const auto& m) { return m.first == text; });
    if (same == merged.end())
      merged.emplace_back(text, name);
    else
      same->second += ", " + name;
  }
  std::string out;
  for (const auto& [text, names] : merged) out += hanging(p, "  ", names + ": " + text);
  return out;
}

/// One thing that nobody expected, at every place where it looks the same.
struct Finding {
  std::vector<std::string> tests;
  std::vector<std::string> columns;
  std::string body;
  bool whole_job = false;  ///< the guest was lost and took its tests along: they are one finding
};

Finding finding_of(const JobData& j, const TestData& t, const Painter& p) {
  const auto& v = t.row.verdict;
  Finding f{{v.test}, {column_name(j.job)}, "", !j.completed() && v.verdict == model::Verdict::missing};
  const std::string word = model::to_string(v.verdict);
  f.body = hanging(p, fmt::format("    {}  ", v.expected ? word : p.bad(word)), reason_of(t));
  if (t.row.ledger && t.row.ledger->available && t.row.ledger->outstanding() != 0)
    f.body += fmt::format("    pins  {} acquired, {} released: {:+} pages\n", t.row.ledger->acquired(),
                          t.row.ledger->released(), t.row.ledger->outstanding());
  f.body += bad_cases(t, p);
  return f;
}

/// Merged with an earlier one that says the same.
void add_finding(std::vector<Finding>& all, Finding f) {
  for (auto& o : all) {
    if (o.body != f.body || o.whole_job != f.whole_job) continue;
    if (f.whole_job && o.columns == f.columns) {
      o.tests.push_back(f.tests[0]);
      return;
    }
    if (!f.whole_job && o.tests == f.tests) {
      o.columns.push_back(f.columns[0]);
      return;
    }
  }
  all.push_back(std::move(f));
}

}  // namespace

std::string heading(const RunData& data, const Painter& p) {
  const auto& r = data.run;
  std::string out = p.bold(fmt::format("run {}", r.id)) + fmt::format("  {}: {}", r.spec, r.base);
  if (!r.series.empty()) out += " + " + r.series;
  std::string when = "started " + r.started;
  if (const auto s = elapsed_s(r.started, r.finished)) when += fmt::format(", took {}", human_seconds(*s));
  if (r.state != "finished") when += ", " + r.state;
  out += "\n" + p.dim(when) + "\n";
  int last = -1;
  for (const auto& j : data.jobs) {
    const auto& point = j.job.point;
    if (point.number == 0 || point.number <= last) continue;
    last = point.number;
    const std::string name = point.label == "tip" ? fmt::format("tip = patch {}", point.number)
                                                  : fmt::format("patch {}", point.number);
    out += hanging(p, fmt::format("  {}: ", name), point.subject.empty() ? "(no subject)" : point.subject);
  }
  return out;
}

std::string outcomes(const RunData& data, const Painter& p) {
  std::string out;
  for (const auto& j : data.jobs) {
    if (j.completed()) continue;
    const auto& o = j.job.outcome;
    const std::string what =
        words(model::to_string(o.kind)) + (o.phase.empty() ? "" : fmt::format(" ({})", o.phase));
    out += hanging(p, "  " + column_name(j.job) + "  " + p.bad(what) + "  ", o.detail);
  }
  return out.empty() ? "" : p.bold("did not complete") + "\n" + out;
}

std::string unexpected(const RunData& data, const Painter& p) {
  std::vector<Finding> all;
  for (const auto& j : data.jobs) {
    for (const auto& t : j.tests) {
      if (!t.as_expected()) add_finding(all, finding_of(j, t, p));
    }
  }
  std::string out;
  for (const auto& f : all) {
    std::vector<std::string> some(
        f.tests.begin(), f.tests.begin() + static_cast<std::ptrdiff_t>(std::min(f.tests.size(), most_tests)));
    std::string names = join(some, ", ");
    if (f.tests.size() > some.size()) names += fmt::format(" and {} more", f.tests.size() - some.size());
    out += hanging(p, "  " + p.bad(p.sign("✗ ", "! ")), fmt::format("{}  {}", names, join(f.columns, ", ")));
    out += f.body;
  }
  return out.empty() ? "" : p.bold("not as expected") + "\n" + out;
}

std::string events(const RunData& data, const Painter& p) {
  std::string out;
  for (const auto& j : data.jobs) {
    std::size_t n = 0;
    for (const auto& e : j.events) {
      // dump_page() on purpose, by gup_test -c.
      if (e.kind == "page_dump" && !p.style().verbose) continue;
      if (++n > most_events && !p.style().verbose) continue;
      const std::string where = e.owner.empty() ? "outside of tests" : "during " + e.owner;
      out += hanging(
          p, fmt::format("  {}  ", column_name(j.job)),
          fmt::format("{} ({}, console line {}){}", e.title, where, e.first_line, e.fatal ? ", fatal" : ""));
    }
    if (n > most_events && !p.style().verbose)
      out += p.dim(fmt::format("  {}  and {} more\n", column_name(j.job), n - most_events));
  }
  return out.empty() ? "" : p.bold("the kernels said") + "\n" + out;
}

std::string notes(const RunData& data, const Painter& p) {
  std::vector<std::pair<std::string, std::string>> unmet;
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& j : data.jobs) {
    for (const auto& n : j.job.unmet) unmet.emplace_back(column_name(j.job), n);
    for (const auto& n : j.job.notes) rows.emplace_back(column_name(j.job), n);
  }
  std::string out;
  if (!unmet.empty()) out += p.bad("expectations not met") + "\n" + grouped(p, unmet);
  if (!rows.empty()) out += (out.empty() ? "" : "\n") + p.bold("notes") + "\n" + grouped(p, rows);
  return out;
}

std::string further(const RunData& data, const Painter& p) {
  std::vector<std::pair<const JobData*, const TestData*>> picks;
  for (const bool expected : {false, true}) {
    for (const auto& j : data.jobs) {
      for (const auto& t : j.tests) {
        if (t.as_expected() == expected && (!expected || is_bad(t.row.verdict.verdict)))
          picks.emplace_back(&j, &t);
      }
    }
  }
  const std::string id = shell_quote(data.run.id);
  std::string out = p.bold("to look further") + "\n";
  std::string again;
  for (std::size_t i = 0; i < std::min(picks.size(), most_further); ++i) {
    const auto& [j, t] = picks[i];
    const std::string test = shell_quote(t->row.verdict.test);
    out += fmt::format("  pinrig show {} {} {}\n", id, shell_quote(t->cell_id), test);
    if (again.empty()) again = shell_quote(t->dir + "/repro.sh") + " --test " + test;
  }
  if (picks.empty()) out += fmt::format("  pinrig show {}\n", id);
  for (const auto& j : data.jobs) {
    if (again.empty() && !j.job.accel.empty()) again = shell_quote(j.job.dir + "/repro.sh");
  }
  if (!again.empty()) out += fmt::format("  {}  {}\n", again, p.dim("(also --shell, --gdb)"));
  return data.jobs.empty() ? "" : out;
}

}  // namespace pinrig::report
