// SPDX-License-Identifier: GPL-2.0
#include "kbuild/kernel_build.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/cache_use.h"
#include "base/deadline.h"
#include "base/hash.h"
#include "base/text.h"
#include "kbuild/artifact.h"
#include "kbuild/code.h"
#include "kbuild/configure.h"
#include "kbuild/gdb_scripts.h"
#include "kbuild/objdir.h"
#include "kbuild/recipe.h"
#include "kbuild/selftests.h"
#include "kbuild/sources.h"
#include "kbuild/sparse.h"

namespace pinrig::kbuild {
namespace {

/// Roughly what one object directory and its artifact take; less than this and a build would die half-way.
constexpr std::uintmax_t space_needed = std::uintmax_t{1} << 30;

/// Progress names the holder of a lock that a build waits for.
LockOptions lock_options(const WorkContext& ctx) {
  LockOptions options{.cancel_fd = ctx.token().fd()};
  options.on_wait = [&ctx](const LockWait& wait) {
    ctx.tell({.what = to_string(wait), .elapsed_s = wait.waited_s});
  };
  return options;
}

/// New warnings against the point with this tree, one per line.
std::string sparse_file(const std::string& tree) { return "sparse-" + tree.substr(0, 12); }

/// In an artifact: the files of the tree that its objects were made of, one per line. As what sparse says it
/// is no part of the key: an older artifact without it is as good a kernel.
constexpr const char* sources_name = "sources";

/// One build, with all that its steps share.
class Build {
 public:
  Build(const Request& request, const WorkContext& ctx, kconfig::Request wanted, Toolchain toolchain,
        Manifest manifest)
      : request_(request), ctx_(ctx), wanted_(std::move(wanted)), manifest_(std::move(manifest)) {
    tree_.cache = ctx.cache;
    tree_.arch = request.arch;
    tree_.toolchain = std::move(toolchain);
    tree_.counted = request.counted;
    tree_.version = request.version;
  }

  Result<void> run() {
    auto done = run_steps();
    if (done.has_value() || log_.empty()) return done;
    Error e = std::move(done).error();
    if (!e.build) e.build = BuildFailure{.message = e.message};
    e.build->stage = stage_;
    e.build->log = log_;
    return e;
  }

  double cpu_s() const { return manifest_.cpu_s; }
  double wall_s() const { return manifest_.wall_s; }

 private:
  using Stage = BuildFailure::Stage;

  Result<void> run_steps() {
    PINRIG_CHECK(check_space());
    PINRIG_CHECK(check_before());
    PINRIG_TRY(place, request_.checkout());
    enter_place(place);
    PINRIG_TRY(lock, lock_objdir());
    mark_used(tree_.objdir);
    // The wait for others is none of this build's time, and would spoil the estimate of what is left.
    start_ = Clock::now();
    fresh_ = !fs::exists(tree_.objdir / ".config");
    PINRIG_TRY(repaired, begin_build(tree_.objdir));
    static_cast<void>(repaired);
    PINRIG_CHECK(open_log());
    enter(Stage::configuration, "configuration");
    PINRIG_TRY(configured, configure(tree_, wanted_, kernel_name(), log_, ctx_.token()));
    manifest_.cpu_s += configured;
    PINRIG_CHECK(compile());
    PINRIG_CHECK(check_after());
    // From here on kbuild is not at work in the directory, so a kill leaves no target half-written.
    end_build(tree_.objdir);
    enter(Stage::selftests, "selftests");
    PINRIG_TRY(selftests, build_selftests(tree_, request_.sysroot, log_, ctx_.token()));
    manifest_.cpu_s += selftests.cpu_s;
    return stage_and_publish();
  }

  void enter_place(const Place& place) {
    tree_.source = place.source;
    tree_.objdir = place.build / fmt::format("{}-{}", request_.slot, model::to_string(request_.arch));
  }

