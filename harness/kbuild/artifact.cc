// SPDX-License-Identifier: GPL-2.0
#include "kbuild/artifact.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "kbuild/build_log.h"
#include "kbuild/recipe.h"

namespace pinrig::kbuild {
namespace {

using json = nlohmann::json;

constexpr const char* manifest_name = "manifest.json";

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

bool files_match(const fs::path& dir, const json& files) {
  for (const auto& [name, about] : files.items()) {
    std::error_code ec;
    const auto size = fs::file_size(dir / name, ec);
    if (ec || size != about.at("size").get<std::uintmax_t>()) return false;
  }
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
  return a;
}

}  // namespace

std::string artifact_key(const KeyInputs& in) {
  return Sha256()
      .field(recipe_version)
      .field(model::to_string(in.arch))
      .field(in.tree)
      .field(in.config)
      .field(in.toolchain)
      .field(in.sysroot)
      .hex();
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
    a.was_cached = true;
    return a;
  } catch (const json::exception&) {
    return std::nullopt;  // not ours, or cut short: as good as not there
  }
}

Result<void> publish(const fs::path& staged, const fs::path& cache, const Manifest& m) {
  PINRIG_TRY(files, describe_files(staged));
  const json manifest = {{"key", m.key},
                         {"label", m.label},
                         {"arch", m.arch},
                         {"version", m.version},
                         {"tree", m.tree},
                         {"toolchain", m.toolchain},
                         {"recipe", recipe_version},
                         {"fragments", m.fragments},
                         {"warnings", m.warnings},
                         {"cpu_s", m.cpu_s},
                         {"wall_s", m.wall_s},
                         {"files", files}};
  PINRIG_CHECK(write_file_atomic(staged / manifest_name, manifest.dump(2) + "\n"));
  const fs::path place = cache / "kernels" / m.key;
  std::error_code ec;
  fs::remove_all(place, ec);
  if (ec) return errno_error("removing the broken artifact " + place.string(), ec.value());
  fs::rename(staged, place, ec);
  if (ec) return errno_error("publishing " + place.string(), ec.value());
  return {};
}

}  // namespace pinrig::kbuild
