// SPDX-License-Identifier: GPL-2.0
#include "git/numbering.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <set>

#include "base/text.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

/// "n/m" found in a text.
struct Fraction {
  std::size_t begin = 0;
  std::size_t end = 0;
  int number = 0;
  int total = 0;
};

std::size_t skip(std::string_view s, std::size_t at, bool (*what)(char)) {
  while (at < s.size() && what(s[at])) ++at;
  return at;
}

/// The end of " / " or " of " at `at`; npos when neither is there.
std::size_t skip_separator(std::string_view s, std::size_t at) {
  const auto blank = [](char c) { return c == ' '; };
  const std::size_t mark = skip(s, at, blank);
  if (mark < s.size() && s[mark] == '/') return skip(s, mark + 1, blank);
  if (mark > at && s.substr(mark).starts_with("of ")) return skip(s, mark + 3, blank);
  return std::string_view::npos;
}

/// The fraction that begins with the digits at `at`. Kernel versions ("6.1/6.12"), dates and paths are
/// none.
std::optional<Fraction> fraction_at(std::string_view s, std::size_t at) {
  const std::size_t first_end = skip(s, at, is_digit);
  const std::size_t second = skip_separator(s, first_end);
  if (second == std::string_view::npos || second >= s.size() || !is_digit(s[second])) return std::nullopt;
  const std::size_t end = skip(s, second, is_digit);
  const auto joins = [](char c) { return c == '.' || c == '/'; };
  if (at > 0 && joins(s[at - 1])) return std::nullopt;
  if (end < s.size() && joins(s[end])) return std::nullopt;
  Fraction f{at, end, 0, 0};
  const bool fits = std::from_chars(s.data() + at, s.data() + first_end, f.number).ec == std::errc() &&
                    std::from_chars(s.data() + second, s.data() + end, f.total).ec == std::errc();
  return fits ? std::optional(f) : std::nullopt;
}

std::vector<Fraction> fractions_of(std::string_view s) {
  std::vector<Fraction> out;
  for (std::size_t at = 0; at < s.size(); ++at) {
    if (!is_digit(s[at])) continue;
    if (const auto f = fraction_at(s, at)) {
      out.push_back(*f);
      at = f->end;
    } else {
      at = skip(s, at, is_digit);
    }
  }
  return out;
}

/// "v3", also in "PATCHv3" and "RFCv3"; "v6.1" names a kernel.
void read_version(std::string_view s, Numbered& out) {
  const std::string low = lower(s);
  for (std::size_t at = low.find('v'); at != std::string::npos; at = low.find('v', at + 1)) {
    const std::size_t end = skip(low, at + 1, is_digit);
    const std::string_view before = std::string_view(low).substr(0, at);
    const bool alone = before.empty() || !(letter(before.back()) || is_digit(before.back())) ||
                       before.ends_with("patch") || before.ends_with("rfc");
    if (end == at + 1 || !alone || (end < low.size() && (low[end] == '.' || letter(low[end])))) continue;
    std::from_chars(low.data() + at + 1, low.data() + end, out.version);
  }
}

void read_bracket(std::string_view inside, Numbered& out) {
  read_version(inside, out);
  for (const auto& f : fractions_of(inside)) {
    const bool of_version = f.begin > 0 && (inside[f.begin - 1] == 'v' || inside[f.begin - 1] == 'V');
    if (of_version || f.total == 0 || out.number >= 0) out.odd = true;
    out.number = f.number;
    out.total = f.total;
  }
}

/// What people write between n and m.
constexpr std::string_view kBetween[] = {
    "/",  "\\",     "-",   ":", ",", "|", "_", "\xef\xbc\x8f", "\xe2\x88\x95", "\xe2\x81\x84",
    "of", "out of", "von", "de"};

/// The end of what stands between two numbers at `at`; npos when it is nothing of the kind.
std::size_t skip_between(std::string_view s, std::size_t at) {
  const auto blank = [](char c) { return c == ' ' || c == '_'; };
  const std::size_t word = skip(s, at, blank);
  for (const auto between : kBetween)
    if (s.substr(word).starts_with(between)) {
      const std::size_t end = skip(s, word + between.size(), blank);
      if (end < s.size() && is_digit(s[end])) return end;
    }
  return std::string_view::npos;
}

int number_at(std::string_view s, std::size_t at) {
  int n = 0;
  const auto r = std::from_chars(s.data() + at, s.data() + s.size(), n);
  return r.ec == std::errc() ? n : 0;
}

