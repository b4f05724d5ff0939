// SPDX-License-Identifier: GPL-2.0
// What a bisection needs of git: a patch taken out at the tip, and the commits of a range with its merges.
#include "git/revert.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "git/apply.h"
#include "git/import.h"
#include "git/patch_text.h"
#include "git/people.h"

namespace pinrig::git {
namespace {

Error bad_ends(std::string what, std::string hint = {}) {
  return make_error(ErrorKind::bad_input, std::move(what), std::move(hint));
}

Result<std::string> commit_of(const Git& git, const std::string& repo, const std::string& option,
                              const std::string& rev) {
  Call call;
  call.cwd = repo;
  call.args = {"rev-parse", "--verify", "--quiet", "--end-of-options", rev + "^{commit}"};
  PINRIG_TRY(done, git.run(call));
  if (process::succeeded(done.status)) return std::string(trim(done.out));
  return bad_ends(fmt::format("{} {}: no such revision in {}", option, rev, repo),
                  fmt::format("git -C {} log --oneline --all lists the revisions", shell_quote(repo)));
}

Result<bool> is_older(const Git& git, const std::string& repo, const std::string& older,
                      const std::string& newer) {
  Call call;
  call.cwd = repo;
  call.args = {"merge-base", "--is-ancestor", older, newer};
  PINRIG_TRY(done, git.run(call));
  return process::succeeded(done.status);
}

/// "NAME <ADDR>" of a line; empty when it names nobody.
std::string address_in(std::string_view line) {
  const auto open = line.find('<');
  const auto close = line.find('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return "";
  return std::string(line.substr(open, close - open + 1));
}

Result<void> check_ends(const Git& git, const std::string& repo, const std::string& good,
                        const std::string& bad) {
  if (good == bad)
    return bad_ends(fmt::format("--good and --bad are the same commit {}", good.substr(0, 12)));
  PINRIG_TRY(ordered, is_older(git, repo, good, bad));
  if (ordered) return {};
  PINRIG_TRY(reversed, is_older(git, repo, bad, good));
  if (reversed)
    return bad_ends("--good is newer than --bad",
                    "exchange them; to find the commit that fixed a red, add --fixed");
  return bad_ends("--good is no ancestor of --bad", "git merge-base GOOD BAD is one that both have");
}

/// The parent of a commit; apply_failed when it has none or several: which side a merge is reverted to is a
/// question that only its author can answer.
Result<std::string> only_parent(const Git& git, const std::string& repo, const std::string& commit) {
  Call call;
  call.cwd = repo;
  call.args = {"rev-parse", "--verify", "--quiet", "--end-of-options", commit + "^2"};
  PINRIG_TRY(second, git.run(call));
  if (process::succeeded(second.status))
    return make_error(ErrorKind::apply_failed,
                      fmt::format("{} is a merge: not reverted", commit.substr(0, 12)));
  call.args.back() = commit + "^1";
  PINRIG_TRY(first, git.run(call));
  if (process::succeeded(first.status)) return std::string(trim(first.out));
  return make_error(ErrorKind::apply_failed,
                    fmt::format("{} has no parent in {}: not reverted", commit.substr(0, 12), repo));
}

/// A patch that takes the change from `before` to `after` back.
Result<Patch> reversed_change(const Git& git, const fs::path& repo, const std::string& before,
                              const std::string& after, const std::string& subject) {
  Call call;
  call.repo = repo;
  call.args = {"diff-tree", "-p", "-R", "--binary", "--full-index", "--no-renames", before, after};
  PINRIG_TRY(diff, git.run_ok(call));
  Patch reversed;
  reversed.subject = fmt::format("Revert \"{}\"", subject);
  reversed.author = "pinrig <pinrig@localhost>";
  reversed.message = reversed.subject + "\n";
  reversed.diff = diff.out;
  return reversed;
}

Result<AppliedSeries> apply_reversed(const Git& git, const Source& tip, const std::vector<Patch>& reversed,
                                     const WorkContext& ctx) {
  PINRIG_TRY(temp, TempDir::create(ctx.cache / "sources", ".revert-"));
  Sha256 id;
  id.field(tip.commit);
  for (const auto& patch : reversed) id.field(patch.diff);
  auto made = apply_patches(git, tip, reversed, "refs/pinrig/reverted/" + id.hex(), temp.path(), {});
  // Of a series that is bad input; here it only says that there is nothing left to revert.
  if (made.has_error() && made.error().kind == ErrorKind::bad_input)
    return make_error(ErrorKind::apply_failed, "not reverted: " + made.error().message);
  return made;
}

}  // namespace

Result<AppliedSeries> with_revert(const Source& source, AppliedSeries series, int number,
                                  const WorkContext& ctx) {
  const auto& patch = series.patches.at(static_cast<std::size_t>(number) - 1);
  const auto before =
      number == 1 ? source.commit : series.patches[static_cast<std::size_t>(number) - 2].commit;
  PINRIG_TRY(git, Git::open(ctx));
  PINRIG_TRY(reversed, reversed_change(git, source.repo, before, patch.commit, patch.subject));
  Source tip = source;
  tip.commit = series.patches.back().commit;
  tip.tree = series.patches.back().tree;
  PINRIG_TRY(made, apply_reversed(git, tip, {reversed}, ctx));
  const int last = static_cast<int>(series.subjects.size()) + 1;
  series.subjects.push_back(reversed.subject);
  for (auto& p : made.patches) {
    p.number = last;
    series.patches.push_back(std::move(p));
  }
  series.failure = std::move(made.failure);
  if (series.failure) series.failure->number = last;
  return series;
}

Result<Source> without_commits(const Source& source, const std::string& repo,
                               const std::vector<std::string>& commits, const WorkContext& ctx) {
  PINRIG_TRY(git, Git::open(ctx));
  std::vector<Patch> reversed;
  for (const auto& commit : commits) {
    PINRIG_TRY(parent, only_parent(git, repo, commit));
    PINRIG_CHECK(complete_partial_clone(git, repo, {"--no-walk", parent, commit}));
    Call call;
    call.cwd = repo;
    call.args = {"-c", "log.showSignature=false", "log", "-1", "--no-color", "--format=%s", commit, "--"};
    PINRIG_TRY(subject, git.text(call, ErrorKind::bad_input));
    PINRIG_TRY(one, reversed_change(git, source.repo, parent, commit, one_line(subject)));
    reversed.push_back(std::move(one));
  }
  PINRIG_TRY(made, apply_reversed(git, source, reversed, ctx));
  if (made.failure) return to_error(*made.failure);
  Source out = source;
  if (made.patches.empty()) return out;
  out.commit = made.patches.back().commit;
  out.tree = made.patches.back().tree;
  if (!made.patches.back().version.empty()) out.version = made.patches.back().version;
  return out;
}

Result<std::vector<RangeEntry>> commits_between(const std::string& repo, const std::string& good,
                                                const std::string& bad, const WorkContext& ctx) {
  std::error_code ec;
  if (!fs::is_directory(repo, ec)) return bad_ends(fmt::format("--git {}: no such directory", repo));
  PINRIG_TRY(git, Git::open(ctx));
  PINRIG_TRY(from, commit_of(git, repo, "--good", good));
  PINRIG_TRY(to, commit_of(git, repo, "--bad", bad));
  PINRIG_CHECK(check_ends(git, repo, from, to));
  Call call;
  call.cwd = repo;
  call.args = {"-c", "log.showSignature=false", "log", "-1", "--no-color", "--format=%s", from, "--"};
  PINRIG_TRY(subject, git.text(call, ErrorKind::bad_input));
  std::vector<RangeEntry> out{{from, one_line(subject), {}}};
  call.args = {
      "-c",         "log.showSignature=false",         "log", "-z",       "--reverse", "--topo-order",
      "--no-color", "--format=tformat:%H%x00%P%x00%s", to,    "^" + from, "--"};
  PINRIG_TRY(log, git.run_ok(call, ErrorKind::bad_input));
  const auto fields = split(log.out, '\0');
  constexpr std::size_t per_commit = 3;
  for (std::size_t i = 0; i + per_commit <= fields.size(); i += per_commit)
    out.push_back({fields[i], one_line(fields[i + 2]), split(fields[i + 1], ' ')});
  return out;
}

Result<std::vector<std::string>> people_of(const std::string& repo, const std::string& commit,
                                           const WorkContext& ctx) {
  PINRIG_TRY(git, Git::open(ctx));
  Call call;
  call.cwd = repo;
  call.args = {"log",  "-1", "--no-color", "--format=Author: %an <%ae>%n%(trailers:only,unfold)",
               commit, "--"};
  PINRIG_TRY(text, git.text(call, ErrorKind::bad_input));
  std::vector<std::string> out;
  std::vector<std::string> addresses;
  for (const auto line : lines(text)) {
    const auto address = address_in(line);
    if (address.empty() || std::find(addresses.begin(), addresses.end(), address) != addresses.end())
      continue;
    addresses.push_back(address);
    out.emplace_back(line);
  }
  return out;
}

}  // namespace pinrig::git
