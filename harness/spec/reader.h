// SPDX-License-Identifier: GPL-2.0
// From tree to values: the checks common to all files. Private to spec.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/kernel.h"
#include "spec/schema.h"
#include "spec/yaml_tree.h"

namespace pinrig::spec {

/// Collects the first error; after it every function returns a default, so that code that fills a value is a
/// plain list of fields.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  bool ok() const { return !error_; }
  /// Only when !ok().
  Error error() const { return *error_; }
  const std::string& file() const { return file_; }
  model::SourceLocation where(const Node& n) const { return {file_, n.line, n.column}; }
  /// Of each item of a list.
  std::vector<model::SourceLocation> wheres(const Node& list) const;
  void fail(const Node& at, const std::string& message, std::string hint = {});
  void fail(Error e);

  /// One non-empty line of text. Plain YAML 1.1 words ("no", "08", "1e3") are that text.
  std::string text(const Node& n, const std::string& key);
  /// Letters, digits and "._+-", beginning with a letter or digit: safe as part of a path and of an argv.
  std::string word(const Node& n, const std::string& key);
  /// Decimal, no sign, no leading zero, no exponent.
  int whole(const Node& n, const std::string& key, int min, int max);
  /// Above 0, at most a day.
  double seconds(const Node& n, const std::string& key);
  /// true or false; the other words of YAML 1.1 are refused by name.
  bool truth(const Node& n, const std::string& key);
  /// "512M" or "2G", in MiB, at least 1M. "0" only when `zero` says so.
  int size_mib(const Node& n, const std::string& key, bool zero);
  /// A list with at least one item; an error otherwise.
  const std::vector<Node>& list(const Node& n, const std::string& key);
  std::vector<std::string> texts(const Node& n, const std::string& key);
  /// The same for lists that may be empty, for example to remove what `extends` supplies.
  const std::vector<Node>& list_or_none(const Node& n, const std::string& key);
  std::vector<std::string> texts_or_none(const Node& n, const std::string& key);
  /// One of the words; the error lists them all.
  std::size_t choice(const Node& n, const std::string& key, const std::vector<std::string>& words);

 private:
  bool scalar(const Node& n, const std::string& key, const std::string& wanted);

  std::string file_;
  std::optional<Error> error_;
};

/// One map of a file: refuses keys that its schema does not have, at construction.
class Fields {
 public:
  Fields(Reader& reader, const Node& node, Section section);
  const Node* get(const std::string& key) const;
  /// As get(); its absence is an error at the map.
  const Node* need(const std::string& key) const;
  const Node& key_node(const std::string& key) const;  ///< of a key that exists
  const Node& node() const { return map_; }

 private:
  Reader& reader_;
  const Node& map_;
  const Schema& schema_;
};

/// `out = value of key` if the key exists; otherwise keeps the default.
template <typename T, typename Read>
void set(const Fields& f, const std::string& key, T& out, Read read) {
  if (const Node* n = f.get(key)) out = read(*n);
}

/// expect: of a run or a series: a list, or the word `same`, which may also be an item of the list.
std::vector<model::Expectation> read_expect(Reader& r, const Node& n, bool& same);
/// Configuration symbols, without CONFIG_.
std::vector<std::string> read_symbols(Reader& r, const Node& n, const std::string& key);
/// One verdict or a list of them.
std::vector<model::Verdict> read_verdicts(Reader& r, const Node& n, const std::string& key);
/// archs: a list of names, or the word all.
std::vector<model::Arch> read_archs(Reader& r, const Node& n);

}  // namespace pinrig::spec