  /// What sparse says of the point before, whose objects are still there when it was the last one built here.
  /// A failure of this is none of the build: then nothing is compared.
  Result<void> check_before() {
    if (!request_.before || request_.before->tree == request_.tree || !has_sparse()) return {};
    const auto place = request_.before->checkout();
    if (place.has_error()) return only_cancelled(place.error());
    enter_place(*place);
    PINRIG_TRY(lock, lock_objdir());
    if (!fs::exists(tree_.objdir / ".config")) return {};
    PINRIG_TRY(repaired, begin_build(tree_.objdir));
    static_cast<void>(repaired);
    tell("sparse, the point before", 0, 0);
    // What was not compiled is not known, and nothing in it is new.
    checked_ = request_.before->files;
    const auto unknown = not_compiled(tree_, checked_);
    std::erase_if(checked_, [&](const auto& f) {
      return std::find(unknown.begin(), unknown.end(), f) != unknown.end();
    });
    auto said = run_sparse(tree_, checked_, ctx_.jobs, {}, ctx_.token());
    if (said.has_error() && said.error().kind == ErrorKind::cancelled) return said.error();
    end_build(tree_.objdir);
    if (said.has_value()) before_ = std::move(*said);
    return {};
  }

  static Result<void> only_cancelled(const Error& error) {
    if (error.kind == ErrorKind::cancelled) return error;
    return {};
  }

  Result<void> check_after() {
    if (!before_) return {};
    tell("sparse", 0, 0);
    PINRIG_TRY(after, run_sparse(tree_, checked_, ctx_.jobs, log_, ctx_.token()));
    if (after) sparse_ = warnings_in(new_warnings(*before_, *after), checked_);
    return {};
  }

  /// One file for each build: the next one must not overwrite what explains this one's failure.
  Result<void> open_log() {
    std::string label = request_.label;
    std::replace(label.begin(), label.end(), '/', '_');
    PINRIG_TRY(path, create_unique(ctx_.cache / "logs",
                                   fmt::format("{}-{}-", label, manifest_.key.substr(0, 12)), ".build.log"));
    log_ = std::move(path);
    return {};
  }

  void enter(Stage stage, const char* what) {
    stage_ = stage;
    tell(what, 0, 0);
  }

  KernelName kernel_name() const { return {request_.label, request_.version}; }

  Result<void> check_space() const {
    PINRIG_TRY(free, free_bytes(ctx_.cache));
    if (free >= space_needed) return {};
    return make_error(ErrorKind::disk_full,
                      fmt::format("{} free for {}: a kernel build needs {}", human_bytes(free),
                                  ctx_.cache.string(), human_bytes(space_needed)),
                      "free some space, or set PINRIG_CACHE to a directory on a larger disk");
  }

  Result<FileLock> lock_objdir() const {
    return FileLock::acquire(tree_.objdir.string() + ".lock", lock_options(ctx_));
  }

  void tell(const std::string& what, int done, int known) const {
    Progress p;
    p.what = what;
    p.done = done;
    p.known = known;
    p.elapsed_s = since(start_).count();
    // The first steps are small host programs: an estimate from them would be far off.
    if (done > 20 && known > done) p.left_s = p.elapsed_s / done * (known - done);
    ctx_.tell(p);
  }

  Result<void> compile() {
    const bool cold = !fs::exists(tree_.objdir / "vmlinux");
    const int known = expected_steps(tree_.objdir, request_.arch, cold);
    forget_objects(tree_.objdir, request_.series_files);
    PINRIG_TRY(config, read_file(tree_.objdir / ".config"));
    auto targets = kernel_targets(request_.arch);
    // No part of the recipe, which is that of every kernel: the configuration decides, and is in the key.
    if (has_gdb_scripts(config)) targets.emplace_back(gdb_scripts_target);
    MakeRun run{tree_, std::move(targets), ctx_.jobs, log_, {}};
    stage_ = Stage::kernel;
    run.on_step = [&](int steps) { tell("objects", steps, steps > known ? 0 : known); };
    PINRIG_TRY(made, run_make(run, ctx_.token()));
    manifest_.cpu_s += made.cpu_s;
    manifest_.warnings = made.log.warnings();
    if (made.ok) {
      // A first build that was killed and went on later did only a part of a cold one's steps.
      if (!cold || fresh_) remember_steps(tree_.objdir, cold, made.log.steps());
      return {};
    }
    end_build(tree_.objdir);
    return make_failed(made.log.reason(), kernel_name().text(), log_);
  }

