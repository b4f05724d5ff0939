// SPDX-License-Identifier: GPL-2.0
// images/full.tools: programs of the distribution that some tests run in their guest, with the shared
// libraries that they need.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "image/manifest.h"
#include "model/kernel.h"

namespace pinrig::image {

/// Which files each tool is made of. The text is the manifest's (manifest.h), in sections that begin with
/// `tool NAME`; the same file may occur in several of them. Errors bad_input with file and line.
Result<std::map<std::string, Manifest>> parse_tools(const std::string& text, const fs::path& file,
                                                    const std::map<std::string, fs::path>& variables);

/// `entries` and the loader and all shared libraries that their programs need, found in `sysroot` where
/// the guest's loader looks for them: run paths, then the architecture's library folders. Error bad_input
/// naming the library and what needs it.
Result<std::vector<Entry>> with_libraries(std::vector<Entry> entries, const fs::path& sysroot,
                                          model::Arch arch);

}  // namespace pinrig::image
