// SPDX-License-Identifier: GPL-2.0
// Locations and names of the project's files. Private to spec.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "spec/reader.h"

namespace pinrig::spec {

/// One kind of file: FOLDER/NAME + suffix.
struct Place {
  std::string what;    ///< "machine"
  std::string folder;  ///< below the project: "configs/machines"
  std::string suffix;  ///< ".yaml", or "/suite.yaml" for a folder each
};

const Place& run_place();
const Place& night_place();
const Place& base_place();
const Place& series_place();
const Place& machine_place();
const Place& suite_place();
const Place& fragment_place();
const Place& expectations_place();
const Place& known_issue_place();
const Place& policy_place();

/// All names, sorted.
std::vector<std::string> names_in(const fs::path& project, const Place& place);
/// The file, or bad_input that lists all names and the nearest one.
Result<fs::path> find_named(const fs::path& project, const Place& place, const std::string& name);
/// The same for a name in a file: the error has its position.
void check_named(Reader& r, const Node& n, const std::string& key, const fs::path& project,
                 const Place& place);

/// True for "./x.yaml", "/x" and "x.yaml": a path rather than a name.
bool is_path(const std::string& name);
/// A path written in `file`: absolute, relative ones count from the file's folder.
fs::path beside(const fs::path& file, const std::string& path);
/// An error at n unless `path` exists; names the nearest file of its folder.
void check_exists(Reader& r, const Node& n, const std::string& key, const fs::path& path);

}  // namespace pinrig::spec
