// SPDX-License-Identifier: GPL-2.0
// From a run's specification to its kernels and guests: points × architectures × configurations.
// Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/guest.h"
#include "plan/guests.h"
#include "plan/selector.h"

namespace pinrig::plan {

struct Plan {
  std::string name;
  std::string base;
  std::string series;  ///< empty = the base alone
  int patches = 0;     ///< length of the series
  std::vector<model::Kernel>
      kernels;                     ///< per architecture and configuration, points ascending: the build order
  std::set<std::string> counting;  ///< ids of the kernels that count which lines run
  std::vector<std::string> notes;  ///< duplicates and other notes, one line each
};

/// What a plan is made from in addition to the run itself.
struct Offer {
  const model::Machine& machine;
  const std::vector<model::Suite>& suites;     ///< all of the project
  const std::vector<model::Point>& points;     ///< the base, then every patch of the series in order
  std::optional<Origins> from = std::nullopt;  ///< who named tests and points; nothing: the run's own file
  Destructive destructive = Destructive::last;
  bool coverage = false;  ///< the last point also with counters in the objects that the series touches
  int repeat = 1;         ///< runs of every test; all but the first have names of their own (repeated_name())
};

/// The name of run number `run` of a test: "bio/dio_rw", "bio/dio_rw~2", ...
std::string repeated_name(const std::string& test, int run);

/// The points that a run names: "base" = 0, "tip" = the last patch, "each" = base and every
/// patch, numbers as they are. Ascending, each once (duplicates are noted). A number beyond the
/// series, or "tip" and "each" without patches, is bad_input.
Result<std::vector<model::Point>> resolve_points(const model::RunSpec& run,
                                                 const std::vector<model::Point>& points,
                                                 std::vector<std::string>& notes,
                                                 const std::optional<Origins>& from = {});

/// The tests that the run selects (plan/selector.h), in running order: the suite pins first (the
/// counters themselves), then by limit, destructive ones last. A word with an unexpected meaning adds a line
/// to `notes`.
Result<std::vector<model::TestSpec>> select_tests(const model::RunSpec& run,
                                                  const std::vector<model::Suite>& suites,
                                                  std::vector<std::string>* notes = nullptr,
                                                  const std::optional<Origins>& from = {});

/// bad_input when an expectation of a series is about a patch that it does not have: it would never apply.
/// `patches`: length of the series.
Result<void> check_expected_points(const model::Series& series, int patches);

/// bad_input when a test needs what the machine does not offer: a drive, a file system, huge pages, swap,
/// net. Devices, kernel parameters and memory are always available.
Result<void> check_offer(const model::Machine& machine, const std::vector<model::TestSpec>& tests);

/// Checks points, tests and machine as far as possible before the series is read: make_plan() would fail in
/// the same way, minutes later.
Result<void> check_words(const model::RunSpec& run, const model::Machine& machine,
                         const std::vector<model::Suite>& suites, const Origins& from);

/// The configuration of the coverage kernel that goes with `config`: named "coverage" or "NAME-coverage",
/// with the fragment gcov.
model::KernelConfig coverage_config(const model::KernelConfig& config);

/// The configuration of the kernel that `--debug` takes instead of `config`: named "debug" or "NAME-debug",
/// with the fragment debug, and with btf where `pahole` is installed. One that has the fragment stays as it
/// is.
model::KernelConfig debug_config(const model::KernelConfig& config, bool pahole);

/// With `offer.coverage` each architecture and configuration has one kernel more, of the last point that the
/// run names: bad_usage when that is the base, which has no changed lines. `run.base` is the name of the
/// base, also where a series names it.
Result<Plan> make_plan(const model::RunSpec& run, const Offer& offer);

/// For `pinrig plan`: the kernels, the guests that each of them has, their tests, then the notes.
std::string to_text(const Plan& plan);

}  // namespace pinrig::plan
