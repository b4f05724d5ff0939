// SPDX-License-Identifier: GPL-2.0
// git am would need a checkout of 86000 files, and rewrites an index of that size for each patch. Here an
// index holds only the files that the series names, and git fast-import puts the changed blobs into trees.
#include "git/apply.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "git/fit.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

std::string quote(const std::string& path) {
  std::string q = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') q += '\\';
    q += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return q + "\"";
}

class Applier {
 public:
  Applier(const Index& index, const Source& source, const std::string& ref)
      : index_(index), git_(index.git()), source_(source), ref_(ref) {}

  /// Puts the files that the patches name into the index.
  Result<void> begin(const std::vector<Patch>& patches) {
    std::set<std::string> paths;
    int number = 0;
    for (const auto& patch : patches) {
      ++number;
      for (auto& path : named_paths(patch.diff, patch.strip)) {
        if (unsafe_path(path))
          return make_error(ErrorKind::bad_input,
                            fmt::format("patch {} \"{}\" names '{}', which is not a path in the tree", number,
                                        patch.subject, path),
                            "git rejects it too: a path must not contain '..' or '.git', or start with '/'");
        paths.insert(std::move(path));
      }
    }
    PINRIG_TRY(files, index_.look_up(source_.commit, paths));
    base_ = files;
    files_ = std::move(files);
    return index_.fill(files_);
  }

  /// nullopt when it applied.
  Result<std::optional<ApplyFailure>> apply(int number, const Patch& patch) {
    if (!patch.tree.empty()) {
      PINRIG_CHECK(take_tree(number, patch));
      return std::optional<ApplyFailure>();
    }
    const fs::path diff = index_.temp() / "diff";
    PINRIG_CHECK(write_file_atomic(diff, patch.diff));
    const std::string level = fmt::format("-p{}", patch.strip);
    PINRIG_TRY(plain,
               git_.run(index_.call({"apply", level, "--cached", "--whitespace=nowarn", diff.string()})));
    Files now;
    bool merged = false;
    if (process::succeeded(plain.status)) {
      PINRIG_TRY(listed, index_.files());
      now = std::move(listed);
    } else {
      PINRIG_TRY(after, merge(diff, patch));
      merged = after.has_value();
      if (!after && patch.fuzzy) {
        PINRIG_TRY(fuzzy, with_less_context(diff, patch));
        after = std::move(fuzzy);
      }
      if (!after) {
        PINRIG_TRY(why, explain(index_, source_, number, patch, plain.err));
        return std::optional<ApplyFailure>(std::move(why));
      }
      now = std::move(*after);
    }
    if (now == files_)
      return make_error(ErrorKind::bad_input,
                        fmt::format("patch {} \"{}\" changes nothing: already in the base{}", number,
                                    patch.subject, number > 1 ? " or in an earlier patch" : ""),
                        "remove it from the series, or start the range after it; to see its effect, choose a "
                        "base without it");
    PINRIG_TRY(fit, fit_of(patch, now, merged));
    commit(number, patch, std::move(now), std::move(fit));
    return std::optional<ApplyFailure>();
  }

  /// Makes the commits of all patches that applied.
  Result<std::vector<Applied>> finish() {
    if (applied_.empty()) return applied_;
    PINRIG_TRY(ids,
               git_.run_ok(index_.call({"fast-import", "--quiet", "--done", "--force"}, stream_ + "done\n")));
    const auto commits = lines(ids.out);
    if (commits.size() != applied_.size())
      return make_error(ErrorKind::infra, "git fast-import printed no commits: " + ids.out + ids.err);
    for (std::size_t i = 0; i < applied_.size(); ++i) applied_[i].commit = commits[i];
    PINRIG_CHECK(identify(git_, source_, index_.env(), applied_));
    return applied_;
  }

 private:
  /// As git am -3 does after a plain try: a merge with the blobs that the patch was made on. It needs all of
  /// them, also those of files that the patch fits without. The files are merged in their places; where
  /// that fails, because the base has one elsewhere, whole trees are. So they are for a patch that moves
  /// files: git apply --3way replaces what the base has in the new place.
  Result<std::optional<Files>> merge(const fs::path& diff, const Patch& patch) {
    PINRIG_TRY(sides, sides_of(index_, diff, patch.strip));
    if (!sides) return std::optional<Files>();
    if (!moves_files(patch.diff)) {
      const std::string level = fmt::format("-p{}", patch.strip);
      PINRIG_TRY(done, git_.run(index_.call(
                           {"apply", level, "--cached", "--3way", "--whitespace=nowarn", diff.string()})));
      if (process::succeeded(done.status)) {
        PINRIG_TRY(now, index_.files());
        return std::optional<Files>(std::move(now));
      }
    }
    Files now = files_;
    // Paths without "a/" would be looked for under wrong names.
    if (!without_prefix(patch)) {
      PINRIG_TRY(merged, merge_trees(index_, source_.commit, *sides, now, base_));
      if (merged) {
        PINRIG_CHECK(index_.fill(now));
        return std::optional<Files>(std::move(now));
      }
    }
    PINRIG_CHECK(index_.fill(files_));  // without the stages of the conflict
    return std::optional<Files>();
  }

