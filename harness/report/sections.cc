// SPDX-License-Identifier: GPL-2.0
#include "report/sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/holders.h"
#include "report/matrix.h"
#include "report/why_text.h"

namespace pinrig::report {
namespace {

constexpr std::size_t max_cases = 5;     ///< of one unexpected test; more are counted
constexpr std::size_t max_events = 5;    ///< of one kernel
constexpr std::size_t max_tests = 3;     ///< names of a finding that many share
constexpr std::size_t max_commands = 4;  ///< commands
constexpr std::size_t max_trace = 12;    ///< lines of a kernel report
constexpr std::size_t max_offsets = 3;   ///< patches that only moved; more are counted

std::string joined(const std::string& detail, const std::string& reason) {
  return detail + (detail.empty() || reason.empty() ? "" : "; ") + reason;
}

/// What a test or case printed about its failure.
std::string diagnostics_text(const std::vector<std::string>& lines, const Painter& p) {
  std::string out;
  for (const auto& line : lines) {
    if (out.size() > 2000 && !p.style().verbose) return out + p.dim("          ...\n");
    out += hanging(p, "          " + p.dim("# "), line);
  }
  return out;
}

/// The unexpected cases; those with the same verdict and reason are one line, unless verbose.
std::string bad_cases(const TestData& t, const Why& why, const Painter& p) {
  std::string out;
  const auto line = [&](const CaseGroup& g, const std::string& name) {
    const std::string text = joined(g.detail, g.reason);
    out += hanging(p, fmt::format("      {:<8} ", model::to_string(g.verdict)),
                   name + (text.empty() ? "" : ": " + text));
    out += diagnostics_text(g.diagnostics, p);
  };
  if (p.style().verbose) {
    for (const auto& c : t.cases) {
      const auto& v = c.verdict();
      if (!c.expected()) line({v.verdict, v.detail, reason_of(c), v.diagnostics, {}}, v.case_name);
    }
    return out;
  }
  for (std::size_t i = 0; i < why.cases.size(); ++i) {
    if (i >= max_cases)
      return out + p.dim(fmt::format("      and more: {} in all\n", count_of(why.cases.size(), "kind")));
    const auto& g = why.cases[i];
    line(g, g.names.front() + (g.names.size() > 1 ? fmt::format(" and {} more", g.names.size() - 1) : ""));
  }
  return out;
}

std::string why_words(const Why& w) {
  if (w.expected) return w.detail.empty() ? "the test itself is as expected, its cases are not" : w.detail;
  const std::string out = joined(w.detail, w.reason);
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
std::string log_of(const std::vector<model::KernelEvent>& events, const Painter& p) {
  std::string out;
  for (const auto& e : events) {
    const bool first = out.empty();
    out += hanging(p, "    kernel  ", event_line(e));
    const auto text = located_text(e);
    const std::size_t n = first || p.style().verbose ? text.size() : 0;
    const std::size_t shown = p.style().verbose ? n : std::min(n, max_trace);
    for (std::size_t i = 0; i < shown; ++i) out += hanging(p, "            ", text[i]);
    if (n > shown) out += p.dim(fmt::format("            ({} more lines)\n", n - shown));
  }
  return out;
}

std::string finding_head(const std::string& names, const std::string& columns, const Painter& p) {
  return hanging(p, "  " + p.bad(p.sign("✗ ", "! ")), fmt::format("{}  {}", names, columns));
}

/// Why a test is not as expected, and where its output is.
std::string finding_body(const TestData& t, const Why& w, const Painter& p) {
  const std::string word = model::to_string(w.verdict);
  std::string out = hanging(p, fmt::format("    {}  ", w.expected ? word : p.bad(word)), why_words(w));
  if (const auto& l = w.ledger; l && l->available && l->outstanding() != 0)
    out += fmt::format("    pins  {} acquired, {} released: {}\n", l->acquired(), l->released(),
                       signed_count_of(l->outstanding(), "page"));
  if (!w.expected) out += diagnostics_text(w.diagnostics, p);
  out += bad_cases(t, w, p) + log_of(w.events, p);
  if (const auto file = t.output_file(); !file.empty())
    out += fmt::format("    output  {}\n", shell_quote(file));
  return out;
}

std::string finding_text(const Finding& f, const Painter& p) {
  std::vector<std::string> names;
  for (const auto* k : f.kernels) names.push_back(column_name(k->row));
  const std::string columns = join(names, ", ");
  std::string out;
  if (f.first != nullptr && !f.first->as_expected())
    out += finding_head(f.test, columns, p) + finding_body(*f.first, f.why, p);
  for (const auto& l : f.lost)
    out += finding_head(name_of(l), columns, p) + hanging(p, "    " + p.bad("gone") + "  ", text_of(l));
  return out;
}

/// The tests that went with a guest, as one.
std::string lost_tests_text(const LostGuest& g, const Painter& p) {
  if (g.tests.empty()) return "";
  const std::size_t n = std::min(g.tests.size(), max_tests);
  std::string names = join({g.tests.begin(), g.tests.begin() + static_cast<std::ptrdiff_t>(n)}, ", ");
  if (g.tests.size() > n) names += fmt::format(" and {} more", g.tests.size() - n);
  const TestData& first = *g.kernel->find(g.tests.front());
  return finding_head(names, column_name(g.kernel->row), p) +
         finding_body(first, why_of(*g.kernel, first), p);
}

/// How patches came into the tree that did not apply as they are.
std::vector<std::pair<std::string, std::string>> fit_notes(const RunData& data, const Painter& p) {
  std::vector<std::pair<std::string, std::string>> out;
  std::vector<std::pair<std::string, std::string>> moved;
  for (const auto& patch : data.patches) {
    if (patch.fit.exact()) continue;
    auto& list = patch.fit.inexact() ? out : moved;
    list.emplace_back(fmt::format("patch {}", patch.point), model::to_string(patch.fit));
  }
  if (moved.size() > max_offsets && !p.style().verbose)
    out.emplace_back(count_of(moved.size(), "patch"), "apply with an offset (--verbose lists them)");
  else
    out.insert(out.end(), moved.begin(), moved.end());
  return out;
}

}  // namespace

std::string heading(const Digest& d, const Painter& p) {
  const RunData& data = d.data;
  const auto& r = data.run;
  std::string out = p.bold(fmt::format("run {}", r.id)) + fmt::format("  {}: {}", r.spec, r.base);
  if (!r.series.empty()) out += " + " + r.series;
  if (r.faults) out += ", with injected faults";
  std::string when = "started " + r.started;
  if (const auto s = elapsed_s(r.started, r.finished)) when += fmt::format(", took {}", human_seconds(*s));
  if (r.state != store::RunState::finished) when += fmt::format(", {}", store::to_string(r.state));
  if (r.resumed > 0)
    when += fmt::format(", resumed {}", count_of(static_cast<std::size_t>(r.resumed), "time"));
  if (r.state == store::RunState::interrupted) when += "; `pinrig run --resume` finishes it";
  out += "\n" + p.dim(when) + "\n";
  if (!matrices(data).empty()) return out;  // it lists the subjects
  int last = -1;
  for (const auto& k : data.kernels) {
    const auto& point = k.row.point;
    if (point.is_base() || point.number <= last) continue;
    last = point.number;
    const std::string name =
        k.row.is_tip ? fmt::format("tip = patch {}", point.number) : fmt::format("patch {}", point.number);
    out += hanging(p, fmt::format("  {}: ", name), point.subject.empty() ? "(no subject)" : point.subject);
  }
  return out;
}

std::string outcomes(const Digest& d, const Painter& p) {
  const RunData& data = d.data;
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
  for (const auto& n : d.not_built) {
    out += hanging(p, "  " + p.bad(p.sign("✗ ", "! ")), n.sentence() + untested_text(n));
    if (!n.log.empty()) out += "    log  " + shell_quote(n.log) + "\n";
  }
  for (const auto& [why, names] : rows) out += hanging(p, "  " + p.bad(names) + "  ", why);
  return out.empty() ? "" : p.bold("did not complete") + "\n" + out;
}

std::string unexpected(const Digest& d, const Painter& p) {
  std::string out;
  for (const auto& f : d.findings) out += finding_text(f, p);
  for (const auto& g : d.lost_guests) out += lost_tests_text(g, p);
  return out.empty() ? "" : p.bold("not as expected") + "\n" + out;
}

std::string events(const Digest& d, const Painter& p) {
  const RunData& data = d.data;
  std::string out;
  for (const auto& k : data.kernels) {
    std::size_t n = 0;
    for (const auto& g : k.guests) {
      for (const auto& e : g.events) {
        if (is_page_dump(e) && !p.style().verbose) continue;
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

std::string notes(const Digest& d, const Painter& p) {
  const RunData& data = d.data;
  std::vector<std::pair<std::string, std::string>> unmet;
  auto rows = fit_notes(data, p);
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

std::string further(const Digest& d, const Painter& p) {
  const RunData& data = d.data;
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
  if (const std::string trace = holders_command(d); !trace.empty())
    out += fmt::format("  {}  {}\n", trace, p.dim("(who holds the pins)"));
  return data.kernels.empty() ? "" : out;
}

}  // namespace pinrig::report
