// SPDX-License-Identifier: GPL-2.0
// What CMake, gcc and ld say when guest programs do not build. Pure; private to image.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::image {

/// The first thing that is wrong: file (as in the checkout: "guest-tests/bio/x.c"), line and the whole
/// message, which CMake spreads over several lines. `folder` holds guest-tests/ and harness/. An empty
/// message when the output has nothing that looks like an error.
BuildFailure first_failure(const std::string& output, const fs::path& folder);

}  // namespace pinrig::image
