// SPDX-License-Identifier: GPL-2.0
// Where mutants can be made in a source file, and what each does to it. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/mutation.h"
#include "mutate/scan.h"

namespace pinrig::mutate {

/// A change of the text that takes effect only while its mutant is on.
struct Edit {
  enum class Kind {
    replace,  ///< the expression `tokens` by the expression `with`
    drop,     ///< the statement `tokens` is not executed
    twice,    ///< the statement `tokens` is executed twice
    insert,   ///< the statement `with` before the token tokens.begin
  };
  Kind kind = Kind::replace;
  Range tokens;
  std::string with;
};

/// A mutant and its edits.
struct Candidate {
  model::Mutant mutant;
  std::vector<Edit> edits;
};

/// Which lines of a file may be changed; nothing = all.
using LineFilter = std::function<bool(int line)>;

/// Every mutant of a file, ordered by place, with number 0. `path` is that in the kernel tree.
std::vector<Candidate> candidates(const Source& source, const std::string& path,
                                  const LineFilter& lines = {});

/// Of the operators that work on calls by name (operators_calls.cc) and on everything else: adds to `out`.
class Maker {
 public:
  Maker(const Source& source, const Function& function, const std::string& path, std::vector<Candidate>& out);

  void calls();
  void words();
  void branches();
  void loops();

 private:
  using Op = model::MutationOp;

  void call(const Call& call);
  void counts(const Call& call);
  void flags(const Call& call);
  void charges(const Call& call, const Statement& st, bool whole);
  void comparisons(const Statement& st);
  void for_bounds(const Statement& st);
  /// The statement is nothing but this call.
  bool is_whole(const Statement& st, const Call& call) const;
  /// An edit at this token can compile: it is code that runs, and no constant is required there.
  const Statement* usable(Range tokens) const;
  bool mentions(Range range, const std::vector<std::string_view>& parts) const;
  std::string text(Range r) const { return s_.joined(r.begin, r.end); }
  void replace(Op op, Range what, const std::string& with);
  void add(Op op, std::vector<Edit> edits);
  /// The statement or the head of it, and how the edits change it.
  Range shown(const Statement& st, const std::vector<Edit>& edits) const;
  std::string changed(Range range, const std::vector<Edit>& edits) const;

  const Source& s_;
  const Function& f_;
  const std::string& path_;
  std::vector<Candidate>& out_;
  std::vector<Range> constant_;  ///< operands of sizeof, BUILD_BUG_ON, ...
  bool pins_ = false;            ///< the function deals with pins: operators that know no names look at it
};

/// Does any of the globs match?
bool matches(const std::vector<std::string_view>& globs, std::string_view name);

}  // namespace pinrig::mutate
