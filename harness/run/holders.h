// SPDX-License-Identifier: GPL-2.0
// `pinrig repro --holders`: who holds the pins that a test left behind, found
// on the debug kernel of its point.
#pragma once

#include "holders/text.h"
#include "run/inputs.h"
#include "run/repro.h"

namespace pinrig::run {

struct HoldersEnd {
  holders::Report report;
  fs::path dir;       ///< of the guest; its console.raw has the trace
  bool held = false;  ///< pins were held, or released without being taken
};

/// Runs the test of `choice` alone with the events of page_ref, and matches
/// them. On a patched point whose trace alone leads to no function of the
/// series, the test runs on the base as well: who releases such pins there?
/// Writes holders.txt into the folder. bad_usage: the line is of no test.
/// infra: the guest did not end in time. Errors of building.
Result<HoldersEnd> find_holders(const ReproChoice& choice, const Services& services);

}  // namespace pinrig::run
