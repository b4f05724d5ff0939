// SPDX-License-Identifier: GPL-2.0
// Which tests a list of words selects: the same for every command and file that accepts tests. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/suite.h"

namespace pinrig::plan {

/// The origin of a list of words: a key of a file, or an option of the command line.
struct Origin {
  model::SourceLocation where;                    ///< empty for an option
  std::string name;                               ///< "suites", "--test"
  std::vector<model::SourceLocation> words = {};  ///< of each word of the list, if known
  bool is_option() const { return where.file.empty(); }
  /// The origin of word `i`: its own line, or that of the list.
  Origin of_word(std::size_t i) const;
};

/// Who named the tests and the points of a run.
struct Origins {
  Origin tests;
  Origin points;
};
/// Its own file did.
Origins origins_of(const model::RunSpec& run);

/// A test that can be selected.
struct Choice {
  std::string name;           ///< "suite/test"
  bool only_by_name = false;  ///< takes minutes: selected only by its full name, not by a glob or suite
};
std::vector<Choice> choices(const std::vector<model::Suite>& suites);

struct Selection {
  std::vector<std::string> tests;  ///< "suite/test", each once, in the order of the words
  std::vector<std::string> notes;  ///< words with an unexpected meaning, one line each
};

/// The tests of `known` that `words` select:
///   bio               every test of that suite; * and ? match
///   bio/dio_rw        that test
///   bio/dio_*         the tests that match
///   bio/dio_rw:case   that test, with a note: a single case cannot be run
///   !WORD             excludes tests, at any position
/// An Error (bad_usage for an option, bad_input for a file) names the origin, the word, and the nearest name:
/// a word that matches nothing, a case with a wildcard, an excluded case, no test selected at all.
Result<Selection> select(const std::vector<std::string>& words, const Origin& origin,
                         const std::vector<Choice>& known);

/// An Error about one word: "--test WORD: WHAT", or "FILE:LINE: suites: WHAT" with the word in WHAT.
Error refused(const Origin& origin, const std::string& word, const std::string& what, std::string hint = {});

}  // namespace pinrig::plan
