// SPDX-License-Identifier: GPL-2.0
// A range of commits knows its trees: nothing of it goes through mail.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "git/import.h"
#include "git/patch_text.h"
#include "git/series_read.h"

namespace pinrig::git {
namespace {

Error bad_range(const std::string& what, std::string hint = {}) {
  return make_error(ErrorKind::bad_input, what, std::move(hint));
}

/// The commits of `range`, oldest first.
Result<std::vector<RangeCommit>> list_commits(const Git& git, const fs::path& repo,
                                              const std::string& range) {
  Call call;
  call.cwd = repo;
  // What the repository's configuration could add is turned off.
  call.args = {"-c",
               "log.showSignature=false",
               "log",
               "-z",
               "--reverse",
               "--topo-order",
               "--no-color",
               "--no-notes",
               "--encoding=UTF-8",
               "--format=tformat:%H%x00%P%x00%T%x00%an%x00%ae%x00%s%x00%B",
               "--end-of-options",
               range,
               "--"};
  PINRIG_TRY(log, git.run_ok(call, ErrorKind::bad_input));
  const auto fields = split(log.out, '\0');
  constexpr std::size_t kFields = 7;
  std::vector<RangeCommit> commits;
  for (std::size_t i = 0; i + kFields <= fields.size(); i += kFields) {
    RangeCommit c;
    c.commit = fields[i];
    c.parent = fields[i + 1];
    c.tree = fields[i + 2];
    c.author = author_line(fields[i + 3], fields[i + 4]);
    c.subject = one_line(fields[i + 5]);
    if (c.subject.empty()) c.subject = "(no subject)";
    c.message = std::string(trim(fields[i + 6])) + "\n";
    commits.push_back(std::move(c));
  }
  return commits;
}

Result<void> check_line(const RawSeries& raw, const std::vector<RangeCommit>& commits, bool shallow) {
  for (const auto& c : commits) {
    const std::string named = fmt::format("{} \"{}\"", c.commit.substr(0, 12), c.subject);
    if (c.parent.find(' ') != std::string::npos)
      return bad_range(
          fmt::format("range {} contains the merge {}", raw.where, named),
          "a series must be linear: `git rebase` it without merges, or use the range after the merge");
    if (!c.parent.empty()) continue;
    if (shallow)
      return bad_range(
          fmt::format("range {} reaches the end of a shallow clone at {}", raw.where, named),
          fmt::format("git -C {} fetch --unshallow, or --deepen=N", shell_quote(raw.repo.string())));
    return bad_range(fmt::format("range {} reaches the root commit {}", raw.where, named),
                     "its two ends have no common history");
  }
  return {};
}

/// Fills in the trees before each commit, and takes out those that change nothing (b4 keeps a cover letter
/// so).
Result<void> add_parents(const Git& git, RawSeries& raw, std::vector<RangeCommit> commits) {
  Call call;
  call.cwd = raw.repo;
  call.args = {"rev-parse", "--verify", "--quiet", commits.front().parent + "^{tree}"};
  PINRIG_TRY(tree, git.text(call, ErrorKind::bad_input));
  std::string before = tree;
  for (auto& c : commits) {
    c.parent_tree = std::exchange(before, c.tree);
    if (c.parent_tree == c.tree)
      raw.notices.push_back(fmt::format("{}: commit {} \"{}\" is empty and is skipped", raw.where,
                                        c.commit.substr(0, 12), c.subject));
    else
      raw.commits.push_back(std::move(c));
  }
  if (raw.commits.empty()) return bad_range(fmt::format("range {} changes nothing", raw.where));
  return {};
}

/// A range without commits: its end is its start, or an ancestor of it.
Error empty_range(const Git& git, const RawSeries& raw, const std::string& range) {
  const auto dots = range.find("..");
  const std::string from = range.substr(0, dots);
  const std::string to = range.substr(dots + 2);
  Call call;
  call.cwd = raw.repo;
  call.args = {"rev-parse", "--verify", "--quiet", "--end-of-options", from + "^{commit}"};
  const auto start = git.text(call, ErrorKind::bad_input);
  call.args.back() = to + "^{commit}";
  const auto end = git.text(call, ErrorKind::bad_input);
  if (start.has_error() || end.has_error()) return bad_range(fmt::format("range {} is empty", raw.where));
  if (*start == *end)
    return bad_range(
        fmt::format("range {} is empty: both ends are commit {}", raw.where, start->substr(0, 12)),
        "A..B selects the commits after A up to B");
  return bad_range(
      fmt::format("range {} is empty: {} is an ancestor of {}", raw.where, to, from),
      fmt::format("the ends may be reversed: --series {}:{}..{}", shell_quote(raw.repo.string()), to, from));
}

Result<void> read_commits(const Git& git, RawSeries& raw, const std::string& range) {
  Call call;
  call.cwd = raw.repo;
  call.args = {"rev-parse", "--path-format=absolute", "--is-shallow-repository", "--git-path", "objects"};
  PINRIG_TRY(said, git.run(call));
  const auto words = lines(said.out);
  if (!process::succeeded(said.status) || words.size() != 2)
    return bad_range(fmt::format("{} is not a git repository: {}", raw.repo.string(), trim(said.err)));
  call.args = {"rev-list", "--max-count=1", "--end-of-options", range, "--"};
  PINRIG_TRY(any, git.run(call));
  if (!process::succeeded(any.status))
    return bad_range(
        fmt::format("range {}: {}", raw.where, trim(any.err)),
        fmt::format("git -C {} log --oneline --all lists the revisions", shell_quote(raw.repo.string())));
  if (trim(any.out).empty()) return empty_range(git, raw, range);
  PINRIG_CHECK(complete_partial_clone(git, raw.repo, {range}));
  PINRIG_TRY(commits, list_commits(git, raw.repo, range));
  if (commits.empty()) return bad_range(fmt::format("range {} is empty", raw.where));
  PINRIG_CHECK(check_line(raw, commits, words[0] == "true"));
  PINRIG_TRY(changed, uncommitted(git, raw.repo.string(), commits.back().commit));
  if (changed > 0)
    raw.now.push_back(fmt::format("{} has uncommitted changes ({}), which are not part of {}",
                                  raw.repo.string(), count_of(changed, "file"), range));
  // A repository of another object format cannot lend objects.
  if (commits.front().commit.size() == 40) raw.objects = std::string(words[1]);
  return add_parents(git, raw, std::move(commits));
}

/// The commits behind A up to B from a URL, and one before them, in a repository of their own. Returns the
/// range there.
Result<std::string> fetch_range(const Git& git, const std::string& url, const std::string& range,
                                RawSeries& raw, const fs::path& cache) {
  const auto dots = range.find("..");
  const std::string from = range.substr(0, dots);
  const std::string to = range.substr(dots + 2);
  PINRIG_TRY(dir, TempDir::create(cache / "sources", "range-"));
  raw.fetched = std::make_shared<TempDir>(std::move(dir));
  raw.repo = raw.fetched->path();
  PINRIG_CHECK(init_bare(git, raw.repo));
  PINRIG_CHECK(need_space(cache, std::uintmax_t{1} << 30, "fetching " + url));
  git.progress("fetching " + range + " from " + url, 0, 0);
  Call call;
  call.cwd = raw.repo;
  call.user_config = true;
  call.args = {"fetch",
               "--quiet",
               "--no-tags",
               "--no-write-fetch-head",
               "--shallow-exclude=" + from,
               "--end-of-options",
               url,
               "+" + to + ":refs/pinrig/tip"};
  PINRIG_TRY(done, git.run(call));
  if (!process::succeeded(done.status))
    return bad_range(
        fmt::format("range {}: {}", raw.where, trim(done.err)),
        "with a URL, a range must start at a branch or tag and end at a branch, tag or full commit "
        "ID; or clone it and use the path");
  call.args = {"rev-list", "--reverse", "--topo-order", "refs/pinrig/tip"};
  PINRIG_TRY(ids, git.run_ok(call, ErrorKind::bad_input));
  const auto commits = lines(ids.out);
  if (commits.empty()) return bad_range(fmt::format("range {} is empty", raw.where));
  call.args = {"fetch",      "--quiet",          "--no-tags", "--no-write-fetch-head",
               "--deepen=1", "--end-of-options", url,         "+" + to + ":refs/pinrig/tip"};
  PINRIG_CHECK(git.run_ok(call));
  return fmt::format("{}^..refs/pinrig/tip", commits.front());
}

}  // namespace

Result<RawSeries> read_range(const Git& git, const model::Series::GitRange& range, const fs::path& cache) {
  RawSeries raw;
  raw.order = RawSeries::Order::commits;
  raw.where = fmt::format("{} of {}", range.range, range.repo);
  const auto dots = range.range.find("..");
  if (dots == std::string::npos || dots == 0 || range.range.starts_with('-') || range.range.ends_with("..") ||
      range.range.find("...") != std::string::npos)
    return bad_range(fmt::format("'{}' is not a range of commits", range.range), "write A..B");
  if (is_url(range.repo)) {
    PINRIG_TRY(local, fetch_range(git, range.repo, range.range, raw, cache));
    PINRIG_CHECK(read_commits(git, raw, local));
    return raw;
  }
  std::error_code ec;
  if (!fs::is_directory(range.repo, ec))
    return bad_range(fmt::format("git repository {}: no such directory", range.repo));
  raw.repo = range.repo;
  PINRIG_CHECK(read_commits(git, raw, range.range));
  return raw;
}

Result<std::vector<Patch>> decode_range(const Git& git, const RawSeries& raw, const Source& source) {
  const bool exact = !raw.objects.empty() && raw.commits.front().parent_tree == source.tree;
  std::vector<Patch> patches;
  for (const auto& c : raw.commits) {
    Patch p;
    p.subject = c.subject;
    p.author = c.author;
    p.message = c.message;
    p.file = raw.where;
    if (exact) {
      p.tree = c.tree;
    } else {
      Call call;
      call.cwd = raw.repo;
      // Options for all that the repository's own configuration could change.
      call.args = {"diff-tree",
                   "-p",
                   "-r",
                   "-U3",
                   "-M",
                   "--inter-hunk-context=0",
                   "--full-index",
                   "--binary",
                   "--no-color",
                   "--no-ext-diff",
                   "--no-textconv",
                   "--no-relative",
                   "--no-indent-heuristic",
                   "--diff-algorithm=myers",
                   "--submodule=short",
                   "--ignore-submodules=none",
                   "-O/dev/null",
                   "--src-prefix=a/",
                   "--dst-prefix=b/",
                   c.parent_tree,
                   c.tree};
      PINRIG_TRY(diff, git.run_ok(call));
      p.diff = std::move(diff.out);
    }
    patches.push_back(std::move(p));
  }
  return patches;
}

}  // namespace pinrig::git
