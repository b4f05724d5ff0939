// SPDX-License-Identifier: GPL-2.0
// `pinrig repro`: from a red line of a run to its job again, once or many times.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "assess/attempts.h"
#include "base/exit_code.h"
#include "job/result.h"
#include "kbuild/kernel_build.h"
#include "run/inputs.h"
#include "store/store.h"

namespace pinrig::run {

/// What of a run to repeat.
struct Line {
  std::string test;    ///< "suite/test"; empty: the first red line's
  std::string kernel;  ///< id of one of the run's kernels, "base-x86_64"; empty: that of the line
};

/// A red line, or the one that was named, and where its job is.
struct ReproChoice {
  fs::path job_file;    ///< job.json of its guest
  std::string test;     ///< empty: no test of a guest, such as kernel/console
  std::string kernel;   ///< id
  std::string guest;    ///< id
  std::string seen;     ///< what the run saw: "leak"; empty: this kernel has no row of the test
  std::string suspect;  ///< function that the kernel's report blames; empty: there is none
  int before = 0;       ///< tests that ran before it in its guest
  std::optional<kbuild::Artifact> debug = {};  ///< the kernel to boot instead of the run's
};

/// The run.json of the run that a choice is from.
fs::path run_file_of(const ReproChoice& choice);

/// The line of `run` that `line` names: of rows with its test and kernel the first that is not as expected,
/// else the first with a red verdict, else the first. bad_usage when there is none, with what there is.
Result<ReproChoice> choose_line(const store::Store& store, const store::RunRow& run, const Line& line);

struct ReproOptions {
  ReproChoice choice;
  bool before = false;      ///< also the tests that ran before it, in their order
  int repeat = 1;           ///< attempts; 0 = no limit
  bool until_fail = false;  ///< stop after the first that fails
  model::DumpOrder dump;    ///< when the memory of a guest is saved
};

struct ReproEnd {
  assess::Attempts attempts;
  job::GuestResult shown;  ///< of the first guest with a red attempt, else of the last
  fs::path dir;            ///< its folder
  ExitCode code = ExitCode::harness;
};

/// How many attempts share a guest: a leak or a failure says nothing against the next one, because the
/// balance of pins is carried from test to test, and a crash ends the guest by itself.
inline constexpr int attempts_per_guest = 10;

/// Repeats the job of `options.choice`: same kernel, machine, environment and order. `say` gets a line after
/// each guest when there is more than one attempt. regressions when an attempt failed, ok when none did;
/// harness when none came to an end; interrupted after a cancellation, with what was seen until then.
Result<ReproEnd> repro(const ReproOptions& options, const Services& services,
                       const std::function<void(const std::string&)>& say);

}  // namespace pinrig::run
