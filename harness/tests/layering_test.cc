// SPDX-License-Identifier: GPL-2.0
// Who may include whom. ARCHITECTURE.md states the rule in words; this holds the code to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace pinrig {
namespace {

using Rules = std::map<std::string, std::set<std::string>>;

// Folder -> folders it may include, itself and base always among them.
const Rules& rules() {
  static const Rules r{
      {"base", {}},
      {"model", {}},
      {"wire", {}},
      {"process", {}},
      {"ktap", {}},
      {"console", {"model"}},
      {"symbols", {"model"}},
      {"holders", {"model"}},
      {"kconfig", {"model"}},
      {"spec", {"model"}},
      {"plan", {"model"}},
      {"apt", {"process"}},
      {"git", {"model", "process", "apt"}},
      {"kbuild", {"model", "process", "kconfig"}},
      {"image", {"model", "process"}},
      {"vm", {"model", "process", "wire"}},
      {"verdict", {"model", "wire", "ktap", "console"}},
      {"store", {"model"}},
      {"assess", {"model"}},
      {"coverage", {}},
      {"history", {"model"}},
      {"job",
       {"model", "git", "kconfig", "kbuild", "image", "vm", "process", "wire", "ktap", "console", "verdict"}},
      {"gc", {"store", "model"}},
      {"run",
       {"model", "assess", "coverage", "job", "plan", "spec", "git", "kconfig", "kbuild", "image", "vm",
        "process", "wire", "verdict", "store", "gc", "symbols", "holders"}},
      {"prove", {"model", "assess", "job", "plan", "run", "spec", "store"}},
      {"mutate", {"model", "assess", "git", "job", "kbuild", "plan", "run", "spec"}},
      {"bisect", {"model"}},
      {"bisection", {"model", "assess", "bisect", "git", "job", "kbuild", "plan", "run", "store"}},
      {"mail", {"model"}},
      {"doctor", {"model", "job", "process", "run", "vm", "gc", "store"}},
      {"report", {"model", "assess", "coverage", "history", "holders", "store", "verdict"}},
      {"html", {"model", "assess", "coverage", "store", "bisect", "report"}},
      {"night", {"model", "history", "job", "process", "git", "report", "run", "spec", "store"}},
      {"cli", {"model",  "assess", "job",  "run",  "prove",   "mutate",  "bisect", "bisection", "mail",
               "doctor", "report", "html", "spec", "plan",    "store",   "ktap",   "console",   "history",
               "night",  "vm",     "gc",   "git",  "process", "symbols", "holders"}},
  };
  return r;
}

// Modules that may do no I/O, and what would give them away.
const std::set<std::string> pure{"model",  "wire",     "ktap",   "console", "kconfig", "plan",   "verdict",
                                 "assess", "coverage", "bisect", "mail",    "holders", "history"};
const std::set<std::string> impure_headers{
    "fstream",      "filesystem",  "iostream",   "cstdio",        "thread",
    "base/file.h",  "unistd.h",    "fcntl.h",    "sys/socket.h",  "poll.h",
    "base/paths.h", "base/hash.h", "base/log.h", "base/cancel.h", "base/environment.h"};

// Libraries that one folder alone may know.
const std::map<std::string, std::string> owners{
    {"boost/process", "process"}, {"yaml-cpp", "spec"}, {"SQLiteCpp", "store"}, {"sqlite3", "store"},
    {"archive.h", "git image"},   {"re2/", "console"},  {"pugixml", "report"},  {"CLI/", "cli"},
    {"elfutils/", "symbols"}};

struct Include {
  std::string header;
  int line;
};

std::vector<Include> includes_of(const std::string& text) {
  static const std::regex pattern(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  std::vector<Include> out;
  int number = 0;
  for (const auto line : lines(text)) {
    ++number;
    std::match_results<std::string_view::const_iterator> m;
    if (std::regex_search(line.begin(), line.end(), m, pattern)) out.push_back({m[1].str(), number});
  }
  return out;
}

bool is_test(const std::string& path) { return path.ends_with("_test.cc"); }
bool is_support(const std::string& path) {
  const auto name = path.substr(path.rfind('/') + 1);
  return name == "testing.h" || name == "testing.cc" ||
         (name.starts_with("testing_") && name.ends_with(".h"));
}

// One line per violation of `header` being included from folder `from`.
std::vector<std::string> violations(const std::string& from, const std::string& header) {
  std::vector<std::string> out;
  const auto slash = header.find('/');
  const std::string target = slash == std::string::npos ? "" : header.substr(0, slash);
  if (rules().contains(target) && target != from && target != "base" && !rules().at(from).contains(target))
    out.push_back(from + " may not include " + target);
  if (pure.contains(from) && impure_headers.contains(header))
    out.push_back(from + " is pure and may not include " + header);
  for (const auto& [library, owner] : owners) {
    if (header.starts_with(library) && (" " + owner + " ").find(" " + from + " ") == std::string::npos)
      out.push_back("only " + owner + " may include " + library);
  }
  return out;
}

TEST(Layering, EveryFolderKeepsTheRule) {
  const fs::path harness = fs::path(PINRIG_SOURCE_DIR) / "harness";
  int files = 0;
  for (const auto& [folder, _] : rules()) {
    for (const auto& entry : fs::directory_iterator(harness / folder)) {
      const auto ext = entry.path().extension();
      if (ext != ".h" && ext != ".cc") continue;
      // A test may read fixtures and use another module as its other end.
      if (is_test(entry.path().string()) || is_support(entry.path().string())) continue;
      ++files;
      const auto text = read_file(entry.path());
      ASSERT_TRUE(text.has_value());
      for (const auto& inc : includes_of(*text)) {
        for (const auto& v : violations(folder, inc.header))
          ADD_FAILURE() << entry.path().string() << ":" << inc.line << ": " << v;
      }
    }
  }
  EXPECT_GT(files, 20) << "the walk found no sources; is harness/ where it was?";
}

TEST(Layering, EveryFolderOfTheHarnessHasARule) {
  const std::set<std::string> not_modules{"bench", "cmake", "docs", "fuzz", "tests"};
  for (const auto& entry : fs::directory_iterator(fs::path(PINRIG_SOURCE_DIR) / "harness")) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || not_modules.contains(name)) continue;
    EXPECT_TRUE(rules().contains(name)) << name << " has no line in layering_test.cc";
  }
}

