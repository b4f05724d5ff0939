// SPDX-License-Identifier: GPL-2.0
// What a kernel tree's Kconfig files say about its symbols: enough to explain why one did not get its value.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/kernel.h"

namespace pinrig::kconfig {

/// One `config` entry. A symbol may have several, each with its own conditions.
struct Definition {
  model::SourceLocation where;  ///< relative to the tree: "drivers/nvme/host/Kconfig":5
  bool has_prompt = false;
  std::vector<std::string> depends;  ///< own, of enclosing menus, ifs and choices: all must hold
  std::vector<std::string> visible;  ///< conditions of the prompt alone: `bool "..." if EXPERT`, `visible if`
  int choice = -1;                   ///< index into Tree::choices
};

struct Choice {
  model::SourceLocation where;
  std::vector<std::string> members;
};

struct Tree {
  std::map<std::string, std::vector<Definition>> symbols;
  std::map<std::string, std::vector<std::string>> selected_by;
  std::vector<Choice> choices;
};

/// Gives the text of a file of the tree, by its path relative to the top; empty if there is none.
using Reader = std::function<std::optional<std::string>(const std::string&)>;

/// Reads "Kconfig" and everything it sources. `srcarch` is the name of the folder below arch/ ("x86",
/// "arm64"). Lenient: skips what it does not know; the kernel's own conf decides about validity.
Tree parse_tree(const std::string& srcarch, const Reader& read);

}  // namespace pinrig::kconfig
