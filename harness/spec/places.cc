// SPDX-License-Identifier: GPL-2.0
#include "spec/places.h"

#include <algorithm>

#include "base/text.h"

namespace pinrig::spec {
namespace {

/// A name becomes part of a path: it must not lead out of its folder.
bool safe(const std::string& name) {
  return !name.empty() && name[0] != '/' && name[0] != '.' && name[0] != '-' &&
         name.find("..") == std::string::npos && name.find('\0') == std::string::npos;
}

std::string missing_text(const fs::path& project, const Place& place, const std::string& name,
                         std::string& hint) {
  const auto known = names_in(project, place);
  hint = known.empty() ? fmt::format("no {} under {}", place.what, shown_path(project / place.folder))
                       : fmt::format("available: {}", join(known, ", "));
  if (!safe(name)) return fmt::format("'{}' is not a valid {} name", name, place.what);
  return fmt::format("no {} '{}': {} does not exist{}", place.what, name,
                     shown_path(project / place.folder / (name + place.suffix)), did_you_mean(name, known));
}

}  // namespace

const Place& run_place() {
  static const Place p{"run", "configs/runs", ".yaml"};
  return p;
}
const Place& night_place() {
  static const Place p{"night", "configs/nights", ".yaml"};
  return p;
}
const Place& base_place() {
  static const Place p{"kernel", "kernels", ".yaml"};
  return p;
}
const Place& series_place() {
  static const Place p{"series", "kernels/series", "/series.yaml"};
  return p;
}
const Place& machine_place() {
  static const Place p{"machine", "configs/machines", ".yaml"};
  return p;
}
const Place& suite_place() {
  static const Place p{"suite", "guest-tests", "/suite.yaml"};
  return p;
}
const Place& fragment_place() {
  static const Place p{"fragment", "configs/fragments", ".config"};
  return p;
}
const Place& expectations_place() {
  static const Place p{"expectations", "configs/expectations", ".yaml"};
  return p;
}
const Place& policy_place() {
  static const Place p{"splat policy", "configs/policy", ".yaml"};
  return p;
}
const Place& known_issue_place() {
  static const Place p{"known issue", "configs/known-issues", ".yaml"};
  return p;
}

std::vector<std::string> names_in(const fs::path& project, const Place& place) {
  std::vector<std::string> out;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(project / place.folder, ec)) {
    const std::string name = entry.path().filename().string();
    if (place.suffix[0] == '/') {
      if (fs::exists(entry.path() / place.suffix.substr(1), ec)) out.push_back(name);
    } else if (name.size() > place.suffix.size() && name.ends_with(place.suffix)) {
      out.push_back(name.substr(0, name.size() - place.suffix.size()));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<fs::path> find_named(const fs::path& project, const Place& place, const std::string& name) {
  std::error_code ec;
  const fs::path file = project / place.folder / (name + place.suffix);
  if (safe(name) && fs::is_regular_file(file, ec)) return file;
  std::string hint;
  std::string text = missing_text(project, place, name, hint);
  return make_error(ErrorKind::bad_input, std::move(text), std::move(hint));
}

void check_named(Reader& r, const Node& n, const std::string& key, const fs::path& project,
                 const Place& place) {
  const std::string name = r.text(n, key);
  std::error_code ec;
  if (!r.ok() || (safe(name) && fs::is_regular_file(project / place.folder / (name + place.suffix), ec)))
    return;
  std::string hint;
  std::string text = missing_text(project, place, name, hint);
  r.fail(n, fmt::format("{}: {}", key, text), std::move(hint));
}

bool is_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".yaml");
}

fs::path beside(const fs::path& file, const std::string& path) {
  return (fs::absolute(file).parent_path() / path).lexically_normal();
}

void check_exists(Reader& r, const Node& n, const std::string& key, const fs::path& path) {
  std::error_code ec;
  if (!r.ok() || fs::exists(path, ec)) return;
  const fs::path folder = path.has_filename() ? path.parent_path() : path.parent_path().parent_path();
  std::vector<std::string> known;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    known.push_back(entry.path().filename().string());
  std::sort(known.begin(), known.end());
  r.fail(n,
         fmt::format("{}: {} does not exist{}", key, shown_path(path),
                     did_you_mean(path.filename().string(), known)),
         fmt::format("relative paths are relative to the folder of {}", r.file()));
}

}  // namespace pinrig::spec
