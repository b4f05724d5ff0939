// SPDX-License-Identifier: GPL-2.0
#include "console/testing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/text.h"
#include "console/console.h"

namespace pinrig::console::harvest {
namespace {

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

enum class What { nothing, any, loud, panic, die };

/// What a function's name says of its text.
What what_of(std::string_view name) {
  if (name == "panic" || name == "nmi_panic") return What::panic;
  if (name == "die") return What::die;
  for (const std::string_view loud : {"pr_emerg", "pr_alert", "pr_crit"}) {
    if (name.starts_with(loud)) return What::loud;
  }
  for (const std::string_view any : {"pr_err", "pr_warn", "pr_notice", "pr_info", "printk"}) {
    if (name.starts_with(any)) return What::any;
  }
  return What::nothing;
}

void skip_blank(std::string_view& text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text[0])) != 0) text.remove_prefix(1);
}

/// Adjacent string literals at the front of `text`; macros between them are left out.
std::string literal_of(std::string_view text) {
  std::string out;
  for (skip_blank(text); !text.empty() && text[0] == '"'; skip_blank(text)) {
    std::size_t i = 1;
    for (; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] != '\\' || i + 1 >= text.size()) {
        out += text[i];
        continue;
      }
      ++i;
      out += text[i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
    }
    text.remove_prefix(std::min(i + 1, text.size()));
  }
  return out;
}

/// The first literal among the arguments, behind KERN_EMERG and the like; `level` is that word.
std::string first_literal(std::string_view arguments, std::string& level) {
  skip_blank(arguments);
  while (!arguments.empty() && arguments[0] != '"') {
    std::size_t n = 0;
    while (n < arguments.size() && in_word(arguments[n])) ++n;
    const std::string_view word = arguments.substr(0, n);
    arguments.remove_prefix(n);
    skip_blank(arguments);
    if (word.starts_with("KERN_")) {
      level = word;
    } else if (word == "regs" && arguments.starts_with(",")) {  // nmi_panic(regs, "...")
      arguments.remove_prefix(1);
      skip_blank(arguments);
    } else {
      return "";
    }
  }
  return literal_of(arguments);
}

/// The first line with words on it: frames of '=' and empty lines come before.
std::string head_of(const std::string& literal) {
  for (const std::string_view line : lines(literal)) {
    if (line.find_first_not_of(" \t=-*") != std::string_view::npos) return std::string(trim(line));
  }
  return "";
}

bool is_report(std::string_view head) {
  for (const std::string_view word : {"BUG: ", "BUG ", "WARNING: ", "INFO: ", "[ BUG", "[ INFO"}) {
    if (head.starts_with(word)) return true;
  }
  return false;
}

/// One conversion of printf at the front of `text`, removed from it, as an example.
std::string example(std::string_view& text) {
  std::size_t n = 1;
  while (n < text.size() &&
         std::string_view("-+ #0123456789.*lhzLqt").find(text[n]) != std::string_view::npos)
    ++n;
  const char kind = n < text.size() ? text[n] : '%';
  ++n;
  if (kind == 'p') {
    while (n < text.size() && in_word(text[n])) ++n;
    const std::string_view form = text.substr(0, n);
    text.remove_prefix(n);
    return form.find('S') != std::string_view::npos || form.find('B') != std::string_view::npos
               ? "fn+0x1/0x2"
               : "00000000c0ffee00";
  }
  text.remove_prefix(std::min(n, text.size()));
  if (kind == '%') return "%";
  return kind == 's' ? "name" : kind == 'c' ? "c" : kind == 'x' || kind == 'X' ? "1a" : "7";
}

}  // namespace

std::vector<Text> texts_of(const std::string& file, std::string_view source) {
  std::vector<Text> out;
  int line = 1;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\n') ++line;
    if (source[i] != '(' || i == 0 || !in_word(source[i - 1])) continue;
    std::size_t begin = i;
    while (begin > 0 && in_word(source[begin - 1])) --begin;
    const std::string_view name = source.substr(begin, i - begin);
    What what = what_of(name);
    if (what == What::nothing) continue;
    std::string level;
    const std::string head = head_of(first_literal(source.substr(i + 1, 2000), level));
    if (level == "KERN_EMERG" || level == "KERN_ALERT" || level == "KERN_CRIT") what = What::loud;
    if (head.empty() || (what == What::any && !is_report(head))) continue;
    out.push_back({file, line, std::string(name), head});
  }
  return out;
}

