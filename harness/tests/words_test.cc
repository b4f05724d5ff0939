// SPDX-License-Identifier: GPL-2.0
// Words that no text for users may have: translated turns of phrase, and second names for things that have
// one (docs/glossary.md). Checked are string literals of the harness and of the guest tests, comments of
// headers, the comment at the top of each guest test, and whole documents, YAML files, fragments and package
// lists.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace pinrig {
namespace {

struct Banned {
  std::string_view phrase;  ///< lower case; matched at word boundaries
  std::string_view instead;
};

constexpr Banned banned[] = {
    {"mended", "fixed"},
    {"mends", "fixes"},
    {"anew", "again, re-"},
    {"afresh", "again, re-"},
    {"for ever", "forever"},
    {"white space", "whitespace"},
    {"give back", "unpin, release"},
    {"gives back", "unpins, releases"},
    {"given back", "unpinned, released"},
    {"let go", "released"},
    {"lets go", "releases"},
    {"stands here", "duplicate, got"},
    {"stands beside", "mutually exclusive"},
    {"stands in the way", "prevents"},
    {"beside", "next to, in addition to, in parallel with"},
    {"besides", "in addition"},
    {"beside each other", "in parallel"},
    {"is wanted", "expected, required"},
    {"was due", "expected"},
    {"wants", "needs, requires"},
    {"wants to be", "must be"},
    {"the affair of", "up to"},
    {"is another's", "belongs to another"},
    {"is of another", "has another"},
    {"without a word", "with no message"},
    {"never heard of", "no result"},
    {"went silent", "stopped responding"},
    {"goes silent", "stops responding"},
    {"own doubt", "not trustworthy"},
    {"not fine", "failed"},
    {"the kernels said", "kernel log"},
    {"boot parameter", "kernel parameter"},
    {"boot parameters", "kernel parameters"},
    {"boot argument", "kernel parameter"},
    {"boot arguments", "kernel parameters"},
    {"processor", "CPU"},
    {"processors", "CPUs"},
    {"guest of the guest", "nested guest"},
    {"guests of the guest", "nested guests"},
    {"really works", "usable"},
    {"turn red", "fail"},
    {"turns red", "fails, must detect"},
    {"puts faults", "injects faults"},
    {"faults put", "injected faults"},
    {"shared out", "split"},
    {"look further", "next steps"},
    {"shows it again", "reproduces it"},
    {"in place of", "instead of"},
    {"it is there for", "its purpose"},
    {"to be had", "available"},
    {"can be had", "is available"},
    {"cannot be had", "is not available"},
    {"is not there", "does not exist, is missing"},
    {"are not there", "do not exist, are missing"},
    {"is there twice", "duplicate"},
    {"named twice", "duplicate"},
    {"here twice", "duplicate"},
    {"left out", "omitted, skipped, excluded"},
    {"leave out", "omit, skip, exclude"},
    {"leaves out", "omits, skips, excludes"},
    {"cut short", "truncated"},
    {"under the test", "during the test"},
    {"brings in", "faults in"},
    {"all the same", "still, anyway"},
    {"somebody", "another process"},
    {"whom", "which process"},
    {"to be told", "reported"},
    {"is no directory", "is not a directory"},
    {"is no kernel", "is not a kernel"},
    {"is no number", "is not a number"},
    {"is no name", "is not a name"},
    {"is no path", "is not a path"},
    {"is no frame", "is not a frame, invalid frame"},
    {"is no test", "is not a test"},
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Lower case, and every white space a blank, so that a phrase is found across the end of a line.
std::string flat(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return std::isspace(c) != 0 ? ' ' : static_cast<char>(std::tolower(c));
  });
  return out;
}

std::vector<std::string> findings(std::string_view text) {
  std::vector<std::string> out;
  const std::string words = flat(text);
  for (const auto& b : banned) {
    for (auto at = words.find(b.phrase); at != std::string::npos; at = words.find(b.phrase, at + 1)) {
      const auto end = at + b.phrase.size();
      if ((at > 0 && is_word(words[at - 1])) || (end < words.size() && is_word(words[end]))) continue;
      out.push_back("'" + std::string(b.phrase) + "', write: " + std::string(b.instead) + ": ..." +
                    std::string(text.substr(at < 30 ? 0 : at - 30, b.phrase.size() + 60)));
    }
  }
  return out;
}

// The contents of the string literals of a C++ source; comments and character literals are skipped.
// Adjacent literals are one text.
std::vector<std::string> literals(std::string_view code) {
  std::vector<std::string> out;
  bool joined = false;  // only white space since the last literal
  for (std::size_t i = 0; i < code.size(); ++i) {
    const auto rest = code.substr(i);
    if (rest.starts_with("//")) {
      i = std::min(code.find('\n', i), code.size());
    } else if (rest.starts_with("'") && i > 0 && !is_word(code[i - 1])) {
      i += rest.substr(1).starts_with("\\") ? 3 : 2;
      joined = false;
    } else if (rest.starts_with("R\"(")) {
      const auto end = std::min(code.find(")\"", i), code.size());
      out.emplace_back(code.substr(i + 3, end - i - 3));
      i = end + 1;
    } else if (rest.starts_with("\"")) {
      std::string text;
      for (++i; i < code.size() && code[i] != '"'; ++i) {
        if (code[i] == '\\') ++i;
        text += code[i];
      }
      if (joined)
        out.back() += text;
      else
        out.push_back(text);
      joined = true;
    } else if (std::isspace(static_cast<unsigned char>(code[i])) == 0) {
      joined = false;
    }
  }
  return out;
}

