// SPDX-License-Identifier: GPL-2.0
#include "console/prefix.h"

#include <array>

namespace pinrig::console {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Length of `form` at the front of `text`, 0 when it does not fit: 'd' is a digit, 's' a digit or a space,
/// 'a' a letter, everything else itself.
std::size_t form_length(std::string_view text, std::string_view form) {
  if (text.size() < form.size()) return 0;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const char c = text[i];
    const bool fit = form[i] == 'd'   ? digit(c)
                     : form[i] == 's' ? digit(c) || c == ' '
                     : form[i] == 'a' ? letter(c)
                                      : c == form[i];
    if (!fit) return 0;
  }
  return form.size();
}

/// Length of the fraction and the zone behind a time of day: ".123456+01:00", ",5Z".
std::size_t tail_of_time(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && (digit(text[n]) || text[n] == '.' || text[n] == ',' || text[n] == '+' ||
                             text[n] == '-' || text[n] == ':' || text[n] == 'Z'))
    ++n;
  return n;
}

/// Length of "[  +0.000012]", what dmesg -H prints below its first line.
std::size_t difference(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  std::size_t n = 1;
  while (n < text.size() && text[n] == ' ') ++n;
  if (n >= text.size() || text[n] != '+') return 0;
  ++n;
  while (n < text.size() && (digit(text[n]) || text[n] == '.')) ++n;
  return n < text.size() && text[n] == ']' ? n + 1 : 0;
}

std::size_t in_brackets(std::string_view text) {
  for (const std::string_view form :
       {"[aaa aaa sd dd:dd:dd dddd]", "[aaasd dd:dd]", "[aaa sd dd:dd]", "[dddd-dd-dd dd:dd:dd]"}) {
    if (const std::size_t n = form_length(text, form)) return n;
  }
  return difference(text);
}

std::size_t time_of_day(std::string_view text) {
  for (const std::string_view form :
       {"dddd-dd-ddTdd:dd:dd", "dddd-dd-dd dd:dd:dd", "dddd/dd/dd dd:dd:dd", "aaa sd dd:dd:dd", "dd:dd:dd"}) {
    const std::size_t n = form_length(text, form);
    if (n == 0) continue;
    const std::size_t end = n + tail_of_time(text.substr(n));
    return end < text.size() && text[end] == ' ' ? end : 0;
  }
  return 0;
}

}  // namespace

std::string_view without_quote(std::string_view line) {
  std::size_t n = 0;
  while (n < line.size() && (line[n] == '>' || line[n] == '|')) {
    ++n;
    if (n < line.size() && line[n] == ' ') ++n;
  }
  return line.substr(n);
}

std::string_view without_host(std::string_view line) {
  constexpr std::string_view mark = "kernel: ";
  if (line.starts_with(mark)) return line.substr(mark.size());
  const std::size_t space = line.find(' ');
  if (space == 0 || space == std::string_view::npos || !line.substr(space + 1).starts_with(mark)) return line;
  return line.substr(space + 1 + mark.size());
}

std::string_view without_time(std::string_view line) {
  std::size_t n = in_brackets(line);
  if (n == 0) n = time_of_day(line);
  std::string_view rest = line.substr(n);
  if (n > 0 && rest.starts_with(' ')) rest.remove_prefix(1);
  return without_host(rest);
}

}  // namespace pinrig::console
