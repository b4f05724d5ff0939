// SPDX-License-Identifier: GPL-2.0
// Imports bases into the cache. Private to the module.
#pragma once

#include "git/git_command.h"

namespace pinrig::git {

/// A source tarball, hashed, imported once. `name` is for people.
Result<Source> import_tarball(const Git& git, const fs::path& cache, const fs::path& tarball,
                              const std::string& name);

/// A revision of a repository on this machine (its objects are borrowed, not copied) or of a URL.
Result<Source> import_git(const Git& git, const fs::path& cache, const model::KernelBase::Git& base);

/// "https://...", "host:path" as ssh takes it; a path that contains a ':' has a '/' before it.
bool is_url(const std::string& text);

/// Files that differ from `commit` in the working tree of `repo`, when that is what is checked out; 0
/// otherwise.
Result<std::size_t> uncommitted(const Git& git, const std::string& repo, const std::string& commit);

/// Fetches the objects of `revisions` missing in a partial clone (`git clone --filter=...`) (arguments of git
/// rev-list) from where it was cloned, into the clone itself. Does nothing in other repositories. bad_input
/// when that fails.
Result<void> complete_partial_clone(const Git& git, const fs::path& repo,
                                    const std::vector<std::string>& revisions);

/// PACKAGE.tar.* under `root` ("/usr/src"); missing_tool when the package is not installed.
Result<fs::path> debian_tarball(const std::string& package, const fs::path& root);

/// commit, tree and version of a commit in `repo`; bad_input when it holds no kernel's Makefile.
Result<Source> describe(const Git& git, const fs::path& repo, const std::string& commit);

/// "6.12.117" from VERSION, PATCHLEVEL and SUBLEVEL of a kernel's top Makefile; empty when they are missing.
std::string version_of_makefile(std::string_view makefile);

/// A bare repository published at `repo` by rename, once `fill` has made it; nothing remains when it fails.
Result<void> publish_repo(const Git& git, const fs::path& repo,
                          const std::function<Result<void>(const fs::path& unfinished)>& fill);

}  // namespace pinrig::git
