// SPDX-License-Identifier: GPL-2.0
#include "image/packages.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pinrig::image {
namespace {

struct Line {
  std::string package;
  std::vector<model::Arch> archs;  ///< empty: all
};

// Debian policy 5.6.1: lower case letters, digits, plus, minus and dot. Anything else could become an
// option or a pattern of apt.
bool is_package_name(std::string_view name) {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  return name.size() >= 2 && name.front() != '-' && name.front() != '+' && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), ok);
}

Error line_error(const std::string& file, std::size_t line, const std::string& what) {
  return make_error(ErrorKind::bad_input, fmt::format("{}:{}: {}", file, line, what),
                    "a line is `suite NAME` or `PACKAGE [ARCH,...]  # why a guest needs it`");
}

Result<Line> parse_line(std::string_view text, const std::string& file, std::size_t number) {
  Line line;
  const auto open = text.find('[');
  line.package = trim(text.substr(0, open));
  if (!is_package_name(line.package)) {
    return line_error(file, number, fmt::format("\"{}\" is not a package name", line.package));
  }
  if (open == std::string_view::npos) return line;
  if (text.back() != ']') return line_error(file, number, "missing ] after the architectures");
  for (const std::string& word : split(text.substr(open + 1, text.size() - open - 2), ',')) {
    const auto arch = model::arch_from_string(std::string(trim(word)));
    if (!arch) return line_error(file, number, fmt::format("unknown architecture \"{}\"", trim(word)));
    line.archs.push_back(*arch);
  }
  return line;
}

bool wanted(const Line& line, model::Arch arch) {
  return line.archs.empty() || std::find(line.archs.begin(), line.archs.end(), arch) != line.archs.end();
}

}  // namespace

const char* debian_arch(model::Arch arch) { return arch == model::Arch::x86_64 ? "amd64" : "arm64"; }

std::string triplet(model::Arch arch) { return std::string(model::to_string(arch)) + "-linux-gnu"; }

Result<PackageList> parse_packages(const std::string& text, const std::string& file, model::Arch arch) {
  PackageList list;
  std::size_t number = 0;
  for (std::string_view raw : lines(text)) {
    ++number;
    const auto hash = raw.find('#');
    const std::string_view body = trim(raw.substr(0, hash));
    if (body.empty()) continue;
    if (body.starts_with("suite ")) {
      const std::string suite(trim(body.substr(6)));
      if (!list.suite.empty()) return line_error(file, number, "duplicate suite: only one is allowed");
      if (!is_package_name(suite))
        return line_error(file, number, fmt::format("\"{}\" is not a suite name", suite));
      list.suite = suite;
      continue;
    }
    PINRIG_TRY(line, parse_line(body, file, number));
    if (hash == std::string_view::npos || trim(raw.substr(hash + 1)).empty()) {
      return line_error(file, number, fmt::format("{} has no reason", line.package));
    }
    if (!wanted(line, arch)) continue;
    if (std::find(list.packages.begin(), list.packages.end(), line.package) != list.packages.end()) {
      return line_error(file, number, fmt::format("duplicate package {}", line.package));
    }
    list.packages.push_back(line.package);
  }
  if (list.suite.empty()) return line_error(file, number, "no suite given");
  if (list.packages.empty())
    return line_error(file, number, fmt::format("no package for {}", to_string(arch)));
  std::sort(list.packages.begin(), list.packages.end());
  return list;
}

}  // namespace pinrig::image
