// SPDX-License-Identifier: GPL-2.0
// New warnings of sparse, where it is installed: make C=2 for the objects of single files, before and after.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kbuild/make.h"

namespace pinrig::kbuild {

/// What sparse said in a make's output: "mm/gup.c:12: sparse: TEXT", each once, in order; what it says in
/// further lines about the same place is part of the text. Paths become relative to the tree. The compiler's
/// own warnings are omitted. Pure.
std::vector<std::string> parse_sparse(std::string_view output, const std::string& source,
                                      const std::string& objdir);

/// The warnings of `after` that `before` has not, wherever their lines have moved to. Pure.
std::vector<std::string> new_warnings(const std::vector<std::string>& before,
                                      const std::vector<std::string>& after);

/// Whether there is a sparse in PATH.
bool has_sparse();

/// The C files among `files` that the tree has and that were not compiled in its object directory.
std::vector<std::string> not_compiled(const Tree& tree, const std::vector<std::string>& files);

/// What sparse says of those of `files` that are C files whose objects exist in the object directory; nothing
/// when make fails, which says nothing of the kernel. The output is appended to `log`, unless that is empty.
/// The only error is cancellation, or a log that cannot be written.
Result<std::optional<std::vector<std::string>>> run_sparse(const Tree& tree,
                                                           const std::vector<std::string>& files, int jobs,
                                                           const fs::path& log, const CancelToken& cancel);

}  // namespace pinrig::kbuild
