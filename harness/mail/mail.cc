// SPDX-License-Identifier: GPL-2.0
#include "mail/mail.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"

namespace pinrig::mail {
namespace {

constexpr std::size_t columns = 72;
constexpr std::size_t most_log_lines = 40;
constexpr std::size_t field_column = 17;
constexpr std::size_t first_column = 18;
constexpr std::size_t column_width = 14;
constexpr std::size_t short_commit = 12;

/// Bytes that are no printable ASCII as '?', one for each character.
std::string ascii(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;
    out += byte == '\t' ? ' ' : byte < ' ' || byte > '~' ? '?' : c;
  }
  return out;
}

/// One paragraph, broken at blanks.
std::string fold(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  for (const auto& word : split(ascii(text), ' ')) {
    if (word.empty()) continue;
    if (at > 0 && at + 1 + word.size() > columns) {
      out += '\n';
      at = 0;
    } else if (at > 0) {
      out += ' ';
      ++at;
    }
    out += word;
    at += word.size();
  }
  return out + "\n";
}

std::string patch_words(const Finding& f) {
  if (!f.commit.empty()) return "commit " + f.commit.substr(0, short_commit);
  return f.patch == 0 ? "the series" : fmt::format("patch {}/{}", f.patch, f.patches);
}

std::string opening(const Finding& f) {
  const auto pages = count_of(static_cast<std::size_t>(std::abs(f.pages)), "page");
  switch (f.what) {
    case Finding::What::leak:
      return f.pages < 0 ? fmt::format("{} unpins {} more often than it pinned them with {}.", f.test, pages,
                                       patch_words(f))
                         : fmt::format("{} leaves {} pinned with {}.", f.test, pages, patch_words(f));
    case Finding::What::crash:
      return fmt::format("The kernel reports \"{}\" in {} with {}.", f.said, f.test, patch_words(f));
    case Finding::What::red:
      return fmt::format("{} fails with {}: {}.", f.test, patch_words(f), f.said);
    case Finding::What::apply_failure:
      return fmt::format("The series does not apply: {}. Nothing from this patch on was built or run.",
                         f.said);
    case Finding::What::inconclusive:
      return fmt::format("{} is red with the series, and no single patch can be named: {}.", f.test, f.said);
  }
  return "";
}

std::string subject_of(const Finding& f) {
  const std::string version = f.version > 1 ? fmt::format(" v{}", f.version) : "";
  const std::string number =
      f.patches > 1 || f.patch == 0 ? fmt::format(" {}/{}", f.patch, f.patches) : std::string();
  return ascii(fmt::format("Re: [PATCH{}{}] {}", version, number, f.subject));
}

std::string row(const std::string& name, const std::vector<std::string>& cells) {
  std::string out = fmt::format("{:<{}}", name, first_column);
  for (const auto& cell : cells) out += fmt::format("{:>{}}", ascii(cell), column_width);
  return out + "\n";
}

std::string table(const Finding& f) {
  if (f.columns.empty()) return "";
  std::vector<std::string> names;
  std::vector<std::string> acquired;
  std::vector<std::string> released;
  std::vector<std::string> runs;
  bool measured = false;
  for (const auto& c : f.columns) {
    names.push_back(c.name);
    measured = measured || c.pins;
    acquired.push_back(c.pins ? std::to_string(c.pins->acquired) : "-");
    released.push_back(c.pins ? std::to_string(c.pins->released) : "-");
    runs.push_back(fmt::format("{}:{}", c.red, c.runs));
  }
  std::string out = row("", names);
  if (measured) out += row("pages acquired", acquired) + row("pages released", released);
  return out + row("red:runs", runs) + "\n";
}

std::string rate_text(const Finding& f) {
  if (!f.rate) return "";
  const auto& r = *f.rate;
  const char* what = r.guests ? "guest" : "run";
  const auto many = [&](int n) { return count_of(static_cast<std::size_t>(n), what); };
  return fold(fmt::format(
             "It does not show each time: red in {} of {}. With the red still there, {} without it in a "
             "row have a chance of at most {} %: repeat as often before you believe a clean kernel.",
             r.red, many(r.runs), many(r.clean_runs), r.percent)) +
         "\n";
}

std::string log_text(const Finding& f) {
  if (f.log.empty()) return "";
  std::string out;
  const std::size_t shown_lines = std::min(f.log.size(), most_log_lines);
  for (std::size_t i = 0; i < shown_lines; ++i) out += "  " + ascii(f.log[i]) + "\n";
  if (f.log.size() > shown_lines) out += fmt::format("  ({} more lines)\n", f.log.size() - shown_lines);
  return out + "\n";
}

/// A value that fits next to its name; the run has the rest of it.
std::string cut_off(const std::string& value) {
  constexpr std::size_t room = columns - (field_column - 1);
  return value.size() <= room ? value : value.substr(0, room - 3) + "...";
}

std::string fields_text(const Finding& f) {
  std::string out;
  for (const auto& [name, value] : f.fields)
    out += fmt::format("{:<{}}{}\n", name + ":", field_column - 1, cut_off(ascii(value)));
  return out + "\n";
}

std::string commands_text(const Finding& f) {
  if (f.commands.empty()) return "";
  std::string out = "To reproduce it, from a clone of pinrig:\n\n";
  for (const auto& c : f.commands) out += "  " + ascii(c) + "\n";
  return out + "\n";
}

std::string not_run_text(const Finding& f) {
  return f.not_run.empty() ? "" : fold("Not run: " + join(f.not_run, "; ") + ".") + "\n";
}

std::string evidence(const Finding& f) {
  std::string out = table(f) + rate_text(f);
  if (!f.bisection.empty()) out += fold("Bisection: " + f.bisection + ".") + "\n";
  return out + log_text(f) + fields_text(f) + commands_text(f) + not_run_text(f);
}

std::string without_reply(const std::string& tag) {
  const auto colon = tag.find(": ");
  return colon == std::string::npos ? tag : tag.substr(colon + 2);
}

}  // namespace

std::string series_mail(const Finding& f) {
  std::string out = "Subject: " + subject_of(f) + "\n";
  if (!f.reply_to.empty()) out += "In-Reply-To: " + ascii(f.reply_to) + "\n";
  out += "\n" + fold(opening(f)) + "\n" + evidence(f);
  return out + fold("If a new version fixes it, it is up to you whether to add") +
         "Tested-by: YOUR NAME <YOUR ADDRESS>\n";
}

std::string regression_mail(const Finding& f) {
  std::string out = "Subject: " + ascii(fmt::format("[REGRESSION] {}: {}", f.test, f.said)) + "\n";
  for (std::size_t i = 0; i < f.people.size(); ++i)
    out += fmt::format("# {}: {}\n", i == 0 ? "To" : "Cc", ascii(without_reply(f.people[i])));
  out += "# Cc: regressions@lists.linux.dev\n\n";
  out += fold(opening(f)) + "\n";
  out += fmt::format("{:<{}}{}\n", "last good:", field_column - 1, ascii(f.good));
  out += fmt::format("{:<{}}{}\n\n", "first bad:", field_column - 1, ascii(f.bad));
  out += evidence(f);
  out += ascii(fmt::format("Fixes: {} (\"{}\")", f.commit.substr(0, short_commit), f.subject)) + "\n";
  out += "Reported-by: YOUR NAME <YOUR ADDRESS>\n\n";
  return out + "#regzbot introduced: " + f.commit + "\n";
}

}  // namespace pinrig::mail
