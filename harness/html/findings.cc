// SPDX-License-Identifier: GPL-2.0
// What is not as expected, with its evidence, and the failures that are.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "base/text.h"
#include "html/parts.h"
#include "report/why_text.h"

namespace pinrig::html {
namespace {

using report::CaseGroup;
using report::Finding;
using report::Why;

constexpr std::size_t max_names = 12;           ///< of cases with the same words
constexpr std::size_t max_groups = 40;          ///< of cases
constexpr std::size_t max_lines = 40;           ///< that a test or case printed
constexpr std::size_t max_excerpt = 16 * 1024;  ///< bytes of a console
constexpr int lines_before = 40;                ///< of a console, before the first message
constexpr int lines_after = 80;

std::string ledger_html(const model::PinLedger& l) {
  if (!l.available) return "<p>pins: not available, this kernel does not count pins</p>\n";
  const auto row = [](const char* word, std::int64_t a, std::int64_t r, const std::string& note) {
    return fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>\n", word,
        a, r, note);
  };
  const auto settled = [](bool yes) { return std::string(yes ? "settled" : "not settled"); };
  std::string out =
      "<table><caption>Pins, in base pages</caption><thead><tr><td></td><th scope=\"col\">acquired</th>"
      "<th scope=\"col\">released</th><td></td></tr></thead><tbody>\n";
  out += row("before", l.before.acquired, l.before.released, settled(l.settled_before));
  out += row("after", l.after.acquired, l.after.released,
             fmt::format("{} after {:.0f} ms", settled(l.settled_after), l.settle_ms));
  out += row("moved", l.acquired(), l.released(), fmt::format("<strong>{:+} left</strong>", l.outstanding()));
  out += "</tbody></table>\n" + ledger_bars(l);
  if (l.claim && l.claim->mode != model::PinClaim::Mode::net_zero)
    out += fmt::format("<p>The test claimed to pin {} {}.</p>\n",
                       l.claim->mode == model::PinClaim::Mode::exact ? "exactly" : "at least",
                       count_of(static_cast<std::size_t>(std::max<std::int64_t>(l.claim->pages, 0)), "page"));
  return out;
}

std::string printed(const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  const auto n = static_cast<std::ptrdiff_t>(std::min(lines.size(), max_lines));
  std::string out = "<pre tabindex=\"0\">" + esc_lines({lines.begin(), lines.begin() + n}) + "</pre>\n";
  if (lines.size() > max_lines)
    out += fmt::format("<p class=\"cut\">{} more lines</p>\n", lines.size() - max_lines);
  return out;
}

std::string group_html(const CaseGroup& g) {
  const std::size_t n = std::min(g.names.size(), max_names);
  std::string names = join({g.names.begin(), g.names.begin() + static_cast<std::ptrdiff_t>(n)}, ", ");
  if (g.names.size() > n) names += fmt::format(" and {} more", g.names.size() - n);
  const std::string& why = g.detail.empty() ? g.reason : g.detail;
  return fmt::format("<li><strong>{}</strong> {}: <code>{}</code>{}{}</li>\n", model::to_string(g.verdict),
                     count_of(g.names.size(), "case"), esc(names), why.empty() ? "" : ": " + esc(why),
                     printed(g.diagnostics));
}

std::string cases_html(const Why& why) {
  if (why.cases.empty()) return "";
  std::string out = "<ul>\n";
  for (std::size_t i = 0; i < std::min(why.cases.size(), max_groups); ++i) out += group_html(why.cases[i]);
  out += "</ul>\n";
  if (why.cases.size() > max_groups)
    out += fmt::format("<p class=\"cut\">and cases that failed in {} other ways</p>\n",
                       why.cases.size() - max_groups);
  return out;
}

/// The report with its source lines; a line that a patch of the series owns stands out.
std::string report_text(const model::KernelEvent& e) {
  std::string out;
  for (const auto& line : model::located_text(e)) {
    const bool patched = line.find(", patch ") != std::string::npos;
    out += (patched ? "<mark>" : "") + esc(line) + (patched ? "</mark>" : "") + "\n";
  }
  return out;
}

/// Lines around a message of a console. A file that is gone is no error: the report itself is in the store.
std::vector<std::string> console_lines(const fs::path& file, int first) {
  std::ifstream in(file, std::ios::binary);
  std::vector<std::string> out;
  std::string line;
  std::size_t bytes = 0;
  for (int n = 1; n <= first + lines_after && std::getline(in, line); ++n) {
    if (n < first - lines_before) continue;
    bytes += line.size() + 1;
    if (bytes > max_excerpt) break;
    out.push_back(line);
  }
  return out;
}

std::string events_html(const Source& s, const std::vector<model::KernelEvent>& events,
                        const std::string& dir) {
  constexpr std::size_t max_events = 10;
  std::string out;
  for (std::size_t i = 0; i < std::min(events.size(), max_events); ++i) {
    const auto& e = events[i];
    out += fmt::format("<details{}><summary>kernel log: {}</summary>\n", i == 0 ? " open" : "",
                       esc(report::event_line(e)));
    if (!e.text.empty()) out += "<pre tabindex=\"0\">" + report_text(e) + "</pre>\n";
    out += "</details>\n";
  }
  if (events.size() > max_events)
    out += fmt::format("<p class=\"cut\">and {} other kernel reports</p>\n", events.size() - max_events);
  if (events.empty() || dir.empty()) return out;
  const fs::path console = fs::path(dir) / "console.raw";
  const auto lines = console_lines(console, events.front().first_line);
  if (!lines.empty())
    out += "<details><summary>console around the first message</summary>\n<pre tabindex=\"0\">" +
           esc_lines(lines) + "</pre>\n</details>\n";
  return out + "<p>" + file_html(s, console, "console") + "</p>\n";
}

std::string body_of(const Source& s, const report::TestData& t, const Why& why) {
  std::string out;
  const std::string text = why.detail.empty() || why.reason.empty() || why.detail == why.reason
                               ? why.detail + (why.detail == why.reason ? "" : why.reason)
                               : why.detail + "; " + why.reason;
  if (!text.empty()) out += fmt::format("<p>{}</p>\n", esc(text));
  if (why.rule) out += fmt::format("<p class=\"dim\">rule: {}</p>\n", model::to_string(*why.rule));
  if (why.ledger && (!why.ledger->available || why.ledger->outstanding() != 0))
    out += ledger_html(*why.ledger);
  out += printed(why.diagnostics) + cases_html(why) + events_html(s, why.events, t.dir);
  if (const auto file = t.output_file(); !file.empty())
    out += "<p>" + file_html(s, file, "output of the test") + "</p>\n";
  return out;
}

std::string columns_of(const std::vector<const report::KernelData*>& kernels) {
  std::vector<std::string> names;
  for (const auto* k : kernels) names.push_back(report::column_name(k->row));
  return join(names, ", ");
}

Piece finding_piece(const Source& s, const Finding& f) {
  model::TestVerdict named;
  named.test = f.test;
  std::string out = fmt::format("<article class=\"finding\" data-t=\"{}\" id=\"{}\">\n", esc(f.test),
                                esc(row_id(f.kernels.front()->row.id, named)));
  for (std::size_t i = 1; i < f.kernels.size(); ++i)
    out += fmt::format("<span id=\"{}\"></span>", esc(row_id(f.kernels[i]->row.id, named)));
  const std::string sign = f.first == nullptr ? "<span class=\"m r\">? gone</span>" : sign_html(f.first->row);
  out += fmt::format("<h3>{} <code>{}</code></h3>\n<p class=\"dim\">{}; {}</p>\n", sign, esc(f.test),
                     esc(columns_of(f.kernels)), esc(f.headline()));
  for (const auto& l : f.lost)
    out +=
        fmt::format("<p>gone: <code>{}</code>, {}</p>\n", esc(report::name_of(l)), esc(report::text_of(l)));
  if (f.first != nullptr) {
    out += body_of(s, *f.first, f.why);
    out += fmt::format("<ul class=\"commands\"><li><code>{}</code></li></ul>\n",
                       esc(fmt::format("pinrig show {} {} {}", shell_quote(s.data().run.id),
                                       shell_quote(f.first->guest_id), shell_quote(f.test))));
  }
  return {out + "</article>\n", 1, "finding: " + f.headline()};
}

std::string lost_guest_html(const Source& s, const report::LostGuest& g) {
  std::string out = fmt::format(
      "<article class=\"finding\" data-t=\"{}\">\n<h3><span class=\"m r\">! guest</span> "
      "<code>{}</code></h3>\n<p>{}</p>\n",
      esc(g.guest->row.id), esc(g.guest->row.id), esc(report::outcome_text(g.guest->row.outcome)));
  for (const auto& a : g.guest->attempts) {
    if (a.loss != model::Loss::none)
      out += fmt::format("<p>attempt {}: {}</p>\n", a.number, model::words(a.loss)) + printed(a.evidence);
    if (a.dump && !a.dump->file.empty())
      out += fmt::format("<ul class=\"commands\"><li><code>{}</code></li></ul>\n",
                         esc(model::crash_command(*a.dump)));
  }
  if (!g.tests.empty())
    out += fmt::format("<details><summary>{} without a result</summary><p>{}</p></details>\n",
                       count_of(g.tests.size(), "test"), esc(join(g.tests, ", ")));
  if (g.guest->started())
    out += "<p>" + file_html(s, fs::path(g.guest->row.dir) / "console.raw", "console") + "</p>\n";
  return out + "</article>\n";
}

}  // namespace

