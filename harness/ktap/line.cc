// SPDX-License-Identifier: GPL-2.0
#include "ktap/line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace pinrig::ktap {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with_nocase(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(),
                                                  [](char a, char b) { return lower(a) == lower(b); });
}

struct Directive {
  std::string_view word;
  Status when_ok;
  Status when_not_ok;
  bool any_case_when_ok;  ///< false: "ok 3 x # error count 0" is plain text
};

// Documentation/dev-tools/ktap.rst. An "ok" that is TODO is TAP's unexpected success; kselftest.h prints its
// expected failures as "ok N # XFAIL". TIMEOUT and ERROR contradict an "ok".
constexpr std::array<Directive, 6> directives{{{"SKIP", Status::skip, Status::skip, true},
                                               {"TODO", Status::xpass, Status::xfail, true},
                                               {"XFAIL", Status::xfail, Status::xfail, true},
                                               {"XPASS", Status::xpass, Status::xpass, true},
                                               {"TIMEOUT", Status::error, Status::fail, false},
                                               {"ERROR", Status::error, Status::error, false}}};

const Directive* find_directive(bool ok, std::string_view text) {
  for (const auto& d : directives) {
    if (!starts_with_nocase(text, d.word)) continue;
    if (ok && !d.any_case_when_ok && !text.starts_with(d.word)) continue;
    std::string_view after = text.substr(d.word.size());
    if (d.word == "SKIP" && starts_with_nocase(after, "ped")) after.remove_prefix(3);
    if (after.empty() || !std::isalnum(static_cast<unsigned char>(after[0]))) return &d;
  }
  return nullptr;
}

/// The '#' between description and directive: unescaped, after whitespace or at the front, and before a space
/// or a directive; "test #3" is a name.
std::size_t find_separator(bool ok, std::string_view text) {
  for (std::size_t at = text.find('#'); at != std::string_view::npos; at = text.find('#', at + 1)) {
    if (at > 0 && !is_space(text[at - 1])) continue;
    const std::string_view after = text.substr(at + 1);
    if (after.empty() || is_space(after[0]) || find_directive(ok, after) || after.starts_with("time="))
      return at;
  }
  return std::string_view::npos;
}

std::string unescaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '#' || text[i + 1] == '\\')) ++i;
    out += text[i];
  }
  return out;
}

/// "time=12ms", "time=1.5s", "time=80us" at the front of `text`.
std::optional<double> read_time(std::string_view text) {
  if (!text.starts_with("time=")) return std::nullopt;
  text.remove_prefix(5);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  if (unit == "ms" || unit.empty()) return value;
  if (unit == "s") return value * 1000;
  if (unit == "us") return value / 1000;
  return std::nullopt;
}

/// Cuts the "time=" piece off the end of the text after '#'.
std::string_view cut_time(std::string_view tail, Case& out) {
  const std::size_t at = tail.rfind("time=");
  if (at == std::string_view::npos || (at > 0 && !is_space(tail[at - 1]) && tail[at - 1] != '#')) return tail;
  const auto time = read_time(tail.substr(at));
  if (!time) return tail;
  out.time_ms = *time;
  tail = trim(tail.substr(0, at));
  if (tail.ends_with('#')) tail = trim(tail.substr(0, tail.size() - 1));
  return tail;
}

std::string_view unknown_word(std::string_view tail) {
  std::size_t n = 0;
  while (n < tail.size() && is_upper(tail[n])) ++n;
  if (n < 3 || (n < tail.size() && tail[n] != ' ')) return {};
  return tail.substr(0, n);
}

std::string_view text_after(const Directive& d, std::string_view tail) {
  tail.remove_prefix(d.word.size());
  if (d.word == "SKIP" && starts_with_nocase(tail, "ped")) tail.remove_prefix(3);
  while (!tail.empty() && (is_space(tail[0]) || tail[0] == ':' || tail[0] == '-')) tail.remove_prefix(1);
  return tail;
}

Line result_line(Line line, bool ok, std::string_view rest) {
  line.kind = LineKind::result;
  line.ok = ok;
  rest = trim(rest);
  std::string_view after = rest;
  const int number = take_number(after);
  if (number >= 0 && (after.empty() || is_space(after[0]))) {
    line.number = number;
    rest = trim(after);
  }
  line.rest = rest;
  return line;
}

bool is_word(std::string_view text, std::string_view word) {
  return text.starts_with(word) && (text.size() == word.size() || is_space(text[word.size()]));
}

Line version_line(Line line, std::string_view text) {
  line.ktap = text[0] == 'K';
  text.remove_prefix(line.ktap ? 1 : 0);
  if (!text.starts_with("TAP version ")) return line;
  text.remove_prefix(12);
  line.number = take_number(text);
  if (line.number >= 0 && trim(text).empty()) line.kind = LineKind::version;
  return line;
}

Line plan_line(Line line, std::string_view text) {
  if (!text.starts_with("1..")) return line;
  text.remove_prefix(3);
  line.number = take_number(text);
  if (line.number < 0 || (!text.empty() && !is_space(text[0]) && text[0] != '#')) return line;
  line.kind = LineKind::plan;
  line.rest = trim(text);
  return line;
}

