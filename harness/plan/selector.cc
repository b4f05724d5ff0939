// SPDX-License-Identifier: GPL-2.0
#include "plan/selector.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace pinrig::plan {
namespace {

bool has_wildcard(const std::string& word) { return word.find_first_of("*?") != std::string::npos; }

std::string suite_of(const std::string& test) { return test.substr(0, test.find('/')); }

std::vector<std::string> suites_of(const std::vector<Choice>& known) {
  std::vector<std::string> out;
  for (const auto& c : known) {
    if (std::find(out.begin(), out.end(), suite_of(c.name)) == out.end()) out.push_back(suite_of(c.name));
  }
  return out;
}

bool chosen(const std::string& word, const Choice& c) {
  return c.only_by_name ? word == c.name : model::means_test(word, c.name);
}

/// "dio_rw" is meant to be "bio/dio_rw"; else the nearest suite or test.
std::string suggestion(const std::string& word, const std::vector<Choice>& known) {
  std::vector<std::string> names;
  for (const auto& c : known) {
    if (c.name.ends_with("/" + word)) return did_you_mean(c.name, {c.name});
    names.push_back(c.name);
  }
  return did_you_mean(word, word.find('/') == std::string::npos ? suites_of(known) : names);
}

Error no_match(const Origin& origin, const std::string& word, const std::vector<Choice>& known) {
  if (known.empty()) return refused(origin, word, "there are no tests");
  for (const auto& c : known) {
    if (model::means_test(word, c.name))
      return refused(origin, word, "matches only tests that take minutes, which run only when named in full",
                     fmt::format("such as {}", c.name));
  }
  const char* what = has_wildcard(word)                    ? "matches no test"
                     : word.find('/') == std::string::npos ? "no such suite"
                                                           : "no such test";
  return refused(origin, word, what + suggestion(word, known),
                 fmt::format("suites: {}; `pinrig list tests` lists them", join(suites_of(known), ", ")));
}

/// The word without "!" and ":CASE".
struct Word {
  std::string tests;
  bool leaves_out = false;
  bool has_case = false;
};

Result<Word> read_word(const std::string& word, const Origin& origin) {
  Word w{word, word.starts_with('!'), false};
  if (w.leaves_out) w.tests.erase(0, 1);
  const auto colon = w.tests.find(':');
  if (colon == std::string::npos) return w;
  w.has_case = true;
  w.tests.erase(colon);
  if (w.leaves_out)
    return refused(origin, word, "a single case cannot be excluded",
                   fmt::format("'!{}' excludes the test with all its cases", w.tests));
  if (has_wildcard(word) || w.tests.find('/') == std::string::npos)
    return refused(origin, word, "a single case cannot be selected",
                   "select its test: SUITE/TEST; `pinrig show RUN GUEST SUITE/TEST:CASE` shows one case");
  return w;
}

}  // namespace

Origin Origin::of_word(std::size_t i) const { return {i < words.size() ? words[i] : where, name, {}}; }

Origins origins_of(const model::RunSpec& run) {
  return {{run.where, "suites", run.suites_where}, {run.where, "points", run.points_where}};
}

std::vector<Choice> choices(const std::vector<model::Suite>& suites) {
  std::vector<Choice> out;
  for (const auto& s : suites) {
    for (const auto& t : s.tests) out.push_back({t.name, t.known_long});
  }
  return out;
}

Error refused(const Origin& origin, const std::string& word, const std::string& what, std::string hint) {
  if (origin.is_option())
    return make_error(ErrorKind::bad_usage, fmt::format("{} {}: {}", origin.name, shell_quote(word), what),
                      std::move(hint));
  return make_error(ErrorKind::bad_input,
                    fmt::format("{}: {}: '{}': {}", to_string(origin.where), origin.name, word, what),
                    std::move(hint));
}

Result<Selection> select(const std::vector<std::string>& words, const Origin& origin,
                         const std::vector<Choice>& known) {
  Selection out;
  std::set<std::string> have;
  std::set<std::string> left_out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const Origin here = origin.of_word(i);
    PINRIG_TRY(w, read_word(word, here));
    bool matched = false;
    for (const auto& c : known) {
      if (!chosen(w.tests, c)) continue;
      matched = true;
      if (w.leaves_out)
        left_out.insert(c.name);
      else if (have.insert(c.name).second)
        out.tests.push_back(c.name);
    }
    if (!matched) return no_match(here, w.tests, known);
    if (w.has_case)
      out.notes.push_back(fmt::format("{} {}: a single case cannot be run; all of {} runs", origin.name,
                                      shell_quote(word), w.tests));
  }
  std::erase_if(out.tests, [&](const auto& name) { return left_out.contains(name); });
  if (!out.tests.empty()) return out;
  const std::string place = origin.is_option() ? "" : to_string(origin.where) + ": ";
  return make_error(origin.is_option() ? ErrorKind::bad_usage : ErrorKind::bad_input,
                    fmt::format("{}{}: no test selected", place, origin.name),
                    words.empty() ? "'*' selects every suite"
                                  : "patterns with '!' only exclude tests; '*' selects every suite");
}

}  // namespace pinrig::plan
