// SPDX-License-Identifier: GPL-2.0
#include "kconfig/expr.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/text.h"

namespace pinrig::kconfig {
namespace {

/// The text in pieces: words, quoted strings, $(macros), parentheses and operators.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) { next(); }
  const std::string& token() const { return token_; }
  bool done() const { return token_.empty(); }
  std::string take() {
    std::string t = std::move(token_);
    next();
    return t;
  }

 private:
  void next() {
    text_ = trim(text_);
    const std::size_t n = length();
    token_ = std::string(text_.substr(0, n));
    text_.remove_prefix(n);
  }
  std::size_t length() const {
    if (text_.empty()) return 0;
    static constexpr std::array<std::string_view, 10> operators{
        "&&", "||", "!=", "<=", ">=", "=", "<", ">", "!", "("};
    for (const auto op : operators) {
      if (text_.starts_with(op)) return op.size();
    }
    if (text_.front() == ')') return 1;
    if (text_.front() == '"' || text_.front() == '\'') return quoted();
    if (text_.starts_with("$(")) return macro();
    std::size_t n = 0;
    while (n < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[n])) != 0 ||
                                std::string_view("_.-/").find(text_[n]) != std::string_view::npos))
      ++n;
    return std::max<std::size_t>(n, 1);
  }
  std::size_t quoted() const {
    const auto end = text_.find(text_.front(), 1);
    return end == std::string_view::npos ? text_.size() : end + 1;
  }
  std::size_t macro() const {
    int depth = 0;
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '(') ++depth;
      if (text_[i] == ')' && --depth == 0) return i + 1;
    }
    return text_.size();
  }

  std::string_view text_;
  std::string token_;
};

bool is_compare(const std::string& t) {
  return t == "=" || t == "!=" || t == "<" || t == "<=" || t == ">" || t == ">=";
}

bool is_operand(const std::string& t) {
  return !t.empty() && (std::isalnum(static_cast<unsigned char>(t[0])) != 0 || t[0] == '_' || t[0] == '"' ||
                        t[0] == '\'' || t[0] == '$');
}

std::optional<Expr> parse_or(Lexer& in);

std::optional<Expr> parse_unary(Lexer& in) {
  if (in.token() == "!") {
    in.take();
    auto kid = parse_unary(in);
    if (!kid) return std::nullopt;
    return Expr{Expr::Kind::negation, {}, {}, {}, {std::move(*kid)}};
  }
  if (in.token() == "(") {
    in.take();
    auto inner = parse_or(in);
    if (!inner || in.take() != ")") return std::nullopt;
    return inner;
  }
  if (!is_operand(in.token())) return std::nullopt;
  Expr e;
  e.left = in.take();
  if (!is_compare(in.token())) return e;
  e.kind = Expr::Kind::compare;
  e.op = in.take();
  if (!is_operand(in.token())) return std::nullopt;
  e.right = in.take();
  return e;
}

std::optional<Expr> parse_chain(Lexer& in, const char* op, Expr::Kind kind,
                                std::optional<Expr> (*parse_kid)(Lexer&)) {
  auto first = parse_kid(in);
  if (!first || in.token() != op) return first;
  Expr e{kind, {}, {}, {}, {std::move(*first)}};
  while (in.token() == op) {
    in.take();
    auto kid = parse_kid(in);
    if (!kid) return std::nullopt;
    e.kids.push_back(std::move(*kid));
  }
  return e;
}

std::optional<Expr> parse_and(Lexer& in) {
  return parse_chain(in, "&&", Expr::Kind::conjunction, parse_unary);
}
std::optional<Expr> parse_or(Lexer& in) { return parse_chain(in, "||", Expr::Kind::disjunction, parse_and); }

bool is_constant(const std::string& t) { return t[0] == '"' || t[0] == '\''; }
std::string unquote(std::string_view t) {
  if (t.size() >= 2 && (t.front() == '"' || t.front() == '\'')) t = t.substr(1, t.size() - 2);
  return std::string(t);
}

/// What a comparison sees: the value of a symbol, or the text itself when no symbol has that name.
std::string operand(const std::string& t, const Lookup& value_of) {
  if (is_constant(t)) return unquote(t);
  if (t == "y" || t == "m" || t == "n") return t;
  const std::string value = value_of(t);
  if (!value.empty()) return unquote(value);
  return std::isdigit(static_cast<unsigned char>(t[0])) != 0 ? t : "n";
}

std::optional<long long> number(std::string_view s) {
  int base = 10;
  if (s.starts_with("0x")) {
    s.remove_prefix(2);
    base = 16;
  }
  long long v = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), v, base);
  if (ec != std::errc() || end != s.data() + s.size()) return std::nullopt;
  return v;
}

bool compare(const Expr& e, const Lookup& value_of) {
  const std::string a = operand(e.left, value_of);
  const std::string b = operand(e.right, value_of);
  const auto x = number(a);
  const auto y = number(b);
  const auto order = x && y ? *x <=> *y : a.compare(b) <=> 0;
  if (e.op == "=") return order == 0;
  if (e.op == "!=") return order != 0;
  if (e.op == "<") return order < 0;
  if (e.op == "<=") return order <= 0;
  if (e.op == ">") return order > 0;
  return order >= 0;
}

