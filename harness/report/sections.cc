// SPDX-License-Identifier: GPL-2.0
#include "report/sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/digest.h"
#include "report/why_text.h"

namespace pinrig::report {
namespace {

constexpr std::size_t max_cases = 5;     ///< of one unexpected test; more are counted
constexpr std::size_t max_events = 5;    ///< of one kernel
constexpr std::size_t max_tests = 3;     ///< names of a finding that many share
constexpr std::size_t max_commands = 4;  ///< commands
constexpr std::size_t max_trace = 12;    ///< lines of a kernel report

/// Why a case failed, as it said itself.
std::string diagnostics_of(const Row& row, const Painter& p) {
  std::string out;
  for (const auto& line : row.verdict().diagnostics) {
    if (out.size() > 2000 && !p.style().verbose) return out + p.dim("          ...\n");
    out += hanging(p, "          " + p.dim("# "), line);
  }
  return out;
}

/// The unexpected cases; those with the same verdict and detail are one line.
std::string bad_cases(const TestData& t, const Painter& p) {
  std::vector<std::pair<const Row*, std::size_t>> groups;  // the first, how many
  for (const auto& c : t.cases) {
    if (c.expected()) continue;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& g) {
      return g.first->verdict().verdict == c.verdict().verdict &&
             g.first->verdict().detail == c.verdict().detail && reason_of(*g.first) == reason_of(c) &&
             !p.style().verbose;
    });
    if (same == groups.end())
      groups.emplace_back(&c, 1);
    else
      ++same->second;
  }
  std::string out;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i >= max_cases && !p.style().verbose)
      return out + p.dim(fmt::format("      and more: {} in all\n", count_of(groups.size(), "kind")));
    const auto& [c, n] = groups[i];
    const auto& v = c->verdict();
    std::string why = v.detail;
    if (const auto reason = reason_of(*c); !reason.empty()) why += (why.empty() ? "" : "; ") + reason;
    out += hanging(
        p, fmt::format("      {:<8} ", model::to_string(v.verdict)),
        v.case_name + (n > 1 ? fmt::format(" and {} more", n - 1) : "") + (why.empty() ? "" : ": " + why));
    out += diagnostics_of(*c, p);
  }
  return out;
}

std::string why_text(const TestData& t) {
  std::string out = t.row.verdict().detail;
  if (t.row.expected()) return out.empty() ? "the test itself is as expected, its cases are not" : out;
  if (const auto reason = reason_of(t.row); !reason.empty()) out += (out.empty() ? "" : "; ") + reason;
  return out.empty() ? "no known reason" : out;
}

/// "points 3 and tip", "point tip"
std::string point_words(const std::vector<std::string>& labels) {
  if (labels.size() == 1) return "point " + labels.front();
  const std::vector<std::string> first(labels.begin(), labels.end() - 1);
  return "points " + join(first, ", ") + " and " + labels.back();
}

