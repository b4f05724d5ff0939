// SPDX-License-Identifier: GPL-2.0
// Kernel sources and series as commits of one bare repository per source in the cache.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/file.h"
#include "base/result.h"
#include "model/kernel.h"

namespace pinrig::git {

/// Where things are kept, who may stop us, whom to tell.
struct Context {
  fs::path cache;  ///< PINRIG_CACHE
  const CancelToken* cancel = nullptr;
  /// "importing linux-source-6.12", done, total (files or bytes; total 0 = unknown)
  std::function<void(const std::string&, std::uint64_t, std::uint64_t)> progress;
};

/// A base, imported: a commit in a bare repository.
struct Source {
  std::string name;     ///< of the base
  fs::path repo;        ///< bare repository
  std::string commit;   ///< 40 hex digits
  std::string tree;     ///< of that commit
  std::string version;  ///< kernel version from its Makefile: "6.12.117"
};

/// Imports a base once, keyed by its content (tarball hash, or commit for git). A second call only looks.
/// Errors: bad_input (tarball cut short, unknown revision), missing_tool (Debian source package not
/// installed; the hint says apt install ...), disk_full, cancelled.
Result<Source> import_base(const model::KernelBase& base, const Context& ctx);

/// One patch of a series, applied.
struct Applied {
  int number = 0;       ///< 1-based position in the series
  std::string subject;  ///< without "[PATCH v3 2/7]"
  std::string author;   ///< "Name <address>", UTF-8
  std::string commit;
  std::string tree;
  /// `git patch-id --stable` of the change: the same for the same patch on another base, whatever its subject
  /// says. Empty when the patch changes nothing.
  std::string patch_id;
  std::string version;             ///< kernel version of this commit, read as Source::version is
  std::vector<std::string> files;  ///< paths touched; none when the patch changes nothing
};

/// Why a patch did not apply.
struct ApplyFailure {
  int number = 0;
  std::string subject;
  std::string file;    ///< first file with a rejected hunk
  std::string hunk;    ///< "hunk 2 at line 1225", or what git says
  std::string detail;  ///< git's own words
};

struct AppliedSeries {
  std::vector<std::string> subjects;    ///< of every patch of the series, applied or not, in order
  std::vector<Applied> patches;         ///< those that apply, in order
  std::optional<ApplyFailure> failure;  ///< the first that does not
};

/// Applies the series as commits (git am --3way semantics, order by [PATCH n/m], cover letter skipped).
/// Committer and dates are fixed, so that the same series gives the same commits. Errors: bad_input when it
/// is no series at all (HTML, an empty directory, a missing patch 2/3); an ApplyFailure is a value.
Result<AppliedSeries> apply_series(const Source& source, const model::Series& series, const Context& ctx);

/// A checkout that keeps the times of files that do not change between points, locked while this lives.
struct Worktree {
  fs::path path;
  FileLock lock;
};
/// `slot` names the worktree ("debian-6.12-x86_64"): one build directory belongs to one slot.
Result<Worktree> checkout(const Source& source, const std::string& commit, const std::string& slot,
                          const Context& ctx);

/// The text of one file at a commit, without a checkout; bad_input when it is not there.
Result<std::string> show_file(const Source& source, const std::string& commit, const std::string& path,
                              const Context& ctx);

}  // namespace pinrig::git
