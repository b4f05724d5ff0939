// SPDX-License-Identifier: GPL-2.0
#include "git/import.h"

#include <fmt/format.h>

#include <algorithm>

#include "apt/source_package.h"
#include "base/cache_use.h"
#include "base/hash.h"
#include "base/text.h"

namespace pinrig::git {
namespace {

/// The value of "NAME = value" in a Makefile; empty when missing.
std::string_view make_value(std::string_view line, std::string_view name) {
  if (!line.starts_with(name)) return {};
  line = trim(line.substr(name.size()));
  if (!line.starts_with('=')) return {};
  return trim(line.substr(1));
}

}  // namespace

std::string version_of_makefile(std::string_view makefile) {
  std::string version;
  std::string patchlevel;
  std::string sublevel;
  for (const auto line : lines(makefile)) {
    if (version.empty()) version = make_value(line, "VERSION");
    if (patchlevel.empty()) patchlevel = make_value(line, "PATCHLEVEL");
    if (sublevel.empty()) sublevel = make_value(line, "SUBLEVEL");
  }
  if (version.empty() || patchlevel.empty()) return {};
  return sublevel.empty() ? fmt::format("{}.{}", version, patchlevel)
                          : fmt::format("{}.{}.{}", version, patchlevel, sublevel);
}

Result<Source> describe(const Git& git, const fs::path& repo, const std::string& commit) {
  Source source;
  source.repo = repo;
  source.commit = commit;
  Call call;
  call.repo = repo;
  call.args = {"rev-parse", "--verify", "--quiet", commit + "^{tree}"};
  PINRIG_TRY(tree, git.text(call));
  source.tree = tree;
  call.args = {"cat-file", "blob", commit + ":Makefile"};
  PINRIG_TRY(makefile, git.run(call));
  source.version = process::succeeded(makefile.status) ? version_of_makefile(makefile.out) : "";
  if (source.version.empty())
    return make_error(ErrorKind::bad_input,
                      "not a kernel source: no Makefile with VERSION and PATCHLEVEL at its top");
  return source;
}

Result<fs::path> debian_tarball(const std::string& package, const fs::path& root) {
  const bool valid = !package.empty() && std::all_of(package.begin(), package.end(), [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '.' || c == '+' || c == '-';
  });
  if (!valid)
    return make_error(ErrorKind::bad_input, fmt::format("'{}' is not the name of a Debian package", package));
  for (const char* suffix : {".tar.xz", ".tar.zst", ".tar.bz2", ".tar.gz"}) {
    fs::path path = root / (package + suffix);
    std::error_code ec;
    if (fs::is_regular_file(path, ec)) return path;
  }
  return make_error(ErrorKind::missing_tool,
                    fmt::format("{} does not exist", (root / (package + ".tar.xz")).string()),
                    "apt install " + package);
}

Result<void> publish_repo(const Git& git, const fs::path& repo,
                          const std::function<Result<void>(const fs::path& unfinished)>& fill) {
  // The caller holds the lock of this repository, so what a killed import left behind has no owner.
  const std::string prefix = ".unfinished-" + repo.filename().string() + "-";
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(repo.parent_path(), ec)) {
    if (entry.path().filename().string().starts_with(prefix)) fs::remove_all(entry.path(), ec);
  }
  PINRIG_TRY(temp, TempDir::create(repo.parent_path(), prefix));
  PINRIG_CHECK(init_bare(git, temp.path()));
  PINRIG_CHECK(fill(temp.path()));
  fs::rename(temp.path(), repo, ec);
  if (ec) return errno_error("publishing " + repo.string(), ec.value());
  temp.keep();
  return {};
}

Result<Source> import_base(const model::KernelBase& base, const WorkContext& ctx) {
  struct Visitor {
    const Git& git;
    const WorkContext& ctx;
    const std::string& name;
    Result<Source> operator()(const model::KernelBase::Debian& d) const {
      if (d.suite.empty()) {
        PINRIG_TRY(tarball, debian_tarball(d.package, "/usr/src"));
        return import_tarball(git, ctx.cache, tarball, d.package);
      }
      PINRIG_TRY(fetched, apt::source_package(d.package, d.suite, ctx));
      return import_tarball(git, ctx.cache, fetched.tarball, d.package + " " + fetched.version);
    }
    Result<Source> operator()(const model::KernelBase::Git& g) const { return import_git(git, ctx.cache, g); }
    Result<Source> operator()(const model::KernelBase::Tarball& t) const {
      return import_tarball(git, ctx.cache, t.path, fs::path(t.path).filename().string());
    }
  };
  PINRIG_TRY(git, Git::open(ctx));
  auto source = std::visit(Visitor{git, ctx, base.name}, base.source);
  if (source.has_error()) {
    const std::string at = base.where.line > 0 ? model::to_string(base.where) + ": " : "";
    return std::move(source).error().with_context(fmt::format("{}base {}", at, base.name));
  }
  source->name = base.name;
  mark_used(source->repo);
  return source;
}

Result<std::string> show_file(const Source& source, const std::string& commit, const std::string& path,
                              const WorkContext& ctx) {
  PINRIG_TRY(git, Git::open(ctx));
  Call call;
  call.repo = source.repo;
  call.args = {"cat-file", "blob", commit + ":" + path};
  PINRIG_TRY(done, git.run(call));
  if (process::succeeded(done.status)) return std::move(done.out);
  return make_error(ErrorKind::bad_input,
                    fmt::format("no file {} in {} at {}: {}", path, source.name, commit, trim(done.err)));
}

}  // namespace pinrig::git
