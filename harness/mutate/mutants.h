// SPDX-License-Identifier: GPL-2.0
// The mutants of a kernel tree, numbered.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "git/source.h"
#include "mutate/operators.h"
#include "run/inputs.h"

namespace pinrig::mutate {

using job::Services;

struct MutateOptions {
  run::RunOptions run;  ///< run file, base, architecture, tests, accelerator; not its series
  std::string series;   ///< mutants on the lines that it adds or changes, on top of it; empty = on the base
  std::vector<std::string> files;  ///< globs; empty = kernels/mutate/files.yaml, or the series' files
  // Which of the kernel's mutants are run; empty = all.
  std::vector<std::string> functions;  ///< globs
  std::vector<model::MutationOp> operators;
  std::vector<int> numbers;
  int sample = 0;        ///< this many, at random; 0 = all
  int seed = 1;          ///< of the order in which they are shown, and of the sample
  double budget_s = 60;  ///< of tests for a mutant that none of them notices
  bool stored = false;   ///< nothing is booted
};

struct MutantFile {
  std::string path;
  Source source;
  std::vector<Candidate> candidates;
};

struct MutantSet {
  git::Source tree;  ///< what the mutants are made on: the base, or the tip of the series
  std::vector<MutantFile> files;
  std::vector<std::string> notes;  ///< files omitted, one line each

  std::vector<model::Mutant> all() const;
};

/// Everything that can be made in the chosen files, numbered from 1 in the order of files and lines.
/// bad_input when there is nothing, or a glob of `files` matches no file.
Result<MutantSet> find_mutants(const MutateOptions& options, const run::Inputs& inputs,
                               const run::Sources& sources, const Services& services);

/// Those that the options choose to run, in the order of the seed: the first N of them are the sample of N.
/// Pure.
std::vector<model::Mutant> chosen(const MutantSet& set, const MutateOptions& options);

/// A folder with the series of one patch that makes all mutants but those of `dropped`, with the files of
/// kernels/mutate: what git::apply_series() takes. Written whole or not at all.
Result<model::Series> write_series(const MutantSet& set, const std::set<int>& dropped, const fs::path& dir,
                                   const Services& services);

}  // namespace pinrig::mutate
