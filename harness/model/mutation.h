// SPDX-License-Identifier: GPL-2.0
// Small faults made mechanically in the code that takes, accounts, dirties, moves and drops pins.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/kernel.h"

namespace pinrig::model {

/// What a mutant does to the code.
enum class MutationOp {
  drop_release,    ///< a pin or reference is not released
  double_release,  ///< it is released twice
  drop_take,       ///< a reference, or the mark that says "pinned", is not taken
  skip_dirty,      ///< pages are not marked dirty
  off_by_one,      ///< one page more or less, at the head or the tail
  page_for_folio,  ///< one page instead of the whole folio
  wrong_offset,    ///< the offset in a page instead of that in a folio, or none
  foll_flag,       ///< a FOLL_ flag less, or one more
  short_count,     ///< a short count or an error is not looked at
  direction,       ///< read and write swapped
  pin_kind,        ///< released as if pinned when it was not, or the reverse
  charge,          ///< pages are not charged, or not uncharged
  leave_loop,      ///< a loop over pages ends after its first round
  skip_recheck,    ///< a check that guards a pin is omitted
};
const char* to_string(MutationOp op);  ///< "drop_release"
std::optional<MutationOp> mutation_op_from_string(const std::string&);
/// All of them, in the order above.
const std::vector<MutationOp>& all_mutation_ops();

/// One edit of one place.
struct Mutant {
  int number = 0;  ///< of pinrig_mutant=N: from 1, unique in its kernel
  std::string file;
  int line = 0;
  std::string function;
  MutationOp op = MutationOp::drop_release;
  std::string text;    ///< the source line, without blanks at its ends
  std::string before;  ///< the statement or condition on one line
  std::string after;   ///< the same with the fault; empty: it is gone
};

/// Source files in which mutants are made (kernels/mutate/files.yaml).
struct MutationFiles {
  std::vector<std::string> files;  ///< globs over paths of the kernel tree
  SourceLocation where;
};

/// A mutant that no test can tell from the original (kernels/mutate/equivalent.yaml).
struct EquivalentMutant {
  std::string file;              ///< of an entry without operator: a glob
  std::string function;          ///< the same
  std::optional<MutationOp> op;  ///< nothing: all mutants of the functions, which handle no user memory
  std::string line;              ///< Mutant::text
  std::string after;             ///< Mutant::after; empty: every mutant of that line and operator
  std::string argument;          ///< why nobody can tell
  SourceLocation where;
};

}  // namespace pinrig::model