  /// As git quiltimport: quilt itself applies a patch of which a line of context at each end fits.
  Result<std::optional<Files>> with_less_context(const fs::path& diff, const Patch& patch) {
    PINRIG_TRY(done, git_.run(index_.call({"apply", fmt::format("-p{}", patch.strip), "-C1", "--cached",
                                           "--whitespace=nowarn", diff.string()})));
    if (!process::succeeded(done.status)) return std::optional<Files>();
    PINRIG_TRY(now, index_.files());
    return std::optional(std::move(now));
  }

  /// Where the patch that made `now` of files_ has its hunks.
  Result<model::PatchFit> fit_of(const Patch& patch, const Files& now, bool merged) const {
    Files before;
    Files after;
    for (const auto& [path, entry] : now) {
      const auto old = files_.find(path);
      if (old != files_.end() && old->second == entry) continue;
      after.insert({path, entry});
      if (old != files_.end()) before.insert(*old);
    }
    // Also those that it renames.
    for (const auto& [path, entry] : files_)
      if (!now.contains(path)) before.insert({path, entry});
    PINRIG_TRY(old_texts, index_.texts(before));
    PINRIG_TRY(new_texts, index_.texts(after));
    return model::PatchFit{merged, moved_hunks(patch.diff, patch.strip, old_texts, new_texts, merged)};
  }

  static bool without_prefix(const Patch& patch) {
    const auto has = [&](const char* line) { return patch.diff.find(line) != std::string::npos; };
    return patch.strip == 1 && !has("diff --git a/") && !has("--- a/") && !has("+++ b/");
  }

  /// A commit of a range that begins at the base: its tree is the tree.
  Result<void> take_tree(int number, const Patch& patch) {
    const std::string before = applied_.empty() ? source_.tree : last_tree_;
    PINRIG_TRY(names, git_.run_ok(index_.call(
                          {"diff-tree", "-r", "-z", "--name-only", "--no-renames", before, patch.tree})));
    Applied a = begin_commit(number, patch);
    for (std::string_view text = names.out; !text.empty();) {
      const auto name = text.substr(0, text.find('\0'));
      a.files.emplace_back(name);
      text.remove_prefix(name.size() + 1);
    }
    stream_ += fmt::format("M 040000 {} \"\"\n\nget-mark :{}\n", patch.tree, number);
    last_tree_ = patch.tree;
    applied_.push_back(std::move(a));
    return {};
  }

  Applied begin_commit(int number, const Patch& patch) {
    Applied a;
    a.number = number;
    a.subject = patch.subject;
    a.author = patch.author;
    // fast-import takes dates as git writes them; those of mails are not needed and may be anything.
    stream_ += fmt::format(
        "commit {}\nmark :{}\nauthor {} 946684800 +0000\ncommitter {}\ndata "
        "{}\n{}from {}\n",
        ref_, number, patch.author, kIdent, patch.message.size(), patch.message,
        number == 1 ? source_.commit : fmt::format(":{}", number - 1));
    return a;
  }

  void commit(int number, const Patch& patch, Files now, model::PatchFit fit) {
    Applied a = begin_commit(number, patch);
    a.fit = std::move(fit);
    for (const auto& [path, entry] : files_) {
      if (now.count(path) != 0) continue;
      stream_ += fmt::format("D {}\n", quote(path));
      a.files.push_back(path);
    }
    for (const auto& [path, entry] : now) {
      if (const auto old = files_.find(path); old != files_.end() && old->second == entry) continue;
      stream_ += fmt::format("M {} {}\n", entry, quote(path));
      a.files.push_back(path);
    }
    std::sort(a.files.begin(), a.files.end());
    stream_ += fmt::format("\nget-mark :{}\n", number);
    files_ = std::move(now);
    applied_.push_back(std::move(a));
  }

  const Index& index_;
  const Git& git_;
  const Source& source_;
  const std::string& ref_;
  Files base_;   ///< what the base holds of the files that the series names
  Files files_;  ///< the same after the patches so far
  std::string last_tree_;
  std::string stream_;
  std::vector<Applied> applied_;
};

/// Objects of the user's repository that the new commits need: a build looks for them when that may be
/// gone.
Result<void> keep_commits(const Index& index, const Source& source, const std::string& tip) {
  Call pack = index.call({"pack-objects", "--revs", "--stdout", "--quiet"},
                         fmt::format("{}\n^{}\n", tip, source.commit));
  PINRIG_TRY(packed, index.git().run_ok(pack));
  Call unpack;
  unpack.repo = source.repo;
  unpack.args = {"unpack-objects", "-q"};
  unpack.input = std::move(packed.out);
  PINRIG_CHECK(index.git().run_ok(unpack));
  return {};
}

}  // namespace

Result<AppliedSeries> apply_patches(const Git& git, const Source& source, const std::vector<Patch>& patches,
                                    const std::string& ref, const fs::path& temp, const fs::path& objects) {
  const Index index(git, source.repo, temp, objects);
  Applier applier(index, source, ref);
  PINRIG_CHECK(applier.begin(patches));
  AppliedSeries series;
  int number = 0;
  for (const auto& patch : patches) {
    git.progress("applying " + patch.subject, static_cast<std::uint64_t>(number), patches.size());
    PINRIG_TRY(failure, applier.apply(++number, patch));
    if (failure) {
      series.failure = std::move(failure);
      break;
    }
  }
  PINRIG_TRY(applied, applier.finish());
  if (!objects.empty() && !applied.empty()) PINRIG_CHECK(keep_commits(index, source, applied.back().commit));
  series.patches = std::move(applied);
  return series;
}

}  // namespace pinrig::git
