// SPDX-License-Identifier: GPL-2.0
// What a dynamically linked program needs from its loader.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::image {

struct ElfNeeds {
  std::string interpreter;             ///< PT_INTERP: "/lib64/ld-linux-x86-64.so.2"; empty in libraries
  std::vector<std::string> libraries;  ///< DT_NEEDED, in their order
  std::vector<std::string> folders;    ///< DT_RUNPATH or DT_RPATH, split
};

/// Nothing for a file that is not ELF: a script, a configuration. Error bad_input for a broken one.
Result<std::optional<ElfNeeds>> elf_needs(const fs::path& file);

}  // namespace pinrig::image