/// "; points 3 and tip not tested (x86_64, aarch64)"
std::string untested_text(const NotBuilt& n) {
  std::vector<std::string> archs;
  for (const auto a : n.archs) archs.emplace_back(model::to_string(a));
  return (n.untested.empty() ? "" : fmt::format("; {} not tested", point_words(n.untested))) + " (" +
         join(archs, ", ") + ")";
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

/// What the kernel logged during the test, the first report with the beginning of its trace.
std::string log_of(const GuestData& guest, const std::string& test, const Painter& p) {
  std::string out;
  for (const auto& e : guest.events) {
    // dump_page() on purpose, by gup_test -c.
    if (e.owner != test || e.kind == "page_dump") continue;
    const bool first = out.empty();
    out += hanging(p, "    kernel  ", event_line(e));
    const std::size_t n = first || p.style().verbose ? e.text.size() : 0;
    const std::size_t shown = p.style().verbose ? n : std::min(n, max_trace);
    for (std::size_t i = 0; i < shown; ++i) out += hanging(p, "            ", e.text[i]);
    if (n > shown) out += p.dim(fmt::format("            ({} more lines)\n", n - shown));
  }
  return out;
}

/// One unexpected result, with all places where it looks the same.
struct FindingText {
  std::vector<std::string> tests;
  std::vector<std::string> columns;
  std::string body;
  bool whole_job = false;  ///< the guest was lost and took its tests along: they are one finding
};

FindingText finding_of(const KernelData& k, const GuestData& g, const TestData& t, const Painter& p) {
  const auto v = t.row.verdict().verdict;
  FindingText f{
      {t.row.verdict().test}, {column_name(k.row)}, "", !g.completed() && v == model::Verdict::missing};
  const std::string word = model::to_string(v);
  f.body = hanging(p, fmt::format("    {}  ", t.row.expected() ? word : p.bad(word)), why_text(t));
  if (const auto& l = t.row.result.ledger; l && l->available && l->outstanding() != 0)
    f.body += fmt::format("    pins  {} acquired, {} released: {}\n", l->acquired(), l->released(),
                          signed_count_of(l->outstanding(), "page"));
  if (!t.row.expected()) f.body += diagnostics_of(t.row, p);
  f.body += bad_cases(t, p) + log_of(g, t.name(), p);
  if (const auto file = t.output_file(); !file.empty())
    f.body += fmt::format("    output  {}\n", shell_quote(file));
  return f;
}

/// Merged with an earlier one that says the same.
void add_finding(std::vector<FindingText>& all, FindingText f) {
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
  if (r.faults) out += ", with injected faults";
  std::string when = "started " + r.started;
  if (const auto s = elapsed_s(r.started, r.finished)) when += fmt::format(", took {}", human_seconds(*s));
  if (r.state != store::RunState::finished) when += fmt::format(", {}", store::to_string(r.state));
  out += "\n" + p.dim(when) + "\n";
  int last = -1;
  for (const auto& k : data.kernels) {
    const auto& point = k.row.point;
    if (point.is_base() || point.number <= last) continue;
    last = point.number;
    const std::string name = point.label == "tip" ? fmt::format("tip = patch {}", point.number)
                                                  : fmt::format("patch {}", point.number);
    out += hanging(p, fmt::format("  {}: ", name), point.subject.empty() ? "(no subject)" : point.subject);
  }
  return out;
}

std::string outcomes(const RunData& data, const Painter& p) {
  std::vector<std::pair<std::string, std::string>> rows;  // what stopped it, kernels or guests
  const auto add = [&](const std::string& name, const std::string& why) {
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.first == why; });
    if (same == rows.end())
      rows.emplace_back(why, name);
    else
      same->second += ", " + name;
  };
  for (const auto& k : data.kernels) {
    if (k.row.state == store::KernelState::planned && data.run.state == store::RunState::running) continue;
    if (k.not_built()) continue;
    if (!k.built()) {
      add(column_name(k.row), "the run ended before it was built; not tested");
      continue;
    }
    for (const auto& g : k.guests) {
      if (!g.completed() && (g.row.outcome || data.run.state != store::RunState::running))
        add(g.row.id, outcome_text(g.row.outcome));
    }
  }
  std::string out;
  for (const auto& n : not_built_of(data)) {
    out += hanging(p, "  " + p.bad(p.sign("✗ ", "! ")), n.sentence() + untested_text(n));
    if (!n.log.empty()) out += "    log  " + shell_quote(n.log) + "\n";
  }
  for (const auto& [why, names] : rows) out += hanging(p, "  " + p.bad(names) + "  ", why);
  return out.empty() ? "" : p.bold("did not complete") + "\n" + out;
}

std::string unexpected(const RunData& data, const Painter& p) {
  std::vector<FindingText> all;
  for (const auto& k : data.kernels) {
    for (const auto& g : k.guests) {
      for (const auto& t : g.tests) {
        if (!t.as_expected()) add_finding(all, finding_of(k, g, t, p));
      }
    }
    for (const auto& l : k.row.lost) {
      add_finding(
          all,
          {{name_of(l)}, {column_name(k.row)}, hanging(p, "    " + p.bad("gone") + "  ", text_of(l)), false});
    }
  }
  std::string out;
  for (const auto& f : all) {
    std::vector<std::string> some(
        f.tests.begin(), f.tests.begin() + static_cast<std::ptrdiff_t>(std::min(f.tests.size(), max_tests)));
    std::string names = join(some, ", ");
    if (f.tests.size() > some.size()) names += fmt::format(" and {} more", f.tests.size() - some.size());
    out += hanging(p, "  " + p.bad(p.sign("✗ ", "! ")), fmt::format("{}  {}", names, join(f.columns, ", ")));
    out += f.body;
  }
  return out.empty() ? "" : p.bold("not as expected") + "\n" + out;
}

