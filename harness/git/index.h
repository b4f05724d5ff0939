// SPDX-License-Identifier: GPL-2.0
// A git index with only the files named by the patches. Private to the module.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "git/git_command.h"

namespace pinrig::git {

/// path -> "100644 <blob>"
using Files = std::map<std::string, std::string>;
/// path -> content
using Texts = std::map<std::string, std::string>;

/// NUL-separated "MODE BLOB STAGE\tPATH" (git ls-files --stage) or "MODE TYPE ID\tPATH" (git ls-tree).
Files parse_entries(std::string_view text);

/// Git commands in a bare repository with an index of their own.
class Index {
 public:
  /// `objects` (may be empty) lends blobs; the index file is `temp`/index.
  Index(const Git& git, fs::path repo, fs::path temp, const fs::path& objects);

  Call call(std::vector<std::string> args, std::string input = {}) const;
  Index beside(const std::string& name) const;  ///< the same repository, another index file
  const Git& git() const { return git_; }
  const fs::path& temp() const { return temp_; }
  const std::map<std::string, std::string>& env() const { return env_; }

  /// What the regular files among these hold.
  Result<Texts> texts(const Files& files) const;
  Result<void> fill(const Files& files) const;  ///< replaces its contents
  Result<Files> files() const;
  Result<std::string> write_tree() const;

  /// The files of `commit` at these paths and at every folder of theirs that is a file there; all files
  /// below a path that is a folder.
  Result<Files> look_up(const std::string& commit, const std::set<std::string>& paths) const;

 private:
  const Git& git_;
  fs::path repo_;
  fs::path temp_;
  std::map<std::string, std::string> env_;
};

/// What git am --3way merges into a tree: the files that a patch was made on, and the same files with the
/// patch, as trees.
struct Sides {
  std::string ancestor;
  std::string theirs;
};
/// Nothing when a blob that the patch was made on is missing, or the patch does not fit those blobs.
Result<std::optional<Sides>> sides_of(const Index& index, const fs::path& diff, int strip);

/// A merge of whole trees that follows renames (merge-ort). `ours` holds the state before the patch and gets
/// that after it; false when it does not merge cleanly. `base`: what base_commit holds of the files.
Result<bool> merge_trees(const Index& index, const std::string& base_commit, const Sides& sides, Files& ours,
                         const Files& base);

}  // namespace pinrig::git
