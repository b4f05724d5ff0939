// SPDX-License-Identifier: GPL-2.0
#pragma once

namespace pinrig::kbuild {

/// Part of every key. To be raised when the way of building changes what comes out: make's arguments, the
/// selftests' flags, the set of files in an artifact.
constexpr const char* recipe_version = "1";

}  // namespace pinrig::kbuild
