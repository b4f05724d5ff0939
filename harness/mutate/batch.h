// SPDX-License-Identifier: GPL-2.0
// Mutants that share a guest: each is on only while its own tests run, and what a test says against it counts
// when nothing else can be the reason. Pure.
//
// A test that fails with the mutant on runs again with all mutants off, in the same guest. Passes it, the
// mutant was it. Fails it too, the guest is damaged and abandoned: by this mutant, if it was the guest's
// first and the test passes in the new guest; otherwise nobody knows, and the mutant is shown again as the
// first of a guest. A guest that dies under its first mutant died of it; under a later one the test runs
// again in a new guest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "job/guest_job.h"
#include "job/result.h"
#include "mutate/schedule.h"

namespace pinrig::mutate {

/// Why a test runs in the guest of a batch.
enum class Role {
  on,     ///< with the mutant on
  again,  ///< the same as the first of a new guest, after one that died
  off,    ///< with all mutants off, after it failed
  clean,  ///< with all mutants off, in a new guest
};

/// What a test is called in a batch: "contract/gup@17", "contract/gup@17.off".
struct RunName {
  std::string test;
  int mutant = 0;
  Role role = Role::on;
};
std::string to_string(const RunName& name);
std::optional<RunName> run_name(const std::string& text);

/// A mutant and what it is shown to.
struct Item {
  int mutant = 0;
  std::vector<Ask> asks;
};

/// The test that an item asks, named, with mutant and cases in its environment. A limit is at most that of
/// the test, and shorter where less is asked: a mutant that hangs must not cost minutes.
model::TestSpec spec_of(const model::TestSpec& test, const Ask& ask, int mutant);

/// Stops asking about a mutant that failed, adds the runs without it, and asks for new guests. One per job.
class Steering {
 public:
  job::Next operator()(const model::TestSpec& test, const wire::TestEnd* end,
                       std::vector<model::TestSpec>& todo);

 private:
  int first_ = 0;  ///< mutant that the running guest has had first; 0 = none yet
};

/// What a batch says about a mutant.
struct Shown {
  enum class Kind {
    quiet,      ///< every test as without it
    caught,     ///< `by` is the test, the case and the verdict
    undecided,  ///< to be shown again, as the first of a guest; `by` says why
  };
  Kind kind = Kind::undecided;
  std::string by;
  std::string unusable;  ///< undecided: this test fails without a mutant, too, when only these cases are run
};
Shown shown_by(const Item& item, const Reference& reference, const job::GuestResult& result);

/// Seconds that the guests of a batch spent on the mutant's tests.
double seconds_on(int mutant, const job::GuestResult& result);

}  // namespace pinrig::mutate
