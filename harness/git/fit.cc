// SPDX-License-Identifier: GPL-2.0
// git apply --verbose names hunks that moved, but no merge does, and with less context git counts the offset
// from another line (apply.c, apply_one_fragment()). The files themselves say it for both.
#include "git/fit.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "git/hunks.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

using Lines = std::vector<std::string_view>;

struct HunkText {
  HunkHead head;
  Lines before;
  Lines after;
  std::size_t leading = 0;   ///< lines of context before the first change
  std::size_t trailing = 0;  ///< after the last
};

struct FileHunks {
  std::string before;  ///< path; empty: created
  std::string after;   ///< empty: deleted
  std::vector<HunkText> hunks;
};

void add_line(HunkText& h, std::string_view line) {
  if (line.starts_with('\\')) return;
  const bool removed = line.starts_with('-');
  const bool added = line.starts_with('+');
  // A blank at the end of a line may be lost on the way: git takes an empty one as context too.
  const auto text = line.empty() ? line : line.substr(1);
  if (!added) h.before.push_back(text);
  if (!removed) h.after.push_back(text);
  if (added || removed)
    h.trailing = 0;
  else
    ++h.trailing;
  const std::size_t context = std::min(h.before.size(), h.after.size());
  if (!added && !removed && h.before.size() == h.after.size() && h.leading + 1 == context)
    h.leading = context;
}

std::string path_of(std::string_view header, int strip) {
  const auto paths = named_paths(std::string(header) + "\n", strip);
  return paths.empty() ? "" : paths.front();
}

std::vector<FileHunks> files_of(std::string_view diff, int strip) {
  std::vector<FileHunks> out;
  Hunks hunks;
  std::string before;
  for (const auto line : lines(diff)) {
    if (hunks.holds(line)) {
      if (!out.empty() && !out.back().hunks.empty()) add_line(out.back().hunks.back(), line);
    } else if (line.starts_with("--- ")) {
      before = path_of(line, strip);
    } else if (line.starts_with("+++ ")) {
      out.push_back({before, path_of(line, strip), {}});
    } else if (line.starts_with("@@ -") && !out.empty()) {
      out.back().hunks.push_back({hunk_head(line), {}, {}, 0, 0});
    }
  }
  return out;
}

/// 0-based: the place of the first line, or of the one that nothing comes before.
long index_of(int line, int count) { return count == 0 ? line : line - 1; }

bool is_at(const Lines& file, const Lines& what, long at) {
  return at >= 0 && at + static_cast<long>(what.size()) <= static_cast<long>(file.size()) &&
         std::equal(what.begin(), what.end(), file.begin() + at);
}

struct Found {
  long at = 0;  ///< of the hunk with all its context
  std::size_t fuzz = 0;
};

class Search {
 public:
  Search(const Lines& before, const Lines& after, bool merged)
      : before_(before), after_(after), merged_(merged) {}

  /// Next to where it should be; of equal distances the one further down, as git looks.
  std::optional<Found> find(const HunkText& h) const {
    const std::size_t context = std::max(h.leading, h.trailing);
    for (std::size_t fuzz = 0; fuzz == 0 || fuzz < context; ++fuzz) {
      const auto at = find_with(h, fuzz);
      if (at) return Found{*at, fuzz};
    }
    return std::nullopt;
  }

 private:
  std::optional<long> find_with(const HunkText& h, std::size_t fuzz) const {
    const std::size_t context = std::max(h.leading, h.trailing);
    const std::size_t keep = context - fuzz;
    const std::size_t first = h.leading > keep ? h.leading - keep : 0;
    const std::size_t last = h.trailing > keep ? h.trailing - keep : 0;
    const auto cut = [&](const Lines& all) {
      return Lines(all.begin() + static_cast<long>(first), all.end() - static_cast<long>(last));
    };
    const Lines old_lines = cut(h.before);
    const Lines new_lines = cut(h.after);
    const long old_place = index_of(h.head.old_line, h.head.old_count) + static_cast<long>(first);
    const long new_place = index_of(h.head.new_line, h.head.new_count) + static_cast<long>(first);
    const long farthest = static_cast<long>(std::max(before_.size(), after_.size()));
    for (long d = 0; d <= farthest; ++d) {
      for (const long offset : {d, -d}) {
        if (is_at(after_, new_lines, new_place + offset) &&
            (merged_ || is_at(before_, old_lines, old_place + offset)))
          return new_place + offset - static_cast<long>(first);
      }
    }
    return std::nullopt;
  }

  const Lines& before_;
  const Lines& after_;
  bool merged_;
};

}  // namespace

std::vector<model::MovedHunk> moved_hunks(std::string_view diff, int strip, const Texts& before,
                                          const Texts& after, bool merged) {
  std::vector<model::MovedHunk> out;
  for (const auto& file : files_of(diff, strip)) {
    const auto old_text = before.find(file.before);
    const auto new_text = after.find(file.after);
    if (old_text == before.end() || new_text == after.end()) continue;
    const Lines old_lines = lines(old_text->second);
    const Lines new_lines = lines(new_text->second);
    const Search search(old_lines, new_lines, merged);
    for (const auto& h : file.hunks) {
      if (h.leading == h.before.size() && h.leading == h.after.size()) continue;  // it changes nothing
      const auto found = search.find(h);
      if (!found) continue;
      const long offset = found->at - index_of(h.head.new_line, h.head.new_count);
      if (offset == 0 && found->fuzz == 0) continue;
      out.push_back({file.after, static_cast<int>(std::max(found->at, 0L)) + 1, static_cast<int>(offset),
                     static_cast<int>(found->fuzz)});
    }
  }
  return out;
}

}  // namespace pinrig::git
