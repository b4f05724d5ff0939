// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "report/night_words.h"
#include "report/nights.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

constexpr std::size_t most_cases = 3;     ///< that a line names
constexpr std::size_t most_numbers = 20;  ///< lines of numbers

std::string painted(const Painter& p, history::Section s, const std::string& text) {
  if (history::is_alarm(s)) return p.bad(text);
  return s == history::Section::fixed ? p.good(text) : s == history::Section::flaky ? p.warn(text) : text;
}

std::string what_of(const history::Finding& f) {
  if (f.test.empty()) return "";
  if (f.cases.empty()) return f.test;
  if (f.cases.size() == 1) return f.test + ":" + f.cases.front();
  return fmt::format("{} ({})", f.test, count_of(f.cases.size(), "case"));
}

std::string change_of(const Painter& p, const history::Finding& f) {
  if (f.test.empty()) return f.text;
  if (f.from.empty()) return f.to;
  return f.from == f.to ? f.to : fmt::format("{} {} {}", f.from, p.arrow(), f.to);
}

std::string tail_of(const DeltaReport& r, const history::Finding& f) {
  const auto& nights = r.data.line.nights;
  switch (f.section) {
    case history::Section::fixed:
      return f.streak >= history::closing_nights
                 ? fmt::format("closed: green for {}", count_of(static_cast<std::size_t>(f.streak), "night"))
                 : fmt::format("green for {} ({})", f.streak, history::closing_nights - f.streak);
    case history::Section::still_red:
      return f.of == 0
                 ? ""
                 : fmt::format(
                       "since {}{}, {} of {} nights", nights[f.since].run_id,
                       f.since + 1 == nights.size() && nights.size() >= delta_nights ? " or earlier" : "",
                       f.red, f.of);
    case history::Section::flaky:
      return fmt::format("{} tonight, {} of {} nights red", f.red_now ? "red" : "green", f.red, f.of);
    case history::Section::new_red:
      return f.since > 0 ? "since " + nights[f.since].run_id : "";
    default:
      return "";
  }
}

std::string line_of(const DeltaReport& r, const history::Finding& f, const std::string& detail,
                    const Painter& p, std::size_t name_width) {
  const std::string where = columns_words(r.data.line, f.columns);
  std::string rest = change_of(p, f);
  if (!where.empty() && !f.test.empty()) rest += "  " + where;
  if (const auto tail = tail_of(r, f); !tail.empty()) rest += "  " + tail;
  const std::string name = f.test.empty() ? where : clean(what_of(f));
  std::string out = hanging(p, "  " + painted(p, f.section, pad(name, name_width)) + "  ", clean(rest));
  if (f.cases.size() > 1) {
    std::vector<std::string> some(f.cases.begin(),
                                  f.cases.begin() + static_cast<long>(std::min(f.cases.size(), most_cases)));
    if (f.cases.size() > most_cases) some.push_back(fmt::format("and {} more", f.cases.size() - most_cases));
    out += hanging(p, "      ", clean(join(some, ", ")));
  }
  if (!detail.empty()) out += hanging(p, "      ", clean(detail));
  return out;
}

std::size_t name_width_of(const DeltaReport& r, const Painter& p) {
  std::size_t width = 0;
  for (const auto& f : r.delta.findings) width = std::max(width, width_of(what_of(f)));
  return std::min(width, p.width() / 2 - 4);
}

std::string numbers_text(const DeltaReport& r, const Painter& p) {
  const auto& numbers = r.delta.numbers;
  if (numbers.empty()) return "";
  std::string out = "\n" + p.bold(fmt::format("slower, or different counts ({})", numbers.size())) + "\n";
  for (std::size_t i = 0; i < std::min(numbers.size(), most_numbers); ++i) {
    const auto& n = numbers[i];
    std::string text =
        fmt::format("{} {} {} {} {}", history::to_string(n.number), number_text(n.number, n.before),
                    p.arrow(), number_text(n.number, n.now), columns_words(r.data.line, {n.column}));
    if (n.fence) text += fmt::format(" (noise up to {:.0f} %)", *n.fence * 100);
    out += hanging(p, "  " + clean(n.test) + "  ", text);
  }
  if (numbers.size() > most_numbers)
    out += fmt::format("  and {} more: --json\n", numbers.size() - most_numbers);
  return out;
}

std::string head_of(const DeltaReport& r, const Painter& p) {
  const auto& key = r.data.line.key;
  std::string text = fmt::format("{} {} on {}", r.data.line.nights[0].run_id, key.spec, key.base);
  if (!key.series.empty()) text += " with " + key.series;
  if (r.delta.partner) {
    text += " against " + r.data.line.nights[*r.delta.partner].run_id;
    if (!r.partner_name.empty()) text += " (baseline " + r.partner_name + ")";
  }
  return hanging(p, "", clean(text));
}

}  // namespace

std::string delta_sentence(const DeltaReport& r) {
  if (!r.delta.partner) return "nothing to compare with: no earlier run is comparable";
  std::vector<std::string> parts;
  for (const auto s : history::sections) {
    const auto n = std::count_if(r.delta.findings.begin(), r.delta.findings.end(),
                                 [&](const history::Finding& f) { return f.section == s; });
    if (n > 0) parts.push_back(fmt::format("{} {}", n, section_words(s)));
  }
  if (!r.delta.numbers.empty()) parts.push_back(count_of(r.delta.numbers.size(), "different number"));
  const std::string partner = r.data.line.nights[*r.delta.partner].run_id;
  return fmt::format("{} against {} ({} compared)", parts.empty() ? "nothing new" : join(parts, ", "),
                     partner, count_of(static_cast<std::size_t>(r.delta.compared), "row"));
}

std::string delta_text(const DeltaReport& r, const Style& style) {
  const Painter p(style);
  const std::string sentence = clean(delta_sentence(r));
  const auto colored = [&](const std::string& s) { return r.delta.alarms() ? p.bad(s) : p.good(s); };
  if (style.quiet) return colored(sentence) + "\n";
  std::string out = head_of(r, p);
  if (!r.data.other_line.empty())
    out += hanging(p, "note: ", clean("not a night of the same line: " + r.data.other_line));
  for (const auto& note : r.delta.notes) out += hanging(p, "note: ", clean(note));
  const std::size_t width = name_width_of(r, p);
  for (const auto s : history::sections) {
    std::string lines;
    std::size_t n = 0;
    for (std::size_t i = 0; i < r.delta.findings.size(); ++i) {
      if (r.delta.findings[i].section != s) continue;
      ++n;
      lines += line_of(r, r.delta.findings[i], r.details[i], p, width);
    }
    if (n > 0) out += "\n" + p.bold(fmt::format("{} ({})", history::heading_of(s), n)) + "\n" + lines;
  }
  out += numbers_text(r, p) + "\n";
  for (const auto& line : wrap(sentence, p.width())) out += colored(line) + "\n";
  return out;
}

}  // namespace pinrig::report
