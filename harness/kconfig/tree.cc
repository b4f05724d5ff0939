// SPDX-License-Identifier: GPL-2.0
#include "kconfig/tree.h"

#include <set>
#include <string_view>

#include "base/text.h"

namespace pinrig::kconfig {
namespace {

/// Width of the leading whitespace of a line; a tab goes to the next multiple of 8, as in the kernel's lexer.
int indent(std::string_view line) {
  int n = 0;
  for (const char c : line) {
    if (c == ' ')
      ++n;
    else if (c == '\t')
      n = (n / 8 + 1) * 8;
    else
      break;
  }
  return n;
}

std::string_view first_word(std::string_view text) {
  const auto end = text.find_first_of(" \t");
  return text.substr(0, end);
}

std::string_view after(std::string_view text, std::string_view word) {
  return trim(text.substr(word.size()));
}

/// Drops a trailing comment, but not a '#' within quotes.
std::string_view without_comment(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '#') {
      return trim(text.substr(0, i));
    }
  }
  return text;
}

/// `"text" if COND` or `VALUE if COND`: the condition, empty if there is none.
std::string_view condition_of(std::string_view text) {
  if (text.starts_with('"')) {
    const auto end = text.find('"', 1);
    if (end == std::string_view::npos) return {};
    text = trim(text.substr(end + 1));
    return text.starts_with("if") ? after(text, "if") : std::string_view();
  }
  const auto at = text.find(" if ");
  return at == std::string_view::npos ? std::string_view() : trim(text.substr(at + 4));
}

class TreeParser {
 public:
  TreeParser(std::string srcarch, const Reader& read) : srcarch_(std::move(srcarch)), read_(read) {}

  Tree parse() {
    file("Kconfig");
    return std::move(tree_);
  }

 private:
  struct Scope {
    std::vector<std::string> depends;
    std::vector<std::string> visible;
    int choice = -1;
  };

  void file(const std::string& path) {
    if (!seen_.insert(path).second) return;
    const auto text = read_(path);
    if (!text) return;
    std::string joined;  // a logical line: continued ones put together
    int number = 0;
    int start = 0;
    int help_indent = -1;  // -1: not in a help text, 0: before its first line
    for (const auto line : lines(*text)) {
      ++number;
      if (help_indent >= 0 && in_help(line, help_indent)) continue;
      help_indent = -1;
      if (joined.empty()) start = number;
      joined += line;
      if (joined.ends_with('\\')) {
        joined.back() = ' ';
        continue;
      }
      const auto statement = without_comment(trim(joined));
      if (statement == "help" || statement == "---help---")
        help_indent = 0;
      else if (!statement.empty())
        take(statement, {path, start, 0});
      joined.clear();
    }
  }

  static bool in_help(std::string_view line, int& help_indent) {
    if (trim(line).empty()) return true;
    const int n = indent(line);
    if (help_indent == 0) {
      help_indent = n;
      return n > 0;
    }
    return n >= help_indent;
  }

  void take(std::string_view s, const model::SourceLocation& where) {
    const auto word = first_word(s);
    if (word == "source" || word == "orsource") return source(after(s, word));
    if (word == "config" || word == "menuconfig") return config(std::string(after(s, word)), where);
    if (word == "menu") return open({});
    if (word == "if") return open({{std::string(after(s, word))}, {}, -1});
    if (word == "choice") {
      tree_.choices.push_back({where, {}});
      return open({{}, {}, static_cast<int>(tree_.choices.size()) - 1});
    }
    if (word == "endmenu" || word == "endif" || word == "endchoice") return close();
    if (word == "comment") {
      current_ = nullptr;
      in_scope_head_ = false;
      return;
    }
    attribute(word, s);
  }

  void source(std::string_view path) {
    path = trim(path);
    if (path.size() >= 2 && path.front() == '"') path = path.substr(1, path.size() - 2);
    std::string name(path);
    for (const std::string variable : {"$(SRCARCH)", "$SRCARCH"}) {
      if (const auto at = name.find(variable); at != std::string::npos)
        name.replace(at, variable.size(), srcarch_);
    }
    current_ = nullptr;
    in_scope_head_ = false;
    file(name);
  }

  void config(const std::string& symbol, const model::SourceLocation& where) {
    Definition d;
    d.where = where;
    for (const auto& scope : scopes_) {
      d.depends.insert(d.depends.end(), scope.depends.begin(), scope.depends.end());
      d.visible.insert(d.visible.end(), scope.visible.begin(), scope.visible.end());
      if (scope.choice >= 0) d.choice = scope.choice;
    }
    if (d.choice >= 0) tree_.choices[static_cast<std::size_t>(d.choice)].members.push_back(symbol);
    auto& all = tree_.symbols[symbol];
    all.push_back(std::move(d));
    current_ = &all.back();
    symbol_ = symbol;
    in_scope_head_ = false;
  }

  void open(Scope scope) {
    scopes_.push_back(std::move(scope));
    current_ = nullptr;
    in_scope_head_ = true;
  }
  void close() {
    if (!scopes_.empty()) scopes_.pop_back();
    current_ = nullptr;
    in_scope_head_ = false;
  }

  /// A line inside a config, or between a menu or choice and its first entry.
  void attribute(std::string_view word, std::string_view s) {
    const auto rest = after(s, word);
    auto* depends = current_ != nullptr ? &current_->depends
                    : in_scope_head_    ? &scopes_.back().depends
                                        : nullptr;
    auto* visible = current_ != nullptr ? &current_->visible
                    : in_scope_head_    ? &scopes_.back().visible
                                        : nullptr;
    if (depends == nullptr) return;
    if (word == "depends" && rest.starts_with("on")) {
      depends->emplace_back(after(rest, "on"));
    } else if (word == "visible" && rest.starts_with("if")) {
      visible->emplace_back(after(rest, "if"));
    } else if (word == "select" && current_ != nullptr) {
      tree_.selected_by[std::string(first_word(rest))].push_back(symbol_);
    } else if (is_prompt(word, rest)) {
      if (current_ != nullptr) current_->has_prompt = true;
      if (const auto condition = condition_of(rest); !condition.empty()) visible->emplace_back(condition);
    }
  }

  static bool is_prompt(std::string_view word, std::string_view rest) {
    if (word == "prompt") return true;
    const bool type =
        word == "bool" || word == "tristate" || word == "string" || word == "int" || word == "hex";
    return type && !rest.empty() && (rest.front() == '"' || rest.front() == '\'');
  }

  std::string srcarch_;
  const Reader& read_;
  Tree tree_;
  std::set<std::string> seen_;
  std::vector<Scope> scopes_;
  Definition* current_ = nullptr;
  std::string symbol_;
  bool in_scope_head_ = false;
};

}  // namespace

Tree parse_tree(const std::string& srcarch, const Reader& read) { return TreeParser(srcarch, read).parse(); }

}  // namespace pinrig::kconfig
