// SPDX-License-Identifier: GPL-2.0
#include "kbuild/artifact.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/cache_use.h"
#include "base/hash.h"
#include "base/text.h"
#include "kbuild/build_log.h"
#include "kbuild/code.h"
#include "kbuild/make.h"

namespace pinrig::kbuild {
namespace {

using json = nlohmann::json;

constexpr const char* manifest_name = "manifest.json";
constexpr const char* verified_name = "verified";

/// Path below `dir` -> {"size", "sha256"}.
Result<std::map<std::string, json>> describe_files(const fs::path& dir) {
  std::map<std::string, json> files;
  std::vector<fs::path> found;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->is_regular_file(ec) && !ec) found.push_back(it->path());
  }
  if (ec) return errno_error("reading " + dir.string(), ec.value());
  std::sort(found.begin(), found.end());
  for (const auto& path : found) {
    const auto size = fs::file_size(path, ec);
    if (ec) return errno_error("reading " + path.string(), ec.value());
    PINRIG_TRY(hash, sha256_file(path));
    files[path.lexically_relative(dir).string()] = {{"size", size}, {"sha256", hash}};
  }
  return files;
}

/// What changes whenever a file does, over all files of a manifest; empty when one has not the size that it
/// should.
std::string state_of(const fs::path& dir, const json& files) {
  Sha256 state;
  for (const auto& [name, about] : files.items()) {
    struct stat st = {};
    const bool there = ::stat((dir / name).c_str(), &st) == 0;
    if (!there || st.st_size != about.at("size").get<off_t>()) return "";
    state.field(name).field(fmt::format("{} {}.{}", st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec));
  }
  return state.hex();
}

/// A cache on a read-only disk is hashed each time.
void remember_verified(const fs::path& dir, const std::string& state) {
  static_cast<void>(write_file_atomic(dir / verified_name, state + "\n").has_value());
}

bool files_match(const fs::path& dir, const json& files) {
  const std::string state = state_of(dir, files);
  if (state.empty()) return false;
  const auto verified = read_file(dir / verified_name);
  if (verified.has_value() && trim(*verified) == state) return true;
  for (const auto& [name, about] : files.items()) {
    const auto hash = sha256_file(dir / name);
    if (hash.has_error() || *hash != about.at("sha256").get<std::string>()) return false;
  }
  remember_verified(dir, state);
  return true;
}

Artifact describe(const fs::path& dir, const json& manifest) {
  Artifact a;
  a.key = manifest.at("key");
  a.dir = dir;
  a.image = dir / "image";
  a.vmlinux = dir / "vmlinux";
  a.config = dir / "config";
  a.selftests = dir / "selftests";
  a.notes = dir / "notes";
  a.log = dir / "build.log";
  return a;
}

std::vector<std::string> untested_of(const std::string& arch, const std::vector<std::string>& files) {
  std::vector<std::string> out;
  const auto known = model::arch_from_string(arch);
  for (const auto& file : files) {
    const auto why = known ? outside_vmlinux(*known, file) : std::string();
    if (!why.empty()) out.push_back(file + ": " + why);
  }
  return out;
}

}  // namespace

std::string artifact_key(const KeyInputs& in) {
  Sha256 hash;
  hash.field(in.recipe)
      .field(model::to_string(in.arch))
      .field(in.tree)
      .field(in.config)
      .field(in.toolchain)
      .field(in.sysroot);
  for (const auto& variable : gcov_variables(in.counted, in.arch)) hash.field(variable);
  return hash.hex();
}

std::optional<Artifact> find_artifact(const fs::path& cache, const std::string& key,
                                      const std::vector<std::string>& series_files) {
  const fs::path dir = cache / "kernels" / key;
  const auto text = read_file(dir / manifest_name);
  if (text.has_error()) return std::nullopt;
  try {
    const json manifest = json::parse(text.value());
    if (manifest.at("key") != key || !files_match(dir, manifest.at("files"))) return std::nullopt;
    Artifact a = describe(dir, manifest);
    a.warnings = warnings_in(manifest.at("warnings").get<std::vector<std::string>>(), series_files);
    a.untested = untested_of(manifest.at("arch").get<std::string>(), series_files);
    a.was_cached = true;
    mark_used(dir);
    return a;
  } catch (const json::exception&) {
    return std::nullopt;  // not ours, or truncated: treated as missing
  }
}

Result<void> publish(const fs::path& staged, const fs::path& cache, const Manifest& m) {
  PINRIG_TRY(files, describe_files(staged));
  const json manifest = {{"key", m.key},         {"label", m.label},         {"arch", m.arch},
                         {"version", m.version}, {"tree", m.tree},           {"toolchain", m.toolchain},
                         {"recipe", m.recipe},   {"fragments", m.fragments}, {"warnings", m.warnings},
                         {"cpu_s", m.cpu_s},     {"wall_s", m.wall_s},       {"files", files}};
  PINRIG_CHECK(write_file_atomic(staged / manifest_name, manifest.dump(2) + "\n"));
  remember_verified(staged, state_of(staged, manifest.at("files")));
  const fs::path place = cache / "kernels" / m.key;
  std::error_code ec;
  fs::remove_all(place, ec);
  if (ec) return errno_error("removing the broken artifact " + place.string(), ec.value());
  return pinrig::publish(staged, place);
}

}  // namespace pinrig::kbuild