/// Whether s[begin, end) stands in brackets or at an end of the subject.
bool is_marked(std::string_view s, std::size_t begin, std::size_t end) {
  const std::string_view before = trim(s.substr(0, begin));
  const std::string_view after = trim(s.substr(end));
  const auto open = before.find_last_of("[](){}<>");
  const auto close = after.find_first_of("[](){}<>");
  const bool bracketed = open != std::string_view::npos && close != std::string_view::npos &&
                         std::string_view("[({<").find(before[open]) != std::string_view::npos &&
                         std::string_view("])}>").find(after[close]) != std::string_view::npos;
  return bracketed || before.empty() || after.empty() || after.starts_with(':') || before.ends_with(':') ||
         before.ends_with(']');
}

/// "1" and "#1" alone in the brackets at the start: "[PATCH 1]".
void guess_lone_number(std::string_view s, std::vector<Guess>& out) {
  const auto close = s.find_first_of("])}");
  if (close == std::string_view::npos || std::string_view("[({").find(s[0]) == std::string_view::npos) return;
  std::string inside(s.substr(1, close - 1));
  std::replace_if(
      inside.begin(), inside.end(), [](char c) { return c == '#' || c == ','; }, ' ');
  for (const auto& word : split(inside, ' ')) {
    std::string_view rest = word;
    if (lower(rest).starts_with("patch")) rest.remove_prefix(5);
    if (!rest.empty() && rest.size() < 5 && std::all_of(rest.begin(), rest.end(), is_digit))
      out.push_back({number_at(rest, 0), 0, true});
  }
}

std::vector<Guess> guesses_of(std::string_view s) {
  std::vector<Guess> out;
  for (std::size_t at = 0; at < s.size(); at = skip(s, at, is_digit) + 1) {
    if (!is_digit(s[at])) continue;
    const std::size_t second = skip_between(s, skip(s, at, is_digit));
    if (second == std::string_view::npos) continue;
    const std::size_t end = skip(s, second, is_digit);
    out.push_back({number_at(s, at), number_at(s, second), is_marked(s, at, end)});
  }
  if (!s.empty()) guess_lone_number(s, out);
  return out;
}

bool take_reply(std::string_view& s) {
  const std::string low = lower(s.substr(0, 8));
  for (const std::string_view word : {"re", "aw", "sv", "vs", "antw"}) {
    if (!low.starts_with(word)) continue;
    std::size_t at = word.size();
    // "Re[2]:"
    if (at < low.size() && low[at] == '[') at = std::min(low.find(']'), low.size() - 1) + 1;
    if (at >= low.size() || low[at] != ':') continue;
    s = trim(s.substr(at + 1));
    return true;
  }
  return false;
}

/// Whether what is left of a subject has a part number where people put one: at its start or, in brackets,
/// at its end. "fix 1/2 scaling" has none.
bool holds_number(std::string_view s) {
  const auto all = fractions_of(s);
  if (all.empty()) return false;
  const auto& first = all.front();
  const std::string_view before = s.substr(0, first.begin);
  const bool starts =
      before.empty() || before == "(" || s.starts_with('[') || lower(before).starts_with("patch");
  const auto& last = all.back();
  const bool ends = last.begin > 0 && s[last.begin - 1] == '(' && s.substr(last.end) == ")";
  return starts || ends;
}

}  // namespace

Numbered parse_subject(std::string_view subject) {
  Numbered out;
  out.text = trim(subject);
  std::string_view s = out.text;
  for (;;) {
    if (take_reply(s)) {
      out.reply = true;
      continue;
    }
    const auto close = s.find(']');
    if (!s.starts_with('[') || close == std::string_view::npos) break;
    read_bracket(s.substr(1, close - 1), out);
    s = trim(s.substr(close + 1));
  }
  out.subject = s;
  if (out.number < 0 && holds_number(s)) out.odd = true;
  if (out.odd) out.number = out.total = -1;
  if (out.number < 0) out.guesses = guesses_of(out.text);
  return out;
}

bool numbered_in_another_form(const std::vector<const Numbered*>& mails) {
  if (mails.size() < 2) return false;
  const int count = static_cast<int>(mails.size());
  for (const auto& first : mails.front()->guesses) {
    std::set<int> numbers;
    bool marked = true;
    for (const auto* mail : mails) {
      const auto fits = [&](const Guess& g) {
        const int most = first.total == 0 ? count : first.total;
        return g.total == first.total && g.number >= 1 && g.number <= most && !numbers.contains(g.number);
      };
      const auto it = std::find_if(mail->guesses.begin(), mail->guesses.end(), fits);
      if (it == mail->guesses.end()) break;
      numbers.insert(it->number);
      marked = marked && it->marked;
    }
    const bool all = static_cast<int>(numbers.size()) == count;
    if (all && (marked || count == first.total)) return true;
  }
  return false;
}

}  // namespace pinrig::git
