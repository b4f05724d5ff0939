// SPDX-License-Identifier: GPL-2.0
// Kernel sources and series as commits of one bare repository per source in the cache.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/work.h"
#include "model/kernel.h"
#include "model/patch_fit.h"

namespace pinrig::git {

/// A base, imported: a commit in a bare repository.
struct Source {
  std::string name;                  ///< of the base
  fs::path repo;                     ///< bare repository
  std::string commit;                ///< 40 hex digits
  std::string tree;                  ///< of that commit
  std::string version;               ///< kernel version from its Makefile: "6.12.117"
  std::vector<std::string> notices;  ///< what to know about it, one line each
};

/// Imports a base once, keyed by its content (tarball hash, or commit for git). A second call only looks it
/// up. Errors: bad_input (truncated tarball, unknown revision), missing_tool (Debian source package not
/// installed; the hint says apt install ...), infra (a package of another suite cannot be fetched),
/// disk_full, cancelled.
Result<Source> import_base(const model::KernelBase& base, const WorkContext& ctx);

/// One patch of a series, applied.
struct Applied {
  int number = 0;       ///< 1-based position in the series
  std::string subject;  ///< without "[PATCH v3 2/7]"
  std::string author;   ///< "Name <address>", UTF-8
  std::string commit;
  std::string tree;
  /// `git patch-id --stable` of the change: the same for the same patch on another base, whatever its
  /// subject says. Empty when the patch changes nothing.
  std::string patch_id;
  std::string version;             ///< kernel version of this commit, read as Source::version is
  std::vector<std::string> files;  ///< paths touched; none when the patch changes nothing
  model::PatchFit fit;             ///< where it applied
};

/// Why a patch does not apply.
enum class Misfit {
  hunk,        ///< the lines that it changes are different
  no_file,     ///< a file that it changes does not exist
  exists,      ///< a file that it creates already exists
  wrong_kind,  ///< a file instead of a directory, or the reverse
  binary,      ///< a binary file without its content
  malformed,   ///< git cannot read it
};

/// The first patch of a series that does not apply: every point from it on cannot be built.
struct ApplyFailure {
  int number = 0;
  std::string subject;
  Misfit why = Misfit::hunk;
  std::string file;    ///< first file with a rejected hunk
  std::string hunk;    ///< "hunk 2 at line 1225", or the reason: "does not exist in the base"
  std::string detail;  ///< git's own message
  std::string where;   ///< "v3.mbox:41" of a patch that is malformed, when the place is known
  std::string hint;    ///< what to do next; may be empty
};
/// One line: `patch 2 "mm: x" does not apply: mm/gup.c: hunk 2 at line 1225`, without the detail.
std::string to_string(const ApplyFailure& failure);
/// The same as an error (apply_failed); the hint holds git's words and what to do next.
Error to_error(const ApplyFailure& failure);

/// Which series it is, to find its other versions and its mails.
struct SeriesIdentity {
  std::string change_id;   ///< `change-id:`, else a hash of the cover letter's or first patch's subject
  int version = 1;         ///< N of "[PATCH vN 2/7]"
  std::string message_id;  ///< of the cover letter, without <>; may be empty
  std::vector<std::string> message_ids;  ///< of the patches, as AppliedSeries::subjects; may be empty
};

struct AppliedSeries {
  SeriesIdentity identity;
  std::vector<std::string> subjects;    ///< of every patch of the series, applied or not, in order
  std::vector<Applied> patches;         ///< those that apply, in order
  std::optional<ApplyFailure> failure;  ///< the first that does not
  std::vector<std::string> notices;     ///< what was skipped, chosen or guessed; one line each
};

/// Applies the series as commits with the semantics of git am --3way --keep-cr, renames followed; what a file
/// `series` lists may also apply with less context, as git quiltimport does. An mbox is read as a thread
/// (newest complete version, without cover letter and replies), a directory in the order of its names or of
/// its `series`. A range that begins at the base keeps its trees. Committer and dates are fixed: the same
/// series gives the same commits. bad_input: not a series (HTML, an empty directory, a missing patch 2/3), a
/// patch that leaves the tree or changes nothing; an ApplyFailure is a value.
Result<AppliedSeries> apply_series(const Source& source, const model::Series& series, const WorkContext& ctx);

/// The `base-commit:` of a series, as git format-patch --base writes it; empty when it names none. Errors as
/// of apply_series().
Result<std::string> base_commit_of(const model::Series& series, const WorkContext& ctx);

/// The series with one patch more, which reverts patch `number`. One that cannot be reverted at the tip is
/// the series' failure.
Result<AppliedSeries> with_revert(const Source& source, AppliedSeries series, int number,
                                  const WorkContext& ctx);

/// A commit of a range.
struct RangeEntry {
  std::string commit;
  std::string subject;
  std::vector<std::string> parents;
};
/// The commits that `bad` has and `good` has not, parents first, with merges, after the commit `good` itself.
/// bad_input: no such repository or revision, the ends are the same, `good` is no ancestor of `bad`.
Result<std::vector<RangeEntry>> commits_between(const std::string& repo, const std::string& good,
                                                const std::string& bad, const WorkContext& ctx);

/// A checkout that keeps the times of files that do not change between points, locked while this lives.
struct Worktree {
  fs::path path;
  FileLock lock;
  fs::path root;  ///< of its place: CACHE, or CACHE/slots/2 and so on; the build directories belong into
                  ///< ROOT/build
};
/// Checks `commit` out in ROOT/worktrees/SLOT. When others hold that of the first place for longer than
/// ctx.patience_s, a second or third place is used, and created if the disk has room; if all are in use, it
/// waits. The progress line names the holder.
Result<Worktree> checkout(const Source& source, const std::string& commit, const std::string& slot,
                          const WorkContext& ctx);

/// bad_input when `dir` exists and is not empty, or `branch` is not a valid branch name.
Result<void> check_work_copy(const fs::path& dir, const std::string& branch);
/// A repository with a working tree in `dir`, at `source` on a branch of its own; the tag `base` marks its
/// start. It does not depend on the cache: packs are hard-linked or copied. A base from a repository on this
/// machine keeps borrowing objects from there.
Result<void> make_work_copy(const Source& source, const fs::path& dir, const std::string& branch,
                            const WorkContext& ctx);

/// The text of one file at a commit, without a checkout; bad_input when it does not exist.
Result<std::string> show_file(const Source& source, const std::string& commit, const std::string& path,
                              const WorkContext& ctx);
/// Paths of all files of a commit, sorted as git sorts them.
Result<std::vector<std::string>> list_files(const Source& source, const std::string& commit,
                                            const WorkContext& ctx);
/// Numbers of the lines of `path` at `to` that are not in it at `from`.
Result<std::vector<int>> changed_lines(const Source& source, const std::string& from, const std::string& to,
                                       const std::string& path, const WorkContext& ctx);

}  // namespace pinrig::git
