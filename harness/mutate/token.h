// SPDX-License-Identifier: GPL-2.0
// C source text as tokens with their places. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinrig::mutate {

struct Token {
  enum class Kind {
    word,  ///< identifier or keyword
    number,
    text,       ///< string or character constant
    mark,       ///< operator or punctuation
    directive,  ///< a whole preprocessor line, with its continuations
  };
  Kind kind = Kind::mark;
  std::size_t begin = 0;  ///< offsets in the source
  std::size_t end = 0;
  int line = 0;        ///< from 1
  bool first = false;  ///< it begins in column 0
};

using Tokens = std::vector<Token>;

/// Comments and blanks are omitted. Text that is no C gives some tokens, never an error.
Tokens tokens_of(std::string_view source);

/// A source with its tokens.
struct Source {
  std::string text;
  Tokens tokens;

  explicit Source(std::string source) : text(std::move(source)), tokens(tokens_of(text)) {}
  std::string_view at(std::size_t token) const {
    return std::string_view(text).substr(tokens[token].begin, tokens[token].end - tokens[token].begin);
  }
  bool is(std::size_t token, std::string_view word) const {
    return token < tokens.size() && at(token) == word;
  }
  bool is_word(std::size_t token) const {
    return token < tokens.size() && tokens[token].kind == Token::Kind::word;
  }
  /// Tokens [begin, end) on one line, with the blanks that separate them in the source.
  std::string joined(std::size_t begin, std::size_t end) const;
  /// A line without blanks at its ends.
  std::string line(int number) const;
};

}  // namespace pinrig::mutate
