// SPDX-License-Identifier: GPL-2.0
#include "kbuild/build_log.h"

#include <algorithm>
#include <cctype>
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

bool says_failure(std::string_view text) {
  return text.find("undefined reference to") != std::string_view::npos ||
         text.starts_with("ERROR: modpost") ||
         text.find(": No such file or directory") != std::string_view::npos ||
         text.find("*** [") != std::string_view::npos ||
         text.find("*** No rule to make") != std::string_view::npos ||
         (text.find("ld: ") != std::string_view::npos && text.find("error") != std::string_view::npos);
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
  const bool error = diagnostic(text, ": error: ", d) || diagnostic(text, ": fatal error: ", d) ||
                     diagnostic(text, ": Error: ", d);
  if (error && first_error_.empty()) {
    first_error_ = relative(d.path) + ":" + std::string(d.line) +
                   (d.column.empty() ? "" : ":" + std::string(d.column)) + ": error: " + std::string(d.text);
  } else if (first_failure_.empty() && says_failure(text)) {
    first_failure_ = text;
  }
}

std::string BuildLog::relative(std::string_view path) const {
  fs::path p(path);
  // With CCACHE_BASEDIR the compiler is given the way from the objects to the source.
  if (p.is_relative()) p = fs::path(objdir_) / p;
  p = p.lexically_normal();
  for (const auto& top : {source_, objdir_}) {
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