std::string events(const RunData& data, const Painter& p) {
  std::string out;
  for (const auto& k : data.kernels) {
    std::size_t n = 0;
    for (const auto& g : k.guests) {
      for (const auto& e : g.events) {
        // dump_page() on purpose, by gup_test -c.
        if (e.kind == "page_dump" && !p.style().verbose) continue;
        if (++n > max_events && !p.style().verbose) continue;
        const std::string where = e.owner.empty() ? "outside of tests" : "during " + e.owner;
        const std::string times = e.count > 1 ? fmt::format(", {} times", e.count) : "";
        out += hanging(p, fmt::format("  {}  ", column_name(k.row)),
                       fmt::format("{} ({}, console line {}{}){}", e.title, where, e.first_line, times,
                                   e.fatal ? ", fatal" : ""));
      }
    }
    if (n > max_events && !p.style().verbose)
      out += p.dim(fmt::format("  {}  and {} more\n", column_name(k.row), n - max_events));
  }
  return out.empty() ? "" : p.bold("kernel log") + "\n" + out;
}

std::string notes(const RunData& data, const Painter& p) {
  std::vector<std::pair<std::string, std::string>> unmet;
  std::vector<std::pair<std::string, std::string>> rows;
  const auto add_new = [&](const std::string& name, const std::string& text) {
    if (std::find(rows.begin(), rows.end(), std::pair(name, text)) == rows.end())
      rows.emplace_back(name, text);
  };
  for (const auto& k : data.kernels) {
    const std::string name = column_name(k.row);
    for (const auto& n : k.row.unmet) unmet.emplace_back(name, n);
    for (const auto* list : {&k.row.known, &k.row.notes}) {
      for (const auto& n : *list) add_new(name, n);
    }
    for (const auto& g : k.guests) {
      for (const auto& n : g.row.notes) add_new(name, n);
    }
  }
  std::string out;
  if (!unmet.empty()) out += p.bad("expectations not met") + "\n" + grouped(p, unmet);
  if (!rows.empty()) out += (out.empty() ? "" : "\n") + p.bold("notes") + "\n" + grouped(p, rows);
  return out;
}

std::string further(const RunData& data, const Painter& p) {
  std::vector<const TestData*> picks;
  for (const bool expected : {false, true}) {
    for (const auto& k : data.kernels) {
      for (const TestData* t : k.tests()) {
        if (t->as_expected() == expected && (!expected || is_bad(t->row.verdict().verdict)))
          picks.push_back(t);
      }
    }
  }
  const std::string id = shell_quote(data.run.id);
  std::string out = p.bold("next steps") + "\n";
  std::string again;
  for (std::size_t i = 0; i < std::min(picks.size(), max_commands); ++i) {
    const std::string test = shell_quote(picks[i]->row.verdict().test);
    out += fmt::format("  pinrig show {} {} {}\n", id, shell_quote(picks[i]->guest_id), test);
    if (!again.empty()) continue;
    again = shell_quote(picks[i]->dir + "/repro.sh");
    if (!model::is_harness_row(picks[i]->name())) again += " --test " + test;
  }
  if (picks.empty()) out += fmt::format("  pinrig show {}\n", id);
  for (const auto& k : data.kernels) {
    for (const auto& g : k.guests) {
      if (again.empty() && g.started()) again = shell_quote(g.row.dir + "/repro.sh");
    }
    if (!k.row.build_log.empty() && !k.built()) out += fmt::format("  {}\n", shell_quote(k.row.build_log));
  }
  if (!again.empty()) out += fmt::format("  {}  {}\n", again, p.dim("(also --shell, --gdb)"));
  return data.kernels.empty() ? "" : out;
}

}  // namespace pinrig::report
