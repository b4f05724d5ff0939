// SPDX-License-Identifier: GPL-2.0
// Heading, what changed, the series, the tests as expected, kernels, commands, bisections.
#include "report/sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "bisect/log.h"
#include "bisect/text.h"
#include "html/parts.h"
#include "report/matrix.h"
#include "report/patch_lines.h"

namespace pinrig::html {
namespace {

using report::KernelData;
using report::TestData;

constexpr std::size_t max_columns = 6;    ///< kernels in the tables of green tests
constexpr std::size_t max_changes = 300;  ///< rows

const report::Painter& plain() {
  static const report::Painter p{report::Style{}};
  return p;
}

const char* result_class(report::Digest::Result r) {
  using Result = report::Digest::Result;
  return r == Result::all_expected ? "g" : r == Result::running || r == Result::interrupted ? "e" : "r";
}

std::string mark_html(const report::PointMark& m, bool first) {
  if (!m.verdict) return "<td>·<span class=\"dim\"> none</span></td>";
  report::Row row;
  row.result.verdict.verdict = *m.verdict;
  if (!m.expected) row.assessment = model::Assessment{model::Rule::failure, "", ""};
  Sign s = sign_of(row);
  if (m.pages != 0) s.word += fmt::format(" {:+}", m.pages);
  if (m.warnings != 0) s = {"⚠", count_of(static_cast<std::size_t>(m.warnings), "warning"), "e"};
  return fmt::format("<td{}><span class=\"m {}\">{}{} {}</span>{}</td>", first ? " class=\"first\"" : "",
                     s.colour, m.inherited ? "= " : "", s.mark, esc(s.word), first ? " first red" : "");
}

std::string matrix_html(const report::Matrix& m) {
  std::string out = fmt::format(
      "<table><caption>{}: {} the same at all points</caption>\n<thead><tr><th scope=\"col\">test</th>",
      esc(m.head), count_of(m.same, "test"));
  for (const auto* k : m.points) out += fmt::format("<th scope=\"col\">{}</th>", esc(k->row.point.label));
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : m.rows) {
    const std::string more = row.more > 0 ? fmt::format(" and {} more", count_of(row.more, "case")) : "";
    out += fmt::format("<tr data-t=\"{0}\"><th scope=\"row\">{0}{1}</th>", esc(row.name), more);
    for (std::size_t i = 0; i < row.marks.size(); ++i) out += mark_html(row.marks[i], row.first_red == i);
    out += "</tr>\n";
  }
  return scrolling("Tests that differ, " + m.head, out + "</tbody></table>\n");
}

/// What is red first at a patch, on any kernel; its new warnings.
std::string patch_notes(const std::vector<report::Matrix>& all, int number) {
  std::vector<std::string> out;
  for (const auto& m : all) {
    for (std::size_t i = 0; i < m.points.size(); ++i) {
      if (m.points[i]->row.point.number != number || number == 0) continue;
      const auto red = m.red_at(i);
      if (!red.empty())
        out.push_back(fmt::format("<span class=\"m r\">✗ red from here</span> on {}: <code>{}</code>",
                                  esc(m.head), esc(join(red, ", "))));
      for (const auto& w : m.new_warnings[i]) out.push_back("warning: <code>" + esc(w) + "</code>");
      if (!m.points[i]->row.inherits.empty()) out.push_back("no code change on " + esc(m.head));
    }
  }
  return join(out, "<br>");
}

std::string patches_html(const Source& s) {
  const auto all = report::matrices(s.data());
  std::map<int, std::string> subjects;
  for (const auto& p : s.data().patches) subjects[p.point] = p.subject;
  for (const auto& k : s.data().kernels)
    if (!k.row.point.is_base()) subjects.emplace(k.row.point.number, k.row.point.subject);
  if (subjects.empty()) return "";
  std::string out =
      "<table><caption>Patches</caption><thead><tr><th scope=\"col\">patch</th><th scope=\"col\">subject</th>"
      "<th scope=\"col\">lines that ran</th><th scope=\"col\">notes</th></tr></thead>\n<tbody>\n";
  for (const auto& [number, subject] : subjects) {
    std::vector<std::string> ran;
    for (const auto arch : {model::Arch::x86_64, model::Arch::aarch64}) {
      const auto text = report::lines_run(s.data().run, number, arch);
      if (text.has_value() && !text->empty())
        ran.push_back(fmt::format("{}: {}", model::to_string(arch), esc(*text)));
    }
    out += fmt::format(
        "<tr data-t=\"{1}\"><th scope=\"row\">{0}</th><td>{1}</td><td>{2}</td><td>{3}</td></tr>\n", number,
        esc(subject), ran.empty() ? "<span class=\"dim\">not counted</span>" : join(ran, "<br>"),
        patch_notes(all, number));
  }
  return scrolling("Patches", out + "</tbody></table>\n");
}

/// "✓ pass 2342 1.2s": the pins of a pass without the word of its balance, which is even.
std::string cell_html(const KernelData& k, const TestData* t) {
  if (t == nullptr) return "<td class=\"dim\">·";
  const auto& v = t->row.verdict();
  const Sign sign = sign_of(t->row);
  std::string out = fmt::format("<td id=\"{}\" class=\"{}\">{} {}", esc(row_id(k.row.id, v)), sign.colour,
                                sign.mark, sign.word);
  if (const auto& l = t->row.result.ledger; l && l->available && l->acquired() != 0)
    out += fmt::format(" {}", l->acquired());
  if (v.wall_s >= 0.05) out += fmt::format(" {:.1f}s", v.wall_s);
  std::map<std::string, int> words;
  for (const auto& c : t->cases) ++words[model::to_string(c.verdict().verdict)];
  std::vector<std::string> counts;
  for (const auto& [word, n] : words) counts.push_back(fmt::format("{} {}", n, word));
  if (!counts.empty()) out += " <small>(" + join(counts, ", ") + ")</small>";
  if (v.verdict == model::Verdict::skip && !v.detail.empty()) out += " <small>" + esc(v.detail) + "</small>";
  return out;
}

bool is_green(const std::vector<const KernelData*>& kernels, const std::string& test) {
  return std::all_of(kernels.begin(), kernels.end(), [&](const KernelData* k) {
    const TestData* t = k->find(test);
    return t == nullptr || (t->as_expected() && !report::is_bad(t->row.verdict().verdict));
  });
}

/// Base and tip of each architecture and configuration, if there are many points.
std::vector<const KernelData*> columns_of(const report::RunData& data) {
  std::vector<const KernelData*> out;
  for (const auto& k : data.kernels) {
    const bool end = k.row.point.is_base() || k.row.is_tip;
    if (k.built() && (data.kernels.size() <= max_columns || end)) out.push_back(&k);
  }
  if (out.size() > max_columns) out.resize(max_columns);
  return out;
}

}  // namespace

