// SPDX-License-Identifier: GPL-2.0
#include "kconfig/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "kconfig/expr.h"

namespace pinrig::kconfig {
namespace {

std::string value_in(const Config& config, const std::string& symbol) {
  const auto it = config.find(symbol);
  return it == config.end() ? "" : it->second;
}

std::string effective_value(const Config& config, const std::string& symbol) {
  const auto v = value_in(config, symbol);
  return v.empty() ? "n" : v;
}

/// All of `texts` as one condition. A text that does not parse is kept out: it cannot be judged.
Expr conjunction(const std::vector<std::string>& texts) {
  Expr all;
  all.kind = Expr::Kind::conjunction;
  for (const auto& text : texts) {
    if (auto e = parse_expr(text)) all.kids.push_back(std::move(*e));
  }
  return all;
}

/// The definition that is nearest to being met: of several it is the one people mean.
const Definition* nearest_definition(const std::vector<Definition>& all, const Lookup& value_of) {
  return &*std::min_element(all.begin(), all.end(), [&](const Definition& a, const Definition& b) {
    const auto missing = [&](const Definition& d) {
      return unmet_parts(conjunction(d.depends), value_of).size();
    };
    return missing(a) < missing(b);
  });
}

std::vector<std::string> active(const std::vector<std::string>& symbols, const Config& config) {
  std::vector<std::string> out;
  for (const auto& s : symbols) {
    const auto v = value_in(config, s);
    if (v == "y" || v == "m") out.push_back(s);
  }
  return out;
}

std::string list_some(std::vector<std::string> words) {
  constexpr std::size_t most = 6;
  const std::size_t n = words.size();
  if (n > most) words.resize(most);
  return join(words, ", ") + (n > most ? fmt::format(" and {} more", n - most) : "");
}

std::string note_for(const Failure& f, const Definition& d, const Config& config, const Tree& tree) {
  const auto& symbol = f.wanted.symbol;
  const auto selectors = tree.selected_by.find(symbol);
  if (f.wanted.value == "n" && selectors != tree.selected_by.end()) {
    const auto on = active(selectors->second, config);
    if (!on.empty()) return "selected by " + list_some(on);
  }
  if (d.choice >= 0) {
    const auto& choice = tree.choices[static_cast<std::size_t>(d.choice)];
    for (const auto& other : active(choice.members, config)) {
      if (other != symbol)
        return fmt::format("the choice at {}:{} is set to {}", choice.where.file, choice.where.line, other);
    }
  }
  if (!d.has_prompt) {
    if (selectors == tree.selected_by.end()) return "it has no prompt: only its default sets it";
    return "it has no prompt: its default or one of these sets it: " + list_some(selectors->second);
  }
  return "";
}

/// Lines that make `condition` hold, dependencies first. What has no prompt cannot be set.
void add_lines(const Expr& condition, const Lookup& value_of, const Tree& tree, int depth,
               std::vector<std::string>& out) {
  constexpr int deepest = 8;  // a loop of dependencies ends here
  for (const auto& [symbol, value] : settings_for(condition, value_of)) {
    const auto found = tree.symbols.find(symbol);
    const auto line = config_line(symbol, value);
    if (found == tree.symbols.end() || std::find(out.begin(), out.end(), line) != out.end()) continue;
    const Definition* d = nearest_definition(found->second, value_of);
    if (!d->has_prompt) continue;
    auto conditions = d->depends;
    conditions.insert(conditions.end(), d->visible.begin(), d->visible.end());
    if (value != "n" && depth < deepest) add_lines(conjunction(conditions), value_of, tree, depth + 1, out);
    if (std::find(out.begin(), out.end(), line) == out.end()) out.push_back(line);
  }
}

/// The declarations that say which kernels have a symbol that `version` does not have.
std::string declarations(const Wanted& w, Version version) {
  const std::string older =
      version.minor > 0 ? fmt::format("{}.{}", version.major, version.minor - 1) : "VERSION";
  return fmt::format("before {}:{}: '# pinrig: until {}' or '# pinrig: since {}.{}'", w.where.file,
                     w.where.line, older, version.major, version.minor + 1);
}

std::vector<std::string> known_symbols(const Tree& tree) {
  std::vector<std::string> names;
  names.reserve(tree.symbols.size());
  for (const auto& [name, ignored] : tree.symbols) names.push_back(name);
  return names;
}

Failure explain_one(const Wanted& wanted, const Config& config, const Tree& tree) {
  Failure f;
  f.wanted = wanted;
  f.got = effective_value(config, wanted.symbol);
  const auto found = tree.symbols.find(wanted.symbol);
  if (found == tree.symbols.end()) {
    f.undefined = true;
    f.near = nearest(wanted.symbol, known_symbols(tree));
    return f;
  }
  const Lookup value_of = [&](const std::string& s) { return value_in(config, s); };
  const Definition* d = nearest_definition(found->second, value_of);
  auto conditions = d->depends;
  f.unmet = unmet_parts(conjunction(conditions), value_of);
  // The prompt's own condition matters only once the symbol could be there at all.
  if (f.unmet.empty()) {
    conditions.insert(conditions.end(), d->visible.begin(), d->visible.end());
    f.unmet = unmet_parts(conjunction(conditions), value_of);
  }
  const Expr all = conjunction(conditions);
  if (!f.unmet.empty()) add_lines(all, value_of, tree, 0, f.to_add);
  if (!all.kids.empty()) f.depends = to_string(all.kids.size() == 1 ? all.kids.front() : all);
  f.note = note_for(f, *d, config, tree);
  return f;
}

}  // namespace

std::vector<Wanted> differing(const Request& request, const Config& effective) {
  std::vector<Wanted> out;
  for (const auto& [symbol, w] : request) {
    if (effective_value(effective, symbol) != w.value) out.push_back(w);
  }
  return out;
}

std::vector<Wanted> unmentioned(const Request& request, const Config& effective) {
  std::vector<Wanted> out;
  for (const auto& [symbol, w] : request) {
    if (w.value == "n" && !effective.contains(symbol)) out.push_back(w);
  }
  return out;
}

std::vector<Failure> explain(const std::vector<Wanted>& suspects, const Config& effective, const Tree& tree) {
  std::vector<Failure> out;
  for (const auto& w : suspects) {
    if (!w.optional.empty()) continue;
    const bool holds = effective_value(effective, w.symbol) == w.value;
    if (holds && tree.symbols.contains(w.symbol)) continue;
    out.push_back(explain_one(w, effective, tree));
  }
  return out;
}

std::string to_string(const Failure& f, const std::string& kernel) {
  const auto& w = f.wanted;
  const std::string at = fmt::format("{}:{}: ", w.where.file, w.where.line);
  if (f.undefined) {
    return at + fmt::format("{} has no CONFIG_{}", kernel, w.symbol) +
           (f.near.empty() ? "" : fmt::format("; nearest symbol: CONFIG_{}", f.near));
  }
  std::string out = at + fmt::format("CONFIG_{}={} became {}", w.symbol, w.value, f.got);
  if (!f.depends.empty() && !f.unmet.empty()) {
    out += fmt::format("\n  depends on {}\n  not met: {}", f.depends, join(f.unmet, ", "));
  }
  if (!f.note.empty()) out += "\n  " + f.note;
  return out;
}

Error config_error(const std::vector<Failure>& failures, const std::string& kernel, Version version) {
  std::vector<std::string> texts;
  std::vector<std::string> lines;
  bool undefined = false;
  const auto add = [&](const std::string& line) {
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  };
  for (const auto& f : failures) {
    texts.push_back(to_string(f, kernel));
    undefined = undefined || f.undefined;
    if (f.undefined) add(declarations(f.wanted, version));
    for (const auto& line : f.to_add) add(line);
  }
  if (!lines.empty()) texts.push_back("lines to add:\n  " + join(lines, "\n  "));
  return make_error(ErrorKind::bad_input, join(texts, "\n"),
                    undefined ? "a symbol that only some kernels have is declared in the fragment: "
                                "'# pinrig: since X', '# pinrig: until X' or '# pinrig: optional REASON'"
                              : "add the unmet dependencies to the fragment, or remove the symbol");
}

}  // namespace pinrig::kconfig
