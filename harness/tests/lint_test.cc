// SPDX-License-Identifier: GPL-2.0
// The size limits and the licence line, for every file of the project.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/file.h"
#include "base/text.h"
#include "process/process.h"

namespace pinrig {
namespace {

constexpr std::size_t max_header = 150;
constexpr std::size_t max_source = 450;
constexpr std::size_t max_test = 700;
constexpr std::size_t max_function = 60;
constexpr std::size_t max_code_columns = 110;
constexpr std::size_t max_text_columns = 120;

struct Function {
  std::string head;
  std::size_t line;
  std::size_t length;
};

bool opens_function(std::string_view line) {
  if (line.empty() || line.front() == ' ' || line.front() == '#' || line.front() == '}' ||
      line.front() == '/')
    return false;
  if (!line.ends_with("{")) return false;
  for (const std::string_view word :
       {"namespace", "struct ", "class ", "enum ", "union ", "extern \"C\"", "typedef "}) {
    if (line.starts_with(word))
      return line.find('(') != std::string_view::npos && !line.starts_with("namespace");
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

bool is_testdata(const fs::path& p) { return p.string().find("/testdata/") != std::string::npos; }

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
    if (!is_source(path) || is_testdata(path)) continue;
    const auto text = read_file(path);
    ASSERT_TRUE(text.has_value());
    ++seen;
    const std::string name = path.filename().string();
    const std::size_t limit = name.ends_with("_test.cc") ? max_test
                              : path.extension() == ".h" ? max_header
                                                         : max_source;
    EXPECT_LE(lines(*text).size(), limit) << path.string();
    for (const auto& f : functions_of(*text))
      EXPECT_LE(f.length, max_function) << path.string() << ":" << f.line << ": " << f.head;
  }
  EXPECT_GT(seen, 40);
}

// Code points, not bytes.
std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// The lines of `text` that are wider than `limit`. In Markdown, tables and code blocks may be wider.
std::vector<std::size_t> wide_lines(std::string_view text, std::size_t limit, bool markdown) {
  std::vector<std::size_t> out;
  bool code_block = false;
  const auto all = lines(text);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (markdown && all[i].starts_with("```")) code_block = !code_block;
    if (markdown && (code_block || all[i].starts_with("|"))) continue;
    if (columns(all[i]) > limit) out.push_back(i + 1);
  }
  return out;
}

TEST(Lint, LinesFitTheColumnLimits) {
  int seen = 0;
  auto files = project_files();
  files.emplace_back(fs::path(PINRIG_SOURCE_DIR) / "README.md");
  for (const auto& path : files) {
    const auto ext = path.extension();
    const bool text_file = ext == ".yaml" || ext == ".md" || ext == ".config";
    if (is_testdata(path) || !(text_file || is_source(path))) continue;
    const auto text = read_file(path);
    ASSERT_TRUE(text.has_value());
    ++seen;
    for (const auto line : wide_lines(*text, text_file ? max_text_columns : max_code_columns, ext == ".md"))
      ADD_FAILURE() << path.string() << ":" << line << ": wider than the column limit";
  }
  EXPECT_GT(seen, 400);
}

TEST(Lint, TheColumnRulerMeasures) {
  const std::string wide(121, 'x');
  EXPECT_EQ(wide_lines("a\n" + wide + "\n", 120, false), std::vector<std::size_t>{2});
  EXPECT_TRUE(wide_lines(wide.substr(1) + "\n", 120, false).empty());
  EXPECT_TRUE(wide_lines("```\n" + wide + "\n```\n| " + wide + "\n", 120, true).empty());
  EXPECT_EQ(wide_lines("```\n```\n" + wide + "\n", 120, true), std::vector<std::size_t>{3});
  EXPECT_EQ(columns("→→"), 2u);
}

// clang-format's opinion on `files`: succeeds when it would change nothing.
Result<process::Finished> format_check(const std::vector<std::string>& files) {
  static const CancelToken never;
  process::Command command{.argv = {"clang-format", "--dry-run", "--Werror", "--style=file"},
                           .cwd = fs::path(PINRIG_SOURCE_DIR)};
  command.argv.insert(command.argv.end(), files.begin(), files.end());
  return process::run(command, never);
}

TEST(Lint, CodeIsFormatted) {
  static const CancelToken never;
  const auto version = process::run({.argv = {"clang-format", "--version"}}, never);
  ASSERT_TRUE(version.has_value()) << version.error().message << " (harness/packages.txt names its package)";
  if (version->out.find("version 14.") == std::string::npos)
    GTEST_SKIP() << "the tree is formatted with clang-format 14, this is " << version->out;
  std::vector<std::string> files;
  for (const auto& path : project_files()) {
    if (is_source(path) && path.extension() != ".S" && !is_testdata(path)) files.push_back(path.string());
  }
  const auto checked = format_check(files);
  ASSERT_TRUE(checked.has_value()) << checked.error().message;
  EXPECT_TRUE(process::succeeded(checked->status)) << checked->err.substr(0, 4000);
}

TEST(Lint, TheFormatCheckFindsWhatIsNotFormatted) {
  const auto dir = TempDir::create(PINRIG_BINARY_DIR, "lint-");
  ASSERT_TRUE(dir.has_value());
  const auto file = dir->path() / "x.cc";
  ASSERT_TRUE(write_file_atomic(file, "int  f( ) {return 1;}\n").has_value());
  const auto checked = format_check({file.string()});
  ASSERT_TRUE(checked.has_value());
  EXPECT_FALSE(process::succeeded(checked->status));
}

TEST(Lint, EveryFileHasItsLicenceLine) {
  for (const auto& path : project_files()) {
    const std::string ext = path.extension().string();
    // JSON has no comments; fixtures are data that a comment would change; patches and mail carry the
    // kernel's licence.
    if (ext == ".json" || ext == ".patch" || path.string().find("/testdata/") != std::string::npos) continue;
    const auto text = read_file(path);
    ASSERT_TRUE(text.has_value());
    EXPECT_NE(text->substr(0, 300).find("SPDX-License-Identifier: GPL-2.0"), std::string::npos)
        << path.string();
  }
}

TEST(Lint, NothingPointsAtOneMachine) {
  for (const auto& path : project_files()) {
    const auto text = read_file(path);
    ASSERT_TRUE(text.has_value());
    // Put together here so that this file does not find itself.
    for (const std::string& needle :
         {std::string("/wo") + "rk/", std::string("/tm") + "p/wt", std::string("/ro") + "ot/"})
      EXPECT_EQ(text->find(needle), std::string::npos)
          << path.string() << " holds a path of one machine: " << needle;
  }
}

// What base/text.h has a function for: did_you_mean(), count_of().
std::vector<std::string> written_again(const std::string& code) {
  std::vector<std::string> out;
  for (const char* own : {"did you mean '", "== 1 ? \"\" : \"s\"", "== 1 ? \"\" : \"es\""}) {
    if (code.find(own) != std::string::npos) out.emplace_back(own);
  }
  return out;
}

TEST(Lint, PluralsAndSuggestionsAreWrittenOnce) {
  for (const auto& path : project_files()) {
    const std::string name = path.string();
    if (path.extension() != ".cc" || name.ends_with("_test.cc") || name.ends_with("base/text.cc")) continue;
    const auto text = read_file(path);
    ASSERT_TRUE(text.has_value());
    for (const auto& own : written_again(*text)) ADD_FAILURE() << name << " has its own " << own;
  }
  EXPECT_EQ(written_again("f(n, n == 1 ? \"\" : \"es\")").size(), 1u);
  EXPECT_TRUE(written_again("count_of(n, \"patch\")").empty());
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
