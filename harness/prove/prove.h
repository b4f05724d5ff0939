// SPDX-License-Identifier: GPL-2.0
// `pinrig prove`: does every test turn red on the fault that it names, and stay green without it?
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "model/assessment.h"
#include "run/inputs.h"

namespace pinrig::prove {

using job::Services;
using run::RunOptions;

struct ProveOptions {
  std::string spec;                ///< run file: fragments, machine; its base for proofs that name none
  std::vector<std::string> tests;  ///< globs over "suite/test"; empty = those of the run file
  model::Arch arch = model::Arch::x86_64;
  int sample = 0;    ///< that many tests only; 0 = all
  std::string seed;  ///< which ones
};

/// Tests with a proof that the globs choose, in the order of the suites, or a sample of them: the same seed
/// picks the same tests. bad_usage when a word chooses no test with a proof.
Result<std::vector<model::TestSpec>> provable(const std::vector<model::Suite>& suites,
                                              const ProveOptions& options);

/// One run that proofs need.
struct ProofRun {
  std::string name;  ///< "mutant m02-bio-put-refs", "debian-6.12"
  RunOptions options;
  std::vector<std::string> tests;
  bool faulty = false;  ///< tests have to be red in it; else green
};
/// Tests that share a mutant share its run; so do those with faults by environment on one base. For every
/// base of them there is one run without a fault. `base_of` gives the base of a mutant.
Result<std::vector<ProofRun>> proof_runs(
    const std::vector<model::TestSpec>& tests, const ProveOptions& options, const std::string& default_base,
    const std::function<Result<std::string>(const std::string& mutant)>& base_of);

/// What came of one test.
struct Proven {
  std::string test;
  std::string fault;
  bool red = false;
  bool green = false;
  std::string remark;  ///< why not, or what was red
  bool holds() const { return red && green; }
};
/// `faulty` and `sound` are the assessed rows of the test and its cases with and without the fault. Without
/// it the test is to pass; where the proof names cases, it is enough that they do and that the rest is a
/// known issue of that kernel.
Proven weigh_proof(const model::TestSpec& test, const std::vector<model::AssessedResult>& faulty,
                   const std::vector<model::AssessedResult>& sound);

struct ProveEnd {
  std::vector<Proven> tests;
  ExitCode code = ExitCode::harness;  ///< regressions when a proof does not hold
};
/// Without names it is about the tests of the run file, so that a sample of the default run needs no other
/// kernel than that.
Result<ProveEnd> prove(ProveOptions options, const Services& services, const std::function<void()>& tick);

}  // namespace pinrig::prove
