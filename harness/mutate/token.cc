// SPDX-License-Identifier: GPL-2.0
#include "mutate/token.h"

#include <array>
#include <cctype>

#include "base/text.h"

namespace pinrig::mutate {
namespace {

bool starts_word(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool continues_word(char c) { return starts_word(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

constexpr std::array<std::string_view, 24> long_marks{"<<=", ">>=", "...", "->", "++", "--", "<<", ">>",
                                                      "<=",  ">=",  "==",  "!=", "&&", "||", "+=", "-=",
                                                      "*=",  "/=",  "%=",  "&=", "|=", "^=", "##", "::"};

// Reads one token or a comment after another.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : s_(source) {}

  Tokens run() {
    while (at_ < s_.size()) step();
    return std::move(out_);
  }

 private:
  bool sees(std::string_view what) const { return s_.substr(at_, what.size()) == what; }

  void advance(std::size_t to) {
    for (; at_ < to && at_ < s_.size(); ++at_) {
      if (s_[at_] == '\n') ++line_;
    }
  }

  void step() {
    const char c = s_[at_];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) return advance(at_ + 1);
    if (sees("/*")) return advance(past("*/", at_ + 2));
    if (sees("//")) return advance(s_.find('\n', at_));
    if (c == '#' && begins_line()) return take(Token::Kind::directive, directive_end());
    if (starts_word(c)) return take(Token::Kind::word, word_end(at_));
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return take(Token::Kind::number, number_end());
    if (c == '"' || c == '\'') return take(Token::Kind::text, quoted_end(c));
    for (const auto mark : long_marks) {
      if (sees(mark)) return take(Token::Kind::mark, at_ + mark.size());
    }
    take(Token::Kind::mark, at_ + 1);
  }

  void take(Token::Kind kind, std::size_t end) {
    const std::size_t stop = std::min(end, s_.size());
    out_.push_back({kind, at_, stop, line_, at_ == 0 || s_[at_ - 1] == '\n'});
    advance(stop);
  }

  std::size_t past(std::string_view what, std::size_t from) const {
    const auto found = s_.find(what, from);
    return found == std::string_view::npos ? s_.size() : found + what.size();
  }

  bool begins_line() const {
    const auto before = s_.substr(0, at_).find_last_not_of(" \t");
    return before == std::string_view::npos || s_[before] == '\n';
  }

  // A comment of several lines belongs to the directive in which it begins.
  std::size_t directive_end() const {
    std::size_t i = at_;
    while (i < s_.size() && s_[i] != '\n') {
      if (s_[i] == '\\' && i + 1 < s_.size()) {
        i += 2;
      } else if (s_.substr(i, 2) == "/*") {
        i = past("*/", i + 2);
      } else {
        ++i;
      }
    }
    return i;
  }

  std::size_t word_end(std::size_t i) const {
    while (i < s_.size() && continues_word(s_[i])) ++i;
    return i;
  }

  std::size_t number_end() const {
    std::size_t i = at_;
    while (i < s_.size() && (continues_word(s_[i]) || s_[i] == '.')) ++i;
    return i;
  }

  std::size_t quoted_end(char quote) const {
    std::size_t i = at_ + 1;
    while (i < s_.size() && s_[i] != quote && s_[i] != '\n') i += s_[i] == '\\' ? 2 : 1;
    return i + 1;
  }

  std::string_view s_;
  std::size_t at_ = 0;
  int line_ = 1;
  Tokens out_;
};

}  // namespace

Tokens tokens_of(std::string_view source) { return Lexer(source).run(); }

std::string Source::joined(std::size_t begin, std::size_t end) const {
  std::string out;
  for (std::size_t i = begin; i < end && i < tokens.size(); ++i) {
    if (i > begin && tokens[i].begin > tokens[i - 1].end) out += ' ';
    out += at(i);
  }
  return out;
}

std::string Source::line(int number) const {
  int n = 0;
  for (const auto l : lines(text)) {
    if (++n == number) return std::string(trim(l));
  }
  return {};
}

}  // namespace pinrig::mutate
