// SPDX-License-Identifier: GPL-2.0
#include "spec/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>

#include "base/text.h"
#include "model/kernel.h"

namespace pinrig::spec {
namespace {

constexpr std::size_t max_depth = 32;

Error at(const std::string& file, int line, int column, const std::string& message, std::string hint = {}) {
  return make_error(ErrorKind::bad_input,
                    fmt::format("{}: {}", model::to_string({file, line, column}), message), std::move(hint));
}

/// Thrown inside this file only, to leave yaml-cpp's parser.
struct Stop {
  int line;
  int column;
  std::string message;
  std::string hint;
};

/// yaml-cpp's own node tree drops the earlier of two equal keys silently; its events do not.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const std::string& source) : source_(source) {}
  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(make(mark, Node::Kind::null)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    stop(mark, "aliases ('*name') are not supported", "write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    check_tag(mark, tag);
    Node n = make(mark, Node::Kind::scalar);
    n.text = value;
    n.quoted = tag == "!";
    if (n.quoted && !closed(static_cast<std::size_t>(std::max(mark.pos, 0))))
      stop(mark, "unterminated quote", "close it on the same line");
    add(std::move(n));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, Node::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  static Node make(const YAML::Mark& mark, Node::Kind kind) {
    Node n;
    n.kind = kind;
    n.line = mark.line + 1;
    n.column = mark.column + 1;
    return n;
  }
  [[noreturn]] static void stop(const YAML::Mark& mark, std::string message, std::string hint) {
    throw Stop{mark.line + 1, mark.column + 1, std::move(message), std::move(hint)};
  }
  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    // "?" is an untagged plain value, "!" a quoted one.
    if (!tag.empty() && tag != "?" && tag != "!")
      stop(mark, fmt::format("tag '{}': tags are not supported", tag), "remove the tag");
  }
  /// yaml-cpp takes the end of the file for the closing quote.
  bool closed(std::size_t at) const {
    if (at >= source_.size() || (source_[at] != '"' && source_[at] != '\'')) return true;
    const char quote = source_[at];
    for (++at; at < source_.size(); ++at) {
      if (quote == '"' && source_[at] == '\\')
        ++at;
      else if (source_[at] == quote)
        return true;  // a doubled '' in single quotes has its end later still
    }
    return false;
  }
  void open(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
    check_tag(mark, tag);
    if (stack_.size() >= max_depth)
      stop(mark, fmt::format("nested deeper than {} levels", max_depth), "pinrig's files never need that");
    stack_.push_back(make(mark, kind));
  }
  void close() {
    Node done = std::move(stack_.back());
    stack_.pop_back();
    add(std::move(done));
  }
  void add(Node n) {
    if (stack_.empty()) {
      root_ = std::move(n);
      return;
    }
    Node& parent = stack_.back();
    if (n.kind == Node::Kind::null && parent.kind == Node::Kind::map &&
        parent.keys.size() > parent.items.size()) {
      // yaml-cpp places a missing value where the next token is; people look at its key.
      n.line = parent.keys.back().line;
      n.column = parent.keys.back().column;
    }
    if (parent.kind == Node::Kind::map && parent.keys.size() == parent.items.size())
      add_key(parent, std::move(n));
    else
      parent.items.push_back(std::move(n));
  }
  static void add_key(Node& parent, Node key) {
    if (key.kind != Node::Kind::scalar)
      throw Stop{key.line, key.column, "a key must be a single word", "write 'key: value'"};
    for (const auto& k : parent.keys) {
      if (k.text == key.text)
        throw Stop{key.line, key.column,
                   fmt::format("duplicate key '{}'; first defined in line {}", key.text, k.line),
                   "remove one of the two"};
    }
    parent.keys.push_back(std::move(key));
  }

  const std::string& source_;
  std::vector<Node> stack_;
  Node root_;
};

/// The position of a tab before the first character of a line; YAML forbids it and yaml-cpp's message for
/// it names something else.
Result<void> check_tabs(const std::string& file, const std::string& text) {
  int number = 0;
  for (const auto line : lines(text)) {
    ++number;
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos || line.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (tab < line.find_first_not_of(" \t"))
      return at(file, number, static_cast<int>(tab) + 1, "tab in the indentation; YAML requires spaces",
                "indent with two spaces");
  }
  return {};
}

Error empty(const std::string& file, int begin) {
  return at(file, begin, 1, begin == 1 ? "the file is empty" : "the block is empty",
            "write 'key: value' lines");
}

Result<Node> parse(const std::string& file, const std::string& text, int begin) {
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    TreeBuilder first(text);
    if (!parser.HandleNextDocument(first)) return empty(file, begin);
    Node root = first.take();
    // Only the events of a second document know where it begins.
    struct Second : TreeBuilder {
      using TreeBuilder::TreeBuilder;
      void OnDocumentStart(const YAML::Mark& mark) override {
        throw Stop{mark.line + 1, mark.column + 1, "second YAML document in one file",
                   "use one file per document"};
      }
    } second(text);
    parser.HandleNextDocument(second);
    return root;
  } catch (const Stop& s) {
    return at(file, s.line, s.column, s.message, s.hint);
  } catch (const YAML::Exception& e) {
    return at(file, std::max(e.mark.line, 0) + 1, std::max(e.mark.column, 0) + 1, "invalid YAML: " + e.msg,
              "check quotes, brackets, colons and indentation there and in the line above");
  } catch (const std::exception& e) {
    return at(file, 0, 0, std::string("cannot parse as YAML: ") + e.what());
  }
}

}  // namespace

std::string shown_path(const fs::path& file) {
  std::error_code ec;
  const fs::path cwd = fs::current_path(ec);
  if (ec) return file.string();
  const fs::path near = file.lexically_normal().lexically_proximate(cwd);
  return near.empty() || near.begin()->string() == ".." ? file.lexically_normal().string() : near.string();
}

Result<Node> read_tree(const fs::path& file) {
  PINRIG_TRY(text, read_file(file));
  return parse_tree(shown_path(file), text, 1);
}

Result<Node> parse_tree(const std::string& shown, const std::string& text, int begin) {
  PINRIG_CHECK(check_tabs(shown, text));
  PINRIG_TRY(root, parse(shown, text, begin));
  if (root.kind == Node::Kind::null) return empty(shown, begin);
  if (root.kind != Node::Kind::map)
    return at(shown, root.line, root.column,
              fmt::format("expected a mapping, got a {}", root.kind == Node::Kind::list ? "list" : "string"),
              "write 'key: value' lines");
  return root;
}

}  // namespace pinrig::spec
