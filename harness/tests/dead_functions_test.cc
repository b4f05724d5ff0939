// SPDX-License-Identifier: GPL-2.0
// Every function that a header declares is used by the program: one that only its test calls is dead weight
// that people read, translate and keep working. By names: an overload of a used name counts as used.
#include <gmock/gmock.h>

#include <cctype>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace pinrig {
namespace {

using Files = std::map<std::string, std::string>;  // path -> text

// Called from outside of this code, by a name that is theirs.
const std::set<std::string> called_by_libraries{
    "throw_exception_from_error",  // boost::system::result
};
const std::set<std::string> no_functions{"if",      "for",      "while",     "switch",  "return",
                                         "sizeof",  "catch",    "throw",     "else",    "static_assert",
                                         "alignof", "noexcept", "define",    "case",    "new",
                                         "using",   "typedef",  "co_return", "decltype"};

// Comments, strings and characters become blanks; lines stay lines.
std::string without_text(const std::string& in) {
  std::string out = in;
  enum class In { code, line, block, quotes, raw } state = In::code;
  char quote = 0;
  std::string raw_end;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::string_view here = std::string_view(in).substr(i);
    if (state == In::code) {
      if (here.starts_with("//"))
        state = In::line;
      else if (here.starts_with("/*"))
        state = In::block;
      else if (here.starts_with("R\"")) {
        state = In::raw;
        raw_end = ")" + in.substr(i + 2, in.find('(', i) - i - 2) + "\"";
      } else if (in[i] == '"' ||
                 (in[i] == '\'' && (i == 0 || std::isalnum(static_cast<unsigned char>(in[i - 1])) == 0))) {
        state = In::quotes;
        quote = in[i];
      } else
        continue;
    } else if (state == In::line) {
      if (in[i] == '\n') state = In::code;
    } else if (state == In::block) {
      if (here.starts_with("*/")) {
        state = In::code;
        out[++i] = ' ';
        out[i - 1] = ' ';
        continue;
      }
    } else if (state == In::raw) {
      if (here.starts_with(raw_end)) {
        state = In::code;
        for (const std::size_t end = i + raw_end.size() - 1; i < end; ++i) out[i] = ' ';
      }
    } else if (in[i] == '\\') {
      out[i++] = ' ';
    } else if (in[i] == quote) {
      state = In::code;
    }
    if (i < out.size() && in[i] != '\n') out[i] = ' ';
  }
  return out;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// One name in a file, with what stands around it.
struct Name {
  std::string word;
  std::size_t indent = 0;    // of its line
  bool after_type = false;   // behind a type, or behind CLASS:: at the left margin
  bool before_call = false;  // '(' comes next
};

std::vector<Name> names_in(const std::string& code) {
  std::vector<Name> out;
  std::size_t indent = 0;
  std::string last_word;
  char last = '\n', before_last = '\n';
  for (std::size_t i = 0; i < code.size();) {
    if (code[i] == '\n') {
      indent = 0;
      while (i + 1 + indent < code.size() && code[i + 1 + indent] == ' ') ++indent;
      ++i;
    } else if (is_word(code[i])) {
      const std::size_t start = i;
      while (i < code.size() && is_word(code[i])) ++i;
      const std::string word = code.substr(start, i - start);
      const bool type = is_word(last) ? !no_functions.contains(last_word)
                                      : last == '>' || (last == '&' && before_last != '&') || last == '*';
      out.push_back({word, indent, type || last == ':', i < code.size() && code[i] == '('});
      last_word = word;
      last = code[i - 1];
    } else {
      if (code[i] != ' ') before_last = std::exchange(last, code[i]);
      ++i;
    }
  }
  return out;
}

// The functions that headers declare and nothing uses. In a header a declaration is at most two columns in
// (members); in a .cc a definition is at the left margin, and what is further in is a use.
std::vector<std::string> dead_functions(const Files& files) {
  std::map<std::string, std::string> declared;  // name -> header
  std::map<std::string, int> uses;
  for (const auto& [path, text] : files) {
    const bool header = path.ends_with(".h");
    for (const auto& n : names_in(without_text(text))) {
      const bool introduces = n.after_type && n.before_call && n.indent <= (header ? 2U : 0U);
      if (!introduces)
        ++uses[n.word];
      else if (header && !no_functions.contains(n.word))
        declared.try_emplace(n.word, path);
    }
  }
  std::vector<std::string> out;
  for (const auto& [name, header] : declared) {
    const bool macro_or_constructor = std::islower(static_cast<unsigned char>(name[0])) == 0;
    if (uses[name] == 0 && !macro_or_constructor && !called_by_libraries.contains(name))
      out.push_back(header + ": " + name + "()");
  }
  return out;
}

bool is_test(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.find("_test.") != std::string::npos || name.starts_with("testing");
}

// pinrig and what it runs in guests.
Files the_program() {
  Files out;
  const fs::path top = fs::path(PINRIG_SOURCE_DIR);
  const std::set<std::string> extensions{".cc", ".c", ".h"};
  for (const fs::path& dir : {top / "harness", top / "guest-tests"}) {
    for (const auto& e : fs::recursive_directory_iterator(dir)) {
      const fs::path name = e.path().lexically_relative(top);
      if (!extensions.contains(name.extension().string()) || is_test(name)) continue;
      if (name.string().starts_with("harness/tests/")) continue;
      out[name.string()] = read_file(e.path()).value();
    }
  }
  return out;
}

TEST(DeadFunctions, EveryDeclaredFunctionIsUsed) {
  EXPECT_THAT(dead_functions(the_program()), testing::IsEmpty());
}

TEST(DeadFunctions, AreSeen) {
  const Files files{
      {"a/a.h",
       "namespace a {\n/// Uses both() and never().\nResult<int> never(int x);\nint both();\nstd::string "
       "split(\n"
       "    int a);\nclass C {\n public:\n  void unused() const;\n  int used() const { return both(); "
       "}\n};\n}\n"},
      {"a/a.cc",
       "namespace a {\nResult<int> never(int x) {\n  // never(x) in a comment, \"never(x)\" in a string\n"
       "  return text(\"never(1)\", R\"(split(1))\", '\"', 1'000);\n}\nint both() { return 1; }\nvoid "
       "C::unused() const {}\n"
       "std::string split(int a) { return {}; }\n"
       "int main() {\n  return C().used();\n}\n}\n"}};
  EXPECT_THAT(dead_functions(files),
              testing::ElementsAre("a/a.h: never()", "a/a.h: split()", "a/a.h: unused()"));
}

TEST(DeadFunctions, AUseInItsOwnFileIsAUse) {
  const Files files{{"a/a.h", "int part();\nint whole();\n"},
                    {"a/a.cc", "int part() { return 1; }\nint whole() {\n  return part();\n}\n"},
                    {"a/main.cc", "int main() {\n  return whole();\n}\n"}};
  EXPECT_THAT(dead_functions(files), testing::IsEmpty());
}

TEST(DeadFunctions, AUseOnTheLineOfAFunctionIsAUse) {
  const Files files{{"a/a.h", "bool ready();\nbool open(int x);\n"},
                    {"a/a.c", "bool ready() {\n  return true;\n}\nbool open(int x) {\n  return x;\n}\n"},
                    {"a/main.c", "static bool both() { return ready() && open(1); }\n"}};
  EXPECT_THAT(dead_functions(files), testing::IsEmpty());
}

}  // namespace
}  // namespace pinrig
