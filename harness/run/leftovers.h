// SPDX-License-Identifier: GPL-2.0
// Runs whose pinrig was killed: the next pinrig that opens the store judges what their guests left.
#pragma once

#include "run/inputs.h"
#include "store/store.h"

namespace pinrig::run {

/// Opens results.db of these paths; a run that is "running" and whose process is gone becomes interrupted,
/// with what its guests left on disk judged, assessed and stored.
Result<store::Store> open_store(const Paths& paths);

}  // namespace pinrig::run
