// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>
#include <vector>

#include "model/verdict.h"
#include "wire/messages.h"

namespace pinrig::verdict {

/// Puts what the agent said at a test's end into its record. Returns what cannot be believed, one line each:
/// an unknown way to end leaves the exit `lost`, impossible counters leave the ledger unavailable.
std::vector<std::string> fill_record(const wire::TestEnd& end, model::TestRecord& record);

}  // namespace pinrig::verdict
