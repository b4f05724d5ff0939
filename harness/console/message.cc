// SPDX-License-Identifier: GPL-2.0
#include "console/message.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "console/prefix.h"

namespace pinrig::console {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// Drops ESC [ ... letter and NUL.
std::string_view without_colours(std::string_view line, std::string& buffer) {
  if (line.find('\x1b') == std::string_view::npos && line.find('\0') == std::string_view::npos) return line;
  buffer.clear();
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b' && i + 1 < line.size() && line[i + 1] == '[') {
      i += 2;
      while (i < line.size() && !(line[i] >= '@' && line[i] <= '~')) ++i;
    } else if (line[i] != '\0') {
      buffer += line[i];
    }
  }
  return buffer;
}

/// Length of "[   12.345678]" at the front, 0 when it is not one; sets the seconds.
std::size_t stamp_length(std::string_view text, double& seconds) {
  if (text.empty() || text[0] != '[') return 0;
  std::size_t at = 1;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t from = at;
  while (at < text.size() && (is_digit(text[at]) || text[at] == '.')) ++at;
  if (at >= text.size() || at - from < 8 || text[at - 7] != '.') return 0;
  // dmesg -d: "[    1.234567 <    0.000010>]"
  const std::size_t end = text.substr(at).starts_with(" <") ? text.find(">]", at) + 1 : at;
  if (end >= text.size() || text[end] != ']') return 0;
  std::from_chars(text.data() + from, text.data() + at, seconds);
  return end + 1;
}

/// Length of "[  T12]" or "[    C1]" at the front (CONFIG_PRINTK_CALLER).
std::size_t caller_length(std::string_view text, std::string_view& caller) {
  if (text.empty() || text[0] != '[') return 0;
  std::size_t at = 1;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t from = at;
  if (at >= text.size() || (text[at] != 'T' && text[at] != 'C')) return 0;
  ++at;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at >= text.size() || text[at] != ']' || at == from + 1) return 0;
  caller = text.substr(from, at - from);
  return at + 1;
}

/// Copies one token of a title to `out` and returns how many bytes of `text` it was.
std::size_t normalise_token(std::string_view text, std::string& out) {
  std::size_t n = 0;
  if (text[0] == '+' && text.starts_with("+0x")) {  // "+0x1a/0x40" behind a function
    n = 3;
    while (n < text.size() && (is_hex(text[n]) || text[n] == '/' || text[n] == 'x')) ++n;
    return n;
  }
  if (!is_word(text[0])) {
    out += text[0] >= ' ' && text[0] < '\x7f' ? text[0] : '?';
    return 1;
  }
  while (n < text.size() && is_word(text[n])) ++n;
  const std::string_view word = text.substr(0, n);
  const bool digits = std::all_of(word.begin(), word.end(), is_digit);
  const bool hex =
      std::all_of(word.begin(), word.end(), is_hex) && std::any_of(word.begin(), word.end(), is_digit);
  if (word.starts_with("0x") && !out.ends_with("exitcode="))
    out += "ADDR";
  else if (hex && n >= 8)
    out += "ADDR";
  else if (digits)
    out += "N";
  else
    out += word;
  return n;
}

}  // namespace

Message take_apart(std::string_view line, std::string& buffer) {
  while (line.ends_with('\r') || line.ends_with('\n')) line.remove_suffix(1);
  line = without_colours(line, buffer);
  line = without_quote(line);
  Message m;
  m.text = line;
  // A writer without a newline leaves its text in front of the stamp of the next message.
  for (std::size_t at = line.find('['); at != std::string_view::npos; at = line.find('[', at + 1)) {
    const std::size_t n = stamp_length(line.substr(at), m.stamp_s);
    if (n == 0) continue;
    std::string_view rest = line.substr(at + n);
    const std::size_t gap = rest.starts_with(" [") ? 1 : 0;
    rest.remove_prefix(caller_length(rest.substr(gap), m.caller) > 0 ? gap : 0);
    std::string_view unused;
    rest.remove_prefix(m.caller.empty() ? 0 : caller_length(rest, unused));
    m.text = without_host(rest.starts_with(' ') ? rest.substr(1) : rest);
    return m;
  }
  if (line.size() >= 3 && line[0] == '<' && is_digit(line[1]) && line[2] == '>')
    m.text = line.substr(3);
  else
    m.text = without_time(line);
  return m;
}

std::string normalised(std::string_view title) {
  std::string out;
  while (!title.empty() && out.size() < 200) title.remove_prefix(normalise_token(title, out));
  while (out.ends_with(' ') || out.ends_with('.') || out.ends_with(':') || out.ends_with(',')) out.pop_back();
  return out;
}

bool is_source(std::string_view text) {
  if (!text.starts_with(" (")) return false;
  const std::size_t end = text.find(':');
  if (end == std::string_view::npos || end + 1 >= text.size() || !is_digit(text[end + 1])) return false;
  const std::string_view file = text.substr(2, end - 2);
  return file.find(' ') == std::string_view::npos &&
         (file.ends_with(".c") || file.ends_with(".h") || file.ends_with(".S") || file.ends_with(".rs"));
}

std::string_view function_at(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  if (text.starts_with("[<")) {  // "[<ffffffff81000000>] func+0x..." of old kernels
    const std::size_t end = text.find(">]");
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 2);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (text.size() > 5 && text[4] == ':' && is_digit(text[0])) text.remove_prefix(5);  // "0010:" before RIP
  std::size_t n = 0;
  while (n < text.size() && (is_word(text[n]) || text[n] == '.' || text[n] == '$')) ++n;
  if (n == 0 || !(text.substr(n).starts_with("+0x") || is_source(text.substr(n)))) return {};
  std::string_view name = text.substr(0, n);
  if (const std::size_t dot = name.find('.', 1); dot != std::string_view::npos) name = name.substr(0, dot);
  return name;
}

}  // namespace pinrig::console