std::string file_html(const Source& s, const fs::path& file, const std::string& name) {
  if (!s.folder.empty()) {
    const auto inside = file.lexically_relative(s.folder);
    if (!inside.empty() && *inside.begin() != "..")
      return fmt::format("<a href=\"{}\">{}</a>", esc(link_to(inside.string()).substr(1)), esc(name));
  }
  return fmt::format("{}: <code>{}</code>", esc(name), esc(file.string()));
}

std::string heading_html(const Source& s) {
  const auto& d = s.digest;
  const auto& r = d.data.run;
  const std::string sentence(trim(report::summary(d, plain())));
  const auto colon = sentence.find(": ");
  std::string out = fmt::format("<h1>{}: {}{}</h1>\n", esc(r.spec), esc(r.base),
                                r.series.empty() ? "" : " + " + esc(r.series));
  out += fmt::format("<p class=\"sentence\"><span class=\"badge {}\">{}</span> {}</p>\n",
                     result_class(d.result), esc(sentence.substr(0, colon)),
                     esc(colon == std::string::npos ? "" : sentence.substr(colon + 2)));
  if (const auto head = d.headline(); !head.empty())
    out += fmt::format("<p class=\"r\"><strong>{}</strong></p>\n", esc(head));
  std::string when = fmt::format("run {}, started {}", r.id, r.started);
  if (const auto took = report::elapsed_s(r.started, r.finished)) when += ", took " + human_seconds(*took);
  if (r.state != store::RunState::finished) when += std::string(", ") + store::to_string(r.state);
  if (r.faults) when += ", with injected faults";
  if (r.exit_code >= 0) when += fmt::format(", exit code {}", r.exit_code);
  return out + "<p class=\"dim\">" + esc(when) + "</p>\n";
}

