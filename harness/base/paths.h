// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "base/file.h"

namespace pinrig {

/// The directories of pinrig on this machine.
struct Paths {
  fs::path project;  ///< the checkout: configs/, kernels/, images/, guest-tests/
  fs::path cache;    ///< sources, kernels, sysroots: all of it may be deleted at any time
  fs::path state;    ///< runs and results.db
};

/// The first character of `path` that make or a shell would misinterpret ("colon", "space", "'$'"); empty
/// when nothing. The kernel's top Makefile refuses spaces and colons ("source directory cannot contain spaces
/// or colons").
std::string unusable_in_make(std::string_view path);

/// cache = $PINRIG_CACHE, else $XDG_CACHE_HOME/pinrig, else ~/.cache/pinrig; state = $PINRIG_STATE, else
/// $XDG_STATE_HOME/pinrig, else ~/.local/state/pinrig; project = $PINRIG_PROJECT, else the nearest parent of
/// the working directory with guest-tests/ and kernels/, else ../share/pinrig of the program (as installed),
/// else the checkout that it was built from.
/// Error bad_usage for a cache or project with a path in which make cannot build.
Result<Paths> find_paths();

}  // namespace pinrig
