// SPDX-License-Identifier: GPL-2.0
#include "kbuild/sources.h"

#include <algorithm>
#include <functional>
#include <set>
#include <unordered_set>

#include "base/text.h"
#include "kbuild/build_log.h"

namespace pinrig::kbuild {
namespace {

/// For look-ups without a string of its own: a tree has 100 MB of .cmd files that name the same headers.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using Names = std::unordered_set<std::string, TextHash, std::equal_to<>>;

/// What follows the first line that begins with `name`, from its " := " on.
std::string_view value_of(std::string_view text, std::string_view name) {
  auto at = text.starts_with(name) ? 0 : text.find("\n" + std::string(name));
  if (at == std::string_view::npos) return {};
  const auto equals = text.find(" := ", at);
  const auto end = text.find('\n', at + 1);
  return equals == std::string_view::npos || equals > end ? std::string_view() : text.substr(equals + 4);
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

std::vector<std::string_view> sources_in_cmd(std::string_view text) {
  std::vector<std::string_view> out;
  auto source = value_of(text, "source_");
  if (const auto file = trim(take_line(source)); !file.empty()) out.push_back(file);
  auto list = value_of(text, "deps_");
  for (bool more = take_line(list).ends_with('\\'); more;) {
    auto line = take_line(list);
    more = line.ends_with('\\');
    if (more) line.remove_suffix(1);
    const auto file = trim(line);
    // "$(wildcard include/config/NAME)": an option that the file asks for.
    if (!file.empty() && !file.starts_with('$')) out.push_back(file);
  }
  return out;
}

Result<std::vector<std::string>> sources_of(const fs::path& objdir, const fs::path& source) {
  // Most headers are named thousands of times: a path is converted once.
  Names raw;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(objdir, ec), end; !ec && it != end; it.increment(ec)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with('.') || !name.ends_with(".cmd")) continue;
    std::error_code gone;
    if (!fs::exists(it->path().parent_path() / name.substr(1, name.size() - 5), gone)) continue;
    PINRIG_TRY(text, read_file(it->path()));
    for (const auto file : sources_in_cmd(text)) {
      if (!raw.contains(file)) raw.emplace(file);
    }
  }
  if (ec) return errno_error("reading " + objdir.string(), ec.value());
  std::set<std::string> out;
  for (const auto& file : raw) {
    auto path = tree_path(file, source.string(), objdir.string());
    if (!path.starts_with('/')) out.insert(std::move(path));
  }
  return std::vector<std::string>(out.begin(), out.end());
}

}  // namespace pinrig::kbuild