std::string as_printed(const Text& text) {
  std::string filled;
  for (std::string_view rest = text.literal; !rest.empty();) {
    if (rest[0] == '%') {
      filled += example(rest);
    } else {
      filled += rest[0];
      rest.remove_prefix(1);
    }
  }
  const What what = what_of(text.call);
  if (what == What::panic) return "Kernel panic - not syncing: " + filled;
  // arch/x86/kernel/dumpstack.c, __die_header(); arch/arm64/kernel/traps.c, __die()
  if (what == What::die && text.file.starts_with("arch/arm64/"))
    return fmt::format("Internal error: {}: 0000000096000004 [#1] PREEMPT SMP", filled);
  if (what == What::die) return fmt::format("{}: 0000 [#1] PREEMPT SMP", filled);
  return filled;
}

bool is_read(const Text& text) {
  const Log log =
      parse(fmt::format("[    1.000000] {}\n[    1.000001] CPU: 1 PID: 9 Comm: cow Not tainted 6.12.1 #1\n"
                        "[    1.000002] Call Trace:\n[    1.000003]  gup_fast+0x1/0x2\n",
                        as_printed(text)));
  return !log.events.empty();
}

std::vector<Ignored> ignored_of(std::string_view list) {
  std::vector<Ignored> out;
  int number = 0;
  for (const std::string_view line : lines(list)) {
    ++number;
    if (trim(line).empty() || line.starts_with('#')) continue;
    const std::size_t first = line.find(" | ");
    const std::size_t last = line.rfind(" | ");
    if (first == std::string_view::npos || last == first || trim(line.substr(last + 3)).empty())
      throw std::runtime_error(fmt::format("line {}: expected FILE | TEXT | REASON", number));
    out.push_back({std::string(trim(line.substr(0, first))),
                   std::string(trim(line.substr(first + 3, last - first - 3))),
                   std::string(trim(line.substr(last + 3)))});
  }
  return out;
}

const std::vector<std::string>& folders() {
  static const std::vector<std::string> all{"arch/arm64/kernel",
                                            "arch/arm64/mm",
                                            "arch/x86/entry",
                                            "arch/x86/kernel",
                                            "arch/x86/mm",
                                            "arch/x86/lib",
                                            "block",
                                            "drivers/base",
                                            "drivers/infiniband/core",
                                            "drivers/iommu",
                                            "drivers/nvme",
                                            "drivers/vfio",
                                            "fs",
                                            "init",
                                            "io_uring",
                                            "kernel",
                                            "lib",
                                            "mm",
                                            "net/core",
                                            "net/rds",
                                            "net/xdp"};
  return all;
}

std::vector<Text> unread(const fs::path& tree, const std::vector<Ignored>& ignored) {
  std::vector<Text> out;
  const auto is_ignored = [&](const Text& t) {
    return std::any_of(ignored.begin(), ignored.end(), [&](const Ignored& i) {
      // What calls itself a bug has to be named.
      return glob_match(i.file, t.file) && glob_match(i.text, t.literal) &&
             !(i.text == "*" && is_report(t.literal));
    });
  };
  for (const auto& folder : folders()) {
    std::error_code ec;
    for (fs::recursive_directory_iterator it(tree / folder, ec), end; !ec && it != end; it.increment(ec)) {
      const auto ext = it->path().extension();
      if (ext != ".c" && ext != ".h") continue;
      const auto source = read_file(it->path());
      if (source.has_error()) continue;
      for (auto& t : texts_of(it->path().lexically_relative(tree).string(), *source)) {
        if (!is_ignored(t) && !is_read(t)) out.push_back(std::move(t));
      }
    }
  }
  std::sort(out.begin(), out.end(),
            [](const Text& a, const Text& b) { return std::tie(a.file, a.line) < std::tie(b.file, b.line); });
  return out;
}

}  // namespace pinrig::console::harvest
