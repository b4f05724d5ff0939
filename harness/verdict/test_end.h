// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "model/verdict.h"
#include "wire/messages.h"

namespace pinrig::verdict {

/// Fills the record of a test from the agent's end message. Invalid data becomes a finding: an
/// unknown way to end leaves the exit `lost`, impossible counters leave the ledger unavailable.
void fill_record(const wire::TestEnd& end, model::TestRecord& record);

}  // namespace pinrig::verdict
