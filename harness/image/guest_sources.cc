// SPDX-License-Identifier: GPL-2.0
#include "image/guest_sources.h"

#include <set>

#include "base/hash.h"
#include "base/text.h"

namespace pinrig::image {
namespace {

/// Parts of guest-tests/ that no guest program is compiled from: the probe is built by vm/probe_guest.cc.
bool is_source(const fs::path& below) {
  static const std::set<std::string> kinds{".c", ".cc", ".h", ".inc", ".cmake", ".txt"};
  if (*below.begin() == "probe" || below.stem().string().ends_with("_test")) return false;
  return kinds.contains(below.extension().string()) || below.filename() == "suite.yaml";
}

Result<void> read_into(GuestSources& out, const fs::path& project, const std::string& name) {
  PINRIG_TRY(text, read_file(project / name));
  out.emplace(name, fs::path(name).filename() == "suite.yaml" ? std::string() : std::move(text));
  return {};
}

/// The headers of the harness that `text` includes, by the names that they have below it: "wire/frame.h".
std::set<std::string> quoted_includes(const std::string& text) {
  constexpr std::string_view mark = "#include \"";
  std::set<std::string> names;
  for (const std::string_view line : lines(text)) {
    if (!line.starts_with(mark)) continue;
    const auto rest = line.substr(mark.size());
    names.emplace(rest.substr(0, rest.find('"')));
  }
  return names;
}

/// Adds what `sources` include of the harness, and what that includes. A name that the harness does not have
/// is one of guest-tests/ or an error that the compiler reports.
Result<void> add_headers(GuestSources& sources, const fs::path& project) {
  std::set<std::string> seen;
  std::vector<std::string> todo;
  for (const auto& [name, text] : sources) todo.push_back(name);
  while (!todo.empty()) {
    const std::string text = sources.at(todo.back());
    todo.pop_back();
    for (const auto& include : quoted_includes(text)) {
      const std::string name = "harness/" + include;
      std::error_code ec;
      if (!seen.insert(name).second || sources.contains(name) || !fs::is_regular_file(project / name, ec))
        continue;
      PINRIG_CHECK(read_into(sources, project, name));
      todo.push_back(name);
    }
  }
  return {};
}

/// Every regular file below `folder`, relative to it.
Result<std::set<std::string>> files_below(const fs::path& folder) {
  std::set<std::string> found;
  std::error_code ec;
  fs::recursive_directory_iterator it(folder, ec);
  for (; !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    if (it->is_regular_file(ec)) found.insert(it->path().lexically_relative(folder).string());
  }
  if (ec) return errno_error("reading " + folder.string(), ec.value());
  return found;
}

}  // namespace

Result<GuestSources> read_guest_sources(const fs::path& project) {
  GuestSources sources;
  PINRIG_TRY(files, files_below(project / "guest-tests"));
  for (const auto& file : files) {
    if (is_source(file)) PINRIG_CHECK(read_into(sources, project, "guest-tests/" + file));
  }
  // The one file of the harness that is compiled into the agent: guest-tests/cmake/programs.cmake.
  const std::string frame = "harness/wire/frame.cc";
  std::error_code ec;
  if (fs::exists(project / frame, ec)) PINRIG_CHECK(read_into(sources, project, frame));
  PINRIG_CHECK(add_headers(sources, project));
  return sources;
}

std::string hash_of(const GuestSources& sources) {
  Sha256 hash;
  for (const auto& [name, text] : sources) hash.field(name).field(text);
  return hash.hex();
}

Result<void> mirror_sources(const GuestSources& sources, const fs::path& folder) {
  PINRIG_CHECK(make_dirs(folder));
  PINRIG_TRY(there, files_below(folder));
  std::error_code ec;
  for (const auto& name : there) {
    if (sources.contains(name)) continue;
    fs::remove(folder / name, ec);
    // A folder without files would still be a suite to CMake's glob.
    if (fs::is_empty((folder / name).parent_path(), ec)) fs::remove((folder / name).parent_path(), ec);
  }
  for (const auto& [name, text] : sources) {
    if (there.contains(name)) {
      const auto before = read_file(folder / name);
      if (before.has_value() && *before == text) continue;
    }
    PINRIG_CHECK(make_dirs((folder / name).parent_path()));
    PINRIG_CHECK(write_file_atomic(folder / name, text));
  }
  return {};
}

}  // namespace pinrig::image
