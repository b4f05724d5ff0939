// SPDX-License-Identifier: GPL-2.0
// For GitHub Actions: Markdown for the summary of a step, and workflow commands that become annotations.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/digest.h"
#include "report/sections.h"
#include "report/selection.h"
#include "report/text_layout.h"
#include "report/unfinished.h"
#include "report/why_text.h"

namespace pinrig::report {
namespace {

constexpr std::size_t max_summary = 200 * 1024;  ///< bytes; GitHub drops a summary of more than 1 MiB whole
constexpr std::size_t max_rows = 200;            ///< of a table
constexpr std::size_t max_shown = 10;            ///< annotations of a kind; GitHub drops the rest in silence
constexpr std::size_t max_message = 4000;        ///< bytes of one annotation

/// Nothing in it means anything to Markdown or HTML, nor links to a user, an issue or a page.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : clean(text)) {
    const bool special = std::string_view("\\`*_{}[]()#+!|<>&@~:$\"'=").find(c) != std::string_view::npos;
    out += special ? fmt::format("&#{};", static_cast<int>(c)) : std::string(1, c);
  }
  for (std::size_t at = out.find("www."); at != std::string::npos; at = out.find("www.", at))
    out.replace(at, 4, "www&#46;");
  return out;
}

/// A block that is shown as it is.
std::string block(const std::vector<std::string>& lines) {
  std::string out = "<pre>\n";
  for (const auto& line : lines) out += plain(line) + "\n";
  return out + "</pre>\n";
}

std::string columns_of(const Finding& f) {
  std::vector<std::string> names;
  for (const auto* k : f.kernels) names.push_back(column_name(k->row));
  return join(names, ", ");
}

std::string change_rows(const Digest& d) {
  std::string out;
  std::size_t n = 0;
  for (const auto& c : d.changes) {
    if (++n > max_rows) continue;
    const auto word = [](const std::optional<assess::Seen>& s) {
      return s ? model::to_string(s->verdict) : "absent";
    };
    out += fmt::format("| {} | {} | {} → {} | {}{} |\n", assess::to_string(c.delta.kind),
                       plain(c.delta.test + (c.delta.case_name.empty() ? "" : ":" + c.delta.case_name)),
                       word(c.delta.before), word(c.delta.after), plain(join(c.columns, ", ")),
                       c.since > 0 ? fmt::format(", since patch {}", c.since) : "");
  }
  if (out.empty()) return "";
  if (n > max_rows) out += fmt::format("| | and {} more | | |\n", n - max_rows);
  return "\n#### Changed from base to tip\n\n| | test | verdict | kernels |\n|---|---|---|---|\n" + out;
}

/// Findings, each once, with their reason in the row and the evidence below.
std::string finding_rows(const Digest& d) {
  std::string rows;
  std::size_t n = 0;
  for (const auto& b : d.not_built) rows += fmt::format("| not built | {} | |\n", plain(b.sentence()));
  for (const auto& g : d.lost_guests)
    rows += fmt::format("| guest | {}{} | {} |\n", plain(outcome_text(g.guest->row.outcome)),
                        g.tests.empty() ? "" : fmt::format(", {} without a result", g.tests.size()),
                        plain(g.guest->row.id));
  for (const auto& f : d.findings) {
    if (++n > max_rows) continue;
    const std::string& why = f.why.detail.empty() ? f.why.reason : f.why.detail;
    rows += fmt::format("| {} | {} | {} |\n", plain(f.headline()), plain(why), plain(columns_of(f)));
  }
  for (const auto& k : d.data.kernels) {
    for (const auto& u : k.row.unmet) rows += fmt::format("| unmet | {} | {} |\n", plain(u), plain(k.row.id));
  }
  if (rows.empty()) return "";
  if (n > max_rows) rows += fmt::format("| and {} more | | |\n", n - max_rows);
  return "\n#### Not as expected\n\n| finding | reason | kernels |\n|---|---|---|\n" + rows;
}

std::string details_of(const Finding& f) {
  if (f.first == nullptr) return "";
  return fmt::format("<details><summary>{}</summary>\n\n", plain(f.headline())) +
         block(why_lines(f.why, WhyLimits{})) + "\n</details>\n";
}

std::string escaped(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<int>(c)) : std::string(1, c);
  }
  return out;
}

std::string annotation(const char* level, const std::string& title, const std::string& message) {
  std::string text = message;
  if (text.size() > max_message) {
    std::size_t n = max_message;
    while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80) --n;
    text = text.substr(0, n) + "\n(cut off)";
  }
  return fmt::format("::{} title={}::{}\n", level, escaped(title, true), escaped(text, false));
}

