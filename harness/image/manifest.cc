// SPDX-License-Identifier: GPL-2.0
#include "image/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace pinrig::image {
namespace {

constexpr const char* forms =
    "lines are: dir PATH MODE | file PATH SOURCE MODE | tree PATH SOURCE MODE | slink PATH TARGET | "
    "nod PATH MODE c|b MAJOR MINOR";

Error bad(const std::string& where, const std::string& what, const std::string& hint = forms) {
  return make_error(ErrorKind::bad_input, where + ": " + what, hint);
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::string& word : split(line, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

std::optional<unsigned> number(const std::string& word, int base) {
  unsigned value = 0;
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (ec != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

class LineParser {
 public:
  LineParser(std::vector<std::string> words, std::string where, const fs::path& folder,
             const std::map<std::string, fs::path>& variables)
      : words_(std::move(words)), where_(std::move(where)), folder_(folder), variables_(variables) {}

  Result<Entry> parse() {
    static const std::map<std::string, std::size_t> sizes = {
        {"dir", 3}, {"file", 4}, {"tree", 4}, {"slink", 3}, {"nod", 6}};
    const auto size = sizes.find(words_[0]);
    if (size == sizes.end()) return bad(where_, fmt::format("unknown word \"{}\"", words_[0]));
    if (words_.size() != size->second) {
      return bad(where_,
                 fmt::format("{} needs {} words, got {}", words_[0], size->second - 1, words_.size() - 1));
    }
    entry_.where = where_;
    PINRIG_CHECK(path());
    if (words_[0] == "slink") return slink();
    if (words_[0] == "nod") return nod();
    if (words_[0] == "dir") return dir();
    return file();
  }

 private:
  Result<void> path() {
    const fs::path p = words_[1];
    if (!p.is_absolute() || p.lexically_normal().string() != words_[1] || !p.has_filename()) {
      return bad(where_, fmt::format("\"{}\" is not a plain absolute path", words_[1]));
    }
    entry_.path = words_[1];
    return {};
  }

  Result<void> mode(const std::string& word) {
    const auto value = number(word, 8);
    if (!value || *value > 07777) return bad(where_, fmt::format("\"{}\" is not an octal mode", word));
    entry_.mode = *value;
    return {};
  }

  Result<Entry> dir() {
    entry_.type = Entry::Type::dir;
    PINRIG_CHECK(mode(words_[2]));
    return std::move(entry_);
  }

  Result<Entry> slink() {
    entry_.type = Entry::Type::slink;
    entry_.target = words_[2];
    entry_.mode = 0777;
    return std::move(entry_);
  }

  Result<Entry> nod() {
    entry_.type = Entry::Type::nod;
    PINRIG_CHECK(mode(words_[2]));
    const auto major = number(words_[4], 10);
    const auto minor = number(words_[5], 10);
    if ((words_[3] != "c" && words_[3] != "b") || !major || !minor) {
      return bad(where_, "expected c or b and two decimal numbers");
    }
    entry_.device = words_[3][0];
    entry_.major = *major;
    entry_.minor = *minor;
    return std::move(entry_);
  }

  Result<Entry> file() {
    PINRIG_CHECK(mode(words_[3]));
    const std::string& source = words_[2];
    if (!source.starts_with("${")) {
      entry_.source = folder_ / source;
      return std::move(entry_);
    }
    const auto close = source.find('}');
    const std::string name = source.substr(2, close == std::string::npos ? close : close - 2);
    const auto variable = variables_.find(name);
    if (close == std::string::npos || variable == variables_.end()) {
      std::vector<std::string> known;
      for (const auto& [key, value] : variables_) known.push_back(key);
      return bad(where_, fmt::format("unknown variable ${{{}}}", name), "known: " + join(known, ", "));
    }
    entry_.source = variable->second / fs::path(source.substr(close + 1)).relative_path();
    return std::move(entry_);
  }

  std::vector<std::string> words_;
  std::string where_;
  const fs::path& folder_;
  const std::map<std::string, fs::path>& variables_;
  Entry entry_;
};

Result<void> expand(const Entry& tree, std::vector<Entry>& out) {
  std::error_code ec;
  if (!fs::is_directory(tree.source, ec)) {
    return bad(tree.where, fmt::format("{} is not a directory", tree.source.string()), "");
  }
  fs::recursive_directory_iterator it(tree.source, ec);
  for (; !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    const bool link = it->is_symlink(ec);
    if (!link && !it->is_regular_file(ec)) continue;
    Entry file = tree;
    file.path = (fs::path(tree.path) / it->path().lexically_relative(tree.source)).string();
    file.type = link ? Entry::Type::slink : Entry::Type::file;
    file.source = link ? fs::path() : it->path();
    if (link) file.target = fs::read_symlink(it->path(), ec).string();
    out.push_back(std::move(file));
  }
  if (ec) return errno_error("reading " + tree.source.string(), ec.value());
  return {};
}

}  // namespace

Result<Manifest> parse_manifest(const std::string& text, const fs::path& file,
                                const std::map<std::string, fs::path>& variables) {
  Manifest manifest;
  const fs::path folder = file.parent_path();
  std::size_t count = 0;
  for (std::string_view raw : lines(text)) {
    ++count;
    auto words = words_of(trim(raw.substr(0, raw.find('#'))));
    if (words.empty()) continue;
    const bool tree = words[0] == "tree";
    PINRIG_TRY(
        entry,
        LineParser(std::move(words), fmt::format("{}:{}", file.string(), count), folder, variables).parse());
    (tree ? manifest.trees : manifest.entries).push_back(std::move(entry));
  }
  return manifest;
}

Result<std::vector<Entry>> resolve(const Manifest& manifest) {
  std::vector<Entry> all = manifest.entries;
  for (const Entry& tree : manifest.trees) PINRIG_CHECK(expand(tree, all));

  std::map<std::string, Entry> by_path;
  for (Entry& entry : all) {
    std::error_code ec;
    if (entry.type == Entry::Type::file && !fs::is_regular_file(entry.source, ec)) {
      return bad(entry.where, fmt::format("{}: source {} does not exist", entry.path, entry.source.string()),
                 "");
    }
    const auto [it, fresh] = by_path.try_emplace(entry.path, entry);
    if (!fresh)
      return bad(entry.where, fmt::format("{} is also created by {}", entry.path, it->second.where), "");
  }
  // The kernel's unpacker (init/initramfs.c) makes no parents: a file without one is lost in silence.
  for (const Entry& entry : all) {
    for (fs::path p = fs::path(entry.path).parent_path(); p != "/"; p = p.parent_path()) {
      Entry dir;
      dir.type = Entry::Type::dir;
      dir.path = p.string();
      dir.where = entry.where;
      const auto [it, fresh] = by_path.try_emplace(dir.path, dir);
      if (it->second.type != Entry::Type::dir) {
        return bad(entry.where,
                   fmt::format("{} lies below {}, which is not a directory", entry.path, p.string()), "");
      }
    }
  }
  std::vector<Entry> sorted;
  for (auto& [path, entry] : by_path) sorted.push_back(std::move(entry));
  return sorted;
}

}  // namespace pinrig::image
