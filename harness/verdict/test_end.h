// SPDX-License-Identifier: GPL-2.0
#pragma once

#include "model/verdict.h"
#include "wire/messages.h"

namespace pinrig::verdict {

/// Puts what the agent said at a test's end into its record. What cannot be believed becomes a finding: an
/// unknown way to end leaves the exit `lost`, impossible counters leave the ledger unavailable.
void fill_record(const wire::TestEnd& end, model::TestRecord& record);

}  // namespace pinrig::verdict
