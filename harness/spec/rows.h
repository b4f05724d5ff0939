// SPDX-License-Identifier: GPL-2.0
// Rows of the map that tests name. Private to spec.
#pragma once

#include <vector>

#include "model/map.h"
#include "spec/reader.h"

namespace pinrig::spec {

/// An error at n unless its text is a testable row of the map.
void check_row(Reader& r, const Node& n, const std::vector<model::MapRow>& map);

}  // namespace pinrig::spec
