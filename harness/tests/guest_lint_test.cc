// SPDX-License-Identifier: GPL-2.0
// Ways in which a guest test can be blind, found in its source: it judges by what it has just found, it does
// not look at a result, it accepts any error for a refusal, or it prints a capability that nothing requires.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

#include "base/file.h"
#include "base/text.h"
#include "spec/spec.h"

namespace pinrig {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Source {
  std::string path;
  std::string text;
};

int line_of(const std::string& text, std::size_t at) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

std::string finding(const Source& source, int line, const std::string& what) {
  return fmt::format("{}:{}: {}", source.path, line, what);
}

/// A value that is stated may judge only where the library holds every probe to it; what a test finds is
/// printed (caps_found(), caps_announce()) and judged by configs/expectations.
void find_own_expectations(const Source& s, std::vector<std::string>& out) {
  const std::string call = "caps_stated(";
  for (std::size_t at = s.text.find(call); at != std::string::npos; at = s.text.find(call, at + 1))
    out.push_back(finding(s, line_of(s.text, at),
                          "caps_stated(): a test must not be its own expectation; print what it finds with "
                          "caps_found() or caps_announce()"));
}

bool goes_on(std::string_view line) {
  static const std::set<char> open{'=', '&', '|', '(', ',', '+', '-', '?', ':', '<', '>'};
  line = trim(line);
  return !line.empty() && (open.contains(line.back()) || line.ends_with("return"));
}

/// Calls whose result says whether the operation under test, or the set-up, worked at all.
void find_unseen_results(const Source& s, std::vector<std::string>& out) {
  static const std::regex call(
      R"(^\s*(?:if \(.*\) )?(proc_reap|rendezvous_wait|ring_reap|uring_register|vfio_map|pread|pwrite|)"
      R"(preadv|pwritev|recv|send|recvmsg|sendmsg|vmsplice|splice|proc_vm_read|proc_vm_write|)"
      R"(pagemap_pfns|buffer_get)\([^=|&]*\);$)");
  std::string_view before;
  int number = 0;
  for (const std::string_view line : lines(s.text)) {
    ++number;
    std::cmatch found;
    if (!goes_on(before) && std::regex_match(line.data(), line.data() + line.size(), found, call))
      out.push_back(finding(s, number, found[1].str() + "(): its result is not looked at"));
    if (!trim(line).empty()) before = line;
  }
}

/// The functions of a file, from their first line on.
std::vector<std::pair<std::size_t, std::string>> functions_of(const std::string& text) {
  std::vector<std::pair<std::size_t, std::string>> out;
  for (std::size_t end = text.find("\n}\n"); end != std::string::npos; end = text.find("\n}\n", end + 1)) {
    std::size_t begin = text.rfind("\n}\n", end - 1);
    begin = begin == std::string::npos ? 0 : begin + 3;
    out.emplace_back(begin, text.substr(begin, end - begin));
  }
  return out;
}

/// A refusal for another reason than the one under test proves nothing.
void find_any_error(const Source& s, std::vector<std::string>& out) {
  static const std::regex refused(R"((not|was) refused|[Aa]ny error is accepted)");
  static const std::regex looks(R"(errno\s*[!=]=|[!=]= -?E[A-Z0-9]{3,}|[?:] E[A-Z]{3,}|case E[A-Z]{3,})");
  for (const auto& [begin, body] : functions_of(s.text)) {
    std::smatch at;
    if (!std::regex_search(body, at, refused) || std::regex_search(body, looks)) continue;
    out.push_back(finding(s, line_of(s.text, begin + static_cast<std::size_t>(at.position(0))),
                          "a refusal with any error is accepted: name the errno values that are right"));
  }
}

/// Names of capabilities in calls that print them.
std::set<std::string> printed_capabilities(const std::string& text) {
  static const std::regex call(
      R"re((?:caps_print|caps_found|caps_announce|caps_conclude|probe_unknown)\("([^"]+)")re");
  std::set<std::string> out;
  for (std::sregex_iterator it(text.begin(), text.end(), call), end; it != end; ++it) out.insert((*it)[1]);
  return out;
}

std::vector<std::string> lint(const Source& s) {
  std::vector<std::string> out;
  find_own_expectations(s, out);
  find_unseen_results(s, out);
  find_any_error(s, out);
  return out;
}

/// The library of capabilities itself; and the contract, which asks the same of every user and skips what a
/// kernel is stated to allow.
bool has_leave(const std::string& path) {
  return path.starts_with("guest-tests/lib/caps.") || path == "guest-tests/lib/dio_file.c" ||
         path.starts_with("guest-tests/lib/contract/");
}

std::vector<Source> guest_sources() {
  std::vector<Source> out;
  const fs::path root = PINRIG_SOURCE_DIR;
  for (const auto& e : fs::recursive_directory_iterator(root / "guest-tests")) {
    const std::string path = e.path().lexically_relative(root).string();
    if (!path.ends_with(".c") && !path.ends_with(".h")) continue;
    auto text = read_file(e.path());
    if (text.has_error())
      ADD_FAILURE() << text.error().message;
    else
      out.push_back({path, *text});
  }
  return out;
}

TEST(GuestLint, NoTestIsBlind) {
  const auto sources = guest_sources();
  EXPECT_GT(sources.size(), 150u);
  for (const auto& s : sources) {
    if (has_leave(s.path)) continue;
    EXPECT_THAT(lint(s), IsEmpty());
  }
}

TEST(GuestLint, EveryCapabilityThatATestNamesIsRequiredOfEveryReleasedKernel) {
  const auto requirements = spec::load_all_requirements(PINRIG_SOURCE_DIR);
  ASSERT_FALSE(requirements.has_error()) << requirements.error().message;
  std::set<std::string> printed;
  for (const auto& s : guest_sources()) printed.merge(printed_capabilities(s.text));
  EXPECT_GT(printed.size(), 12u);
  for (const char* base : {"debian-6.1", "debian-6.12"}) {
    std::set<std::string> required;
    for (const auto& r : *requirements) {
      if (std::find(r.range.bases.begin(), r.range.bases.end(), base) == r.range.bases.end()) continue;
      for (const auto& [name, value] : r.capabilities) required.insert(name);
    }
    for (const auto& name : printed) EXPECT_TRUE(required.contains(name)) << base << ": " << name;
  }
}

TEST(GuestLint, FindsATestThatIsItsOwnExpectation) {
  const Source s{"a.c",
                 "static bool allowed(int error) {\n"
                 "  const char* stated = caps_stated(\"lt.file_rw\");\n"
                 "  return stated ? strcmp(stated, \"allowed\") == 0 : error == 0;\n}\n"};
  EXPECT_THAT(lint(s), ElementsAre(HasSubstr("a.c:2: caps_stated()")));
}

TEST(GuestLint, FindsAResultThatIsNotLookedAt) {
  const Source s{"a.c",
                 "static void f(void) {\n"
                 "  proc_reap(child, limit_ms);\n"
                 "  if (child > 0) proc_reap(child, limit_ms);\n"
                 "  pread(fd, buffer, size, 0);\n"
                 "  bool good =\n"
                 "      pwrite(fd, buffer, size, 0);\n"
                 "  ssize_t got = pread(fd, buffer, size, 0);\n"
                 "  if (proc_reap(child, limit_ms) != 0) ktap_fail(\"it failed\");\n"
                 "  return pread(fd, buffer, size, 0) == size;\n}\n"};
  EXPECT_THAT(lint(s), ElementsAre(HasSubstr("a.c:2: proc_reap()"), HasSubstr("a.c:3: proc_reap()"),
                                   HasSubstr("a.c:4: pread()")));
}

TEST(GuestLint, FindsARefusalForAnyReason) {
  const std::string begin = "static void f(void) {\n  int fd = create();\n";
  const std::string end = "  if (fd >= 0) ktap_fail(\"it was not refused\");\n}\n";
  EXPECT_THAT(lint({"a.c", begin + end}), ElementsAre(HasSubstr("a.c:3: a refusal with any error")));
  EXPECT_THAT(lint({"a.c", begin + "  if (errno != EINVAL) ktap_fail(\"errno\");\n" + end}), IsEmpty());
  EXPECT_THAT(
      lint({"a.c", "static void f(void) {\n  // Any error is accepted.\n  refused += error != 0;\n}\n"}),
      ElementsAre(HasSubstr("a.c:2: a refusal")));
}

TEST(GuestLint, FindsTheCapabilitiesThatAreNamed) {
  EXPECT_THAT(printed_capabilities("caps_found(\"lt.file_rw\", x);\n  probe_unknown(\"alg\", \"no\");"),
              ElementsAre("alg", "lt.file_rw"));
}

}  // namespace
}  // namespace pinrig
