// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/cache_use.h"
#include "base/log.h"
#include "base/text.h"
#include "git/git_command.h"

namespace pinrig::git {
namespace {

/// What the objects of one kernel take.
constexpr std::uintmax_t objects_size = std::uintmax_t{1} << 30;

/// "Updating files:  45% (38700/86000)" as git writes it, each over the one before.
bool parse_updating(std::string_view text, std::uint64_t& done, std::uint64_t& total) {
  const auto open = text.rfind('(');
  if (text.find("Updating files:") == std::string_view::npos || open == std::string_view::npos) return false;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data() + open + 1, end, done);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '/') return false;
  return std::from_chars(first.ptr + 1, end, total).ec == std::errc();
}

/// Bytes of all files at a commit.
Result<std::uintmax_t> tree_size(const Git& git, const Source& source, const std::string& commit) {
  Call call;
  call.repo = source.repo;
  call.args = {"ls-tree", "-r", "--format=%(objectsize)", commit};
  PINRIG_TRY(done, git.run_ok(call));
  std::uintmax_t sum = 0;
  for (const auto line : lines(done.out)) {
    std::uintmax_t size = 0;
    std::from_chars(line.data(), line.data() + line.size(), size);
    sum += (size + 4095) / 4096 * 4096;
  }
  return sum;
}

class Checkout {
 public:
  Checkout(const Git& git, const Source& source, fs::path tree)
      : git_(git), source_(source), tree_(std::move(tree)) {}

  Result<void> to(const std::string& commit) {
    if (usable()) {
      auto switched = switch_to(commit);
      if (switched.has_value() || switched.error().kind != ErrorKind::infra) return switched;
      spdlog::warn("worktree {} is checked out again: {}", tree_.string(), switched.error().message);
    }
    PINRIG_CHECK(make_again(commit));
    return switch_to(commit);
  }

 private:
  /// Whether this is a worktree of the source's repository, as its .git file says.
  bool usable() const {
    std::error_code ec;
    if (!fs::is_regular_file(tree_ / ".git", ec)) return false;
    const auto text = read_file(tree_ / ".git");
    if (text.has_error()) return false;
    const std::string_view said = trim(*text);
    if (!said.starts_with("gitdir: ")) return false;
    const fs::path admin(std::string(said.substr(8)));
    return fs::is_directory(admin, ec) && fs::equivalent(admin.parent_path().parent_path(), source_.repo, ec);
  }

  Result<void> switch_to(const std::string& commit) {
    PINRIG_TRY(admin_dir, read_file(tree_ / ".git"));
    const fs::path admin(std::string(trim(std::string_view(admin_dir).substr(8))));
    std::error_code ec;
    // The slot's lock is ours: whoever made these was killed.
    fs::remove(admin / "index.lock", ec);
    fs::remove(admin / "HEAD.lock", ec);
    Call call;
    call.cwd = tree_;
    call.env["GIT_PROGRESS_DELAY"] = "0";
    // With --force git rewrites what was changed by hand or half-written, and leaves alone, times included,
    // every file that is as the commit has it.
    call.args = {"checkout", "--force", "--detach", "--progress", commit};
    process::Sinks sinks;
    std::string err;
    sinks.err = [&](std::string_view text) {
      err += text;
      std::uint64_t done = 0;
      std::uint64_t total = 0;
      if (parse_updating(text, done, total)) git_.progress("checking out " + source_.name, done, total);
    };
    PINRIG_TRY(done, git_.run(call, sinks));
    if (!process::succeeded(done.status)) {
      done.err = err;
      return failed(call, done, ErrorKind::infra);
    }
    call.args = {"clean", "--quiet", "-ffdx"};
    PINRIG_CHECK(git_.run_ok(call));
    return {};
  }

