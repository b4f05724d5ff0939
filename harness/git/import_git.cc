// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "git/import.h"

namespace pinrig::git {

bool is_url(const std::string& text) {
  if (text.find("://") != std::string::npos) return true;
  const auto colon = text.find(':');
  return colon != std::string::npos && colon < text.find('/');
}

Result<std::size_t> uncommitted(const Git& git, const std::string& repo, const std::string& commit) {
  Call call;
  call.cwd = repo;
  call.args = {"rev-parse", "--is-inside-work-tree", "HEAD"};
  PINRIG_TRY(here, git.run(call));
  const auto said = lines(here.out);
  if (!process::succeeded(here.status) || said.size() != 2 || said[0] != "true" || said[1] != commit)
    return std::size_t{0};
  call.args = {"--no-optional-locks", "status", "--porcelain", "--untracked-files=no",
               "--ignore-submodules=all"};
  PINRIG_TRY(status, git.run(call));
  return lines(status.out).size();
}

namespace {

bool full_id(const std::string& rev) {
  return rev.size() == 40 && rev.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Error unknown_revision(const model::KernelBase::Git& base, std::string_view said) {
  const bool remote = is_url(base.url);
  return make_error(
      ErrorKind::bad_input,
      fmt::format("no revision '{}' in {}{}{}", base.rev, base.url, said.empty() ? "" : ": ", said),
      remote ? "with a URL, use a branch, a tag or a full commit ID"
             : fmt::format("git -C {} log --oneline --all lists the revisions", shell_quote(base.url)));
}

/// The repository of a URL or path in the cache, created if needed.
Result<fs::path> repo_of(const Git& git, const fs::path& cache, const std::string& origin,
                         const fs::path& objects) {
  const fs::path repo = cache / "sources" / ("git-" + sha256_hex(origin) + ".git");
  std::error_code ec;
  if (fs::exists(repo, ec)) return repo;
  const auto fill = [&](const fs::path& unfinished) -> Result<void> {
    if (objects.empty()) return {};
    PINRIG_CHECK(make_dirs(unfinished / "objects" / "info"));
    return write_file_atomic(unfinished / "objects" / "info" / "alternates", objects.string() + "\n");
  };
  PINRIG_CHECK(publish_repo(git, repo, fill));
  return repo;
}

Result<std::string> resolve(const Git& git, const fs::path& repo, const std::string& name) {
  Call call;
  call.repo = repo;
  call.args = {"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"};
  PINRIG_TRY(done, git.run(call));
  return process::succeeded(done.status) ? std::string(trim(done.out)) : std::string();
}

/// Whether a tag of the user's clone holds the commit: then no garbage collection takes it.
Result<bool> tagged(const Git& git, const model::KernelBase::Git& base, const std::string& id) {
  Call call;
  call.cwd = base.url;
  call.args = {"for-each-ref", "--count=1", "--contains=" + id, "refs/tags"};
  PINRIG_TRY(said, git.text(call));
  return !said.empty();
}

/// Copies a commit, its tree and its files into `repo`, without its parents and without what was copied
/// before.
Result<void> copy_objects(const Git& git, const fs::path& repo, const std::string& id) {
  Call call;
  call.repo = repo;
  call.args = {"for-each-ref", "--format=^%(objectname)", "refs/pinrig/copied"};
  PINRIG_TRY(before, git.text(call));
  PINRIG_CHECK(make_dirs(repo / "objects" / "pack"));
  call.args = {"pack-objects", "--revs", "--quiet", (repo / "objects" / "pack" / "pack").string()};
  call.input = "--shallow " + id + "\n" + id + "\n" + before + "\n";
  PINRIG_CHECK(git.run_ok(call));
  return {};
}

/// A branch moves on, and the clone's `git gc` prunes what it left behind. A base that no tag holds is
/// therefore copied; what a tag holds is only borrowed.
Result<void> keep_base(const Git& git, const model::KernelBase::Git& base, const fs::path& repo,
                       const std::string& id) {
  PINRIG_TRY(copied, resolve(git, repo, "refs/pinrig/copied/" + id));
  if (!copied.empty()) return {};
  PINRIG_TRY(held, tagged(git, base, id));
  if (!held) {
    git.progress("copying " + base.rev + " from " + base.url, 0, 0);
    PINRIG_CHECK(copy_objects(git, repo, id));
  }
  Call ref;
  ref.repo = repo;
  ref.args = {"update-ref", (held ? "refs/pinrig/base/" : "refs/pinrig/copied/") + id, id};
  PINRIG_CHECK(git.run_ok(ref));
  return {};
}

Result<Source> import_local(const Git& git, const fs::path& cache, const model::KernelBase::Git& base) {
  Call call;
  call.cwd = base.url;
  call.args = {"rev-parse", "--path-format=absolute", "--git-path", "objects"};
  std::error_code ec;
  if (!fs::is_directory(base.url, ec))
    return make_error(ErrorKind::bad_input, fmt::format("git repository {}: no such directory", base.url));
  PINRIG_TRY(objects, git.run(call));
  if (!process::succeeded(objects.status))
    return make_error(ErrorKind::bad_input,
                      fmt::format("{} is not a git repository: {}", base.url, trim(objects.err)));
  call.args = {"rev-parse", "--verify", "--quiet", "--end-of-options", base.rev + "^{commit}"};
  PINRIG_TRY(commit, git.run(call));
  if (!process::succeeded(commit.status)) return unknown_revision(base, trim(commit.err));
  const std::string id(trim(commit.out));

  PINRIG_CHECK(complete_partial_clone(git, base.url, {"--no-walk", id}));

  const fs::path objects_dir(std::string(trim(objects.out)));
  PINRIG_TRY(
      lock,
      lock_file(cache / "sources" / "locks" / ("git-" + sha256_hex(objects_dir.string()) + ".lock"), git));
  PINRIG_TRY(repo, repo_of(git, cache, objects_dir.string(), objects_dir));
  PINRIG_CHECK(keep_base(git, base, repo, id));
  PINRIG_TRY(source, describe(git, repo, id));
  PINRIG_TRY(changed, uncommitted(git, base.url, id));
  if (changed > 0)
    source.notices.push_back(fmt::format("{} has uncommitted changes ({}), which are not part of {}",
                                         base.url, count_of(changed, "file"), base.rev));
  return source;
}

/// Fetches `refspec` without history: a base is one tree. False when the other side has no such ref.
Result<bool> fetch(const Git& git, const fs::path& repo, const model::KernelBase::Git& base,
                   const std::string& refspec, std::string& said) {
  Call call;
  call.repo = repo;
  call.user_config = true;
  call.args = {"-c",
               "gc.auto=0",
               "-c",
               "maintenance.auto=false",
               "fetch",
               "--no-tags",
               "--no-write-fetch-head",
               "--depth=1",
               "--progress",
               "--end-of-options",
               base.url,
               refspec};
  process::Sinks sinks;
  std::string err;
  sinks.err = [&](std::string_view text) {
    err += text;
    git.progress(fmt::format("fetching {} from {}", base.rev, base.url), err.size(), 0);
  };
  PINRIG_TRY(done, git.run(call, sinks));
  if (process::succeeded(done.status)) return true;
  for (const auto line : lines(err))
    if (line.starts_with("fatal:") || line.starts_with("error:")) said = line;
  const auto has = [&](const char* what) { return err.find(what) != std::string::npos; };
  if (has("couldn't find remote ref") || has("not our ref") || has("no such remote ref") ||
      has("invalid refspec"))
    return false;
  done.err = err;
  const bool wrong_url = has("does not appear to be a git repository") || has("does not exist");
  return failed(call, done, wrong_url ? ErrorKind::bad_input : ErrorKind::infra);
}

Result<Source> import_url(const Git& git, const fs::path& cache, const model::KernelBase::Git& base) {
  const fs::path name = "git-" + sha256_hex(base.url);
  PINRIG_TRY(lock, lock_file(cache / "sources" / "locks" / (name.string() + ".lock"), git));
  PINRIG_TRY(repo, repo_of(git, cache, base.url, {}));
  // Tags and full ids never change, so that the network is not asked twice; a branch is asked every time.
  const std::string kept = "refs/pinrig/kept/" + sha256_hex(base.rev);
  PINRIG_TRY(known, resolve(git, repo, kept));
  if (!known.empty()) return describe(git, repo, known);
  PINRIG_CHECK(need_space(cache, std::uintmax_t{1} << 30, "fetching " + base.url));

  std::string said;
  if (!full_id(base.rev)) {
    PINRIG_TRY(tag, fetch(git, repo, base, fmt::format("+refs/tags/{}:{}", base.rev, kept), said));
    if (tag) {
      PINRIG_TRY(id, resolve(git, repo, kept));
      return describe(git, repo, id);
    }
  }
  const std::string moving = "refs/pinrig/moving/" + sha256_hex(base.rev);
  PINRIG_TRY(found, fetch(git, repo, base, fmt::format("+{}:{}", base.rev, full_id(base.rev) ? kept : moving),
                          said));
  if (!found) return unknown_revision(base, said);
  PINRIG_TRY(id, resolve(git, repo, full_id(base.rev) ? kept : moving));
  if (id.empty()) return unknown_revision(base, "it is not a commit");
  return describe(git, repo, id);
}

}  // namespace

Result<Source> import_git(const Git& git, const fs::path& cache, const model::KernelBase::Git& base) {
  if (base.rev.empty() || base.rev.starts_with('-')) return unknown_revision(base, "not a revision");
  if (base.url.empty() || base.url.starts_with('-'))
    return make_error(ErrorKind::bad_input, fmt::format("'{}' is not a git repository", base.url));
  return is_url(base.url) ? import_url(git, cache, base) : import_local(git, cache, base);
}

}  // namespace pinrig::git
