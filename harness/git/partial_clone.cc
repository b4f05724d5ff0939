// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "git/import.h"

namespace pinrig::git {
namespace {

/// The remote that promised to have what is missing; empty when this is a whole clone.
Result<std::string> promisor_of(const Git& git, const fs::path& repo) {
  Call call;
  call.cwd = repo;
  call.args = {"config", "--get-regexp", "^remote\\..*\\.promisor$"};
  PINRIG_TRY(found, git.run(call));
  for (const auto line : lines(found.out)) {
    const auto end = line.rfind(".promisor");
    if (end != std::string_view::npos && line.ends_with("true")) return std::string(line.substr(7, end - 7));
  }
  return std::string();
}

Result<std::string> missing_objects(const Git& git, const fs::path& repo,
                                    const std::vector<std::string>& revisions) {
  Call call;
  call.cwd = repo;
  call.args = {"rev-list", "--objects", "--missing=print"};
  call.args.insert(call.args.end(), revisions.begin(), revisions.end());
  PINRIG_TRY(done, git.run_ok(call, ErrorKind::bad_input));
  std::string missing;
  for (const auto line : lines(done.out))
    if (line.starts_with('?')) missing.append(line.substr(1)).push_back('\n');
  return missing;
}

}  // namespace

Result<void> complete_partial_clone(const Git& git, const fs::path& repo,
                                    const std::vector<std::string>& revisions) {
  PINRIG_TRY(remote, promisor_of(git, repo));
  if (remote.empty()) return {};
  // Folders first, where the filter left those out too; then what is in them.
  constexpr int kRounds = 8;
  std::string said;
  for (int round = 0; round < kRounds; ++round) {
    PINRIG_TRY(missing, missing_objects(git, repo, revisions));
    if (missing.empty()) return {};
    git.progress(fmt::format("fetching the missing objects of the partial clone {}", repo.string()), 0, 0);
    Call call;
    call.cwd = repo;
    call.user_config = true;
    // As promisor-remote.c does it for single objects.
    call.args = {"-c",
                 "fetch.negotiationAlgorithm=noop",
                 "-c",
                 "gc.auto=0",
                 "fetch",
                 "--no-tags",
                 "--no-write-fetch-head",
                 "--recurse-submodules=no",
                 "--filter=blob:none",
                 "--quiet",
                 "--stdin",
                 remote};
    call.input = std::move(missing);
    PINRIG_TRY(done, git.run(call));
    if (process::succeeded(done.status)) continue;
    said = trim(done.err);
    break;
  }
  return make_error(
      ErrorKind::bad_input,
      fmt::format("{} is a partial clone, and its missing objects cannot be fetched from '{}'{}{}",
                  repo.string(), remote, said.empty() ? "" : ": ", said),
      fmt::format("fetch it once: git -C {} fetch --refetch "
                  "--no-filter {}; or use a full clone",
                  shell_quote(repo.string()), remote));
}

}  // namespace pinrig::git
