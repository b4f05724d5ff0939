// SPDX-License-Identifier: GPL-2.0
#include "apt/source_package.h"

#include <fmt/format.h>

#include <algorithm>

#include "apt/apt_command.h"
#include "base/cache_use.h"
#include "base/environment.h"
#include "base/text.h"
#include "process/process.h"

namespace pinrig::apt {
namespace {

constexpr const char* kKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A new fetch, with all that its steps share.
class Fetch {
 public:
  Fetch(const std::string& package, const std::string& suite, fs::path dir, const WorkContext& ctx)
      : package_(package), suite_(suite), dir_(std::move(dir)), ctx_(ctx) {}

  /// The tarball, in a directory of ours, and the package's version.
  Result<SourcePackage> run() {
    PINRIG_TRY(archives, candidates());
    for (const char* sub : {"state/lists/partial", "cache/archives/partial", "deb", "files"})
      PINRIG_CHECK(make_dirs(dir_ / sub));
    PINRIG_CHECK(write_file_atomic(dir_ / "status", ""));
    PINRIG_CHECK(write_file_atomic(dir_ / "apt.conf", settings()));
    PINRIG_CHECK(update(archives));
    PINRIG_CHECK(must_have());
    PINRIG_TRY(download, fetch());
    return unpack(download);
  }

 private:
  Result<std::vector<Archive>> candidates() {
    PINRIG_TRY(listed, call(targets_argv()));
    auto sites = mirrors(listed.out, suite_);
    const auto given = environment("PINRIG_MIRROR");
    if (given && given->find("://") != std::string::npos && given->find(' ') == std::string::npos &&
        !suite_.ends_with("-security"))
      sites.insert(sites.begin(), *given);
    if (sites.empty()) {
      return make_error(
          ErrorKind::missing_tool,
          fmt::format("apt knows no mirror of Debian with the suite {} (`apt-get indextargets`)", suite_),
          "run `apt-get update` once, set a mirror of Debian in PINRIG_MIRROR, or give the source as a "
          "tarball");
    }
    std::error_code ec;
    const fs::path keyring = fs::exists(kKeyring, ec) ? kKeyring : "";
    std::vector<Archive> out;
    for (const auto& site : sites) out.push_back({site, suite_, keyring});
    out.push_back({old_mirror(suite_), suite_, keyring, true});
    return out;
  }

  /// The first archive that has the suite; only "no such suite" makes the next one be asked. What the
  /// archive of old releases says is no reason: a suite that was never there is what people mistype.
  Result<void> update(const std::vector<Archive>& archives) {
    std::string absent;
    for (const auto& archive : archives) {
      archive_ = archive;
      PINRIG_CHECK(write_file_atomic(dir_ / "sources.list", sources_line(archive)));
      tell(fmt::format("reading {} of {}", suite_, archive.mirror));
      PINRIG_TRY(done, call(apt("apt-get", {"update"})));
      if (process::succeeded(done.status)) return {};
      const std::string said = done.err + done.out;
      const bool is_absent = classify(said) == Failure::no_suite;
      if (is_absent && absent.empty()) absent = said;
      if (!is_absent && !archive.archived) return explain(said, archive.mirror);
    }
    return explain(absent, archives.front().mirror);
  }

  Result<void> must_have() {
    PINRIG_TRY(names, call(apt("apt-cache", {"pkgnames", "linux-source-"})));
    const auto known = kernel_sources(names.out);
    if (std::find(known.begin(), known.end(), package_) != known.end()) return {};
    return make_error(ErrorKind::bad_input,
                      fmt::format("{} has no package {} in the suite {}{}", archive_.mirror, package_, suite_,
                                  did_you_mean(package_, known)),
                      known.empty() ? "the suite has no linux-source-* package: name another suite"
                                    : "it has " + join(known, ", "));
  }

  Result<Download> fetch() {
    PINRIG_TRY(uri, call(apt("apt-get", {"download", "--print-uris", package_})));
    const auto download = parse_uri(uri.out);
    if (!process::succeeded(uri.status) || !download) return explain(uri.err + uri.out, archive_.mirror);
    // The package, what is unpacked of it, and the documentation in it.
    PINRIG_TRY(free, free_bytes(dir_));
    if (free < download->bytes * 2 + (64U << 20)) {
      return make_error(ErrorKind::disk_full,
                        fmt::format("{} {} needs {} in {}, but only {} is free", package_, download->version,
                                    human_bytes(download->bytes * 2), ctx_.cache.string(), human_bytes(free)),
                        "free some space, or point PINRIG_CACHE at a larger disk");
    }
    tell(fmt::format("fetching {} {} ({})", package_, download->version, human_bytes(download->bytes)));
    PINRIG_TRY(done, call(apt("apt-get", {"download", package_}), dir_ / "deb"));
    if (!process::succeeded(done.status)) return explain(done.err + done.out, archive_.mirror);
    return *download;
  }

