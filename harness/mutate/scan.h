// SPDX-License-Identifier: GPL-2.0
// Functions, statements and calls of a C file in the kernel's style, without a preprocessor. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mutate/token.h"

namespace pinrig::mutate {

/// Tokens [begin, end).
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool holds(std::size_t token) const { return token >= begin && token < end; }
  bool empty() const { return begin >= end; }
  std::size_t size() const { return end - begin; }
};

struct Statement {
  enum class Kind {
    expression,   ///< with its ';'
    declaration,  ///< with its ';'
    leave,        ///< return, goto, break, continue, with its ';'
    branch,       ///< if: `head` is the condition, `body` what it guards
    loop,         ///< for, while, do, for_each_...(): `head` is inside the parentheses
    block,        ///< { ... }, switch, and other macros with a body
    other,        ///< asm, an empty statement
  };
  Kind kind = Kind::other;
  Range all;
  Range head;         ///< of branch, loop
  Range body;         ///< of branch, loop, block; with braces, if it has any
  bool plain = true;  ///< no preprocessor line in it
};

/// An identifier with its arguments.
struct Call {
  std::string name;
  Range all;  ///< from the name to the ')'
  std::vector<Range> args;
};

struct Function {
  std::string name;
  int line = 0;
  Range body;                         ///< between its braces
  std::vector<Statement> statements;  ///< outer before inner, in the order of the source
};

/// The functions whose braces stand in column 0. One whose brackets do not match (code cut by #if) is
/// skipped.
std::vector<Function> functions_of(const Source& source);

/// The bracket that closes the one at `open`; nothing when there is none before `end`.
std::optional<std::size_t> closing(const Source& source, std::size_t open, std::size_t end);

/// Every call in a range, outer before inner; keywords such as `if` and `sizeof` are none.
std::vector<Call> calls_in(const Source& source, Range range);

/// The innermost statement that holds a token; nullptr if there is none.
const Statement* statement_at(const Function& function, std::size_t token);

}  // namespace pinrig::mutate