std::string changes_html(const Source& s) {
  const auto& d = s.digest;
  if (!d.compared) return "";
  const auto word = [](const std::optional<assess::Seen>& seen) {
    return std::string(seen ? model::to_string(seen->verdict) : "absent") +
           (seen && seen->pages != 0 ? fmt::format(" {:+}", seen->pages) : "");
  };
  std::string rows;
  for (std::size_t i = 0; i < std::min(d.changes.size(), max_changes); ++i) {
    const auto& c = d.changes[i];
    const std::string name = c.delta.test + (c.delta.case_name.empty() ? "" : ":" + c.delta.case_name);
    const std::string since = c.since == 0 ? "" : fmt::format("patch {}: {}", c.since, c.subject);
    rows += fmt::format(
        "<tr data-t=\"{0}\"><td><span class=\"m {1}\">{2}</span>{3}</td><th scope=\"row\">{0}</th><td>{4} → "
        "{5}</td>"
        "<td>{6}</td><td>{7}</td></tr>\n",
        esc(name), c.expected ? c.delta.kind == assess::DeltaKind::regression ? "e" : "s" : "r",
        assess::to_string(c.delta.kind), c.expected ? ", as expected" : "", word(c.delta.before),
        word(c.delta.after), esc(join(c.columns, ", ")), esc(since));
  }
  std::string out =
      rows.empty()
          ? "<p>Nothing.</p>\n"
          : scrolling(
                "Changed from base to tip",
                "<table><caption>Changed from base to tip</caption><thead><tr><th scope=\"col\">what</th>"
                "<th scope=\"col\">test</th><th scope=\"col\">verdict</th><th scope=\"col\">kernels</th>"
                "<th scope=\"col\">since</th></tr></thead>\n<tbody>\n" +
                    rows + "</tbody></table>\n");
  if (d.changes.size() > max_changes)
    out += fmt::format("<p class=\"cut\">and {} more</p>\n", d.changes.size() - max_changes);
  for (const auto& n : d.not_compared)
    out += fmt::format(
        "<p>{}: {}</p>\n", esc(report::column_name(n.kernel->row)),
        n.tests == 0 ? "not compared, it was not tested" : count_of(n.tests, "test") + " not compared");
  return out;
}

std::string series_html(const Source& s) {
  std::string out = patches_html(s);
  for (const auto& m : report::matrices(s.data())) out += matrix_html(m);
  return out;
}

std::vector<Piece> green_pieces(const Source& s) {
  const auto kernels = columns_of(s.data());
  std::vector<Piece> out;
  std::vector<std::string> suites;
  std::map<std::string, std::vector<std::string>> of;
  for (const auto& test : s.data().tests) {
    if (!is_green(kernels, test)) continue;
    const std::string suite = report::suite_of(test);
    if (!of.contains(suite)) suites.push_back(suite);
    of[suite].push_back(test);
  }
  for (const auto& suite : suites) {
    const auto& tests = of[suite];
    const std::string what = fmt::format("{}: {} as expected", suite, count_of(tests.size(), "test"));
    std::string head = fmt::format("<details class=\"suite\"><summary>{}</summary>\n", esc(what));
    std::string table = "<table><thead><tr><th scope=\"col\">test</th>";
    for (const auto* k : kernels)
      table += fmt::format("<th scope=\"col\">{}</th>", esc(report::column_name(k->row)));
    table += "</tr></thead>\n<tbody>\n";
    for (const auto& test : tests) {
      table += fmt::format("<tr data-t=\"{}\"><th scope=\"row\">{}", esc(test),
                           esc(test.substr(std::min(test.find('/') + 1, test.size()))));
      for (const auto* k : kernels) table += cell_html(*k, k->find(test));
      table += "\n";
    }
    out.push_back(
        {head + scrolling("Tests of " + suite, table + "</tbody></table>\n") + "</details>\n", 3, what});
  }
  return out;
}

