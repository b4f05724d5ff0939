// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "git/index.h"

namespace pinrig::git {
namespace {

/// The index as a tree of the whole source: `base` is what base_commit holds of the files of `ours`.
Result<std::string> whole_tree(const Index& index, const std::string& base_commit, const Files& ours,
                               const Files& base) {
  const Index whole = index.beside("whole");
  PINRIG_CHECK(index.git().run_ok(whole.call({"read-tree", base_commit})));
  std::string input;
  for (const auto& [path, entry] : base)
    if (!ours.contains(path)) input += fmt::format("0 {}\t{}{}", std::string(40, '0'), path, '\0');
  for (const auto& [path, entry] : ours) input += fmt::format("{}\t{}{}", entry, path, '\0');
  if (!input.empty())
    PINRIG_CHECK(
        index.git().run_ok(whole.call({"update-index", "-z", "--add", "--index-info"}, std::move(input))));
  return whole.write_tree();
}

Result<std::string> commit_tree(const Index& index, const std::string& tree, const std::string& parent) {
  Call call = index.call({"commit-tree", "-m", "merge", tree});
  if (!parent.empty()) call.args.insert(call.args.end(), {"-p", parent});
  return index.git().text(call);
}

/// What differs between two trees is put into `files`: the old entry into `before`, the new one into
/// `after`.
Result<void> add_changes(const Index& index, const std::string& from, const std::string& to, Files& files) {
  PINRIG_TRY(done,
             index.git().run_ok(index.call({"diff-tree", "-r", "-z", "--raw", "--no-renames", from, to})));
  // ":MODE MODE ID ID STATUS\0PATH\0"
  std::string_view text = done.out;
  while (!text.empty()) {
    const auto end = text.find('\0');
    const auto words = split(text.substr(1, end - 1), ' ');
    text.remove_prefix(end + 1);
    const std::string path(text.substr(0, text.find('\0')));
    text.remove_prefix(path.size() + 1);
    if (words.size() != 5) return make_error(ErrorKind::infra, "cannot parse the output of git diff-tree");
    if (words[4] == "D")
      files.erase(path);
    else
      files[path] = words[1] + " " + words[3];
  }
  return {};
}

}  // namespace

Result<std::optional<Sides>> sides_of(const Index& index, const fs::path& diff, int strip) {
  const Git& git = index.git();
  const std::string level = fmt::format("-p{}", strip);
  const Index fake = index.beside("ancestor");
  const std::string fake_file = fake.env().at("GIT_INDEX_FILE");
  PINRIG_TRY(built,
             git.run(index.call({"apply", level, "--build-fake-ancestor=" + fake_file, diff.string()})));
  if (!process::succeeded(built.status)) return std::optional<Sides>();
  Sides sides;
  PINRIG_TRY(ancestor, fake.write_tree());
  sides.ancestor = std::move(ancestor);
  PINRIG_TRY(patched, git.run(fake.call({"apply", level, "--cached", "--whitespace=nowarn", diff.string()})));
  if (!process::succeeded(patched.status)) return std::optional<Sides>();
  PINRIG_TRY(theirs, fake.write_tree());
  sides.theirs = std::move(theirs);
  return std::optional(std::move(sides));
}

Result<bool> merge_trees(const Index& index, const std::string& base_commit, const Sides& sides, Files& ours,
                         const Files& base) {
  PINRIG_TRY(our_tree, whole_tree(index, base_commit, ours, base));
  PINRIG_TRY(ancestor, commit_tree(index, sides.ancestor, ""));
  PINRIG_TRY(our_commit, commit_tree(index, our_tree, ancestor));
  PINRIG_TRY(their_commit, commit_tree(index, sides.theirs, ancestor));
  // As builtin/am.c, fall_back_threeway(): a tree of a few files says nothing about renamed directories.
  PINRIG_TRY(merged,
             index.git().run(index.call({"-c", "merge.directoryRenames=false", "merge-tree", "--write-tree",
                                         "--no-messages", our_commit, their_commit})));
  if (!process::succeeded(merged.status)) return false;
  PINRIG_CHECK(add_changes(index, our_tree, std::string(trim(merged.out)), ours));
  return true;
}

}  // namespace pinrig::git
