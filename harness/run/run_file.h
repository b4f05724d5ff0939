// SPDX-License-Identifier: GPL-2.0
// run.json: the options of a run and the resulting plan, written before anything starts.
#pragma once

#include <optional>
#include <string>

#include "assess/assess.h"
#include "run/inputs.h"

namespace pinrig::run {

/// The text of run.json: the command line, options as given (paths absolute), the resolved run, where base
/// and series came from with their commits, trees and patch-ids, what the run and the series expect, every
/// kernel and guest of the plan with its machine and tests, the fragments' hashes, the environment that
/// counts, and the versions of pinrig, QEMU and the compilers. The same inputs give the same text but for
/// `command`, `environment` and `versions`.
std::string run_to_json(const RunOptions& options, const Inputs& inputs, const Sources& sources,
                        const plan::Plan& plan, const Services& services);

/// What a run was asked for, and the commits and trees that it stood for.
struct RecordedRun {
  RunOptions options;
  std::vector<model::Point> points;       ///< the base and the patches
  int jobs = 0;                           ///< parallel compilers; 0: it does not say
  std::string project;                    ///< its checkout; empty: it does not say
  std::vector<std::string> tests;         ///< of its plan, each once
  bool coverage = false;                  ///< a kernel of its plan counts which lines run
  std::optional<assess::Rulebook> rules;  ///< base, expect and capabilities only; none: of an earlier pinrig
};
/// bad_input when the file does not exist (a run of an older pinrig) or cannot be read.
Result<RecordedRun> read_run_file(const fs::path& file);

/// What differs between the source as it was recorded and as it is now (commit of the base, patch-ids,
/// trees), one line each.
std::vector<std::string> source_changes(const RecordedRun& then, const Sources& now);

/// The options of `pinrig run --again`: what was typed in addition (points, architectures, tests,
/// environment, accelerator) replaces what the run had.
RunOptions with_overrides(RunOptions recorded, const RunOptions& typed);

}  // namespace pinrig::run
