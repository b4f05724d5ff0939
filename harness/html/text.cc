// SPDX-License-Identifier: GPL-2.0
#include "html/text.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pinrig::html {

using model::Verdict;

std::string esc(std::string_view text) {
  std::string out;
  for (const char c : shown(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string esc_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += esc(line) + "\n";
  return out;
}

namespace {

const char* mark_of(Verdict v) {
  switch (v) {
    case Verdict::pass:
      return "✓";
    case Verdict::fail:
      return "✗";
    case Verdict::leak:
      return "▲";
    case Verdict::crash:
      return "☠";
    case Verdict::timeout:
      return "⧖";
    case Verdict::skip:
      return "–";
    case Verdict::xfail:
      return "x";
    case Verdict::xpass:
      return "X";
    case Verdict::missing:
      return "?";
    case Verdict::error:
      return "!";
  }
  return "?";
}

}  // namespace

Sign sign_of(const report::Row& row) {
  const Verdict v = row.verdict().verdict;
  Sign out{mark_of(v), model::to_string(v), "s"};
  if (const auto pages = row.result.outstanding(); pages != 0) out.word += fmt::format(" {:+}", pages);
  if (!row.expected())
    out.colour = "r";
  else if (report::is_bad(v))
    out.colour = "e";
  else if (v == Verdict::pass)
    out.colour = "g";
  return out;
}

std::string sign_html(const report::Row& row) {
  const Sign s = sign_of(row);
  return fmt::format("<span class=\"m {}\">{} {}</span>", s.colour, s.mark, s.word);
}

std::string row_id(const std::string& kernel, const model::TestVerdict& v) {
  std::string out = kernel + "/" + v.test + (v.case_name.empty() ? "" : ":" + v.case_name);
  // An id has no blanks.
  for (char& c : out) {
    if (c == ' ' || static_cast<unsigned char>(c) < 0x20) c = '_';
  }
  return out;
}

std::string link_to(const std::string& id) {
  std::string out = "#";
  for (const char c : shown(id)) {
    const bool plain = std::string_view("%\"'<>&`#\\{}|^ ").find(c) == std::string_view::npos &&
                       static_cast<unsigned char>(c) < 0x80;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string scrolling(const std::string& label, const std::string& table) {
  return fmt::format("<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"{}\">\n{}</div>\n",
                     esc(label), table);
}

std::string section(const char* id, const std::string& title, const std::string& body) {
  if (body.empty()) return "";
  return fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n", id,
                     esc(title), body);
}

}  // namespace pinrig::html
