// SPDX-License-Identifier: GPL-2.0
// From mutants to source text and a patch: each edit becomes a choice by a number that the kernel is given at
// boot. Pure.
#pragma once

#include <string>
#include <vector>

#include "mutate/operators.h"

namespace pinrig::mutate {

/// The text with all edits in it. No line is added, so that a message of the compiler names the line of the
/// original. With no mutant on (number 0) it does what `source` does.
std::string rewritten(const Source& source, const std::vector<Candidate>& candidates);

/// One file before and after; `before` empty: it is new.
struct FileChange {
  std::string path;
  std::string before;
  std::string after;
};

/// A patch that git can apply, with a mail's header. Lines may be changed in place and added at the end.
std::string patch_of(const std::vector<FileChange>& changes, const std::string& subject);

/// The mutants whose edits a position in the rewritten file can be about: those of its line.
std::vector<int> mutants_at(const std::vector<Candidate>& candidates, const std::string& file, int line,
                            const Source& source);

}  // namespace pinrig::mutate