std::vector<Piece> unexpected_pieces(const Source& s) {
  const auto& d = s.digest;
  std::vector<Piece> out;
  for (const auto& n : d.not_built)
    out.push_back({fmt::format(
        "<article class=\"finding\" data-t=\"build\">\n<h3><span class=\"m r\">! not built</span> {}</h3>\n"
        "<p>{}</p>\n<p class=\"dim\">not tested: {}</p>\n{}</article>\n",
        esc(n.headline()), esc(n.sentence()), esc(join(n.kernels, ", ")),
        n.log.empty() ? "" : "<p>" + file_html(s, n.log, "build log") + "</p>\n")});
  for (const auto& g : d.lost_guests) out.push_back({lost_guest_html(s, g), 1, "guest " + g.guest->row.id});
  for (const auto& f : d.findings) out.push_back(finding_piece(s, f));
  for (const auto& k : d.data.kernels) {
    for (const auto& u : k.row.unmet)
      out.push_back({fmt::format(
          "<article class=\"finding\" data-t=\"{0}\">\n<h3><span class=\"m r\">! expectation not met"
          "</span> {1}</h3>\n<p>{0}</p>\n</article>\n",
          esc(u), esc(report::column_name(k.row)))});
  }
  return out;
}

std::vector<Piece> known_pieces(const Source& s) {
  const std::string more = "<!---->";  // where further kernels are named
  std::vector<Piece> out;
  std::map<std::string, std::size_t> at;  // kernels with the same words are one
  for (const auto& k : s.data().kernels) {
    for (const report::TestData* t : k.tests()) {
      const auto& v = t->row.verdict();
      if (!t->as_expected() || !report::is_bad(v.verdict)) continue;
      const std::string reason = report::reason_of(t->row);
      const std::string key = v.test + "\n" + sign_of(t->row).word + "\n" + v.detail + "\n" + reason;
      const std::string where =
          fmt::format("<span id=\"{}\">{}</span>", esc(row_id(k.row.id, v)), esc(report::column_name(k.row)));
      if (const auto [it, fresh] = at.emplace(key, out.size()); !fresh) {
        auto& text = out[it->second].text;
        text.insert(text.find(more), ", " + where);
        continue;
      }
      const std::string rule =
          t->row.assessment ? model::to_string(t->row.assessment->rule) : "not assessed yet";
      std::string text = fmt::format(
          "<div class=\"known\" data-t=\"{}\">\n<p>{} <code>{}</code> {}{}</p>\n<p>{}</p>\n", esc(v.test),
          sign_html(t->row), esc(v.test), where, more, esc(rule + (reason.empty() ? "" : ": " + reason)));
      if (!v.detail.empty() && v.detail != reason)
        text += fmt::format("<p class=\"dim\">{}</p>\n", esc(v.detail));
      const auto& l = t->row.result.ledger;
      if (l && l->available && l->outstanding() != 0)
        text += fmt::format("<p class=\"dim\">{}</p>\n", esc(report::pins_line(*l)));
      out.push_back({text + "</div>\n", 2, "expected failure of " + v.test});
    }
  }
  for (auto& p : out) p.text.erase(p.text.find(more), more.size());
  return out;
}

}  // namespace pinrig::html