// A comment's text: adjacent comment lines are one text, without their slashes.
std::vector<std::string> comments(std::string_view code) {
  std::vector<std::string> out;
  bool joined = false;  // the line before was a comment
  for (const auto line : lines(code)) {
    const auto at = line.find("//");
    const bool whole = at != std::string_view::npos && trim(line.substr(0, at)).empty();
    if (at != std::string_view::npos) {
      const auto text = line.substr(std::min(line.find_first_not_of("/<", at), line.size()));
      if (joined && whole)
        out.back() += " " + std::string(trim(text));
      else
        out.emplace_back(trim(text));
    }
    joined = at != std::string_view::npos;
  }
  return out;
}

// The comment at the top of a file.
std::vector<std::string> head(std::string_view code) {
  std::size_t end = 0;
  while (code.substr(end).starts_with("//")) end = std::min(code.find('\n', end), code.size() - 1) + 1;
  return comments(code.substr(0, end));
}

// What of a file is a text for people; nothing for a file that is not checked.
std::vector<std::string> texts_of(const std::string& file, const std::string& content) {
  const auto ext = fs::path(file).extension();
  const bool guest = file.starts_with("guest-tests/");
  if (ext == ".h") return comments(content);
  if ((ext == ".cc" && file.starts_with("harness/")) || ((ext == ".cc" || ext == ".c") && guest)) {
    auto out = literals(content);
    if (guest) {
      for (auto& text : head(content)) out.push_back(std::move(text));
    }
    return out;
  }
  for (const char* whole : {".md", ".yaml", ".config", ".packages", ".tools", ".manifest"}) {
    if (ext == whole) return {content};
  }
  if (file == "harness/packages.txt" || file == "harness/bootstrap") return {content};
  return {};
}

bool is_quoted_elsewhere(const std::string& file) {
  return file.find("/testdata/") != std::string::npos || file.ends_with("_test.cc") ||
         file.starts_with("harness/tests/") || file == "harness/docs/glossary.md";
}

TEST(Words, TextsAreInPlainEnglish) {
  const fs::path top(PINRIG_SOURCE_DIR);
  std::vector<fs::path> files{top / "README.md"};
  for (const char* folder : {"harness", "guest-tests", "kernels", "configs", "images"}) {
    for (const auto& e : fs::recursive_directory_iterator(top / folder))
      if (e.is_regular_file()) files.push_back(e.path());
  }
  std::map<std::string, int> checked;  // texts by the extension of their file
  for (const auto& path : files) {
    const auto file = fs::relative(path, top).string();
    if (is_quoted_elsewhere(file)) continue;
    const auto content = read_file(path);
    ASSERT_TRUE(content.has_value());
    for (const auto& text : texts_of(file, *content)) {
      ++checked[path.extension().string()];
      for (const auto& f : findings(text)) ADD_FAILURE() << file << ": " << f;
    }
  }
  EXPECT_GT(checked[".cc"], 1000);
  EXPECT_GT(checked[".c"], 1000);
  EXPECT_GT(checked[".h"], 1000);
  EXPECT_GT(checked[".yaml"], 100);
  EXPECT_GT(checked[".md"], 10);
  EXPECT_GT(checked[".config"], 5);
}

TEST(Words, TheCheckFindsWhatIsPlanted) {
  EXPECT_EQ(findings("the page is\n  given back, a fault Mended").size(), 2u);
  EXPECT_TRUE(findings("manew recommended, multiprocessor").empty());
  for (const auto& b : banned) EXPECT_FALSE(findings("X " + std::string(b.phrase) + ".").empty()) << b.phrase;
}

TEST(Words, TheCheckReadsEveryKindOfText) {
  const std::string code =
      "// A head that\n// is mended.\n\n/// Memory of\n/// two processors.\nint a;  ///< made "
      "anew\nf(\"wants x\"); "
      "// afresh\n";
  const auto found = [&](const std::string& file) {
    std::size_t n = 0;
    for (const auto& text : texts_of(file, code)) n += findings(text).size();
    return n;
  };
  EXPECT_EQ(found("harness/x/x.h"), 4u) << "every comment, also across lines";
  EXPECT_EQ(found("harness/x/x.cc"), 1u) << "string literals";
  EXPECT_EQ(found("guest-tests/x/x.c"), 2u) << "string literals and the head";
  EXPECT_EQ(found("configs/fragments/x.config"), 5u) << "all of it";
  EXPECT_EQ(found("harness/x/CMakeLists.txt"), 0u);
}

TEST(Words, LiteralsAreFoundInCode) {
  const auto found = literals("f(\"a b\"\n  \" c\", 'x', \"d\"); // \"comment\"\nR\"(raw \"text\")\"");
  EXPECT_EQ(found, (std::vector<std::string>{"a b c", "d", "raw \"text\""}));
  EXPECT_EQ(literals("g('\"', \"x\\\"y\", '\\'', \"z\");"), (std::vector<std::string>{"x\"y", "z"}));
}

}  // namespace
}  // namespace pinrig