/// Length of the UTF-8 sequence at the front of `text`, 0 when it is none (overlong, surrogate, cut).
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  const std::size_t n = lead < 0x80   ? 1
                        : lead < 0xc2 ? 0
                        : lead < 0xe0 ? 2
                        : lead < 0xf0 ? 3
                        : lead < 0xf5 ? 4
                                      : 0;
  if (n == 0 || text.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((at(i) & 0xc0U) != 0x80U) return 0;
  }
  if (lead == 0xe0 && at(1) < 0xa0) return 0;
  if (lead == 0xed && at(1) >= 0xa0) return 0;
  if (lead == 0xf0 && at(1) < 0x90) return 0;
  if (lead == 0xf4 && at(1) >= 0x90) return 0;
  return n;
}

/// Length of the escape sequence at the front of `text`: ESC [ ... letter (ECMA-48), or ESC and one byte.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2 || text[1] != '[') return std::min<std::size_t>(text.size(), 2);
  std::size_t n = 2;
  while (n < text.size() && !(text[n] >= '@' && text[n] <= '~')) ++n;
  return std::min(n + 1, text.size());
}

}  // namespace

int take_number(std::string_view& text) {
  std::size_t n = 0;
  int value = 0;
  while (n < text.size() && is_digit(text[n])) {
    value = n < 9 ? value * 10 + (text[n] - '0') : 999999999;
    ++n;
  }
  text.remove_prefix(n);
  return n == 0 ? -1 : value;
}

Line classify(std::string_view text) {
  Line line;
  while (line.indent < text.size() && is_space(text[line.indent])) ++line.indent;
  text.remove_prefix(line.indent);
  if (text.empty()) return line;
  switch (text[0]) {
    case '#':
      line.kind = LineKind::diagnostic;
      line.rest = text.substr(text.size() > 1 && text[1] == ' ' ? 2 : 1);
      return line;
    case 'o':
      return is_word(text, "ok") ? result_line(line, true, text.substr(2)) : line;
    case 'n':
      return is_word(text, "not ok") ? result_line(line, false, text.substr(6)) : line;
    case '1':
      return plan_line(line, text);
    case 'K':
    case 'T':
      return version_line(line, text);
    case 'B':
    case 'b':
      if (!starts_with_nocase(text, "Bail out!")) return line;
      line.kind = LineKind::bail_out;
      line.rest = trim(text.substr(9));
      return line;
    default:
      return line;
  }
}

std::string_view describe(bool ok, std::string_view rest, Case& out) {
  out.status = ok ? Status::pass : Status::fail;
  if (rest.starts_with("- ") || rest == "-") rest.remove_prefix(1);
  const std::size_t hash =
      rest.find('#') == std::string_view::npos ? std::string_view::npos : find_separator(ok, rest);
  const std::string_view name = trim(rest.substr(0, hash));
  if (name.find('\\') == std::string_view::npos)
    out.name.assign(name);
  else
    out.name = unescaped(name);
  if (hash == std::string_view::npos) return {};
  // ksft_test_result_code() puts two spaces after '#' when plain text and no directive follows.
  const bool plain_text = rest.substr(hash + 1).starts_with("  ");
  const std::string_view tail = cut_time(trim(rest.substr(hash + 1)), out);
  const Directive* directive = plain_text ? nullptr : find_directive(ok, tail);
  if (!directive) {
    out.reason.assign(tail);
    return plain_text ? std::string_view{} : unknown_word(tail);
  }
  out.status = ok ? directive->when_ok : directive->when_not_ok;
  out.reason.assign(trim(text_after(*directive, tail)));
  if (directive->word == "TIMEOUT") out.reason = out.reason.empty() ? "TIMEOUT" : "TIMEOUT " + out.reason;
  return {};
}

std::size_t find_version(std::string_view line) {
  const std::size_t last = line.find_last_not_of(" \t");
  if (last == std::string_view::npos || !is_digit(line[last])) return std::string_view::npos;
  std::size_t at = last;
  while (at > 0 && is_digit(line[at - 1])) --at;
  if (!line.substr(0, at).ends_with("TAP version ")) return std::string_view::npos;
  at -= 12;
  return at > 0 && line[at - 1] == 'K' ? at - 1 : at;
}

bool is_plain(std::string_view text) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t high = 0x8080808080808080;
  // High bits where a byte of eight is 0; behind such a byte there may be more.
  const auto zeros = [](std::uint64_t eight) { return (eight - ones) & ~eight & high; };
  std::uint64_t found = 0;
  while (text.size() >= sizeof found) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data(), sizeof eight);
    found |= (eight & high) | zeros(eight) | zeros(eight ^ ones * 0x1b);
    text.remove_prefix(sizeof eight);
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    found |= static_cast<std::uint64_t>(byte == 0 || byte == 0x1b || byte >= 0x80);
  }
  return found == 0;
}

std::string cleaned(std::string_view text, bool& bad) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t n = utf8_length(text);
    if (n == 0) {
      out += "\xEF\xBF\xBD";
      bad = true;
      text.remove_prefix(1);
      continue;
    }
    if (text[0] == '\x1b') {
      text.remove_prefix(escape_length(text));
      continue;
    }
    if (text[0] != '\0') out.append(text.substr(0, n));
    text.remove_prefix(n);
  }
  return out;
}

}  // namespace pinrig::ktap
