// SPDX-License-Identifier: GPL-2.0
#include "mutate/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace pinrig::mutate {
namespace {

// Text before and after [begin, end) of the source.
struct Wrap {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t order = 0;  ///< of equal ranges the first is the outer one
  std::string prefix;
  std::string suffix;
};

Wrap wrap_of(const Source& s, const Edit& e, int number, std::size_t order) {
  const std::string on = fmt::format("pinrig_mutant_is({})", number);
  Wrap w{s.tokens[e.tokens.begin].begin, 0, order, {}, {}};
  w.end = e.tokens.empty() ? w.begin : s.tokens[e.tokens.end - 1].end;
  switch (e.kind) {
    case Edit::Kind::replace:
      w.prefix = fmt::format("({} ? ({}) : (", on, e.with);
      w.suffix = "))";
      break;
    case Edit::Kind::drop:
      w.prefix = fmt::format("{{ if (!{}) ", on);
      w.suffix = " }";
      break;
    case Edit::Kind::twice:
      w.prefix = fmt::format("{{ if ({}) {} ", on, s.joined(e.tokens.begin, e.tokens.end));
      w.suffix = " }";
      break;
    case Edit::Kind::insert:
      w.prefix = fmt::format("if ({}) {} ", on, e.with);
      break;
  }
  return w;
}

// A place where text goes: at one offset what ends comes before what is inserted and before what begins.
struct Insertion {
  std::size_t at = 0;
  int rank = 0;           ///< 0 = an end, 1 = in between, 2 = a begin
  std::size_t inner = 0;  ///< of ends the inner first, of begins the outer first
  std::size_t order = 0;
  const std::string* text = nullptr;
};

std::vector<Insertion> insertions(const std::vector<Wrap>& wraps) {
  std::vector<Insertion> out;
  for (const auto& w : wraps) {
    const std::size_t size = w.end - w.begin;
    if (size == 0) {
      out.push_back({w.begin, 1, 0, w.order, &w.prefix});
      continue;
    }
    out.push_back({w.begin, 2, SIZE_MAX - size, w.order, &w.prefix});
    out.push_back({w.end, 0, size, SIZE_MAX - w.order, &w.suffix});
  }
  std::sort(out.begin(), out.end(), [](const Insertion& a, const Insertion& b) {
    return std::tie(a.at, a.rank, a.inner, a.order) < std::tie(b.at, b.rank, b.inner, b.order);
  });
  return out;
}

// Changed lines with up to three around them; lines pair one to one up to the end of the shorter text.
struct Hunk {
  std::size_t begin = 0;
  std::size_t end = 0;
};

constexpr std::size_t context = 3;

std::vector<Hunk> hunks_of(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<Hunk> out;
  const std::size_t n = std::max(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i) {
    if (i < a.size() && i < b.size() && a[i] == b[i]) continue;
    const std::size_t begin = i < context ? 0 : i - context;
    const std::size_t end = std::min(n, i + context + 1);
    if (!out.empty() && begin <= out.back().end) {
      out.back().end = end;
    } else {
      out.push_back({begin, end});
    }
  }
  return out;
}

std::vector<std::string> whole_lines(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& l : split(text, '\n')) out.emplace_back(l);
  if (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

std::string range_text(const Hunk& h, std::size_t size) {
  const std::size_t end = std::min(h.end, size);
  const std::size_t count = end > h.begin ? end - h.begin : 0;
  return fmt::format("{},{}", count == 0 ? 0 : h.begin + 1, count);
}

void add_hunk(std::string& out, const Hunk& h, const std::vector<std::string>& a,
              const std::vector<std::string>& b) {
  out += fmt::format("@@ -{} +{} @@\n", range_text(h, a.size()), range_text(h, b.size()));
  for (std::size_t i = h.begin; i < h.end;) {
    if (i < a.size() && i < b.size() && a[i] == b[i]) {
      out += " " + a[i++] + "\n";
      continue;
    }
    std::size_t stop = i;
    while (stop < h.end && !(stop < a.size() && stop < b.size() && a[stop] == b[stop])) ++stop;
    for (std::size_t k = i; k < stop && k < a.size(); ++k) out += "-" + a[k] + "\n";
    for (std::size_t k = i; k < stop && k < b.size(); ++k) out += "+" + b[k] + "\n";
    i = stop;
  }
}

}  // namespace

std::string rewritten(const Source& s, const std::vector<Candidate>& candidates) {
  std::vector<Wrap> wraps;
  for (const auto& c : candidates) {
    for (const auto& e : c.edits) wraps.push_back(wrap_of(s, e, c.mutant.number, wraps.size()));
  }
  std::string out;
  std::size_t at = 0;
  for (const auto& i : insertions(wraps)) {
    out += s.text.substr(at, i.at - at);
    out += *i.text;
    at = i.at;
  }
  out += s.text.substr(at);
  return "#include <linux/pinrig_mutant.h> " + out;
}

std::string patch_of(const std::vector<FileChange>& changes, const std::string& subject) {
  std::string out = fmt::format(
      "From: pinrig <pinrig@localhost>\nDate: Thu, 1 Jan 1970 00:00:00 +0000\nSubject: [PATCH] {}\n\n"
      "Made by `pinrig mutate`.\n---\n",
      subject);
  for (const auto& c : changes) {
    const auto a = whole_lines(c.before);
    const auto b = whole_lines(c.after);
    out += fmt::format("diff --git a/{0} b/{0}\n", c.path);
    if (c.before.empty()) out += "new file mode 100644\n";
    out += c.before.empty() ? "--- /dev/null\n" : fmt::format("--- a/{}\n", c.path);
    out += fmt::format("+++ b/{}\n", c.path);
    for (const auto& h : hunks_of(a, b)) add_hunk(out, h, a, b);
  }
  return out + "-- \npinrig\n";
}

std::vector<int> mutants_at(const std::vector<Candidate>& candidates, const std::string& file, int line,
                            const Source& source) {
  std::vector<int> out;
  for (const auto& c : candidates) {
    if (c.mutant.file != file) continue;
    const bool here = std::any_of(c.edits.begin(), c.edits.end(), [&](const Edit& e) {
      const int first = source.tokens[e.tokens.begin].line;
      const int last = e.tokens.empty() ? first : source.tokens[e.tokens.end - 1].line;
      return line >= first && line <= last;
    });
    if (here) out.push_back(c.mutant.number);
  }
  return out;
}

}  // namespace pinrig::mutate