  Result<void> make_again(const std::string& commit) {
    std::error_code ec;
    fs::remove_all(tree_, ec);
    if (ec) return errno_error("removing the worktree " + tree_.string(), ec.value());
    PINRIG_TRY(bytes, tree_size(git_, source_, commit));
    PINRIG_CHECK(need_space(tree_, bytes + bytes / 8 + (64U << 20), "checking out " + source_.name));
    PINRIG_CHECK(make_dirs(tree_.parent_path()));
    // worktree add locks nothing between processes: two slots of one repository may come here at once.
    PINRIG_TRY(lock, lock_file(source_.repo / "pinrig-worktrees.lock", git_));
    Call call;
    call.repo = source_.repo;
    call.args = {"worktree", "prune"};
    PINRIG_CHECK(git_.run_ok(call));
    call.args = {"worktree", "add",           "--quiet",      "--force",
                 "--detach", "--no-checkout", tree_.string(), commit};
    PINRIG_CHECK(git_.run_ok(call));
    return {};
  }

  const Git& git_;
  const Source& source_;
  fs::path tree_;
};

/// The places in which one base can be built at the same time. Seen from its build directories the worktree
/// has the same relative path in each of them, so that ccache serves all of them with what was compiled in
/// one.
class Pool {
 public:
  Pool(const Git& git, const WorkContext& ctx, std::string slot)
      : git_(git), ctx_(ctx), slot_(std::move(slot)) {}

  fs::path root(int n) const { return n == 1 ? ctx_.cache : ctx_.cache / "slots" / std::to_string(n); }
  fs::path tree(int n) const { return root(n) / "worktrees" / slot_; }

  /// A place that we locked. `room_for_another` says whether the disk has room for a new one.
  Result<Worktree> take(const std::function<bool()>& room_for_another) {
    PINRIG_TRY(ready, try_all(made()));
    if (ready) return *std::move(ready);
    PINRIG_TRY(first, wait(1, ctx_.patience_s));
    if (first.lock) return first;
    if (made() < most && room_for_another()) {
      PINRIG_TRY(further, try_all(most));
      if (further) return *std::move(further);
    }
    for (int n = 1;; n = n % made() + 1) {
      PINRIG_TRY(this_one, wait(n, turn_s));
      if (this_one.lock) return this_one;
      PINRIG_TRY(other, try_all(made()));
      if (other) return *std::move(other);
    }
  }

 private:
  static constexpr int most = 3;
  static constexpr double turn_s = 5;

  fs::path lock_of(int n) const { return tree(n).string() + ".lock"; }

  /// How many there are; the first counts always.
  int made() const {
    int n = 1;
    std::error_code ec;
    while (n < most && fs::exists(lock_of(n + 1), ec)) ++n;
    return n;
  }

  Result<std::optional<Worktree>> try_all(int up_to) const {
    for (int n = 1; n <= up_to; ++n) {
      PINRIG_TRY(lock, FileLock::try_acquire(lock_of(n)));
      if (lock) return std::optional<Worktree>(Worktree{tree(n), std::move(lock), root(n)});
    }
    return std::optional<Worktree>();
  }

  Result<Worktree> wait(int n, double seconds) const {
    LockOptions options{.cancel_fd = git_.cancel().fd(), .deadline = Deadline::after(Seconds(seconds))};
    options.on_wait = [&](const LockWait& wait) { git_.progress(to_string(wait), 0, 0); };
    PINRIG_TRY(lock, FileLock::acquire(lock_of(n), options));
    return Worktree{tree(n), std::move(lock), root(n)};
  }

  const Git& git_;
  const WorkContext& ctx_;
  std::string slot_;
};

}  // namespace

Result<Worktree> checkout(const Source& source, const std::string& commit, const std::string& slot,
                          const WorkContext& ctx) {
  if (slot.empty() || slot.find('/') != std::string::npos || slot.starts_with('.'))
    return make_error(ErrorKind::infra, fmt::format("'{}' is not a valid worktree name", slot));
  PINRIG_TRY(git, Git::open(ctx));
  const auto room = [&] {
    const auto bytes = tree_size(git, source, commit);
    return bytes.has_value() && need_space(ctx.cache, *bytes + objects_size, "another worktree").has_value();
  };
  PINRIG_TRY(place, Pool(git, ctx, slot).take(room));
  mark_used(place.path);
  Checkout work(git, source, place.path);
  auto done = work.to(commit);
  if (done.has_error())
    return std::move(done).error().with_context(
        fmt::format("checking out {} in {}", commit, place.path.string()));
  return place;
}

}  // namespace pinrig::git
