// SPDX-License-Identifier: GPL-2.0
// What a commit holds, and what changed between two.
#include <cstdlib>

#include "base/text.h"
#include "git/blame.h"
#include "git/git_command.h"

namespace pinrig::git {
namespace {

// "@@ -10,2 +11,3 @@": 11, 12, 13.
void add_new_lines(const std::string& hunk, std::vector<int>& out) {
  const auto plus = hunk.find('+');
  if (plus == std::string::npos) return;
  char* end = nullptr;
  const long first = std::strtol(hunk.c_str() + plus + 1, &end, 10);
  const long count = *end == ',' ? std::strtol(end + 1, nullptr, 10) : 1;
  for (long i = 0; i < count; ++i) out.push_back(static_cast<int>(first + i));
}

}  // namespace

Result<std::vector<std::string>> list_files(const Source& source, const std::string& commit,
                                            const WorkContext& ctx) {
  PINRIG_TRY(git, Git::open(ctx));
  Call call;
  call.repo = source.repo;
  call.args = {"ls-tree", "-r", "-z", "--name-only", commit};
  PINRIG_TRY(text, git.text(call));
  std::vector<std::string> out;
  for (auto& path : split(text, '\0')) {
    if (!path.empty()) out.push_back(std::move(path));
  }
  return out;
}

Result<std::vector<int>> changed_lines(const Source& source, const std::string& from, const std::string& to,
                                       const std::string& path, const WorkContext& ctx) {
  PINRIG_TRY(git, Git::open(ctx));
  Call call;
  call.repo = source.repo;
  call.args = {"diff", "--no-color", "--no-ext-diff", "-U0", from, to, "--", path};
  PINRIG_TRY(text, git.text(call));
  std::vector<int> out;
  for (const auto& line : split(text, '\n')) {
    if (line.starts_with("@@ ")) add_new_lines(line, out);
  }
  return out;
}

Result<std::optional<std::string>> blame(const Source& source, const std::string& from, const std::string& to,
                                         const std::string& path, const WorkContext& ctx) {
  PINRIG_TRY(git, Git::open(ctx));
  Call there;
  there.repo = source.repo;
  there.args = {"ls-tree", "--name-only", to, "--", path};
  PINRIG_TRY(found, git.text(there));
  if (found.empty()) return std::optional<std::string>();
  Call call;
  call.repo = source.repo;
  call.args = {"blame", "--porcelain", from + ".." + to, "--", path};
  PINRIG_TRY(text, git.text(call));
  return std::optional(std::move(text));
}

}  // namespace pinrig::git