  Result<SourcePackage> unpack(const Download& download) {
    tell(fmt::format("unpacking {} {}", package_, download.version));
    PINRIG_TRY(done, call({"dpkg-deb", "--extract", (dir_ / "deb" / download.file).string(),
                           (dir_ / "files").string()}));
    const fs::path tarball = dir_ / "files/usr/src" / (package_ + ".tar.xz");
    std::error_code ec;
    if (process::succeeded(done.status) && fs::is_regular_file(tarball, ec))
      return SourcePackage{tarball, download.version};
    return make_error(
        ErrorKind::infra,
        fmt::format("{}: no usr/src/{}.tar.xz in it{}", download.file, package_, reasons(done.err)),
        "give the source as a tarball: source: {tarball: FILE}");
  }

  Error explain(const std::string& said, const std::string& mirror) const {
    const std::string what = fmt::format("fetching {} from the suite {} of {}: apt failed:{}", package_,
                                         suite_, mirror, reasons(said));
    const std::string without = "; or give the source as a tarball: source: {tarball: FILE}";
    switch (classify(said)) {
      case Failure::no_suite:
        return make_error(ErrorKind::bad_input, what,
                          "correct `suite`: the mirror has no such suite" + without);
      case Failure::not_verified:
        return make_error(ErrorKind::infra, what,
                          "nothing was used; a newer debian-archive-keyring may have the key" + without);
      case Failure::network:
        return make_error(
            ErrorKind::infra, what,
            "check the connection and apt's proxy settings, or set a mirror that can be reached "
            "in PINRIG_MIRROR" +
                without);
      case Failure::no_space:
        return make_error(ErrorKind::disk_full, what,
                          "free some space, or point PINRIG_CACHE at a larger disk");
      case Failure::other:
        break;
    }
    return make_error(ErrorKind::infra, what, "run `apt-get update` to see whether apt works" + without);
  }

  std::vector<std::string> apt(const std::string& program, const std::vector<std::string>& args) const {
    return private_argv(program, dir_, archive_, args);
  }

  Result<process::Finished> call(const std::vector<std::string>& argv, const fs::path& cwd = {}) const {
    if (process::find_program(argv[0]).empty()) {
      return make_error(
          ErrorKind::missing_tool,
          fmt::format("{} is not installed: it fetches {} from Debian's suite {}", argv[0], package_, suite_),
          "on a system without apt give the source as a tarball or a repository: source: "
          "{tarball: FILE}, source: {git: {url: URL, rev: REV}}");
    }
    process::Command command;
    command.argv = argv;
    command.cwd = cwd;
    command.env = {{"LC_ALL", "C"}, {"DEBIAN_FRONTEND", "noninteractive"}};
    command.unset = {"APT_CONFIG", "LANGUAGE"};
    PINRIG_TRY(done, process::run(command, ctx_.token()));
    if (std::holds_alternative<process::Cancelled>(done.status)) return cancelled_error();
    return done;
  }

  void tell(const std::string& what) const { ctx_.tell({.what = what}); }

  const std::string& package_;
  const std::string& suite_;
  fs::path dir_;
  Archive archive_ = {};
  const WorkContext& ctx_;
};

Result<SourcePackage> cached(const fs::path& tarball, const fs::path& version) {
  PINRIG_TRY(text, read_file(version));
  return SourcePackage{tarball, std::string(trim(text))};
}

bool is_cached(const fs::path& tarball, const fs::path& version) {
  std::error_code ec;
  return fs::is_regular_file(tarball, ec) && fs::is_regular_file(version, ec);
}

}  // namespace

Result<SourcePackage> source_package(const std::string& package, const std::string& suite,
                                     const WorkContext& ctx) {
  use_cache(ctx.cache);
  const fs::path folder = ctx.cache / "debian" / suite;
  const fs::path tarball = folder / (package + ".tar.xz");
  const fs::path version = folder / (package + ".version");
  if (is_cached(tarball, version)) return cached(tarball, version);
  PINRIG_CHECK(make_dirs(folder));
  LockOptions options{.cancel_fd = ctx.token().fd()};
  options.on_wait = [&ctx](const LockWait& wait) {
    ctx.tell({.what = to_string(wait), .elapsed_s = wait.waited_s});
  };
  PINRIG_TRY(lock, FileLock::acquire(folder / (package + ".lock"), options));
  if (is_cached(tarball, version)) return cached(tarball, version);
  // The lock is ours, so what a killed fetch left behind has no owner.
  const std::string prefix = ".unfinished-" + package + "-";
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    if (entry.path().filename().string().starts_with(prefix)) fs::remove_all(entry.path(), ec);
  }
  PINRIG_TRY(temp, TempDir::create(folder, prefix));
  PINRIG_TRY(fetched, Fetch(package, suite, temp.path(), ctx).run());
  PINRIG_CHECK(write_file_atomic(version, fetched.version + "\n"));
  fs::remove(tarball, ec);
  PINRIG_CHECK(publish(fetched.tarball, tarball));
  return cached(tarball, version);
}

}  // namespace pinrig::apt