std::string kernels_html(const Source& s) {
  std::string out =
      "<table><thead><tr><th scope=\"col\">kernel</th><th scope=\"col\">release</th><th "
      "scope=\"col\">configuration</th>"
      "<th scope=\"col\">build</th><th scope=\"col\">guests</th><th "
      "scope=\"col\">capabilities</th></tr></thead>\n<tbody>\n";
  for (const auto& k : s.data().kernels) {
    const auto& r = k.row;
    const std::string build = r.cached             ? "built before"
                              : r.build_wall_s > 0 ? human_seconds(r.build_wall_s)
                                                   : store::to_string(r.state);
    std::string guests = fmt::format("{}, {}", count_of(k.started(), "guest"), human_seconds(k.wall_s()));
    if (!r.inherits.empty()) guests = "no code change: the results are those of " + esc(r.inherits);
    for (const auto& g : k.guests) {
      if (!g.started() || !r.inherits.empty()) continue;
      guests += fmt::format(", {} (-cpu {}), boot {}: {}", g.row.accel, esc(g.row.cpu_model),
                            human_seconds(g.row.boot_s), esc(g.row.accel_reason));
      break;
    }
    out += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        esc(report::column_name(r)), esc(k.release()), esc(r.config.text()), esc(build), guests,
        esc(report::capability_words(k.all_capabilities())));
  }
  out = scrolling("Kernels", out + "</tbody></table>\n");
  std::string notes = report::notes(s.digest, plain());
  if (!notes.empty())
    out += "<details><summary>Notes</summary>\n<pre tabindex=\"0\">" + esc_lines(split(notes, '\n')) +
           "</pre>\n</details>\n";
  return s.data().kernels.empty() ? "" : out;
}

std::string commands_html(const Source& s) {
  const std::string id = shell_quote(s.data().run.id);
  std::vector<std::string> all{"pinrig show " + id, "pinrig run --again " + id};
  if (s.data().run.state == store::RunState::interrupted) all.push_back("pinrig run --resume " + id);
  for (const auto& line : split(report::further(s.digest, plain()), '\n')) {
    const std::string command(trim(line.substr(0, line.find("  (also"))));
    const bool is = command.starts_with("pinrig ") || command.find("/repro.sh") != std::string::npos;
    if (is && std::find(all.begin(), all.end(), command) == all.end()) all.push_back(command);
  }
  std::string out = "<ul class=\"commands\">\n";
  for (const auto& c : all) out += "<li><code>" + esc(c) + "</code></li>\n";
  return out + "</ul>\n";
}

std::string bisections_html(const Source& s) {
  constexpr std::size_t max_logs = 50;
  const fs::path state = fs::path(s.data().run.dir).parent_path().parent_path();
  std::error_code ec;
  std::vector<fs::path> logs;
  for (fs::directory_iterator it(state / "bisections", ec), end; !ec && it != end; it.increment(ec))
    logs.push_back(it->path() / "bisect.log");
  std::sort(logs.rbegin(), logs.rend());
  logs.resize(std::min(logs.size(), max_logs));
  std::string out;
  for (const auto& file : logs) {
    const auto text = read_file(file);
    // The runs of a search are its observations; one of the same series that looked for a finding of this run
    // belongs here as well.
    if (text.has_error()) continue;
    const auto log = bisect::parse_log(*text, file.string());
    if (log.has_error()) continue;
    const auto found = [&](const report::Finding& f) {
      return f.test == log->test.substr(0, log->test.find(':'));
    };
    const bool same = !s.data().run.series.empty() && log->series == s.data().run.series &&
                      log->base == s.data().run.base &&
                      std::any_of(s.digest.findings.begin(), s.digest.findings.end(), found);
    if (!same && text->find(s.data().run.id) == std::string::npos) continue;
    out += fmt::format("<h3>{} on {}</h3>\n<pre tabindex=\"0\">{}</pre>\n", esc(log->test),
                       model::to_string(log->arch), esc_lines(split(bisect::screen_text(*log, 0), '\n')));
  }
  return out;
}

}  // namespace pinrig::html
