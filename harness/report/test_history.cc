// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/night_words.h"
#include "report/nights.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

std::string pins_of(const model::TestResult& r) {
  if (!r.ledger || !r.ledger->available) return "";
  std::string out = fmt::format("{}/{}", r.ledger->acquired(), r.ledger->released());
  if (r.outstanding() != 0) out += fmt::format(" {:+}", r.outstanding());
  return out;
}

std::string verdict_of(const TestHistory::Entry& e) {
  std::string out = model::to_string(e.row.verdict().verdict);
  if (e.broken) out += " (broken kernel)";
  if (e.row.assessment && e.row.assessment->rule == model::Rule::known_issue) out += " (known issue)";
  return out;
}

std::string paint(const Painter& p, const TestHistory::Entry& e, const std::string& text) {
  if (e.broken) return p.warn(text);
  return e.row.expected() ? text : p.bad(text);
}

/// The row's index in the names of the line; its pattern needs it.
std::optional<std::size_t> name_index(const NightData& data, const TestHistory& h) {
  const history::RowName name{h.test, h.case_name};
  const auto it = std::find(data.line.names.begin(), data.line.names.end(), name);
  if (it == data.line.names.end()) return std::nullopt;
  return static_cast<std::size_t>(it - data.line.names.begin());
}

std::string summary_of(const NightData& data, std::size_t column, std::size_t name) {
  const auto row = data.line.row(column, name);
  const auto p = history::pattern_of(row);
  std::string out = fmt::format("{}: {} of {} nights red, {}, streak {}", history::to_string(p.word), p.red,
                                p.of, count_of(static_cast<std::size_t>(p.flips), "flip"), p.streak);
  const auto& nights = data.line.nights;
  if (p.red_now) {
    const auto since = history::since(row, data.line.columns[column].nights);
    out += ", red since " + nights[history::red_since(row, data.line.columns[column].nights)].run_id;
    if (since.oldest != since.newest)
      out +=
          fmt::format(" (began between {} and {})", nights[since.oldest].run_id, nights[since.newest].run_id);
  }
  return out;
}

}  // namespace

std::string history_text(const NightData& data, const TestHistory& h, const Style& style) {
  const Painter p(style);
  std::string out = p.bold(clean(to_string(history::RowName{h.test, h.case_name}))) + "\n";
  const auto name = name_index(data, h);
  for (std::size_t c = 0; c < data.line.columns.size(); ++c) {
    std::string lines;
    for (const auto& e : h.entries) {
      if (e.column != c) continue;
      const auto& built = data.line.columns[c].nights[e.night];
      const auto& v = e.row.verdict();
      std::string rest = fmt::format("{}  {}", pad(built.version, 10), human_seconds(v.wall_s));
      if (const auto pins = pins_of(e.row.result); !pins.empty()) rest += "  " + pins;
      lines += hanging(
          p,
          "  " + pad(data.line.nights[e.night].run_id, 20) + "  " + paint(p, e, pad(verdict_of(e), 8)) + "  ",
          clean(rest));
      if (!e.row.expected() && !v.detail.empty()) lines += hanging(p, "      ", clean(v.detail));
    }
    if (lines.empty()) continue;
    out += "\n" + p.bold(clean(column_word(data.line, c))) + "\n";
    if (name) out += hanging(p, "  ", clean(summary_of(data, c, *name)));
    out += lines;
  }
  return out;
}

}  // namespace pinrig::report
