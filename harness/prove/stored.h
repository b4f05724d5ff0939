// SPDX-License-Identifier: GPL-2.0
// What earlier runs of `pinrig prove` showed.
#pragma once

#include <string>
#include <vector>

#include "prove/prove.h"
#include "store/store.h"

namespace pinrig::prove {

/// What the last kernel of a run said: the mutant, if its base is in the run too.
Result<Said> said_by(const store::Store& store, const std::string& run_id);

/// A stored run of `pinrig prove`.
struct StoredRun {
  store::RunRow row;
  RunOptions options;  ///< from its run.json
  Said said;
};

/// Each oracle by the newest run that had its fault, and the newest one of the same base and architecture
/// without it. `runs` are the newest first. An oracle that no run had does not hold. Pure.
std::vector<Proven> weigh_stored(const std::vector<Oracle>& oracles, const std::vector<StoredRun>& runs);

/// The finished runs of `pinrig prove` in the store, the newest first.
Result<std::vector<StoredRun>> stored_runs(const store::Store& store);

}  // namespace pinrig::prove
