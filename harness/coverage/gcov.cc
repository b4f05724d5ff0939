// SPDX-License-Identifier: GPL-2.0
#include "coverage/gcov.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace pinrig::coverage {
namespace {

using nlohmann::json;

Error no_gcov(const std::string& object, const std::string& why) {
  return make_error(ErrorKind::infra, fmt::format("what gcov says about {}: {}", object, why),
                    "is gcov of the same version as the compiler that built the kernel?");
}

/// The directory of the tree in gcov's names, with its slash; nothing when the source is not among them.
std::optional<std::string> tree_in(const json& files, const std::string& source) {
  for (const auto& f : files) {
    const auto name = f.at("file").get<std::string>();
    if (name == source) return "";
    if (name.ends_with("/" + source)) return name.substr(0, name.size() - source.size());
  }
  return std::nullopt;
}

void add_lines(const json& file, const std::string& path, Measured& out) {
  for (const auto& l : file.at("lines")) {
    const int number = l.at("line_number");
    if (number < 1) continue;
    out.code[path].insert(number);
    if (l.at("count").get<double>() > 0) out.ran[path].insert(number);
  }
}

}  // namespace

void Measured::add(const Measured& more) {
  coverage::add(code, more.code);
  coverage::add(ran, more.ran);
}

Result<Measured> parse_gcov(std::string_view text, const std::string& object) {
  try {
    const json all = json::parse(text);
    const json& files = all.at("files");
    const auto tree = tree_in(files, object + ".c");
    // Without a line of its own a source is not named: nothing of it is code.
    if (!tree && files.empty()) return Measured{};
    if (!tree) return no_gcov(object, fmt::format("{}.c is not among its files", object));
    Measured out;
    for (const auto& f : files) {
      const auto name = f.at("file").get<std::string>();
      // Where the tree is the current directory, "./include/generated/..." is not of it.
      if (!name.starts_with(*tree) || name.starts_with("./") ||
          name.starts_with("/") != tree->starts_with("/"))
        continue;
      add_lines(f, name.substr(tree->size()), out);
    }
    return out;
  } catch (const json::exception& e) {
    return no_gcov(object, json_reason(e.what()));
  }
}

Result<void> check_messages(std::string_view messages, const std::string& object) {
  for (const auto line : lines(messages)) {
    if (line.starts_with(object + ".gcda:") || line.starts_with(object + ".gcno:"))
      return no_gcov(object, std::string(line));
  }
  return {};
}

}  // namespace pinrig::coverage
