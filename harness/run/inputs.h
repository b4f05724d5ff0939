// SPDX-License-Identifier: GPL-2.0
// Everything a run reads from the project, checked before anything starts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "git/source.h"
#include "job/services.h"
#include "model/job.h"
#include "model/known.h"
#include "plan/plan.h"

namespace pinrig::run {

using job::Event;
using job::Observer;
using job::Services;

/// The run file and its overrides on the command line.
struct RunOptions {
  std::string spec = "default";
  std::string series;  ///< empty: the run file's; any form that spec::load_series() takes
  std::string base;    ///< the base that `series` is applied to; without a series: tested alone
  std::vector<std::string> points;
  std::vector<model::Arch> archs;
  std::vector<std::string> tests;  ///< globs over "suite/test", instead of the run file's suites
  std::optional<model::Accel> accel;
  std::vector<model::TestEnv> env;  ///< in addition to the run file's, with precedence
  bool quick = false;               ///< of the contract, each obligation with one kind of memory
  bool coverage = false;            ///< also count which lines of the series run
  bool debug = false;               ///< each configuration with the fragment debug
  model::DumpOrder dump;            ///< when the memory of a guest is saved
  bool holders = false;             ///< trace tests that leaked once more: who holds the pins
  bool same = false;                ///< nothing may differ from the base; replaces all expectations
  std::string purpose;              ///< "prove" for a run of `pinrig prove`; empty = the user's own
  int repeat = 1;                   ///< runs of every test, in the same guest
  /// Reverted at the tip, in this order: patches of the series by number, or commits of `revision`'s
  /// repository by id.
  std::vector<std::string> revert;
  int last_patch = 0;  ///< the series ends with this patch, which is its tip; 0 = with its last
  /// A revision of a repository as the base, instead of `base` and `series`.
  std::optional<model::KernelBase::Git> revision;
};

/// The same as words of the command line: "full", "--arch", "x86_64", ...
std::vector<std::string> option_words(const RunOptions& options);

/// Those of them that choose tests or how often they run: runs that differ in them are not compared. Empty:
/// as the run file says.
std::string selection_of(const RunOptions& options);

/// plan::debug_config() on this host.
model::KernelConfig debug_config(const model::KernelConfig& config);

struct Inputs {
  model::RunSpec spec;
  plan::Origins origins;  ///< of its tests and points: the run file or options
  model::KernelBase base;
  bool base_typed = false;  ///< --base: a base-commit of the series is not used instead
  std::optional<model::Series> series;
  std::optional<model::KernelBase> selftests_from;
  model::Machine machine;
  std::vector<model::Suite> suites;
  std::vector<model::Requirements> requirements;
  std::vector<model::KnownIssue> known_issues;
  std::vector<model::SplatRule> splats;
  bool has_faults = false;  ///< RunOptions::env or the run file inject faults
  bool try_alone =
      false;              ///< a test that ends its guest runs once more, alone: not in runs of `pinrig prove`
  bool coverage = false;  ///< RunOptions::coverage
  bool touched = false;   ///< of the tests, those that run lines of the series: choose_touched()
  plan::Destructive destructive = plan::Destructive::last;
  int repeat = 1;  ///< as RunOptions
  model::DumpOrder dump;
  bool holders = false;
  std::vector<std::string> revert;
  int last_patch = 0;
};
Result<Inputs> load_inputs(const fs::path& project, const RunOptions& options);

/// QEMU for every architecture of the run, and a directory for its sockets: their absence must be reported
/// before half an hour of building.
Result<void> check_programs(const Inputs& inputs);
/// With Accel::kvm: KVM for every architecture of the run; bad_usage with what the probe found. Boots a guest
/// of a few hundred bytes when no answer is cached.
Result<void> check_accel(const Inputs& inputs, const Services& services);
/// A directory of ours that can be written to; `variable` (PINRIG_CACHE) is what the hint names.
Result<void> check_place(const fs::path& dir, const std::string& variable);

/// The base and the series as commits.
struct Sources {
  git::Source base;
  git::AppliedSeries series;
  std::optional<git::Source> selftests_from;
};
Result<Sources> fetch_sources(const Inputs& inputs, const Services& services);

/// The base and every patch of the series as points; those after a patch that does not apply have no commit.
std::vector<model::Point> points_of(const Sources& sources);

/// bad_usage when --test names a test of the kernel tree in full, and no point of the plan has its source: it
/// could only be skipped.
Result<void> check_named_tests(const Inputs& inputs, const Sources& sources, const plan::Plan& plan,
                               const Services& services);

/// The kernels and guests of the run; apply_failed when no point of it can be built.
Result<plan::Plan> plan_run(const Inputs& inputs, const Sources& sources);

}  // namespace pinrig::run
