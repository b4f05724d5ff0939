// SPDX-License-Identifier: GPL-2.0
// docs/reference.md beside the code, both ways: what the code accepts is documented, what is documented is
// accepted.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/file.h"
#include "base/text.h"
#include "spec/schema.h"

namespace pinrig {
namespace {

using Names = std::set<std::string>;
/// Chapter ("## YAML files") -> section ("### Run"; "" before the first) -> names of its table rows.
using Reference = std::map<std::string, std::map<std::string, Names>>;

// The names of a row are the words in backquotes of its first cell.
Names names_of(std::string_view row) {
  Names out;
  const auto cell = row.substr(1, row.find('|', 1) - 1);
  for (std::size_t at = cell.find('`'); at != std::string_view::npos;) {
    const auto end = cell.find('`', at + 1);
    if (end == std::string_view::npos) break;
    out.insert(std::string(cell.substr(at + 1, end - at - 1)));
    at = cell.find('`', end + 1);
  }
  return out;
}

// Adds a complaint for a row with an empty cell and for a name that a section has twice.
Reference parse(std::string_view text, std::vector<std::string>& complaints) {
  Reference out;
  std::string chapter;
  std::string section;
  for (const auto line : lines(text)) {
    if (line.starts_with("## ")) {
      chapter = line.substr(3);
      section = "";
    } else if (line.starts_with("### ")) {
      section = line.substr(4);
      out[chapter][section];
    } else if (line.starts_with("| `")) {
      for (const auto& name : names_of(line)) {
        if (!out[chapter][section].insert(name).second)
          complaints.push_back(section + " has " + name + " twice");
      }
      if (line.find("|  |") != std::string_view::npos || line.find("| |") != std::string_view::npos)
        complaints.push_back(section + " has an empty cell: " + std::string(line));
    }
  }
  return out;
}

std::vector<std::string> differences(const std::string& what, const Names& accepted,
                                     const Names& documented) {
  std::vector<std::string> out;
  for (const auto& name : accepted) {
    if (!documented.contains(name)) out.push_back(what + ": '" + name + "' is not documented");
  }
  for (const auto& name : documented) {
    if (!accepted.contains(name)) out.push_back(what + ": '" + name + "' is documented, but does not exist");
  }
  return out;
}

std::string text_of(const std::string& file) {
  auto text = read_file(fs::path(PINRIG_SOURCE_DIR) / file);
  EXPECT_TRUE(text.has_value()) << file;
  return text.has_value() ? *text : "";
}

const Reference& reference() {
  static const Reference parsed = [] {
    std::vector<std::string> complaints;
    auto out = parse(text_of("harness/docs/reference.md"), complaints);
    for (const auto& c : complaints) ADD_FAILURE() << "reference.md: " << c;
    return out;
  }();
  return parsed;
}

void expect_same(const std::string& what, const Names& accepted, const Names& documented) {
  EXPECT_FALSE(accepted.empty()) << what;
  for (const auto& d : differences(what, accepted, documented)) ADD_FAILURE() << "reference.md: " << d;
}

const Names& documented(const std::string& chapter, const std::string& section) {
  static const Names none;
  const auto c = reference().find(chapter);
  if (c == reference().end()) return none;
  const auto s = c->second.find(section);
  return s == c->second.end() ? none : s->second;
}

void add_matches(const std::string& text, const std::regex& pattern, Names& out) {
  for (std::sregex_iterator i(text.begin(), text.end(), pattern), end; i != end; ++i)
    out.insert((*i)[1].str());
}

TEST(Reference, EveryYamlKeyIsDocumented) {
  Names sections;
  for (const auto& s : spec::schemas()) {
    EXPECT_TRUE(sections.insert(s.title).second) << s.title;
    expect_same(s.title, {s.keys.begin(), s.keys.end()}, documented("YAML files", s.title));
  }
  Names headings;
  for (const auto& [heading, _] : reference().at("YAML files")) headings.insert(heading);
  expect_same("YAML files", sections, headings);
}

TEST(Reference, SchemasAreInTheOrderOfTheirEnum) {
  for (const auto& s : spec::schemas()) EXPECT_EQ(spec::schema_of(s.section).title, s.title);
}

// "-t,--test" -> both names.
void add_names(const std::string& declared, Names& out) {
  for (const auto& name : split(declared, ',')) out.insert(name);
}

/// What one file of cli/ declares.
struct Declared {
  Names commands;  ///< "tests" of `pinrig list tests`
  Names top;       ///< "list" of it
  Names options;
};

Declared declared_in(const std::string& text) {
  static const std::regex command(R"re(add_subcommand\(\s*"([a-z][a-z0-9-]*)")re");
  static const std::regex named_by_argument(R"re(\n  add\("([a-z]+)",)re");  // add("ktap", ...) of parse
  static const std::regex option(
      R"re((?:add_option|add_option_function<[^>]*>|add_flag|set_version_flag)\(\s*"([^"]+)")re");
  Declared out;
  static const std::regex top(R"re(app\.add_subcommand\(\s*"([a-z][a-z0-9-]*)")re");
  add_matches(text, command, out.commands);
  add_matches(text, top, out.top);
  if (text.find("add_subcommand(name") != std::string::npos)
    add_matches(text, named_by_argument, out.commands);
  Names words;
  add_matches(text, option, words);
  for (const auto& w : words) add_names(w, out.options);
  return out;
}

// The rows of every section whose heading names one of `commands` as its last word, below one of `top`: the
// list of `pinrig baseline list` is not `pinrig list`.
Names rows_of(const Names& commands, const Names& top) {
  Names out;
  for (const auto& [heading, rows] : reference().at("Commands")) {
    for (const auto& command : names_of("|" + heading + "|")) {
      const auto words = split(command, ' ');
      const bool below = words.size() < 2 || top.empty() || top.contains(words[1]);
      if (below && commands.contains(words.back())) out.insert(rows.begin(), rows.end());
    }
  }
  return out;
}

TEST(Reference, EveryOptionIsDocumented) {
  const Names shared = declared_in(text_of("harness/cli/run_options.cc")).options;
  ASSERT_GE(shared.size(), 10u);
  Names commands{"pinrig"};
  for (const auto& e : fs::directory_iterator(fs::path(PINRIG_SOURCE_DIR) / "harness/cli")) {
    const auto name = e.path().filename().string();
    if (!name.ends_with(".cc") || name.ends_with("_test.cc") || name == "run_options.cc") continue;
    const auto text = text_of("harness/cli/" + name);
    auto found = declared_in(text);
    if (found.commands.empty() && found.options.empty()) continue;
    if (found.commands.empty()) {  // the program's own
      found.commands.insert("pinrig");
      found.options.insert({"-h", "--help"});
    }
    if (text.find("add_run_options(*sub") != std::string::npos)
      found.options.insert(shared.begin(), shared.end());
    if (text.find("add_arch_option(*sub") != std::string::npos) found.options.insert({"-a", "--arch"});
    if (text.find("add_jobs_option(*sub") != std::string::npos) found.options.insert({"-j", "--jobs"});
    if (!found.options.empty()) expect_same(name, found.options, rows_of(found.commands, found.top));
    commands.insert(found.commands.begin(), found.commands.end());
  }
  EXPECT_GT(commands.size(), 12u);
  for (const auto& [heading, _] : reference().at("Commands")) {
    for (const auto& command : names_of("|" + heading + "|"))
      EXPECT_TRUE(commands.contains(command.substr(command.rfind(' ') + 1)))
          << "reference.md: there is no command '" << command << "'";
  }
}

TEST(Reference, DeclarationsAreFound) {
  const auto found = declared_in(
      "sub = app.add_subcommand(\n  \"list\", x);\nadd_option(\"-n,--limit\"); "
      "add_flag(\"--json\"); add_option_function<Words>(\n  \"--env\", f)");
  EXPECT_EQ(found.commands, Names{"list"});
  EXPECT_EQ(found.options, (Names{"-n", "--limit", "--json", "--env"}));
}

TEST(Reference, EveryEnvironmentVariableIsDocumented) {
  expect_same("pinrig", {environment_variables.begin(), environment_variables.end()},
              documented("Environment variables", "pinrig"));
  Names in_guest;
  Names of_tests;
  const std::regex read(R"re((?:getenv|number_from)\("(PINRIG_[A-Z_]+)")re");
  const std::regex in_script(R"(\$\{(PINRIG_[A-Z_]+))");
  const fs::path top(PINRIG_SOURCE_DIR);
  for (const char* folder : {"guest-tests", "harness", ".ci"}) {
    for (const auto& e : fs::recursive_directory_iterator(top / folder)) {
      if (!e.is_regular_file()) continue;
      const auto ext = e.path().extension();
      if (ext != ".c" && ext != ".cc" && ext != "") continue;
      const auto text = text_of(fs::relative(e.path(), top));
      if (text.find("PINRIG_") == std::string::npos) continue;
      const bool guest = std::string_view(folder) == "guest-tests";
      const bool code = e.path().extension() == ".c" || e.path().extension() == ".cc";
      if (guest && code) add_matches(text, read, in_guest);
      if (!guest && code) add_matches(text, std::regex(R"re(getenv\("(PINRIG_[A-Z_]+)")re"), of_tests);
      if (!guest && e.path().extension() == "") add_matches(text, in_script, of_tests);
    }
  }
  for (const auto v : environment_variables) of_tests.erase(std::string(v));  // scripts read these too
  for (const auto& v : in_guest) of_tests.erase(v);
  expect_same("guest", in_guest, documented("Environment variables", "Tests in the guest"));
  expect_same("tests", of_tests, documented("Environment variables", "Building and testing pinrig"));
}

TEST(Reference, TheEnvironmentIsReadInOnePlace) {
  for (const auto& e : fs::recursive_directory_iterator(fs::path(PINRIG_SOURCE_DIR) / "harness")) {
    const auto file = fs::relative(e.path(), PINRIG_SOURCE_DIR).string();
    if (e.path().extension() != ".cc" || file.ends_with("_test.cc") || file.ends_with("/testing.cc") ||
        file.starts_with("harness/tests/") || file == "harness/base/environment.cc")
      continue;
    EXPECT_EQ(text_of(file).find("getenv("), std::string::npos)
        << file << ": use environment() of base/environment.h";
  }
}

TEST(Reference, EveryExitCodeIsDocumented) {
  Names codes;
  add_matches(text_of("harness/base/exit_code.h"), std::regex(R"(\n  ([a-z_]+ = [0-9]+),)"), codes);
  Names rows;
  add_matches(text_of("harness/docs/reference.md"), std::regex(R"(\n\| `([0-9]+` \| `[a-z_]+)` \|)"), rows);
  Names turned;  // "0` | `ok" -> "ok = 0"
  for (const auto& row : rows) {
    const auto bar = row.find('`');
    turned.insert(row.substr(row.rfind('`') + 1) + " = " + row.substr(0, bar));
  }
  expect_same("exit codes", codes, turned);
}

TEST(Reference, TheComparisonSeesWhatIsMissing) {
  EXPECT_TRUE(differences("x", {"a"}, {"a"}).empty());
  EXPECT_EQ(differences("x", {"a", "b"}, {"a"}).size(), 1u);
  EXPECT_EQ(differences("x", {"a"}, {"a", "b"}).size(), 1u);
  std::vector<std::string> complaints;
  const auto parsed = parse(
      "## C\n### S\n| `-s`, `--long` | text | – | what |\n| `a` | | – | x |\n| `a` | b |\n", complaints);
  EXPECT_EQ(parsed.at("C").at("S"), (Names{"-s", "--long", "a"}));
  EXPECT_EQ(complaints.size(), 2u);
}

}  // namespace
}  // namespace pinrig
