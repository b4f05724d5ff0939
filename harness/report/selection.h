// SPDX-License-Identifier: GPL-2.0
// One guest or one test of a run, by the words that people type. Private to report.
#pragma once

#include <string>

#include "report/report.h"
#include "report/run_data.h"

namespace pinrig::report {

/// A guest by its id; a kernel's id is that of its main guest.
struct Place {
  const KernelData* kernel;
  const GuestData* guest;
};

/// bad_usage with the nearest when there is none.
Result<Place> find_guest(const RunData& data, const std::string& id);
/// The guest of the same kernel that ran the test: people do not know which it was.
Place with_test(const Place& place, const std::string& test);
Result<const TestData*> find_test(const Place& place, const std::string& test);

/// Leaves of a run what was asked for: one guest, or one test (or case) of it, with its kernel.
Result<void> narrow(RunData& data, const Selection& what);

}  // namespace pinrig::report