struct Note {
  std::string title;
  std::string message;
};

/// Of more than GitHub shows, the last says how many are missing.
std::string annotations_of(const char* level, const std::vector<Note>& notes) {
  std::string out;
  const std::size_t shown = notes.size() > max_shown ? max_shown - 1 : notes.size();
  for (std::size_t i = 0; i < shown; ++i) out += annotation(level, notes[i].title, notes[i].message);
  if (notes.size() > shown)
    out += annotation(level, "pinrig", fmt::format("and {} more", notes.size() - shown));
  return out;
}

std::vector<Note> errors_of(const Digest& d) {
  std::vector<Note> out;
  for (const auto& n : d.not_built) out.push_back({n.headline(), n.sentence()});
  for (const auto& g : d.lost_guests)
    out.push_back({g.guest->row.id + " " + g.headline(),
                   outcome_text(g.guest->row.outcome) +
                       (g.tests.empty() ? "" : "\nwithout a result: " + join(g.tests, ", "))});
  for (const auto& f : d.findings) {
    std::vector<std::string> lines{columns_of(f)};
    if (f.first != nullptr)
      for (auto& line : why_lines(f.why, WhyLimits{})) lines.push_back(std::move(line));
    for (const auto& l : f.lost) lines.push_back(name_of(l) + ": " + text_of(l));
    out.push_back({f.headline(), join(lines, "\n")});
  }
  for (const auto& k : d.data.kernels) {
    for (const auto& u : k.row.unmet) out.push_back({"expectation not met on " + k.row.id, u});
  }
  return out;
}

std::vector<Note> warnings_of(const Digest& d) {
  std::vector<Note> out;
  const auto add = [&](const std::string& title, const std::string& text) {
    const auto same = [&](const Note& n) { return n.title == title && n.message == text; };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back({title, text});
  };
  for (const auto& k : d.data.kernels) {
    for (const auto& w : k.row.warnings) add("compiler warning", w);
    for (const auto& i : k.row.known) add("known issue", i);
  }
  return out;
}

}  // namespace

Result<std::string> github(const store::Store& store, const store::RunRow& run, const Selection& what) {
  PINRIG_TRY(data, load(store, run, what.assessment));
  PINRIG_CHECK(narrow(data, what));
  const auto d = digest(std::move(data));
  const Painter no_colour(Style{});
  const auto& r = d->data.run;
  std::string out = fmt::format("### pinrig {}: {}{}\n\n**{}**\n", plain(r.spec), plain(r.base),
                                r.series.empty() ? "" : " + " + plain(r.series),
                                plain(std::string(trim(summary(*d, no_colour)))));
  if (const auto head = d->headline(); !head.empty()) out += "\n" + plain(head) + "\n";
  out += change_rows(*d) + finding_rows(*d);
  std::size_t left = 0;
  const auto add = [&](const std::string& text) {
    if (out.size() + text.size() > max_summary)
      ++left;
    else
      out += text;
  };
  add("\n");
  for (const auto& f : d->findings) add(details_of(f));
  add("\n<details><summary>Kernels and next steps</summary>\n\n" +
      block(split(kernels(*d, no_colour) + "\n" + further(*d, no_colour), '\n')) + "\n</details>\n");
  if (left > 0) out += fmt::format("\n{} omitted: see `pinrig show {}`\n", count_of(left, "detail"), r.id);
  return out;
}

Result<std::string> annotations(const store::Store& store, const store::RunRow& run, const Selection& what) {
  PINRIG_TRY(data, load(store, run, what.assessment));
  PINRIG_CHECK(narrow(data, what));
  const auto d = digest(std::move(data));
  auto errors = errors_of(*d);
  // A run that failed is never without an error.
  const auto& r = d->data.run;
  if (errors.empty() && r.exit_code != 0)
    errors.push_back({"pinrig", fmt::format("run {}: {}, {}", r.id, store::to_string(r.state),
                                            r.exit_code < 0 ? "no exit code yet"
                                                            : fmt::format("exit code {}", r.exit_code))});
  return annotations_of("error", errors) + annotations_of("warning", warnings_of(*d));
}

std::string unfinished_github(const Unfinished& u) {
  return fmt::format("### pinrig\n\n**{}**\n{}", plain(u.why),
                     u.hint.empty() ? "" : "\n" + plain(u.hint) + "\n");
}

std::string unfinished_annotations(const Unfinished& u) {
  return annotation("error", "pinrig", clean(u.why) + (u.hint.empty() ? "" : "\n" + clean(u.hint)));
}

}  // namespace pinrig::report
