// SPDX-License-Identifier: GPL-2.0
#include "kbuild/make.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>

#include "base/environment.h"
#include "base/text.h"

namespace pinrig::kbuild {

namespace {

/// Each name that a Makefile may use for the object: "fs/ext4/inode.o", "ext4/inode.o", "inode.o".
std::vector<std::string> names_of(const std::string& object) {
  std::vector<std::string> out{object};
  for (std::size_t at = object.find('/'); at != std::string::npos; at = object.find('/', at + 1))
    out.push_back(object.substr(at + 1));
  return out;
}

/// As the kernel's own, but always with atomic updates. gcov derives most numbers from a few counters: an
/// update that another CPU or an interrupt overwrites would make lines run that never did. arm64 kernels
/// have no library with the functions that gcc calls for atomics.
std::string gcov_flags(model::Arch arch) {
  return std::string("CFLAGS_GCOV=-fprofile-arcs -ftest-coverage -fno-tree-loop-im -fprofile-update=atomic") +
         (arch == model::Arch::aarch64 ? " -mno-outline-atomics" : "");
}

}  // namespace

std::vector<std::string> gcov_variables(const std::vector<std::string>& counted, model::Arch arch) {
  std::map<std::string, std::set<std::string>> objects;  // by a name that they have
  for (const auto& file : counted) {
    const std::string object = fs::path(file).replace_extension(".o").string();
    for (const auto& name : names_of(object)) objects[name].insert({object, "%/" + object});
  }
  std::vector<std::string> out;
  if (!objects.empty()) out.push_back(gcov_flags(arch));
  for (const auto& [name, of_name] : objects)
    out.push_back(fmt::format("GCOV_PROFILE_{}=$(if $(filter {},$@),$(if $(filter n%,$(GCOV_PROFILE)),,y))",
                              name, join({of_name.begin(), of_name.end()}, " ")));
  return out;
}

process::Command make_command(const Tree& tree, const std::vector<std::string>& targets, int jobs) {
  process::Command c;
  // -fmacro-prefix-map: with CCACHE_BASEDIR the compiler sees "../../worktrees/x/mm/gup.c"; a WARNING of
  // the kernel must say mm/gup.c, as it does without ccache.
  const auto way = tree.source.lexically_relative(tree.objdir);
  c.argv = {"make", "-C", tree.source.string(), "--no-print-directory", fmt::format("-j{}", jobs),
            "O=" + tree.objdir.string(), fmt::format("ARCH={}", model::kernel_arch(tree.arch)),
            "CROSS_COMPILE=" + tree.toolchain.prefix, "CC=" + tree.toolchain.make_cc(),
            "KCPPFLAGS=-fmacro-prefix-map=" + way.string() + "/=",
            // Set but empty: a git checkout then adds no "+" to the release.
            "LOCALVERSION="};
  const auto variables = gcov_variables(tree.counted, tree.arch);
  c.argv.insert(c.argv.end(), variables.begin(), variables.end());
  c.argv.insert(c.argv.end(), targets.begin(), targets.end());
  c.env = {{"LC_ALL", "C"},
           {"KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 2026"},
           {"KBUILD_BUILD_USER", "pinrig"},
           {"KBUILD_BUILD_HOST", "pinrig"},
           {"KBUILD_BUILD_VERSION", "1"},
           {"CCACHE_BASEDIR", tree.cache.string()},
           // On a miss ccache would run the preprocessor by itself first, to look for the same text in its
           // cache: an eighth of a cold build. What that finds, fixdep finds as well in a build directory
           // that is used again.
           {"CCACHE_DEPEND", "1"}};
  if (!environment("CCACHE_DIR")) c.env["CCACHE_DIR"] = (tree.cache / "ccache").string();
  c.inherit = process::build_variables();
  return c;
}

Error make_failed(const BuildReason& reason, const std::string& kernel, const fs::path& log) {
  const std::string why = reason.shown.empty() ? "make failed without a message" : reason.shown;
  Error e = make_error(ErrorKind::build_failed, fmt::format("{}: {}", kernel, why));
  e.build = BuildFailure{.log = log,
                         .file = reason.file,
                         .line = reason.line,
                         .message = reason.text.empty() ? why : reason.text};
  return e;
}

Result<Made> run_make(const MakeRun& run, const CancelToken& cancel) {
  UniqueFd log(::open(run.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!log) return errno_error("opening " + run.log.string(), errno);
  auto command = make_command(run.tree, run.targets, run.jobs);
  Made made{false, BuildLog(run.tree.source.string(), run.tree.objdir.string()), 0};
  Result<void> logged = write_all(log.get(), "$ " + shell_line(command.argv) + "\n", run.log);
  const auto take = [&](std::string_view piece, BuildLog::Stream stream) {
    if (logged.has_value()) logged = write_all(log.get(), piece, run.log);
    const int before = made.log.steps();
    made.log.add(piece, stream);
    if (run.on_step && made.log.steps() != before) run.on_step(made.log.steps());
  };
  using Stream = BuildLog::Stream;
  PINRIG_TRY(done, process::run(command, cancel,
                                {[&](std::string_view piece) { take(piece, Stream::out); },
                                 [&](std::string_view piece) { take(piece, Stream::err); }}));
  made.log.finish();
  if (std::holds_alternative<process::Cancelled>(done.status)) return cancelled_error();
  PINRIG_CHECK(logged);
  made.cpu_s = done.cpu_s;
  made.ok = process::succeeded(done.status);
  if (!made.ok && made.log.disk_full()) {
    return make_error(
        ErrorKind::disk_full, "no space left on the disk of " + run.tree.objdir.string(),
        "free some space (a kernel needs about 1 GiB to build), or set PINRIG_CACHE to a larger disk");
  }
  return made;
}

}  // namespace pinrig::kbuild
