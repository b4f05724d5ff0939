// SPDX-License-Identifier: GPL-2.0
// The keys that describe a test, wherever it is written. Private to spec.
#pragma once

#include <vector>

#include "model/map.h"
#include "model/suite.h"
#include "spec/reader.h"

namespace pinrig::spec {

/// What names inside a suite are looked up in.
struct Project {
  const fs::path& root;
  const std::vector<model::MapRow>& map;
};

/// All but name and program, as far as the schema of `f` has them. They add to `t`: values replace what it
/// has, lists of `needs` and the variables of `env` are united with its own.
void read_test_keys(Reader& r, const Fields& f, const Project& project, model::TestSpec& t);

}  // namespace pinrig::spec