  Result<void> stage_and_publish() {
    const fs::path staged = ctx_.cache / "kernels" / (manifest_.key + ".tmp");
    std::error_code ec;
    fs::remove_all(staged, ec);
    PINRIG_CHECK(make_dirs(staged));
    auto published = stage(staged);
    if (published.has_value()) {
      manifest_.wall_s = since(start_).count();
      published = publish(staged, ctx_.cache, manifest_);
      if (published.has_value()) fs::remove(log_, ec);  // the artifact has it
    }
    if (published.has_error()) fs::remove_all(staged, ec);
    return published;
  }

  Result<void> stage(const fs::path& staged) {
    for (const auto& [name, from] : artifact_files()) PINRIG_CHECK(copy(tree_.objdir / from, staged / name));
    PINRIG_CHECK(copy(log_, staged / "build.log"));
    PINRIG_CHECK(stage_notes(staged / "notes"));
    PINRIG_CHECK(copy_gdb_scripts(tree_.objdir, staged));
    PINRIG_TRY(sources, sources_of(tree_.objdir, tree_.source));
    PINRIG_CHECK(write_file_atomic(staged / sources_name, join(sources, "\n") + "\n"));
    if (sparse_)
      PINRIG_CHECK(
          write_file_atomic(staged / sparse_file(request_.before->tree), join(*sparse_, "\n") + "\n"));
    if (request_.arch == model::Arch::aarch64)
      return copy(tree_.objdir / "arch/arm64/boot/Image", staged / "image");
    process::Command strip;
    strip.argv = strip_argv(request_.arch, tree_.toolchain.prefix, (staged / "vmlinux").string(),
                            (staged / "image").string());
    PINRIG_TRY(done, process::run_ok(strip, ctx_.token()));
    manifest_.cpu_s += done.cpu_s;
    return {};
  }

  /// A file that this configuration does not compile has none.
  Result<void> stage_notes(const fs::path& to) const {
    for (const auto& file : request_.counted) {
      const fs::path notes = fs::path(file).replace_extension(".gcno");
      if (!fs::exists(tree_.objdir / notes)) continue;
      PINRIG_CHECK(make_dirs((to / notes).parent_path()));
      PINRIG_CHECK(copy(tree_.objdir / notes, to / notes));
    }
    return {};
  }

  static Result<void> copy(const fs::path& from, const fs::path& to) {
    std::error_code ec;
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, ec);
    if (ec) return errno_error(fmt::format("copying {} to {}", from.string(), to.string()), ec.value());
    return {};
  }