TEST(Layering, TheArchitecturePageNamesEveryFolder) {
  const auto page = read_file(fs::path(PINRIG_SOURCE_DIR) / "harness/ARCHITECTURE.md");
  ASSERT_TRUE(page.has_value());
  for (const auto& [folder, _] : rules())
    EXPECT_NE(page->find("`" + folder + "/`"), std::string::npos) << folder << "/ is not in ARCHITECTURE.md";
}

using Files = std::map<std::string, std::string>;  // "MODULE/NAME" -> text

// What tests share is MODULE/testing.h, with its code in MODULE/testing.cc and parts of that in
// MODULE/testing_PART.h, and part of no program.
std::vector<std::string> misplaced_support(const Files& files) {
  std::map<std::string, bool> headers;  // included by a test or its support -> by a program as well
  std::vector<std::string> out;
  for (const auto& [path, text] : files) {
    const bool program = !is_test(path) && !is_support(path);
    for (const auto& inc : includes_of(text)) {
      if (program && is_support("/" + inc.header)) out.push_back(path + ": a program includes " + inc.header);
      if (program && (inc.header.starts_with("gtest/") || inc.header.starts_with("gmock/")))
        out.push_back(path + ": shared by tests, it belongs into testing.h");
      headers[inc.header] = headers[inc.header] || program;
    }
    if (is_test(path) && text.find("TEST") == std::string::npos)
      out.push_back(path + ": holds no test, it belongs into testing.cc");
  }
  for (const auto& [header, in_program] : headers) {
    if (files.contains(header) && !in_program && !is_support(header))
      out.push_back(header + ": only tests include it, it belongs into testing.h");
  }
  return out;
}

TEST(Layering, WhatTestsShareIsInTestingH) {
  const fs::path harness = fs::path(PINRIG_SOURCE_DIR) / "harness";
  Files files;
  for (const auto& [folder, _] : rules()) {
    for (const auto& entry : fs::recursive_directory_iterator(harness / folder)) {
      const auto ext = entry.path().extension();
      if (ext != ".h" && ext != ".cc") continue;
      files[entry.path().lexically_relative(harness).string()] = read_file(entry.path()).value();
    }
  }
  EXPECT_THAT(misplaced_support(files), testing::IsEmpty());
}

TEST(Layering, MisplacedTestSupportIsSeen) {
  const Files files{{"a/a.h", ""},
                    {"a/a.cc", "#include \"a/a.h\"\n#include \"a/testing.h\"\n"},
                    {"a/a_test.cc", "#include \"a/fake.h\"\n#include \"a/a.h\"\nTEST(A, B) {}\n"},
                    {"a/fake.h", ""},
                    {"a/fake_test.cc", "#include \"a/fake.h\"\n"},
                    {"a/setup.h", "#include <gtest/gtest.h>\n"},
                    {"a/testing.h", "#include <gtest/gtest.h>\n"}};
  EXPECT_THAT(misplaced_support(files),
              testing::ElementsAre("a/a.cc: a program includes a/testing.h",
                                   "a/fake_test.cc: holds no test, it belongs into testing.cc",
                                   "a/setup.h: shared by tests, it belongs into testing.h",
                                   "a/fake.h: only tests include it, it belongs into testing.h"));
}

TEST(Layering, TheCheckSeesViolations) {
  EXPECT_FALSE(violations("ktap", "vm/guest.h").empty());
  EXPECT_FALSE(violations("verdict", "base/file.h").empty());
  EXPECT_FALSE(violations("vm", "boost/process/v2.hpp").empty());
  EXPECT_FALSE(violations("report", "git/source.h").empty());
  EXPECT_TRUE(violations("vm", "process/process.h").empty());
  EXPECT_TRUE(violations("spec", "yaml-cpp/yaml.h").empty());
}

}  // namespace
}  // namespace pinrig
