// SPDX-License-Identifier: GPL-2.0
#include <algorithm>

#include "base/text.h"
#include "git/apply.h"
#include "git/import.h"

namespace pinrig::git {
namespace {

Result<void> read_trees(const Git& git, Call call, std::vector<Applied>& patches) {
  call.args = {"rev-parse"};
  for (const auto& p : patches) call.args.push_back(p.commit + "^{tree}");
  PINRIG_TRY(said, git.run_ok(call));
  const auto trees = lines(said.out);
  if (trees.size() != patches.size())
    return make_error(ErrorKind::infra, "git rev-parse printed no trees: " + said.out);
  for (std::size_t i = 0; i < patches.size(); ++i) patches[i].tree = trees[i];
  return {};
}

/// One diff-tree and one patch-id for all of them: a series may have hundreds of patches.
Result<void> read_patch_ids(const Git& git, Call call, std::vector<Applied>& patches) {
  // --full-index: the ids of the blobs are all that patch-id sees of a binary file.
  call.args = {"diff-tree",    "--stdin",       "-r",           "-p", "-U3", "--full-index",
               "--no-renames", "--no-ext-diff", "--no-textconv"};
  for (const auto& p : patches) call.input += p.commit + "\n";
  PINRIG_TRY(diffs, git.run_ok(call));
  call.args = {"patch-id", "--stable"};
  call.input = std::move(diffs.out);
  PINRIG_TRY(ids, git.run_ok(call));
  std::map<std::string, std::string> of_commit;
  for (const auto line : lines(ids.out)) {
    const auto words = split(line, ' ');
    if (words.size() == 2) of_commit[words[1]] = words[0];
  }
  for (auto& p : patches) p.patch_id = of_commit[p.commit];
  return {};
}

Result<void> read_versions(const Git& git, Call call, const Source& source, std::vector<Applied>& patches) {
  std::string version = source.version;
  for (auto& p : patches) {
    if (std::find(p.files.begin(), p.files.end(), "Makefile") != p.files.end()) {
      call.args = {"cat-file", "blob", p.commit + ":Makefile"};
      PINRIG_TRY(makefile, git.run(call));
      // Without a Makefile the build says what is wrong; the version of the point before is the best guess.
      const std::string now =
          process::succeeded(makefile.status) ? version_of_makefile(makefile.out) : std::string();
      if (!now.empty()) version = now;
    }
    p.version = version;
  }
  return {};
}

}  // namespace

Result<void> identify(const Git& git, const Source& source, const std::map<std::string, std::string>& env,
                      std::vector<Applied>& patches) {
  if (patches.empty()) return {};
  Call call;
  call.repo = source.repo;
  call.env = env;
  PINRIG_CHECK(read_trees(git, call, patches));
  PINRIG_CHECK(read_patch_ids(git, call, patches));
  return read_versions(git, call, source, patches);
}

}  // namespace pinrig::git
