// SPDX-License-Identifier: GPL-2.0
// What runs in a guest and on which machine.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/assessment.h"
#include "model/kernel.h"
#include "model/machine.h"

namespace pinrig::model {

/// How a test's output is read.
enum class OutputFormat {
  ktap,       ///< KTAP or TAP 13/14 on stdout
  exit_code,  ///< kselftest exit codes: 0 pass, 1 fail, 2 xfail, 3 xpass, 4 skip
  gup_test,   ///< free text of tools/testing/selftests/mm/gup_test.c: times and "truncated"
};
const char* to_string(OutputFormat f);

/// What a test needs of the machine and the kernel; the harness builds the guest from it.
struct Needs {
  std::vector<std::string> nvme;  ///< serials of NVMe drives
  std::string fs;                 ///< working directory on this file system ("ext4"); empty = any
  int fs_mib = 0;                 ///< size of its drive; 0 = what the machine has
  int hugepages_2m = 0;           ///< huge pages of the default size to reserve
  int swap_mib = 0;
  bool rdma = false;                 ///< an rxe link
  std::vector<std::string> symbols;  ///< configuration symbols, without CONFIG_
  std::vector<Device> devices;
  std::vector<std::string> kernel_args;  ///< kernel parameters, one word each
  int memory_mib = 0;                    ///< 0 = what the machine has
  int cpus = 0;                          ///< 0 = what the machine has
  int numa_nodes = 0;                    ///< 0 = any
  std::vector<std::string> tools;        ///< programs found in the guest's PATH
};

/// What the ledger must show of a test with the fault: which way it is off, and by how many pages.
struct ProofPages {
  enum class Sign { kept, over_released, balanced };
  Sign sign = Sign::kept;
  std::int64_t pages = 0;  ///< base pages; 0 = any number
};

/// A known-bad kernel or injected fault that a test must detect, and how it is seen.
struct Proof {
  std::string mutant;  ///< kernels/mutants/NAME
  std::string base;    ///< another base instead of a mutant
  std::map<std::string, std::string>
      env;                          ///< in addition or instead: a fault injected through the environment
  std::vector<std::string> red;     ///< globs over cases that must not pass; empty = the test itself must not
  std::optional<Verdict> verdict;   ///< that the test itself must get; nothing = any but error that is bad
  std::optional<ProofPages> pages;  ///< of the test's ledger; nothing = whatever it shows
  std::string event;                ///< part of the title of a kernel event of the test; empty = none needed
  /// The fault is a change from base to tip of the mutant: both run, and the test and its cases at the tip
  /// must be assessed by this rule, whatever their verdict.
  std::optional<Rule> rule;
  SourceLocation where;

  bool empty() const { return mutant.empty() && base.empty() && env.empty(); }
};
std::string to_string(const Proof& proof);  ///< "mutant m02-bio-put-refs", "debian-6.1 with A=1"
/// What must be seen apart from red cases: "leak, pages +16, event BUG: KASAN"; empty: nothing in particular.
std::string reason_text(const Proof& proof);

/// Variable of a test's environment: the number of the mutant that is on while it runs, "0" for none.
inline constexpr const char* mutant_variable = "PINRIG_MUTANT";

/// One test of a suite (guest-tests/SUITE/suite.yaml).
struct TestSpec {
  std::string name;     ///< "suite/test"
  std::string program;  ///< "pin/dio_rw": file below /tests in the guest; "kernel:cow": the kernel tree's own
  std::vector<std::string> args;
  std::vector<std::string> quick_args;  ///< instead of `args` in a quick run; empty = the same
  std::map<std::string, std::string> env;
  OutputFormat format = OutputFormat::ktap;
  double limit_s = 30;     ///< on the calibration machine; scaled by Timeouts
  std::string limit_plus;  ///< variable of `env` with seconds that are added to the limit; empty = none
  Needs needs;
  PinClaim::Mode claim =
      PinClaim::Mode::net_zero;  ///< weakest allowed claim; a test may claim more at run time
  bool destructive = false;
  bool pins_vary = false;  ///< their number depends on more than the kernel: no difference for `expect: same`
  bool known_long = false;        ///< runs only when named in full, not when a glob matches
  std::string what;               ///< one line: the behavior that it checks
  std::vector<std::string> rows;  ///< rows of guest-tests/map.yaml that it covers
  std::vector<Proof> proofs;      ///< one for each oracle that must be able to fail
  SourceLocation where;

  bool from_kernel() const { return program.rfind("kernel:", 0) == 0; }
  std::string kernel_binary() const { return program.substr(7); }
};

/// Does a word of a run, an expectation or the command line mean `test` ("suite/test")? One without '/' is
/// about suites, one with it about tests; * and ? match.
bool means_test(const std::string& word, const std::string& test);

struct Suite {
  std::string name;
  std::string title;
  std::vector<TestSpec> tests;
};

/// What a run adds to the environment of one test.
struct TestEnv {
  std::string test;  ///< "suite/test"
  std::map<std::string, std::string> env;
  SourceLocation where;
};

/// A way to configure the kernels of a run: one column of its matrix.
struct KernelConfig {
  std::string name;                    ///< key of `configs:`; empty when a run has only one
  std::vector<std::string> fragments;  ///< names below configs/fragments, without .config

  std::string text() const;  ///< "base+pin", "debug: base+pin+lockdep"
};

/// configs/runs/NAME.yaml: what one `pinrig run` does.
struct RunSpec {
  std::string name;
  std::string base;                 ///< KernelBase, when there is no series
  std::string series;               ///< empty: the base alone
  std::vector<std::string> points;  ///< "base", "tip", "each" or numbers
  std::vector<Arch> archs;
  std::vector<KernelConfig> configs;  ///< at least one
  std::string machine;
  std::vector<std::string> suites;  ///< "suite" or "suite/test" globs; with '!' before them: not these
  std::string selftests_from;       ///< KernelBase whose selftests are used instead of the tree's own
  Accel accel = Accel::automatic;
  std::vector<Expectation> expect;  ///< in addition to those of the series
  bool same = false;                ///< `expect: same`, as of a series
  std::vector<TestEnv> env;         ///< for single tests, in addition to the suite's
  bool quick = false;               ///< of the contract, each obligation with one kind of memory
  SourceLocation where;
  std::vector<SourceLocation> points_where;  ///< of each word of `points`; empty when the file has none
  std::vector<SourceLocation> suites_where;  ///< of each word of `suites`
};

}  // namespace pinrig::model
