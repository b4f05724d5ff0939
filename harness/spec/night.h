// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"
#include "model/night.h"

namespace pinrig::spec {

/// configs/nights/NAME.yaml, or a path as for load_run(). The run files of its steps are read by the steps.
Result<model::NightSpec> load_night(const fs::path& project, const std::string& name);

}  // namespace pinrig::spec
