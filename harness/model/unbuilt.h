// SPDX-License-Identifier: GPL-2.0
// Source files of a series of which a kernel has nothing, because its configuration leaves them out. Pure.
#pragma once

#include <string>
#include <vector>

namespace pinrig::model {

struct UnbuiltFile {
  std::string file;
  std::string why;  ///< "CONFIG_X is not set (drivers/x/Makefile:3: obj-$(CONFIG_X) += x.o)"
  bool operator==(const UnbuiltFile&) const = default;
};

/// Whether a file is C, assembler or a header of the kernel itself: neither tools nor documents.
bool is_kernel_code(const std::string& path);

/// Of one patch.
struct Unbuilt {
  std::vector<UnbuiltFile> files;
  bool all = false;  ///< and the patch changes no other code
};
/// What a kernel with this list has not of a patch that touches `files`.
Unbuilt unbuilt_of(const std::vector<std::string>& files, const std::vector<UnbuiltFile>& kernel);

/// "nothing of it was built: drivers/x/x.c and 2 more", "not built: drivers/x/x.c"; empty: all was.
std::string to_string(const Unbuilt& unbuilt);
/// The same with the reason of the first: "...: drivers/x/x.c: CONFIG_X is not set (...)".
std::string to_reason(const Unbuilt& unbuilt);

}  // namespace pinrig::model
