// SPDX-License-Identifier: GPL-2.0
// What became of the mutants: counts, tables, the stored file. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/mutation.h"
#include "mutate/schedule.h"

namespace pinrig::mutate {

enum class Fate {
  caught,         ///< a test says so
  survived,       ///< reached, and no test says anything
  never_reached,  ///< no test reaches its place
  no_code,        ///< it does not compile, or the configuration leaves the code out
  equivalent,     ///< in kernels/mutate/equivalent.yaml
  failed,         ///< pinrig or the machine failed
};
const char* to_string(Fate fate);  ///< "never_reached"
std::optional<Fate> fate_from_string(const std::string&);

struct Outcome {
  model::Mutant mutant;
  Fate fate = Fate::survived;
  std::string by;    ///< caught: "bio/dio_rw:read_1_page (leak)"; equivalent: the argument; else why
  int boots = 0;     ///< batches that it was in
  int tests = 0;     ///< cases that were asked
  int reaching = 0;  ///< cases that reach it
  double wall_s = 0;
  double budget_s = 0;  ///< survived: the time of tests that it was given; 0 = not known
};

/// Did a test decide it, so that it need not be shown again? One that survived is asked again by other
/// programs, and with a larger budget (seconds of tests).
bool is_settled(const Outcome& outcome, bool same_programs, double budget_s);

/// Everything about the mutants of one kernel, as it is stored.
struct MutationRun {
  std::string base;
  std::string series;  ///< empty = the base's own lines
  std::string arch;
  std::string digest;     ///< of the mutants: what is stored of others does not count
  std::string key;        ///< of the kernel with the mutants
  std::string programs;   ///< archive with the guest programs that the reference ran
  std::set<int> dropped;  ///< that do not compile
  Reference reference;
  std::set<std::string> measured;        ///< tests that are in the reference
  std::vector<model::TestResult> plain;  ///< what the tests say on the kernel without mutants
  std::set<std::string> compared;        ///< tests that are in `plain`
  std::vector<std::string> differs;  ///< verdicts with all mutants off that are not those of the plain kernel
  std::vector<std::string> notes;
  std::vector<Outcome> outcomes;  ///< in the order of their numbers
  // Of the report, not stored:
  int made = 0;    ///< mutants in the kernel
  int chosen = 0;  ///< of these
  int seed = 0;
  double budget_s = 0;

  const Outcome* find(int number) const;
};

struct Count {
  std::string file;  ///< or operator; empty: all of them
  int mutants = 0;
  int caught = 0;
  int survived = 0;
  int never_reached = 0;
  int no_code = 0;
  int equivalent = 0;
  int failed = 0;

  /// Caught of those that compile and are not equivalent, in percent; nothing when there is none.
  std::optional<double> score() const;
  /// The same of those that a test reaches.
  std::optional<double> score_reached() const;
};
/// Per file, in the order of the outcomes; the last one is the sum.
std::vector<Count> counts_of(const std::vector<Outcome>& outcomes);
/// Per operator, by name.
std::vector<Count> counts_by_operator(const std::vector<Outcome>& outcomes);

/// The argument when the list has this mutant; nullptr otherwise.
const model::EquivalentMutant* equivalent(const model::Mutant& mutant,
                                          const std::vector<model::EquivalentMutant>& list);

/// What is stored, judged by the list as it is now: its mutants are equivalent, and those that were and are
/// not in it any more have no outcome until they are shown again.
MutationRun judged_by(MutationRun run, const std::vector<model::EquivalentMutant>& list);

/// file:line, operator, the edit as a small diff.
std::string to_text(const model::Mutant& mutant);
/// The table, what differs with all mutants off, survivors, those never reached, seconds for each mutant.
std::string to_text(const MutationRun& run);
std::string to_markdown(const MutationRun& run);

std::string to_json(const MutationRun& run);
/// bad_input names `file`.
Result<MutationRun> from_json(const std::string& text, const std::string& file);

}  // namespace pinrig::mutate