int tristate(const std::string& value) { return value == "y" ? 2 : value == "m" ? 1 : 0; }

int atom(const std::string& t, const Lookup& value_of) {
  if (t[0] == '$') return 2;
  if (is_constant(t)) return tristate(unquote(t));
  if (t == "y" || t == "m" || t == "n") return tristate(t);
  return tristate(value_of(t));
}

bool is_symbol(const std::string& t) {
  return !t.empty() && t[0] != '$' && !is_constant(t) && t != "y" && t != "m" && t != "n" && !number(t);
}

void add_symbols(const Expr& e, std::vector<std::string>& out) {
  const auto add = [&](const std::string& t) {
    if (is_symbol(t) && std::find(out.begin(), out.end(), t) == out.end()) out.push_back(t);
  };
  add(e.left);
  add(e.right);
  for (const auto& kid : e.kids) add_symbols(kid, out);
}

}  // namespace

std::optional<Expr> parse_expr(std::string_view text) {
  Lexer in(text);
  auto e = parse_or(in);
  if (!in.done()) return std::nullopt;
  return e;
}

std::string to_string(const Expr& e) {
  const auto grouped = [](const Expr& kid) {
    const bool chain = kid.kind == Expr::Kind::conjunction || kid.kind == Expr::Kind::disjunction;
    return chain ? "(" + to_string(kid) + ")" : to_string(kid);
  };
  switch (e.kind) {
    case Expr::Kind::atom:
      return e.left;
    case Expr::Kind::compare:
      return e.left + " " + e.op + " " + e.right;
    case Expr::Kind::negation: {
      const Expr& kid = e.kids.front();
      return kid.kind == Expr::Kind::atom ? "!" + kid.left : "!(" + to_string(kid) + ")";
    }
    case Expr::Kind::conjunction:
    case Expr::Kind::disjunction:
      break;
  }
  const bool conjunction = e.kind == Expr::Kind::conjunction;
  std::vector<std::string> parts;
  for (const auto& kid : e.kids) {
    // && binds tighter than ||, so only an "or" inside an "and" needs its parentheses.
    parts.push_back(conjunction ? grouped(kid) : to_string(kid));
  }
  return join(parts, conjunction ? " && " : " || ");
}

int evaluate(const Expr& e, const Lookup& value_of) {
  switch (e.kind) {
    case Expr::Kind::atom:
      return atom(e.left, value_of);
    case Expr::Kind::compare:
      return compare(e, value_of) ? 2 : 0;
    case Expr::Kind::negation:
      return 2 - evaluate(e.kids.front(), value_of);
    case Expr::Kind::conjunction: {
      int v = 2;
      for (const auto& kid : e.kids) v = std::min(v, evaluate(kid, value_of));
      return v;
    }
    case Expr::Kind::disjunction: {
      int v = 0;
      for (const auto& kid : e.kids) v = std::max(v, evaluate(kid, value_of));
      return v;
    }
  }
  return 0;
}

std::vector<std::string> unmet_parts(const Expr& e, const Lookup& value_of) {
  std::vector<std::string> out;
  if (e.kind == Expr::Kind::conjunction) {
    for (const auto& kid : e.kids) {
      for (auto& part : unmet_parts(kid, value_of)) out.push_back(std::move(part));
    }
    return out;
  }
  if (evaluate(e, value_of) != 0) return out;
  std::vector<std::string> symbols;
  add_symbols(e, symbols);
  const auto value = [&](const std::string& s) {
    const auto v = value_of(s);
    return v.empty() ? std::string("n") : v;
  };
  if (e.kind == Expr::Kind::atom && !symbols.empty()) return {fmt::format("{} ({})", e.left, value(e.left))};
  std::vector<std::string> values;
  for (const auto& s : symbols) values.push_back(s + "=" + value(s));
  out.push_back(values.empty() ? to_string(e) : fmt::format("{} ({})", to_string(e), join(values, ", ")));
  return out;
}

std::vector<std::pair<std::string, std::string>> settings_for(const Expr& e, const Lookup& value_of) {
  std::vector<std::pair<std::string, std::string>> out;
  if (evaluate(e, value_of) == 2) return out;
  switch (e.kind) {
    case Expr::Kind::atom:
      if (is_symbol(e.left)) out.emplace_back(e.left, "y");
      break;
    case Expr::Kind::compare:
      if (e.op == "=" && is_symbol(e.left) && !is_symbol(e.right)) out.emplace_back(e.left, unquote(e.right));
      break;
    case Expr::Kind::negation: {
      const Expr& kid = e.kids.front();
      if (kid.kind == Expr::Kind::atom && is_symbol(kid.left)) out.emplace_back(kid.left, "n");
      break;
    }
    case Expr::Kind::conjunction:
      for (const auto& kid : e.kids) {
        for (auto& one : settings_for(kid, value_of)) out.push_back(std::move(one));
      }
      break;
    case Expr::Kind::disjunction:
      for (const auto& kid : e.kids) {
        out = settings_for(kid, value_of);
        if (!out.empty()) break;
      }
      break;
  }
  return out;
}

}  // namespace pinrig::kconfig
