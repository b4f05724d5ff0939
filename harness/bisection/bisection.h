// SPDX-License-Identifier: GPL-2.0
// `pinrig bisect`: the points that the engine (bisect/) asks for are built and run by the pipeline.
#pragma once

#include <functional>
#include <string>

#include "base/exit_code.h"
#include "bisect/log.h"
#include "bisect/tally.h"
#include "run/inputs.h"

namespace pinrig::bisection {

using job::Services;

struct BisectOptions {
  std::string spec = "default";  ///< run file: fragments, machine
  std::string series;
  std::string base;
  std::string repo;    ///< instead of a series: a repository,
  std::string good;    ///< the older end; of a series the number of a patch, empty = the base
  std::string bad;     ///< and the newer one
  std::string test;    ///< "suite/test" or "suite/test:case"; empty = the unexpected red of the last run
  std::string number;  ///< "NAME>LIMIT": a measured number is the red
  model::Arch arch = model::Arch::x86_64;
  bool fixed = false;
  bool fresh = false;     ///< verdicts of the store are not used
  bool search = false;    ///< a short series too is searched, instead of running every point first
  bool per_boot = false;  ///< the red is decided when the kernel boots
  int budget = 0;         ///< runs at most; 0 = no limit
};

struct BisectEnd {
  std::string file;  ///< the log
  bisect::Log log;
  bisect::Conclusion conclusion;
};

/// After every boot, with the seconds that one takes.
using Watch = std::function<void(const bisect::Log& log, double boot_s)>;

/// A new search. bad_usage, bad_input: no red to search, a base, test or revision that does not exist, an
/// empty or reversed range; apply_failed: a patch that does not apply.
Result<BisectEnd> bisect_new(BisectOptions options, const Services& services,
                             const std::function<void()>& tick, const Watch& watch);

/// A search whose log bisect::next_search() made, with what is known in it.
Result<BisectEnd> bisect_more(bisect::Log log, const Services& services, const std::function<void()>& tick,
                              const Watch& watch);

/// Continues the search of a log.
Result<BisectEnd> bisect_resume(const fs::path& file, const Services& services,
                                const std::function<void()>& tick, const Watch& watch);

/// Author and tags of a point of a range of git, "Reviewed-by: NAME <ADDR>"; none for a series.
Result<std::vector<std::string>> people_of(const bisect::Log& log, int point, const Paths& paths);

/// 0 when a culprit is named, 4 otherwise.
ExitCode exit_code_of(const bisect::Conclusion& conclusion);

/// What `git bisect run` is told of a commit: 0 good, 1 bad, 125 skip, 128 stop.
ExitCode step_code(bisect::State state);

}  // namespace pinrig::bisection
