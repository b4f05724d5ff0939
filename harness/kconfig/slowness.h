// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <map>
#include <string>

namespace pinrig::kconfig {

/// How many times longer a kernel with this effective .config may take for its work than one without debug
/// options: a generous bound for time limits, at least 1, not a prediction.
double slowness(const std::map<std::string, std::string>& effective);

}  // namespace pinrig::kconfig
