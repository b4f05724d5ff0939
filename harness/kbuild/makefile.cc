// SPDX-License-Identifier: GPL-2.0
#include "kbuild/makefile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <set>

#include "base/file.h"
#include "base/text.h"

namespace pinrig::kbuild {
namespace {

struct LogicalLine {
  int number = 0;  ///< of its first line
  std::string text;
};

/// Without comments; lines that end in a backslash go on.
std::vector<LogicalLine> logical_lines(std::string_view makefile) {
  std::vector<LogicalLine> out;
  bool goes_on = false;
  int number = 0;
  for (auto line : lines(makefile)) {
    ++number;
    line = line.substr(0, line.find('#'));
    const bool more = line.ends_with('\\');
    if (more) line.remove_suffix(1);
    if (goes_on)
      out.back().text += " " + std::string(line);
    else
      out.push_back({number, std::string(line)});
    goes_on = more;
  }
  return out;
}

/// Every CONFIG_ name in a text, each once.
std::vector<std::string> symbols_in(std::string_view text) {
  constexpr std::string_view prefix = "CONFIG_";
  std::vector<std::string> out;
  for (auto at = text.find(prefix); at != std::string_view::npos; at = text.find(prefix, at + 1)) {
    auto end = at;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
      ++end;
    std::string name(text.substr(at, end - at));
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  }
  return out;
}

/// The conditionals around a line, outermost first.
class Conditionals {
 public:
  /// Whether the line is one of them.
  bool take(std::string_view line) {
    const auto word = line.substr(0, line.find_first_of(" \t("));
    if (word == "ifdef" || word == "ifeq" || word == "ifneq" || word == "ifndef") {
      // Of `ifndef X`, `ifeq ($(X),)` and `ifneq ($(X),y)` it is not known what they ask for.
      const bool empty = line.find(",)") != std::string_view::npos;
      const bool asks = word == "ifdef" || (word == "ifeq" && !empty) || (word == "ifneq" && empty);
      open_.push_back(asks ? symbols_in(line) : std::vector<std::string>());
      return true;
    }
    if (word == "else" && !open_.empty()) open_.back() = {};
    if (word == "endif" && !open_.empty()) open_.pop_back();
    return word == "else" || word == "endif";
  }
  std::vector<std::string> symbols() const {
    std::vector<std::string> out;
    for (const auto& one : open_) out.insert(out.end(), one.begin(), one.end());
    return out;
  }

 private:
  std::vector<std::vector<std::string>> open_;
};

/// "obj-$(CONFIG_X) += a.o b.o"
struct Assignment {
  std::string list;  ///< "obj", "nvme"
  std::string left;  ///< "obj-$(CONFIG_X)"
  std::string op;    ///< "+="
  std::vector<std::string> words;
};

std::optional<Assignment> assignment_of(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  auto op = equals;
  while (op > 0 && (line[op - 1] == '+' || line[op - 1] == ':')) --op;
  Assignment a;
  a.left = trim(line.substr(0, op));
  a.op = line.substr(op, equals - op + 1);
  // The last dash before what may be a variable with dashes in it.
  const auto dash = a.left.rfind('-', a.left.find('$'));
  if (dash == std::string::npos || a.left.find_first_of(" \t") != std::string::npos) return std::nullopt;
  a.list = a.left.substr(0, dash);
  if (a.list.ends_with("-objs")) a.list.resize(a.list.size() - 5);
  std::string right(line.substr(equals + 1));
  std::replace(right.begin(), right.end(), '\t', ' ');
  a.words = split(right, ' ');
  return a;
}

bool is_list_of_kbuild(const std::string& list) {
  static const std::set<std::string> lists{"obj", "lib", "core", "drivers", "net", "libs", "virt", "head"};
  return lists.contains(list);
}

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  for (const auto& s : b) {
    if (std::find(a.begin(), a.end(), s) == a.end()) a.push_back(s);
  }
  return a;
}

class Finder {
 public:
  Finder(std::string_view makefile, std::string file)
      : all_(logical_lines(makefile)), file_(std::move(file)) {}