  const Request& request_;
  const WorkContext& ctx_;
  kconfig::Request wanted_;
  Manifest manifest_;
  Tree tree_;
  fs::path log_;                                    ///< empty until there is something to log
  std::vector<std::string> checked_;                ///< files for sparse
  std::optional<std::vector<std::string>> before_;  ///< sparse at the point before; nothing: not known
  std::optional<std::vector<std::string>> sparse_;  ///< new here
  Stage stage_ = Stage::configuration;
  bool fresh_ = false;
  Clock::time_point start_ = Clock::now();
};

Result<FileLock> lock_key(const fs::path& kernels, const std::string& key, const WorkContext& ctx) {
  return FileLock::acquire(kernels / (key + ".lock"), lock_options(ctx));
}

/// Of the files of a series, those that the artifact has nothing of.
std::vector<model::UnbuiltFile> unbuilt_of(const Request& request, const Artifact& artifact) {
  std::vector<model::UnbuiltFile> out;
  const auto text = read_file(artifact.dir / sources_name);
  const auto config = read_file(artifact.config);
  if (!request.read || text.has_error() || config.has_error()) return out;
  const auto built = lines(*text);
  for (const auto& file : request.series_files) {
    if (!model::is_kernel_code(file) || !outside_vmlinux(request.arch, file).empty()) continue;
    if (std::binary_search(built.begin(), built.end(), std::string_view(file))) continue;
    if (!request.read(file)) continue;  // a patch removes it
    out.push_back({file, why_unbuilt(file, request.arch, *config, request.read)});
  }
  return out;
}

/// The artifact with what it has for this request.
std::optional<Artifact> find_for(const Request& request, const fs::path& cache, const std::string& key) {
  auto found = find_artifact(cache, key, request.series_files);
  if (found && request.before) {
    if (const auto text = read_file(found->dir / sparse_file(request.before->tree)); text.has_value()) {
      for (const auto line : lines(*text)) {
        if (!line.empty()) found->sparse.emplace_back(line);
      }
    }
  }
  if (found) found->unbuilt = unbuilt_of(request, *found);
  return found;
}

/// The cache must take files before minutes of compiling begin.
Result<void> check_writable(const fs::path& kernels) {
  auto made = make_dirs(kernels);
  if (made.has_value()) {
    auto probe = TempDir::create(kernels, ".probe-");
    if (probe.has_value()) return {};
    made = std::move(probe).error();
  }
  Error e = std::move(made).error();
  if (e.kind == ErrorKind::disk_full) return e;
  return make_error(ErrorKind::infra, "cannot write to the cache: " + e.message,
                    "set PINRIG_CACHE to a writable directory");
}

Manifest describe(const Request& request, const Toolchain& toolchain, const std::string& key) {
  Manifest m;
  m.key = key;
  m.label = request.label;
  m.arch = model::to_string(request.arch);
  m.version = request.version;
  m.tree = request.tree;
  m.toolchain = toolchain.identity;
  m.recipe = digest(recipe_of(request.arch, request.version));
  m.fragments = request.fragments;
  return m;
}

}  // namespace

Result<Artifact> build_kernel(const Request& request, const WorkContext& ctx) {
  use_cache(ctx.cache);
  PINRIG_TRY(wanted, load_request(ctx.project, request.fragments, request.arch, request.version));
  PINRIG_TRY(toolchain, find_toolchain(request.arch, ctx.token()));
  PINRIG_TRY(sysroot, sysroot_identity(request.sysroot));
  const std::string key =
      artifact_key({request.arch, request.tree, kconfig::to_config_text(wanted), toolchain.identity, sysroot,
                    digest(recipe_of(request.arch, request.version)), request.counted});
  if (auto found = find_for(request, ctx.cache, key)) return *std::move(found);

  const fs::path kernels = ctx.cache / "kernels";
  PINRIG_CHECK(check_writable(kernels));
  PINRIG_TRY(lock, lock_key(kernels, key, ctx));
  if (auto found = find_for(request, ctx.cache, key)) return *std::move(found);
  if (ctx.token().requested()) return cancelled_error();
  Build build(request, ctx, std::move(wanted), toolchain, describe(request, toolchain, key));
  PINRIG_CHECK(build.run());
  auto built = find_for(request, ctx.cache, key);
  if (!built) {
    return make_error(ErrorKind::infra,
                      "the artifact of " + request.label + " vanished right after it was published",
                      "is something removing files from " + kernels.string() + "?");
  }
  built->was_cached = false;
  built->cpu_s = build.cpu_s();
  built->wall_s = build.wall_s();
  return *std::move(built);
}

}  // namespace pinrig::kbuild
