// SPDX-License-Identifier: GPL-2.0
#include "kbuild/build_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

#include "base/text.h"

namespace pinrig::kbuild {
namespace {

namespace fs = std::filesystem;

bool is_step(std::string_view text) {
  // kbuild's quiet commands: two blanks, a word in capitals, blanks, the target. Installing headers is a
  // thousand of them in a few seconds and would spoil every estimate.
  if (text.starts_with("  HDRINST ")) return false;
  if (!text.starts_with("  ") || text.size() < 4) return false;
  text.remove_prefix(2);
  const auto end = text.find(' ');
  if (end == std::string_view::npos || end == 0) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), [](char c) {
    return std::isupper(static_cast<unsigned char>(c)) != 0 ||
           std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '[' || c == ']' || c == '+';
  });
}

struct Diagnostic {
  std::string_view path;
  std::string_view line;
  std::string_view column;
  std::string_view text;
};

bool digits(std::string_view s) {
  return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "PATH:LINE:COLUMN: KIND: TEXT" of gcc, or "PATH:LINE: KIND: TEXT" of the assembler.
bool diagnostic(std::string_view text, std::string_view kind, Diagnostic& out) {
  const auto at = text.find(kind);
  if (at == std::string_view::npos || at == 0) return false;
  out.text = trim(text.substr(at + kind.size()));
  std::string_view where = text.substr(0, at);
  const auto last = where.rfind(':');
  if (last == std::string_view::npos || !digits(where.substr(last + 1))) return false;
  out.column = {};
  out.line = where.substr(last + 1);
  out.path = where.substr(0, last);
  const auto before = out.path.rfind(':');
  if (before != std::string_view::npos && digits(out.path.substr(before + 1))) {
    out.column = out.line;
    out.line = out.path.substr(before + 1);
    out.path = out.path.substr(0, before);
  }
  return true;
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// "PATH:LINE: REST"; false when it is none. Takes the first such place in the line.
bool place_and_rest(std::string_view text, Diagnostic& out) {
  for (auto colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    const auto end = text.find(':', colon + 1);
    if (end == std::string_view::npos || colon == 0) return false;
    if (!digits(text.substr(colon + 1, end - colon - 1))) continue;
    out = {text.substr(0, colon), text.substr(colon + 1, end - colon - 1), {}, trim(text.substr(end + 1))};
    return true;
  }
  return false;
}

/// "Makefile:12: *** TEXT.  Stop." of make: $(error ...), a missing separator. Its summaries, "make[2]: ***
/// [Makefile:12: x.o] Error 1", do not begin with a place.
bool make_stop(std::string_view text, Diagnostic& out) {
  if (text.starts_with("make") || !place_and_rest(text, out) || !out.text.starts_with("*** ")) return false;
  out.text.remove_prefix(4);
  if (const auto stop = out.text.rfind("  Stop."); stop != std::string_view::npos)
    out.text = trim(out.text.substr(0, stop));
  while (out.text.ends_with('.')) out.text.remove_suffix(1);
  return true;
}

/// "mm/Kconfig:1195: unknown statement \"bol\"", "lib/Kconfig.debug:3:error: recursive dependency detected!":
/// scripts/kconfig/parser.y, yyerror() and zconf_error(). Its warnings have the same form and are none.
bool kconfig_error(std::string_view text, Diagnostic& out) {
  if (!place_and_rest(text, out)) return false;
  const auto name =
      out.path.substr(out.path.rfind('/') == std::string_view::npos ? 0 : out.path.rfind('/') + 1);
  return name.starts_with("Kconfig") && !out.text.starts_with("warning") && !out.text.empty();
}

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

/// A line of the linker that is no warning and no heading ("ld: mm/gup.o: in function `f':").
bool linker_error(std::string_view text) {
  if (has(text, "undefined reference to") || has(text, "multiple definition of")) return true;
  if (has(text, "relocation truncated to fit")) return true;
  const auto at = text.find("ld: ");
  if (at == std::string_view::npos || (at > 0 && text[at - 1] != '-' && text[at - 1] != '/')) return false;
  return !has(text, "warning: ") && !has(text, ": in function ") && !has(text, "NOTE: ");
}

bool program_error(std::string_view text) {
  return text.starts_with("ERROR: modpost") || text.starts_with("error: ") || text.starts_with("FAILED") ||
         has(text, ": No such file or directory") || has(text, "*** No rule to make") ||
         has(text, ": fatal error: ") || has(text, ": error: ") || has(text, ": not found") ||
         has(text, ": command not found") || has(text, "*** missing separator");
}

}  // namespace

void BuildLog::add(std::string_view piece, Stream stream) {
  std::string& partial = partial_[static_cast<std::size_t>(stream)];
  for (;;) {
    const auto end = piece.find('\n');
    if (end == std::string_view::npos) {
      partial += piece;
      return;
    }
    if (partial.empty()) {
      line(piece.substr(0, end));
    } else {
      partial += piece.substr(0, end);
      line(partial);
      partial.clear();
    }
    piece.remove_prefix(end + 1);
  }
}

void BuildLog::finish() {
  for (auto& partial : partial_) {
    if (!partial.empty()) line(partial);
    partial.clear();
  }
}

void BuildLog::line(std::string_view text) {
  if (is_step(text)) {
    ++steps_;
    return;
  }
  if (text.find("No space left on device") != std::string_view::npos ||
      text.find("Disk quota exceeded") != std::string_view::npos)
    disk_full_ = true;
  Diagnostic d;
  if (diagnostic(text, ": warning: ", d)) {
    std::string w = relative(d.path) + ":" + std::string(d.line) + ": " + std::string(d.text);
    if (std::find(warnings_.begin(), warnings_.end(), w) == warnings_.end())
      warnings_.push_back(std::move(w));
    return;
  }
  if (note_located(text)) return;
  BuildReason reason{"", 0, std::string(text), std::string(text)};
  if (has(text, "*** [")) {
    note(Rank::summary, std::move(reason));
  } else if (linker_error(text) || program_error(text)) {
    note(Rank::other, std::move(reason));
  }
}

bool BuildLog::note_located(std::string_view text) {
  Diagnostic d;
  for (const char* kind : {": error: ", ": fatal error: ", ": Error: ", ": internal compiler error: "}) {
    if (!diagnostic(text, kind, d)) continue;
    BuildReason r{relative(d.path), number(d.line), std::string(d.text), ""};
    r.shown =
        fmt::format("{}:{}{}{}: error: {}", r.file, d.line, d.column.empty() ? "" : ":", d.column, r.text);
    note(Rank::located, std::move(r));
    return true;
  }
  if (!make_stop(text, d) && !kconfig_error(text, d)) return false;
  BuildReason r{relative(d.path), number(d.line), std::string(d.text), ""};
  if (r.text.starts_with("error: ")) r.text.erase(0, 7);
  r.shown = fmt::format("{}:{}: {}", r.file, d.line, r.text);
  note(Rank::located, std::move(r));
  return true;
}

void BuildLog::note(Rank rank, BuildReason reason) {
  if (rank >= rank_) return;
  rank_ = rank;
  reason_ = std::move(reason);
}

std::string BuildLog::relative(std::string_view path) const { return tree_path(path, source_, objdir_); }

std::string tree_path(std::string_view path, const std::string& source, const std::string& objdir) {
  fs::path p(path);
  // With CCACHE_BASEDIR the compiler is given the way from the objects to the source.
  if (p.is_relative()) p = fs::path(objdir) / p;
  p = p.lexically_normal();
  for (const auto& top : {source, objdir}) {
    const auto inside = p.lexically_relative(fs::path(top).lexically_normal());
    if (!inside.empty() && *inside.begin() != "..") return inside.string();
  }
  return p.string();
}

std::vector<std::string> warnings_in(const std::vector<std::string>& warnings,
                                     const std::vector<std::string>& files) {
  std::vector<std::string> out;
  for (const auto& w : warnings) {
    const auto mine = [&](const std::string& file) { return w.starts_with(file + ":"); };
    if (std::any_of(files.begin(), files.end(), mine)) out.push_back(w);
  }
  return out;
}

}  // namespace pinrig::kbuild
