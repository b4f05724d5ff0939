// SPDX-License-Identifier: GPL-2.0
// A YAML file as a plain tree that keeps the position of every value. Private to spec.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::spec {

struct Node {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;         ///< of a scalar
  bool quoted = false;      ///< "2" or '2' rather than 2
  int line = 1;             ///< from 1
  int column = 1;           ///< from 1
  std::vector<Node> keys;   ///< of a map: scalars
  std::vector<Node> items;  ///< of a list, or the values of a map
};

/// The path as shown to people: relative when it lies below the working directory.
std::string shown_path(const fs::path& file);

/// Reads and parses one document whose top level is a map. Duplicate keys, tabs in the indentation, aliases,
/// tags, a second document, an empty file and syntax errors are bad_input with file:line:column.
Result<Node> read_tree(const fs::path& file);
/// The same for a text that is a part of file `shown`, whose lines before line `begin` are blank in it.
Result<Node> parse_tree(const std::string& shown, const std::string& text, int begin);

}  // namespace pinrig::spec
