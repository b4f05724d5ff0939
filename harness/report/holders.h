// SPDX-License-Identifier: GPL-2.0
// Who holds the pins that tests left, for the renderers: holders.json in the run's folder. Private to report.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/digest.h"
#include "report/text_layout.h"

namespace pinrig::report {

/// What a run with --holders found; nothing for other runs. bad_input: the file cannot be read.
Result<std::vector<holders::Finding>> holders_of(const store::RunRow& run);

/// The section of the report: each test with its summary and the file that has all of it.
std::string holders_text(const Digest& d, const Painter& p);

/// The command that answers that for the first leak that nobody has traced and that is no known issue, for
/// `next steps`; empty: there is none.
std::string holders_command(const Digest& d);

nlohmann::ordered_json holders_json(const RunData& data);

}  // namespace pinrig::report
