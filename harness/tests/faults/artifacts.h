// SPDX-License-Identifier: GPL-2.0
// The kinds of files that pinrig reads back.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"

namespace pinrig::faults {

enum class Damage { missing, empty, cut, zeroed, garbage, foreign, folder, unreadable };

struct Artifact {
  std::string name;
  std::string words;     ///< "the manifest of a kernel"
  std::string reported;  ///< what is said of a damaged one
  std::string survives;
  std::string foreign;  ///< content of another version or program
  std::function<void(const fs::path& dir)> make;
  std::function<fs::path(const fs::path& dir)> file;
  std::function<void(const fs::path& dir, Damage how)> check;
  std::set<Damage> not_for = {};  ///< ways that mean nothing here
};

std::vector<Artifact> artifacts();

}  // namespace pinrig::faults
