// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "git/git_command.h"

namespace pinrig::git {
namespace {

Error bad_target(const std::string& what, std::string hint) {
  return make_error(ErrorKind::bad_input, what, std::move(hint));
}

/// Hard links where the file system allows it: objects never change.
Result<void> share_file(const fs::path& from, const fs::path& to) {
  PINRIG_CHECK(make_dirs(to.parent_path()));
  std::error_code ec;
  fs::create_hard_link(from, to, ec);
  if (!ec) return {};
  fs::copy_file(from, to, ec);
  if (ec) return errno_error("copying " + from.string(), ec.value());
  return {};
}

Result<void> share_objects(const fs::path& from, const fs::path& to) {
  std::error_code ec;
  for (auto it = fs::recursive_directory_iterator(from, ec); !ec && it != fs::recursive_directory_iterator();
       it.increment(ec)) {
    const std::string name = it->path().filename().string();
    if (!it->is_regular_file() || name.starts_with("tmp_") || name.ends_with(".lock")) continue;
    PINRIG_CHECK(share_file(it->path(), to / it->path().lexically_relative(from)));
  }
  if (ec) return errno_error("reading " + from.string(), ec.value());
  return {};
}

/// Where history ends, here or in the repository that the base borrows from.
Result<void> copy_shallow(const fs::path& repo, const fs::path& to) {
  fs::path file = repo / "shallow";
  std::error_code ec;
  if (!fs::exists(file, ec) && fs::exists(repo / "objects/info/alternates", ec)) {
    PINRIG_TRY(alternates, read_file(repo / "objects/info/alternates"));
    file = fs::path(std::string(trim(alternates))).parent_path() / "shallow";
  }
  if (!fs::exists(file, ec)) return {};
  PINRIG_TRY(text, read_file(file));
  return write_file_atomic(to / "shallow", text);
}

}  // namespace

Result<void> check_work_copy(const fs::path& dir, const std::string& branch) {
  std::error_code ec;
  if (fs::exists(dir, ec) && (!fs::is_directory(dir, ec) || !fs::is_empty(dir, ec)))
    return bad_target(fmt::format("{} already exists and is not an empty directory", dir.string()),
                      "choose another directory: pinrig does not overwrite existing files");
  const auto word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '/'; };
  const bool name = !branch.empty() && std::isalnum(static_cast<unsigned char>(branch[0])) != 0 &&
                    std::all_of(branch.begin(), branch.end(), word) && !branch.ends_with('/') &&
                    branch.find("//") == std::string::npos;
  if (!name || branch == "base" || branch == "HEAD")
    return bad_target(fmt::format("--branch {}: not a valid branch name", branch),
                      "letters, digits, '-', '_' and '/'");
  return {};
}

Result<void> make_work_copy(const Source& source, const fs::path& dir, const std::string& branch,
                            const WorkContext& ctx) {
  PINRIG_CHECK(check_work_copy(dir, branch));
  PINRIG_TRY(git, Git::open(ctx));
  fs::path place = fs::absolute(dir).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();
  PINRIG_CHECK(make_dirs(place.parent_path()));
  PINRIG_TRY(temp, TempDir::create(place.parent_path(), ".pinrig-checkout-"));
  Call call;
  call.cwd = temp.path();
  call.args = {"init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=" + branch};
  PINRIG_CHECK(git.run_ok(call));
  PINRIG_CHECK(share_objects(source.repo / "objects", temp.path() / ".git/objects"));
  PINRIG_CHECK(copy_shallow(source.repo, temp.path() / ".git"));
  call.args = {"update-ref", "refs/tags/base", source.commit};
  PINRIG_CHECK(git.run_ok(call));
  git.progress("checking out " + source.name, 0, 0);
  call.args = {"reset", "--quiet", "--hard", source.commit};
  PINRIG_CHECK(git.run_ok(call));
  std::error_code ec;
  fs::permissions(temp.path(),
                  fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                      fs::perms::others_read | fs::perms::others_exec,
                  ec);
  fs::rename(temp.path(), place, ec);  // over an empty directory, too
  if (ec) return errno_error("renaming the checkout to " + place.string(), ec.value());
  temp.keep();
  return {};
}

}  // namespace pinrig::git