  std::vector<ObjectWay> ways(const std::string& object) {
    std::vector<ObjectWay> out;
    if (!open_.insert(object).second) return out;  // an object that is composed of itself
    Conditionals around;
    for (const auto& line : all_) {
      const auto text = trim(line.text);
      if (around.take(text)) continue;
      const auto a = assignment_of(text);
      if (!a || std::find(a->words.begin(), a->words.end(), object) == a->words.end()) continue;
      const ObjectLine here{file_, line.number, fmt::format("{} {} {}", a->left, a->op, object),
                            joined(around.symbols(), symbols_in(a->left))};
      auto further = is_list_of_kbuild(a->list) ? std::vector<ObjectWay>() : ways(a->list + ".o");
      if (further.empty()) further.emplace_back();
      for (auto& way : further) {
        way.insert(way.begin(), here);
        out.push_back(std::move(way));
      }
    }
    open_.erase(object);
    return out;
  }

 private:
  std::vector<LogicalLine> all_;
  std::string file_;
  std::set<std::string> open_;
};

bool is_set(const std::string& symbol, std::string_view config) {
  const auto begins = symbol + "=";
  const auto all = lines(config);
  return std::any_of(all.begin(), all.end(), [&](std::string_view line) { return line.starts_with(begins); });
}

std::vector<std::string> unset_of(const ObjectLine& line, std::string_view config) {
  std::vector<std::string> out;
  std::copy_if(line.symbols.begin(), line.symbols.end(), std::back_inserter(out),
               [&](const auto& symbol) { return !is_set(symbol, config); });
  return out;
}

std::vector<std::string> unset_of(const ObjectWay& way, std::string_view config) {
  std::vector<std::string> out;
  for (const auto& line : way) out = joined(std::move(out), unset_of(line, config));
  return out;
}

/// kbuild reads a file Kbuild instead of a Makefile where there is one; architectures have parts in both.
std::vector<ObjectWay> ways_in(const fs::path& folder, const std::string& object, const ReadTree& read) {
  std::vector<ObjectWay> out;
  for (const char* name : {"Kbuild", "Makefile"}) {
    const std::string file = (folder / name).string();
    const auto text = read(file);
    if (!text) continue;
    auto found = object_ways(*text, file, object);
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

/// From the folder of the file up: the ways of its object there, then those of the folder.
std::vector<std::vector<ObjectWay>> levels_of(const fs::path& path, const ReadTree& read) {
  std::vector<std::vector<ObjectWay>> out;
  fs::path object = fs::path(path.filename()).replace_extension(".o");
  for (fs::path at = path.parent_path(); !at.empty(); at = at.parent_path()) {
    auto found = ways_in(at, object.string(), read);
    // A Makefile further up may name it with its folder: "spi/core.o".
    object = found.empty() ? at.filename() / object : at.filename() / "";
    if (!found.empty()) out.push_back(std::move(found));
  }
  return out;
}

/// The way that needs the fewest options; nothing when one of them needs none.
std::optional<ObjectWay> nearest_way(const std::vector<ObjectWay>& ways, std::string_view config) {
  const auto less = [&](const auto& a, const auto& b) {
    return unset_of(a, config).size() < unset_of(b, config).size();
  };
  const auto least = std::min_element(ways.begin(), ways.end(), less);
  if (least == ways.end() || unset_of(*least, config).empty()) return std::nullopt;
  return *least;
}

std::string arch_folder(const std::string& path) {
  if (!path.starts_with("arch/")) return "";
  return path.substr(5, path.find('/', 5) == std::string::npos ? 0 : path.find('/', 5) - 5);
}

}  // namespace

std::vector<ObjectWay> object_ways(std::string_view makefile, const std::string& file,
                                   const std::string& object) {
  return Finder(makefile, file).ways(object);
}

std::string why_unbuilt(const std::string& path, model::Arch arch, std::string_view config,
                        const ReadTree& read) {
  const std::string other = arch_folder(path);
  if (!other.empty() && other != (arch == model::Arch::x86_64 ? "x86" : "arm64"))
    return fmt::format("arch/{} is not built for {}", other, model::to_string(arch));
  if (path.ends_with(".h")) return "no file that was built includes it";
  std::vector<std::string> unset;
  std::optional<ObjectLine> first;
  for (const auto& ways : levels_of(path, read)) {
    const auto way = nearest_way(ways, config);
    if (!way) continue;
    unset = joined(std::move(unset), unset_of(*way, config));
    const auto off = [&](const ObjectLine& line) { return !unset_of(line, config).empty(); };
    if (!first) first = *std::find_if(way->begin(), way->end(), off);
  }
  if (unset.empty()) return "no object of this configuration is made of it";
  return fmt::format("{} {} not set ({}:{}: {})", join(unset, ", "), unset.size() == 1 ? "is" : "are",
                     first->file, first->line, first->text);
}

}  // namespace pinrig::kbuild
