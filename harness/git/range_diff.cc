// SPDX-License-Identifier: GPL-2.0
#include "git/range_diff.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "git/git_command.h"

namespace pinrig::git {
namespace {

bool is_hash(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// The next word of a line, which it is cut off.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

/// "N:" or "-:", then a commit or dashes; false for anything else.
bool take_side(std::string_view& line, std::string& commit) {
  const auto number = take_word(line);
  const auto hash = take_word(line);
  if (!number.ends_with(':') || hash.empty()) return false;
  if (is_hash(hash)) commit = hash;
  return is_hash(hash) || hash.find_first_not_of('-') == std::string_view::npos;
}

/// The repository of the cache that has a series with this last commit; empty when none has. A ref names it:
/// asking for the object itself could fetch it from somewhere else.
Result<fs::path> repo_with(const Git& git, const AppliedRange& range, const WorkContext& ctx) {
  if (!is_hash(range.first) || !is_hash(range.last)) return fs::path();
  std::vector<fs::path> repos;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(ctx.cache / "sources", ec)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".git") && !name.starts_with('.')) repos.push_back(entry.path());
  }
  std::sort(repos.begin(), repos.end());
  for (const auto& repo : repos) {
    Call call;
    call.repo = repo;
    call.args = {"for-each-ref", "--count=1", "--points-at=" + range.last, "refs/pinrig/series"};
    PINRIG_TRY(found, git.run(call));
    if (!process::succeeded(found.status) || trim(found.out).empty()) continue;
    call.args = {"merge-base", "--is-ancestor", range.first, range.last};
    PINRIG_TRY(inside, git.run(call));
    if (process::succeeded(inside.status)) return repo;
  }
  return fs::path();
}

std::string span_of(const AppliedRange& range) { return fmt::format("{}^..{}", range.first, range.last); }

}  // namespace

std::vector<RangePair> parse_range_diff(std::string_view text) {
  std::vector<RangePair> out;
  for (std::string_view line : lines(text)) {
    RangePair pair;
    if (!take_side(line, pair.before)) continue;
    const auto mark = take_word(line);
    if (mark.size() != 1 || !take_side(line, pair.now)) continue;
    pair.mark = mark.front();
    const bool both = !pair.before.empty() && !pair.now.empty();
    const bool fits = both                  ? pair.mark == '=' || pair.mark == '!'
                      : pair.before.empty() ? pair.mark == '>' && !pair.now.empty()
                                            : pair.mark == '<';
    if (fits) out.push_back(std::move(pair));
  }
  return out;
}

Result<std::optional<std::vector<RangePair>>> range_diff(const AppliedRange& before, const AppliedRange& now,
                                                         const WorkContext& ctx) {
  using Pairs = std::optional<std::vector<RangePair>>;
  PINRIG_TRY(git, Git::open(ctx));
  PINRIG_TRY(old_repo, repo_with(git, before, ctx));
  if (old_repo.empty()) return Pairs();
  PINRIG_TRY(new_repo, repo_with(git, now, ctx));
  if (new_repo.empty()) return Pairs();
  Call call;
  call.repo = new_repo;
  if (old_repo != new_repo) call.env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = (old_repo / "objects").string();
  call.args = {"-c", "core.abbrev=no", "range-diff", "--no-color", "-s", span_of(before), span_of(now)};
  PINRIG_TRY(done, git.run(call));
  // What the commits need may be borrowed from a clone that is gone.
  if (!process::succeeded(done.status)) return Pairs();
  return Pairs(parse_range_diff(done.out));
}

Result<std::map<std::string, std::vector<std::string>>> files_touched(const AppliedRange& range,
                                                                      const std::vector<std::string>& commits,
                                                                      const WorkContext& ctx) {
  std::map<std::string, std::vector<std::string>> out;
  PINRIG_TRY(git, Git::open(ctx));
  PINRIG_TRY(repo, repo_with(git, range, ctx));
  if (repo.empty()) return out;
  for (const auto& commit : commits) {
    if (!is_hash(commit)) continue;
    Call call;
    call.repo = repo;
    call.args = {"diff-tree", "-r", "--no-commit-id", "--name-only", "--no-renames", commit};
    PINRIG_TRY(done, git.run(call));
    if (!process::succeeded(done.status)) continue;
    auto& files = out[commit];
    for (const auto line : lines(done.out)) files.emplace_back(line);
  }
  return out;
}

}  // namespace pinrig::git
