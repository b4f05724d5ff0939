// SPDX-License-Identifier: GPL-2.0
#include "git/git_command.h"

#include <fmt/format.h>

#include "base/cache_use.h"
#include "base/text.h"

namespace pinrig::git {
namespace {

// safe.directory: the user named the repository to read from; it may belong to another user (a root
// container over a home directory). upload-pack reads this file, but would not take it from -c.
// trustctime, checkStat: a cache that was copied (cp -a, a CI's restored cache) has other inodes and ctimes,
// and none of its 86,000 files is to be written again, with a new time, for that. gc off: refs of a cached
// series point at objects that another process is just writing.
constexpr const char* kConfig =
    "# Written by pinrig: configuration of its git commands, instead of ~/.gitconfig.\n"
    "[safe]\n\tdirectory = *\n"
    "[core]\n\thooksPath = /dev/null\n\tattributesFile = /dev/null\n\texcludesFile = /dev/null\n"
    "\ttrustctime = false\n\tcheckStat = minimal\n"
    "\tautocrlf = false\n\tquotePath = false\n\tcompression = 1\n"
    "[pack]\n\tcompression = 1\n"
    "[gc]\n\tauto = 0\n"
    "[maintenance]\n\tauto = false\n"
    "[checkout]\n\tworkers = 0\n"
    "[advice]\n\tdetachedHead = false\n"
    "[user]\n\tname = pinrig\n\temail = pinrig@localhost\n"
    "[protocol \"file\"]\n\tallow = always\n";

}  // namespace

Git::Git(const WorkContext& ctx, fs::path config)
    : cancel_(&ctx.token()), progress_(ctx.progress), config_(std::move(config)) {}

Result<Git> Git::open(const WorkContext& ctx) {
  use_cache(ctx.cache);
  const fs::path config = ctx.cache / "sources" / "gitconfig";
  std::error_code ec;
  if (fs::exists(config, ec)) {
    PINRIG_TRY(now, read_file(config));
    if (now == kConfig) return Git(ctx, config);
  }
  PINRIG_CHECK(make_dirs(config.parent_path()));
  PINRIG_CHECK(write_file_atomic(config, kConfig));
  return Git(ctx, config);
}

Result<process::Finished> Git::run(const Call& call, const process::Sinks& sinks) const {
  process::Command command;
  command.argv = {"git"};
  if (!call.repo.empty()) command.argv.push_back("--git-dir=" + call.repo.string());
  command.argv.insert(command.argv.end(), call.args.begin(), call.args.end());
  command.cwd = call.cwd;
  command.input = call.input;
  command.env = call.env;
  command.env.insert({{"LC_ALL", "C"}, {"GIT_TERMINAL_PROMPT", "0"}});
  if (!call.user_config) {
    command.env.insert(
        {{"GIT_CONFIG_GLOBAL", config_.string()}, {"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_ATTR_NOSYSTEM", "1"}});
  }
  // Set when pinrig is called from a hook or an alias of another repository.
  for (const char* name : {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
                           "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                           "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_EXTERNAL_DIFF", "GIT_PREFIX",
                           "GIT_DEFAULT_HASH", "GIT_QUARANTINE_PATH", "GIT_LITERAL_PATHSPECS", "LANGUAGE"})
    command.unset.emplace_back(name);
  PINRIG_TRY(done, process::run(command, *cancel_, sinks));
  if (std::holds_alternative<process::Cancelled>(done.status)) return cancelled_error();
  return done;
}

Result<process::Finished> Git::run_ok(const Call& call, ErrorKind kind) const {
  PINRIG_TRY(done, run(call));
  if (!process::succeeded(done.status)) return failed(call, done, kind);
  return done;
}

Result<std::string> Git::text(const Call& call, ErrorKind kind) const {
  PINRIG_TRY(done, run_ok(call, kind));
  return std::string(trim(done.out));
}

void Git::progress(const std::string& what, std::uint64_t done, std::uint64_t total) const {
  if (progress_) progress_({.what = what, .done = double(done), .known = double(total)});
}

Error failed(const Call& call, const process::Finished& done, ErrorKind kind) {
  const std::string_view said = trim(done.err);
  const std::string message = fmt::format("git {}: {}{}{}", shell_line(call.args),
                                          process::to_string(done.status), said.empty() ? "" : "\n", said);
  const bool full = said.find("No space left on device") != std::string_view::npos ||
                    said.find("Disk quota exceeded") != std::string_view::npos;
  if (!full) return make_error(kind, message);
  return make_error(ErrorKind::disk_full, message, "free some space, or point PINRIG_CACHE at a larger disk");
}

Result<void> init_bare(const Git& git, const fs::path& path) {
  Call call;
  // An empty template: no sample hooks, no info/exclude.
  call.args = {"init", "--quiet", "--bare", "--template=", "--object-format=sha1", "--initial-branch=base"};
  call.args.push_back(path.string());
  PINRIG_CHECK(git.run_ok(call));
  return {};
}

Result<void> need_space(const fs::path& path, std::uintmax_t need, const std::string& what) {
  PINRIG_TRY(available, free_bytes(path));
  if (available >= need) return {};
  return make_error(ErrorKind::disk_full,
                    fmt::format("{} needs about {} in {}, but only {} is free", what, human_bytes(need),
                                path.string(), human_bytes(available)),
                    "free some space, or point PINRIG_CACHE at a larger disk");
}

Result<FileLock> lock_file(const fs::path& path, const Git& git) {
  return FileLock::acquire(path, {.cancel_fd = git.cancel().fd(), .on_wait = [&git](const LockWait& wait) {
                                    git.progress(to_string(wait), 0, 0);
                                  }});
}

}  // namespace pinrig::git
