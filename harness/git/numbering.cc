// SPDX-License-Identifier: GPL-2.0
#include "git/numbering.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/text.h"

namespace pinrig::git {
namespace {

bool whole_int(std::string_view text, int& value) {
  const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
  return r.ec == std::errc() && r.ptr == text.data() + text.size() && value >= 0;
}

/// One word inside the brackets: "v3", "2/7", or something of no meaning ("PATCH", "net-next").
void read_word(std::string_view word, Numbered& out) {
  int value = 0;
  if ((word.starts_with('v') || word.starts_with('V')) && whole_int(word.substr(1), value)) {
    out.version = value;
    return;
  }
  const auto slash = word.find('/');
  int total = 0;
  if (slash != std::string_view::npos && whole_int(word.substr(0, slash), value) &&
      whole_int(word.substr(slash + 1), total)) {
    out.number = value;
    out.total = total;
    return;
  }
  // "[PATCHv2 1/3]" is common enough.
  if (word.starts_with("PATCHv") && whole_int(word.substr(6), value)) out.version = value;
}

void read_bracket(std::string_view inside, Numbered& out) {
  std::string words(inside);
  std::replace(words.begin(), words.end(), ',', ' ');
  for (const auto& word : split(words, ' ')) read_word(word, out);
}

bool take_reply(std::string_view& s) {
  if (s.size() < 3 || (s[0] != 'R' && s[0] != 'r') || (s[1] != 'e' && s[1] != 'E') || s[2] != ':')
    return false;
  s = trim(s.substr(3));
  return true;
}

Error mixed(const std::string& where, const Numbered& a, const Numbered& b, const std::string& what) {
  return make_error(ErrorKind::bad_input,
                    fmt::format("{}: {}: \"{}\" and \"{}\"", where, what, a.subject, b.subject),
                    "keep the mails of one version of one series, or list the patches of a directory in a "
                    "file named series");
}

Result<void> check_alike(const std::vector<Numbered>& patches, const std::string& where) {
  const Numbered& first = patches.front();
  for (const auto& p : patches) {
    if (p.version != first.version)
      return mixed(where, first, p, fmt::format("two versions, v{} and v{}", first.version, p.version));
    if ((p.number < 0) != (first.number < 0))
      return mixed(where, first, p, "one patch has a number and one has none");
    if (p.total != first.total)
      return mixed(where, first, p,
                   fmt::format("two series, one of {} and one of {} patches", first.total, p.total));
  }
  return {};
}

}  // namespace

Numbered parse_subject(std::string_view subject) {
  Numbered out;
  std::string_view s = trim(subject);
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
  return out;
}

Result<std::vector<std::size_t>> order_of(const std::vector<Numbered>& patches, const std::string& where) {
  std::vector<std::size_t> order(patches.size());
  std::iota(order.begin(), order.end(), 0U);
  if (patches.empty()) return order;
  PINRIG_CHECK(check_alike(patches, where));
  if (patches.front().number < 0) return order;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return patches[a].number < patches[b].number; });
  const int total = patches.front().total;
  int expected = 1;
  for (const auto at : order) {
    const Numbered& p = patches[at];
    if (p.number > total)
      return make_error(ErrorKind::bad_input,
                        fmt::format("{}: patch {}/{} has a number beyond its series: \"{}\"", where, p.number,
                                    total, p.subject));
    if (p.number < expected)
      return make_error(
          ErrorKind::bad_input,
          fmt::format("{}: patch {}/{} is there twice: \"{}\"", where, p.number, total, p.subject),
          "keep one mail for each patch");
    if (p.number > expected) break;
    ++expected;
  }
  if (expected <= total)
    return make_error(ErrorKind::bad_input, fmt::format("{}: patch {}/{} is missing", where, expected, total),
                      "save the whole thread: b4 am MESSAGE-ID, or the mbox of the list archive");
  return order;
}

}  // namespace pinrig::git
