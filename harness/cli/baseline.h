// SPDX-License-Identifier: GPL-2.0
#pragma once

#include <string>

#include "cli/program.h"
#include "store/store.h"

namespace pinrig::cli {

/// What a run is compared with.
struct Partner {
  store::RunRow run;
  std::string baseline;  ///< its name; empty: it was named as a run
};
/// What `--against WORD` means: a baseline, else a run. bad_usage when there is neither, and for a baseline
/// whose run is gone.
Result<Partner> choose_partner(const store::Store& store, const std::string& word, const Program& program);

}  // namespace pinrig::cli
