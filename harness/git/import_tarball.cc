// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "git/import.h"
#include "git/tarball.h"

namespace pinrig::git {
namespace {

constexpr const char* kFacts = "pinrig.json";

/// The hash of a large file, remembered under what changes whenever the file does.
Result<std::string> remembered_hash(const fs::path& cache, const fs::path& file) {
  struct stat st = {};
  if (::stat(file.c_str(), &st) != 0) return errno_error("reading " + file.string(), errno);
  const std::string now =
      fmt::format("{} {} {} {} {}.{} {}.{}", file.string(), st.st_dev, st.st_ino, st.st_size,
                  st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
  const fs::path stamp = cache / "sources" / "stamps" / sha256_hex(file.string());
  std::error_code ec;
  if (fs::exists(stamp, ec)) {
    PINRIG_TRY(text, read_file(stamp));
    const auto both = split(text, '\n');
    if (both.size() >= 2 && both[0] == now && both[1].size() == 64) return both[1];
  }
  PINRIG_TRY(hash, sha256_file(file));
  PINRIG_CHECK(make_dirs(stamp.parent_path()));
  PINRIG_CHECK(write_file_atomic(stamp, now + "\n" + hash + "\n"));
  return hash;
}

Result<Source> read_facts(const fs::path& repo) {
  PINRIG_TRY(text, read_file(repo / kFacts));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  Source source;
  source.repo = repo;
  if (json.is_object()) {
    source.commit = json.value("commit", "");
    source.tree = json.value("tree", "");
    source.version = json.value("version", "");
  }
  if (source.commit.size() != 40 || source.tree.size() != 40)
    return make_error(ErrorKind::infra, (repo / kFacts).string() + ": damaged", "delete " + repo.string());
  return source;
}

Result<void> fast_import(const Git& git, const fs::path& repo, const fs::path& tarball,
                         const std::string& name) {
  PINRIG_TRY(stream, TarballStream::open(tarball));
  std::error_code ec;
  const std::uint64_t total = fs::file_size(tarball, ec);
  const std::string what = "importing " + name;
  process::Sinks sinks;
  sinks.in = [&](std::string& piece) {
    git.progress(what, stream.bytes_read(), total);
    return stream.next(piece);
  };
  Call call;
  call.repo = repo;
  // No deltas: they would be tried against the file before, which in a source tree is another file.
  call.args = {"fast-import", "--quiet", "--depth=0"};
  PINRIG_TRY(done, git.run(call, sinks));
  if (stream.error()) return *stream.error();
  if (!process::succeeded(done.status)) return failed(call, done, ErrorKind::infra);
  git.progress(what, total, total);
  return {};
}

}  // namespace

Result<Source> import_tarball(const Git& git, const fs::path& cache, const fs::path& tarball,
                              const std::string& name) {
  std::error_code ec;
  if (!fs::is_regular_file(tarball, ec))
    return make_error(ErrorKind::bad_input, fmt::format("tarball {}: no such file", tarball.string()),
                      "give the path of a kernel source tarball");
  // Measured on kernel sources: the repository takes 2.2 times the .tar.xz. Asked before the hash is made,
  // and again nothing is asked when the repository is there already.
  PINRIG_CHECK(make_dirs(cache / "sources"));
  const fs::path lock_dir = cache / "sources" / "locks";
  const auto need = fs::file_size(tarball, ec) * 3 + (64U << 20);
  const auto roomy = need_space(cache, need, "importing " + name);
  if (roomy.has_error() && !fs::exists(cache / "sources" / "stamps" / sha256_hex(tarball.string()), ec))
    return roomy.error();
  PINRIG_TRY(hash, remembered_hash(cache, tarball));
  const fs::path repo = cache / "sources" / ("tarball-" + hash + ".git");
  if (fs::exists(repo / kFacts, ec)) return read_facts(repo);
  if (roomy.has_error()) return roomy.error();

  PINRIG_TRY(lock, lock_file(lock_dir / (hash + ".lock"), git));
  if (fs::exists(repo / kFacts, ec)) return read_facts(repo);
  const auto fill = [&](const fs::path& unfinished) -> Result<void> {
    PINRIG_CHECK(fast_import(git, unfinished, tarball, name));
    Call call;
    call.repo = unfinished;
    call.args = {"rev-parse", "--verify", "refs/heads/base"};
    PINRIG_TRY(commit, git.text(call));
    auto source = describe(git, unfinished, commit);
    if (source.has_error()) return std::move(source).error().with_context(tarball.string());
    const nlohmann::json facts = {
        {"commit", source->commit}, {"tree", source->tree}, {"version", source->version}};
    return write_file_atomic(unfinished / kFacts, facts.dump(1) + "\n");
  };
  PINRIG_CHECK(publish_repo(git, repo, fill));
  return read_facts(repo);
}

}  // namespace pinrig::git
