// SPDX-License-Identifier: GPL-2.0
#include "image/program_errors.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace pinrig::image {
namespace {

constexpr std::size_t max_message = 600;  ///< bytes of CMake's text; the log has the rest

void erase_all(std::string& text, const std::string& part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
}

int number_at(const std::string& text, std::size_t at) {
  int value = 0;
  std::from_chars(text.data() + std::min(at, text.size()), text.data() + text.size(), value);
  return value;
}

/// "CMake Error at cmake/x.cmake:58 (add_executable):" and the indented lines that follow, without the list
/// of file name extensions that CMake tried.
BuildFailure of_cmake(const std::vector<std::string_view>& all, std::size_t first) {
  BuildFailure f{.stage = BuildFailure::Stage::guest_programs};
  std::string head(all[first]);
  const auto at = head.find(" at ");
  const auto colon = at == std::string::npos ? at : head.find(':', at);
  if (colon != std::string::npos) {
    f.file = head.substr(at + 4, colon - at - 4);
    f.line = number_at(head, colon + 1);
    // CMake names files relative to the folder that it was given.
    if (!f.file.starts_with('/') && !f.file.starts_with("guest-tests/")) f.file = "guest-tests/" + f.file;
  }
  for (std::size_t i = first + 1; i < all.size(); ++i) {
    const auto line = trim(all[i]);
    if (line.starts_with("Tried extensions")) break;
    if (!all[i].empty() && !all[i].starts_with(' ')) break;
    if (line.empty() || f.message.size() + line.size() > max_message) continue;
    f.message += (f.message.empty() ? "" : " ") + std::string(line);
  }
  const auto says = head.find(": ");  // "CMake Error: The source directory ..."
  if (f.message.empty()) f.message = says == std::string::npos ? head : head.substr(says + 2);
  return f;
}

/// "guest-tests/bio/x.c:3:5: error: ..."; a linker's line has no number.
BuildFailure of_compiler(const std::string& line) {
  BuildFailure f{.stage = BuildFailure::Stage::guest_programs, .message = line};
  for (const std::string mark : {": error: ", ": fatal error: "}) {
    const auto error = line.find(mark);
    const auto colon = line.find(':');
    if (error == std::string::npos || colon >= error) continue;
    f.file = line.substr(0, colon);
    f.line = number_at(line, colon + 1);
    f.message = line.substr(error + mark.size());
  }
  return f;
}

}  // namespace

BuildFailure first_failure(const std::string& output, const fs::path& folder) {
  std::string text = output;
  erase_all(text, folder.string() + "/");
  const auto all = lines(text);
  for (const char* mark : {": error: ", ": fatal error: ", "undefined reference to", "CMake Error",
                           "cannot find -l", ": multiple definition of "}) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      // ninja only says that something failed, such as CMake, which it runs again.
      if (all[i].find(mark) == std::string_view::npos || all[i].starts_with("ninja: ")) continue;
      return all[i].starts_with("CMake Error") ? of_cmake(all, i) : of_compiler(std::string(all[i]));
    }
  }
  return {.stage = BuildFailure::Stage::guest_programs};
}

}  // namespace pinrig::image
