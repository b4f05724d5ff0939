// SPDX-License-Identifier: GPL-2.0
// `pinrig prove`: does every test fail with the fault that it names, and pass without it?
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
  std::string spec;  ///< run file: fragments, machine; its base is used for proofs that name none
  std::vector<std::string> tests;  ///< globs over "suite/test"; empty = those of the run file
  model::Arch arch = model::Arch::x86_64;
  int sample = 0;    ///< a sample of this many tests; 0 = all
  std::string seed;  ///< random seed of the sample
};

/// One oracle of a test: the test, and one of the faults that it must detect.
struct Oracle {
  std::string test;
  model::Proof proof;
};

/// The oracles of the tests that the globs select, in the order of the suites, or a sample of them: the same
/// seed picks the same ones. bad_usage when a word matches no test with a proof.
Result<std::vector<Oracle>> provable(const std::vector<model::Suite>& suites, const ProveOptions& options);

/// A run that proofs need.
struct ProofRun {
  std::string name;  ///< "mutant m02-bio-put-refs", "debian-6.12"
  RunOptions options;
  std::vector<std::size_t> oracles;  ///< that need it, by their index
  bool faulty = false;               ///< tests must fail in it; otherwise pass
};
/// Tests that share a mutant share its run; so do those with faults by environment on one base. A test has
/// its place in a run once. Every base gets one run without a fault. `base_of` gives the base of a mutant.
Result<std::vector<ProofRun>> proof_runs(
    const std::vector<Oracle>& oracles, const ProveOptions& options, const std::string& default_base,
    const std::function<Result<std::string>(const std::string& mutant)>& base_of);

/// What a run said.
struct Said {
  std::vector<model::AssessedResult> rows;  ///< of all its tests, each followed by its cases
  std::vector<model::KernelEvent> events;
};

/// The result of one oracle.
struct Proven {
  std::string test;
  std::string fault;
  std::string oracle;  ///< what must be seen: "read_1_page; pages +"
  bool red = false;
  bool green = false;
  std::string remark;  ///< why not, or what was seen
  bool holds() const { return red && green; }
};
/// `faulty` and `sound` have the assessed rows of the test and its cases with and without the fault; a case
/// that the faulty kernel lost is a row with Rule::lost. With the fault the test and the named cases must be
/// red, and verdict, pages and event as the proof says; a case that was never reached is not red. Without the
/// fault the test must pass; if the proof names cases, it suffices that these pass and that the rest is a
/// known issue of that kernel. If it names a rule, everything must be as expected without the fault.
Proven weigh_proof(const Oracle& oracle, const Said& faulty, const Said& sound);
/// The same, with the exit code of the run that has the fault: a verdict that does not reach it is worth
/// nothing, except on a base that has the fault by itself, where it may be a known issue.
Proven weigh_run(const Oracle& oracle, const Said& faulty, const Said& sound, ExitCode code);

struct ProveEnd {
  std::vector<Proven> tests;
  ExitCode code = ExitCode::harness;  ///< regressions when a proof fails
};
/// Without names it proves the tests of the run file, so that a sample of the default run needs no other
/// kernel.
Result<ProveEnd> prove(ProveOptions options, const Services& services, const std::function<void()>& tick);

}  // namespace pinrig::prove
