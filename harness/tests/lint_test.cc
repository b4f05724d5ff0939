// SPDX-License-Identifier: GPL-2.0
// The size limits and the licence line, for every file of the project.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace pinrig {
namespace {

constexpr std::size_t max_header = 150;
constexpr std::size_t max_source = 450;
constexpr std::size_t max_test = 700;
constexpr std::size_t max_function = 60;

struct Function {
  std::string head;
  std::size_t line;
  std::size_t length;
};

bool opens_function(std::string_view line) {
  if (line.empty() || line.front() == ' ' || line.front() == '#' || line.front() == '}' || line.front() == '/') return false;
  if (!line.ends_with("{")) return false;
  for (const std::string_view word : {"namespace", "struct ", "class ", "enum ", "union ", "extern \"C\"", "typedef "}) {
    if (line.starts_with(word)) return line.find('(') != std::string_view::npos && !line.starts_with("namespace");
  }
  return line.find('=') == std::string_view::npos || line.find(") {") != std::string_view::npos;
}

// Functions at namespace level: opened by a line that starts in column 0 (or its continuation), closed by a
// '}' in column 0. That is how .clang-format lays them out.
std::vector<Function> functions_of(std::string_view text) {
  std::vector<Function> out;
  const auto all = lines(text);
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::size_t open = i;
    if (all[i].empty() || all[i].front() == ' ' || all[i].front() == '/' || all[i].front() == '#') continue;
    // A signature over several lines: go on to the line that ends it.
    while (open < all.size() && open < i + 6 && !all[open].ends_with("{") && !all[open].ends_with(";") &&
           !all[open].ends_with("}") && !all[open].empty())
      ++open;
    if (open >= all.size() || !all[open].ends_with("{")) continue;
    if (open == i ? !opens_function(all[i]) : all[i].find('(') == std::string_view::npos) continue;
    std::size_t close = open + 1;
    while (close < all.size() && !(all[close].starts_with("}"))) ++close;
    out.push_back({std::string(all[i]), i + 1, close - i + 1});
    i = close;
  }
  return out;
}

bool is_source(const fs::path& p) {
  const auto e = p.extension();
  return e == ".h" || e == ".cc" || e == ".c" || e == ".S";
}

std::vector<fs::path> project_files() {
  std::vector<fs::path> out;
  for (const char* top : {"harness", "guest-tests", "kernels", "configs", "images"}) {
    for (const auto& e : fs::recursive_directory_iterator(fs::path(PINRIG_SOURCE_DIR) / top)) {
      if (e.is_regular_file()) out.push_back(e.path());
    }
  }
  return out;
}

TEST(Lint, SizesAreWithinTheLimits) {
  int seen = 0;
  for (const auto& path : project_files()) {
    if (!is_source(path) || path.string().find("/testdata/") != std::string::npos) continue;
    const auto text = read_file(path);
    ASSERT_TRUE(text.has_value());
    ++seen;
    const std::string name = path.filename().string();
    const std::size_t limit = name.ends_with("_test.cc") ? max_test : path.extension() == ".h" ? max_header : max_source;
    EXPECT_LE(lines(*text).size(), limit) << path.string();
    for (const auto& f : functions_of(*text))
      EXPECT_LE(f.length, max_function) << path.string() << ":" << f.line << ": " << f.head;
  }
  EXPECT_GT(seen, 40);
}

TEST(Lint, EveryFileHasItsLicenceLine) {
  for (const auto& path : project_files()) {
    const std::string ext = path.extension().string();
    // JSON has no comments; fixtures are data that a comment would change; patches and mail carry the kernel's licence.
    if (ext == ".json" || ext == ".patch" || path.string().find("/testdata/") != std::string::npos) continue;
    const auto text = read_file(path);
    ASSERT_TRUE(text.has_value());
    EXPECT_NE(text->substr(0, 300).find("SPDX-License-Identifier: GPL-2.0"), std::string::npos) << path.string();
  }
}

TEST(Lint, NothingPointsAtOneMachine) {
  for (const auto& path : project_files()) {
    const auto text = read_file(path);
    ASSERT_TRUE(text.has_value());
    // Put together here so that this file does not find itself.
    for (const std::string& needle : {std::string("/wo") + "rk/", std::string("/tm") + "p/wt", std::string("/ro") + "ot/"})
      EXPECT_EQ(text->find(needle), std::string::npos) << path.string() << " holds a path of one machine: " << needle;
  }
}

TEST(Lint, TheFunctionRulerMeasures) {
  std::string text = "namespace x {\nint f(int a) {\n";
  for (int i = 0; i < 58; ++i) text += "  a++;\n";
  const std::string short_enough = text + "}\n}\n";
  const std::string too_long = text + "  a--;\n}\n}\n";
  ASSERT_EQ(functions_of(short_enough).size(), 1u);
  EXPECT_EQ(functions_of(short_enough)[0].length, 60u);
  ASSERT_EQ(functions_of(too_long).size(), 1u);
  EXPECT_EQ(functions_of(too_long)[0].length, 61u);
  EXPECT_EQ(functions_of("void g(int first,\n       int second) {\n}\n").size(), 1u);
}

}  // namespace
}  // namespace pinrig
