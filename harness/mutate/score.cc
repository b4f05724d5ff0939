// SPDX-License-Identifier: GPL-2.0
#include "mutate/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace pinrig::mutate {
namespace {

constexpr std::array<std::pair<Fate, const char*>, 6> fates{{{Fate::caught, "caught"},
                                                             {Fate::survived, "survived"},
                                                             {Fate::never_reached, "never_reached"},
                                                             {Fate::no_code, "no_code"},
                                                             {Fate::equivalent, "equivalent"},
                                                             {Fate::failed, "failed"}}};

void count(Count& c, Fate fate) {
  ++c.mutants;
  switch (fate) {
    case Fate::caught:
      ++c.caught;
      break;
    case Fate::survived:
      ++c.survived;
      break;
    case Fate::never_reached:
      ++c.never_reached;
      break;
    case Fate::no_code:
      ++c.no_code;
      break;
    case Fate::equivalent:
      ++c.equivalent;
      break;
    case Fate::failed:
      ++c.failed;
      break;
  }
}

// Per word that `of` gives; in the end the sum.
template <typename Of>
std::vector<Count> counted(const std::vector<Outcome>& outcomes, Of of) {
  std::vector<Count> out;
  Count all;
  for (const auto& o : outcomes) {
    const std::string word = of(o);
    auto it = std::find_if(out.begin(), out.end(), [&](const Count& c) { return c.file == word; });
    if (it == out.end()) it = out.insert(out.end(), {.file = word});
    count(*it, o.fate);
    count(all, o.fate);
  }
  out.push_back(all);
  return out;
}

std::optional<double> percent(int part, int whole) {
  return whole == 0 ? std::nullopt : std::optional(100.0 * part / whole);
}

std::string percent_text(std::optional<double> percent) {
  return percent ? fmt::format("{:.0f}%", *percent) : "-";
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string title(const MutationRun& r) {
  return fmt::format("mutants of {}{}, {}", r.base, r.series.empty() ? "" : " with " + r.series, r.arch);
}

// Which of them the report is about.
std::string scope_text(const MutationRun& r) {
  const auto known = r.outcomes.size();
  const auto open = static_cast<std::size_t>(r.chosen) - std::min(static_cast<std::size_t>(r.chosen), known);
  return fmt::format("{} of {} mutants (seed {}){}; at most {:.0f} s of tests for each\n", r.chosen, r.made,
                     r.seed, open == 0 ? "" : fmt::format(", {} of them not yet shown", open), r.budget_s);
}

// Is the kernel the original while all mutants are off?
std::string compared_text(const MutationRun& r) {
  if (r.compared.size() < r.measured.size()) return "verdicts with all mutants off: not yet compared\n";
  return r.differs.empty() ? "with all mutants off every verdict is that of the plain kernel\n"
                           : "with all mutants off verdicts differ from those of the plain kernel:\n";
}

// What was asked of one that survived.
std::string asked_text(const Outcome& o) {
  return o.reaching == 0 ? ""
                         : fmt::format("{} of {} that reach it",
                                       count_of(std::min(o.tests, o.reaching), "case"), o.reaching);
}

std::string table_text(const std::string& heading, const std::vector<Count>& counts) {
  std::size_t width = heading.size();
  for (const auto& c : counts) width = std::max(width, c.file.size());
  std::string out = fmt::format(
      "{:<{}}  mutants  caught  survived  never reached  no code  equivalent  failed  score  of reached\n",
      heading, width);
  for (const auto& c : counts)
    out += fmt::format("{:<{}}  {:>7}  {:>6}  {:>8}  {:>13}  {:>7}  {:>10}  {:>6}  {:>5}  {:>10}\n",
                       c.file.empty() ? "all" : c.file, width, c.mutants, c.caught, c.survived,
                       c.never_reached, c.no_code, c.equivalent, c.failed, percent_text(c.score()),
                       percent_text(c.score_reached()));
  return out;
}

std::string seconds_text(const MutationRun& r) {
  std::vector<double> walls;
  double sum = 0;
  for (const auto& o : r.outcomes) {
    if (o.boots == 0) continue;
    walls.push_back(o.wall_s);
    sum += o.wall_s;
  }
  return fmt::format("{} booted: {:.1f} s each in the median, {} of guests in all\n",
                     count_of(walls.size(), "mutant"), median(walls), human_seconds(sum));
}

std::string with_fate(const MutationRun& r, Fate fate, const std::string& heading) {
  std::string out;
  for (const auto& o : r.outcomes) {
    if (o.fate != fate) continue;
    if (out.empty()) out = "\n" + heading + "\n";
    out += to_text(o.mutant);
    if (!o.by.empty()) out += fmt::format("       {}\n", shown(o.by));
    if (fate == Fate::survived) out += fmt::format("       asked: {}\n", asked_text(o));
  }
  return out;
}

std::string table_markdown(const std::string& heading, const std::vector<Count>& counts) {
  std::string out = fmt::format(
      "| {} | mutants | caught | survived | never reached | no code | equivalent | failed | score | of "
      "reached |\n"
      "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
      heading);
  for (const auto& c : counts)
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                       c.file.empty() ? "all" : "`" + c.file + "`", c.mutants, c.caught, c.survived,
                       c.never_reached, c.no_code, c.equivalent, c.failed, percent_text(c.score()),
                       percent_text(c.score_reached()));
  return out;
}

const char* heading(Fate fate) {
  switch (fate) {
    case Fate::survived:
      return "Survived";
    case Fate::never_reached:
      return "Never reached";
    case Fate::equivalent:
      return "Equivalent";
    default:
      return "Failed";
  }
}

std::string code(std::string text) {
  // A table ends its cell at a bar, also within code.
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, 1, '\\');
  return "`" + text + "`";
}

