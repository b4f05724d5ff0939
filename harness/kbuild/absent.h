// SPDX-License-Identifier: GPL-2.0
// Selftests that an artifact does not have, and why: absent.json in the programs' directory.
#pragma once

#include <map>
#include <string>

#include "base/file.h"

namespace pinrig::kbuild {

struct Absent {
  enum class Kind {
    not_in_tree,       ///< the tree has no such test: a skip
    does_not_compile,  ///< it has it, but it did not build: a finding
  };
  Kind kind = Kind::not_in_tree;
  std::string detail;  ///< "tools/testing/selftests/mm has no cow.c", "gup_test.c:3:2: error: ..."
};
using AbsentPrograms = std::map<std::string, Absent>;  ///< by program name

const char* to_string(Absent::Kind kind);

/// Reads SELFTESTS/absent.json. Error infra when it is missing or unreadable: then it is unknown whether a
/// missing program is expected.
Result<AbsentPrograms> read_absent(const fs::path& selftests);

/// Writes it.
Result<void> write_absent(const fs::path& selftests, const AbsentPrograms& absent);

}  // namespace pinrig::kbuild
