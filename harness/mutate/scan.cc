// SPDX-License-Identifier: GPL-2.0
#include "mutate/scan.h"

#include <algorithm>
#include <array>

namespace pinrig::mutate {
namespace {

using Kind = Statement::Kind;

template <typename Words>
bool one_of(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 22> type_words = {
    "struct", "union", "enum",  "const",    "static",   "unsigned", "signed", "int",
    "long",   "char",  "short", "bool",     "void",     "float",    "size_t", "ssize_t",
    "loff_t", "gfp_t", "u8",    "register", "volatile", "extern"};
constexpr std::array<std::string_view, 4> leaving{"return", "goto", "break", "continue"};
constexpr std::array<std::string_view, 14> not_called = {
    "if",         "for", "while", "switch", "return",        "sizeof",   "typeof",
    "__typeof__", "do",  "else",  "case",   "__attribute__", "offsetof", "defined"};

bool is_directive(const Source& s, std::size_t i) { return s.tokens[i].kind == Token::Kind::directive; }

// Reads the statements between two braces.
class Parser {
 public:
  Parser(const Source& source, Range range, std::vector<Statement>& out)
      : s_(source), range_(range), out_(out) {}

  // False when the code is not what it takes for C.
  bool run() {
    for (std::size_t i = skip(range_.begin); i < range_.end; i = skip(i)) {
      const auto next = statement(i);
      if (!next || *next <= i) return false;
      i = *next;
    }
    return true;
  }

 private:
  using End = std::optional<std::size_t>;

  std::size_t skip(std::size_t i) const {
    while (i < range_.end && is_directive(s_, i)) ++i;
    return i;
  }

  End statement(std::size_t i) {
    i = skip(i);
    if (i >= range_.end) return std::nullopt;
    if (s_.is(i, ";")) return i + 1;
    if (s_.is(i, "{")) return block(i, i);
    if (s_.is(i, "if")) return branch(i);
    if (s_.is(i, "for") || s_.is(i, "while")) return headed(i, Kind::loop);
    if (s_.is(i, "switch")) return headed(i, Kind::block);
    if (s_.is(i, "do")) return do_loop(i);
    if (s_.is(i, "case")) return after_colon(i + 1);
    if (s_.is_word(i) && s_.is(i + 1, ":")) return labelled(i + 2);
    if (s_.is(i, "asm") || s_.is(i, "__asm__")) return simple(i, Kind::other);
    if (one_of(leaving, s_.at(i))) return simple(i, Kind::leave);
    if (is_macro_with_body(i))
      return headed(i, s_.at(i).find("for_each") != std::string_view::npos ? Kind::loop : Kind::block);
    return simple(i, declares(i) ? Kind::declaration : Kind::expression);
  }

  // A label may end a block.
  End labelled(std::size_t i) {
    const std::size_t next = skip(i);
    return next >= range_.end || s_.is(next, "}") ? End(next) : statement(next);
  }

  End after_colon(std::size_t i) {
    for (; i < range_.end; ++i) {
      if (s_.is(i, "(")) {
        const auto close = closing(s_, i, range_.end);
        if (!close) return std::nullopt;
        i = *close;
      } else if (s_.is(i, ":")) {
        return labelled(i + 1);
      }
    }
    return std::nullopt;
  }

  std::size_t add(Kind kind, std::size_t begin) {
    Statement st;
    st.kind = kind;
    st.all.begin = begin;
    out_.push_back(st);
    return out_.size() - 1;
  }

  End close(std::size_t index, std::size_t end) {
    Statement& st = out_[index];
    st.all.end = end;
    for (std::size_t i = st.all.begin; i < end; ++i) st.plain = st.plain && !is_directive(s_, i);
    return end;
  }

  End block(std::size_t begin, std::size_t open) {
    const auto shut = closing(s_, open, range_.end);
    if (!shut) return std::nullopt;
    const std::size_t index = add(Kind::block, begin);
    out_[index].body = {open, *shut + 1};
    if (!Parser(s_, {open + 1, *shut}, out_).run()) return std::nullopt;
    return close(index, *shut + 1);
  }

  // The body of a branch or loop: a compound one is no statement of its own.
  End body(std::size_t index, std::size_t i) {
    i = skip(i);
    End end;
    if (s_.is(i, "{")) {
      const auto shut = closing(s_, i, range_.end);
      if (!shut || !Parser(s_, {i + 1, *shut}, out_).run()) return std::nullopt;
      end = *shut + 1;
    } else {
      end = statement(i);
    }
    if (end) out_[index].body = {i, *end};
    return end;
  }

  End head(std::size_t index, std::size_t i) {
    if (!s_.is(i, "(")) return std::nullopt;
    const auto shut = closing(s_, i, range_.end);
    if (!shut) return std::nullopt;
    out_[index].head = {i + 1, *shut};
    return *shut + 1;
  }

  End headed(std::size_t i, Kind kind) {
    const std::size_t index = add(kind, i);
    const auto after = head(index, i + 1);
    if (!after) return std::nullopt;
    const auto end = body(index, *after);
    return end ? close(index, *end) : std::nullopt;
  }

  End branch(std::size_t i) {
    const std::size_t index = add(Kind::branch, i);
    const auto after = head(index, i + 1);
    if (!after) return std::nullopt;
    auto end = body(index, *after);
    if (!end) return std::nullopt;
    const std::size_t next = skip(*end);
    if (next < range_.end && s_.is(next, "else")) {
      const std::size_t other = skip(next + 1);
      end = s_.is(other, "{") ? block(other, other) : statement(other);
    }
    return end ? close(index, *end) : std::nullopt;
  }

  End do_loop(std::size_t i) {
    const std::size_t index = add(Kind::loop, i);
    auto end = body(index, i + 1);
    if (!end || !s_.is(*end, "while")) return std::nullopt;
    end = head(index, *end + 1);
    if (!end || !s_.is(*end, ";")) return std::nullopt;
    return close(index, *end + 1);
  }

  End simple(std::size_t begin, Kind kind) {
    const std::size_t index = add(kind, begin);
    for (std::size_t i = begin; i < range_.end; ++i) {
      if (s_.is(i, "(") || s_.is(i, "[") || s_.is(i, "{")) {
        const auto shut = closing(s_, i, range_.end);
        if (!shut) return std::nullopt;
        i = *shut;
      } else if (s_.is(i, ";")) {
        return close(index, i + 1);
      }
    }
    return std::nullopt;
  }

  // `for_each_x(...) {`, `scoped_guard(...) {`, `for_each_x(...) statement`
  bool is_macro_with_body(std::size_t i) const {
    if (!s_.is_word(i) || !s_.is(i + 1, "(") || s_.at(i).starts_with("__")) return false;
    const auto shut = closing(s_, i + 1, range_.end);
    if (!shut || *shut + 1 >= range_.end) return false;
    return s_.is(*shut + 1, "{") || s_.is_word(*shut + 1);
  }

  // `struct x *y`, `u32 x`, `pgoff_t a = b`
  bool declares(std::size_t i) const {
    if (!s_.is_word(i)) return false;
    if (one_of(type_words, s_.at(i))) return true;
    std::size_t next = i + 1;
    const bool pointer = s_.is(next, "*");
    while (s_.is(next, "*")) ++next;
    if (!s_.is_word(next) || next >= range_.end) return false;
    return !pointer || s_.is(next + 1, "=") || s_.is(next + 1, ";") || s_.is(next + 1, ",");
  }

  const Source& s_;
  Range range_;
  std::vector<Statement>& out_;
};

// The name in `static int name(int a) __must_hold(x)`, or the first argument of a SYSCALL_DEFINE.
std::string name_of(const Source& s, std::size_t from, std::size_t brace) {
  for (std::size_t i = from; i + 1 < brace; ++i) {
    if (!s.is_word(i) || !s.is(i + 1, "(") || s.at(i).starts_with("__attribute")) continue;
    if (s.at(i).find("DEFINE") != std::string_view::npos && s.is_word(i + 2)) return std::string(s.at(i + 2));
    return std::string(s.at(i));
  }
  return {};
}

}  // namespace

std::optional<std::size_t> closing(const Source& s, std::size_t open, std::size_t end) {
  std::vector<char> expected;
  for (std::size_t i = open; i < end && i < s.tokens.size(); ++i) {
    if (s.tokens[i].kind != Token::Kind::mark) continue;
    const char c = s.text[s.tokens[i].begin];
    if (c == '(' || c == '[' || c == '{') expected.push_back(c == '(' ? ')' : c == '[' ? ']' : '}');
    if (c != ')' && c != ']' && c != '}') continue;
    if (expected.empty() || expected.back() != c) return std::nullopt;
    expected.pop_back();
    if (expected.empty()) return i;
  }
  return std::nullopt;
}

std::vector<Function> functions_of(const Source& s) {
  std::vector<Function> out;
  std::size_t from = 0;  // after the last thing at file level
  for (std::size_t i = 0; i < s.tokens.size(); ++i) {
    if (is_directive(s, i) || (s.tokens[i].first && s.is(i, "}"))) from = i + 1;
    if (s.is(i, ";") && i + 1 < s.tokens.size() && s.tokens[i + 1].first) from = i + 1;
    if (!s.tokens[i].first || !s.is(i, "{")) continue;
    std::size_t shut = i + 1;
    while (shut < s.tokens.size() && !(s.tokens[shut].first && s.is(shut, "}"))) ++shut;
    Function f;
    f.name = name_of(s, from, i);
    f.line = s.tokens[i].line;
    f.body = {i + 1, shut};
    const auto matching = closing(s, i, shut + 1);
    if (!f.name.empty() && matching == shut && Parser(s, f.body, f.statements).run())
      out.push_back(std::move(f));
    i = shut;
    from = shut + 1;
  }
  return out;
}

std::vector<Call> calls_in(const Source& s, Range range) {
  std::vector<Call> out;
  for (std::size_t i = range.begin; i + 1 < range.end; ++i) {
    if (!s.is_word(i) || !s.is(i + 1, "(") || one_of(not_called, s.at(i))) continue;
    const auto shut = closing(s, i + 1, range.end);
    if (!shut) continue;
    Call call{std::string(s.at(i)), {i, *shut + 1}, {}};
    std::size_t begin = i + 2;
    int depth = 0;
    for (std::size_t k = i + 2; k <= *shut; ++k) {
      if (s.is(k, "(") || s.is(k, "[") || s.is(k, "{")) ++depth;
      if (k < *shut && (s.is(k, ")") || s.is(k, "]") || s.is(k, "}"))) --depth;
      if (depth != 0 || !(k == *shut || s.is(k, ","))) continue;
      if (k > begin) call.args.push_back({begin, k});
      begin = k + 1;
    }
    out.push_back(std::move(call));
  }
  return out;
}

const Statement* statement_at(const Function& f, std::size_t token) {
  const Statement* found = nullptr;
  for (const auto& st : f.statements) {
    if (st.all.holds(token)) found = &st;
  }
  return found;
}

}  // namespace pinrig::mutate