// Each with its place and what it does.
std::string list_markdown(const MutationRun& r, Fate fate) {
  std::string out;
  for (const auto& o : r.outcomes) {
    if (o.fate != fate) continue;
    if (out.empty()) out = fmt::format("\n### {}\n", heading(fate));
    out += fmt::format("\n`{}:{}` `{}` {}\n", o.mutant.file, o.mutant.line, o.mutant.function,
                       to_string(o.mutant.op));
    if (fate == Fate::survived) out += fmt::format("(asked {})\n", asked_text(o));
    out += fmt::format("\n```diff\n- {}\n+ {}\n```\n", o.mutant.before, o.mutant.after);
  }
  return out;
}

// Each with the reason.
std::string reasons_markdown(const MutationRun& r, Fate fate) {
  std::string out;
  for (const auto& o : r.outcomes) {
    if (o.fate != fate) continue;
    if (out.empty())
      out = fmt::format("\n### {}\n\n| place | operator | before | after | why |\n|---|---|---|---|---|\n",
                        heading(fate));
    out +=
        fmt::format("| `{}:{}` | {} | {} | {} | {} |\n", o.mutant.file, o.mutant.line, to_string(o.mutant.op),
                    code(o.mutant.before), o.mutant.after.empty() ? "" : code(o.mutant.after), o.by);
  }
  return out;
}

}  // namespace

const char* to_string(Fate fate) {
  for (const auto& [f, name] : fates) {
    if (f == fate) return name;
  }
  return "?";
}

std::optional<Fate> fate_from_string(const std::string& word) {
  for (const auto& [f, name] : fates) {
    if (word == name) return f;
  }
  return std::nullopt;
}

const Outcome* MutationRun::find(int number) const {
  const auto it = std::find_if(outcomes.begin(), outcomes.end(),
                               [&](const Outcome& o) { return o.mutant.number == number; });
  return it == outcomes.end() ? nullptr : &*it;
}

bool is_settled(const Outcome& o, bool same_programs, double budget_s) {
  return o.fate == Fate::caught || (o.fate == Fate::survived && same_programs && o.budget_s >= budget_s);
}

std::optional<double> Count::score() const { return percent(caught, caught + survived + never_reached); }
std::optional<double> Count::score_reached() const { return percent(caught, caught + survived); }

std::vector<Count> counts_of(const std::vector<Outcome>& outcomes) {
  return counted(outcomes, [](const Outcome& o) { return o.mutant.file; });
}

std::vector<Count> counts_by_operator(const std::vector<Outcome>& outcomes) {
  auto out = counted(outcomes, [](const Outcome& o) { return std::string(to_string(o.mutant.op)); });
  std::sort(out.begin(), out.end() - 1, [](const Count& a, const Count& b) { return a.file < b.file; });
  return out;
}

const model::EquivalentMutant* equivalent(const model::Mutant& m,
                                          const std::vector<model::EquivalentMutant>& list) {
  const auto it = std::find_if(list.begin(), list.end(), [&](const model::EquivalentMutant& e) {
    if (!e.op) return glob_match(e.file, m.file) && glob_match(e.function, m.function);
    return e.file == m.file && e.function == m.function && e.op == m.op && e.line == m.text &&
           (e.after.empty() || e.after == m.after);
  });
  return it == list.end() ? nullptr : &*it;
}

MutationRun judged_by(MutationRun run, const std::vector<model::EquivalentMutant>& list) {
  for (auto& o : run.outcomes) {
    if (const auto* e = equivalent(o.mutant, list)) {
      if (o.fate == Fate::no_code) continue;
      o.fate = Fate::equivalent;
      o.by = e->argument;
    } else if (o.fate == Fate::equivalent) {
      o.by.clear();
    }
  }
  std::erase_if(run.outcomes, [](const Outcome& o) { return o.fate == Fate::equivalent && o.by.empty(); });
  return run;
}

std::string to_text(const model::Mutant& m) {
  std::string out =
      fmt::format("{:>5}  {}:{}  {}  {}\n", m.number, m.file, m.line, m.function, to_string(m.op));
  out += fmt::format("       - {}\n", m.before);
  if (!m.after.empty()) out += fmt::format("       + {}\n", m.after);
  return out;
}

std::string to_text(const MutationRun& r) {
  std::string out = title(r) + "\n" + scope_text(r) + "\n" + table_text("file", counts_of(r.outcomes)) +
                    "\n" + table_text("operator", counts_by_operator(r.outcomes)) + "\n";
  out += seconds_text(r);
  out += compared_text(r);
  for (const auto& d : r.differs) out += "  " + d + "\n";
  for (const auto& n : r.notes) out += n + "\n";
  out += with_fate(r, Fate::survived, "survived: reached, and no test says anything");
  out += with_fate(r, Fate::never_reached, "never reached by a test");
  out += with_fate(r, Fate::failed, "failed");
  return out;
}

std::string to_markdown(const MutationRun& r) {
  std::string out = fmt::format(
      "<!-- SPDX-License-Identifier: GPL-2.0 -->\n# Score: {}\n\nMade by `pinrig mutate --markdown`.\n{}\n",
      title(r), scope_text(r));
  out += table_markdown("file", counts_of(r.outcomes)) + "\n";
  out += table_markdown("operator", counts_by_operator(r.outcomes)) + "\n" + seconds_text(r) + "\n" +
         compared_text(r);
  for (const auto& d : r.differs) out += "- " + d + "\n";
  for (const Fate fate : {Fate::survived, Fate::never_reached}) out += list_markdown(r, fate);
  for (const Fate fate : {Fate::equivalent, Fate::failed}) out += reasons_markdown(r, fate);
  return out;
}

}  // namespace pinrig::mutate
