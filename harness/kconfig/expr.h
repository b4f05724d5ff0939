// SPDX-License-Identifier: GPL-2.0
// Dependency expressions of Kconfig: A && (!B || C = y). Values are tristate: 0 = n, 1 = m, 2 = y.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pinrig::kconfig {

struct Expr {
  enum class Kind { atom, compare, negation, conjunction, disjunction };
  Kind kind = Kind::atom;
  std::string left;  ///< of atom and compare: a symbol, a constant in quotes or a $(macro)
  std::string op;    ///< of compare: = != < <= > >=
  std::string right;
  std::vector<Expr> kids;  ///< of negation (one), conjunction and disjunction (two or more)
};

/// Empty for text that is not an expression.
std::optional<Expr> parse_expr(std::string_view text);

/// As a person would write it, with only the needed parentheses.
std::string to_string(const Expr& e);

/// The value of a symbol as in .config ("y", "64", "\"text\""); empty = the symbol has none.
using Lookup = std::function<std::string(const std::string&)>;

/// A $(macro) counts as y: its result depends on the compiler and is unknown here.
int evaluate(const Expr& e, const Lookup& value_of);

/// The parts of a conjunction that are n, each with the symbols in it and their values: "NET_CORE (n)".
std::vector<std::string> unmet_parts(const Expr& e, const Lookup& value_of);

/// Symbols and values that make a condition hold, as far as it can be told: of alternatives the first one
/// that a value fulfills. Empty when the condition holds already.
std::vector<std::pair<std::string, std::string>> settings_for(const Expr& e, const Lookup& value_of);

}  // namespace pinrig::kconfig
