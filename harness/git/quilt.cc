// SPDX-License-Identifier: GPL-2.0
#include "git/quilt.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pinrig::git {
namespace {

std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return trim(line.substr(0, at));
  return line;
}

std::string_view last_word(std::string_view line) {
  const auto blank = line.find_last_of(" \t");
  return blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
}

/// The levels that "-p1", "--strip=0" or "-pab" means; -1 for another option.
int strip_of(std::string_view option) {
  for (const std::string_view prefix : {"--strip=", "--strip", "-p"}) {
    if (!option.starts_with(prefix)) continue;
    option.remove_prefix(prefix.size());
    if (option == "ab") return 1;
    return option.size() == 1 && option[0] >= '0' && option[0] <= '9' ? option[0] - '0' : -1;
  }
  return -1;
}

/// "+x86 -rt" of "+x86 -rt a.patch"; empty when the words before the name of a patch are none.
std::string guard_of(std::string_view line, const std::function<bool(const std::string&)>& exists) {
  std::string_view rest = line;
  while (rest.starts_with('+') || rest.starts_with('-')) {
    const auto blank = rest.find_first_of(" \t");
    if (blank == std::string_view::npos) return {};
    rest = trim(rest.substr(blank));
    if (exists(std::string(rest))) return std::string(trim(line.substr(0, line.size() - rest.size())));
  }
  return {};
}

class Line {
 public:
  Line(std::string_view text, std::string at) : rest_(text), at_(std::move(at)) {}

  /// Takes the options off the end of the line; the name is what is left.
  Result<Listed> read(const std::function<bool(const std::string&)>& exists) {
    Listed out;
    for (auto word = last_word(rest_); !word.empty(); word = last_word(rest_)) {
      const auto before = trim(rest_.substr(0, rest_.size() - word.size()));
      std::string option(word);
      auto left = before;
      // "-p 1"
      if (last_word(before) == "-p") {
        option.insert(0, "-p");
        left = trim(before.substr(0, before.size() - 2));
      }
      if (!option.starts_with('-') || exists(std::string(rest_))) break;
      out.strip = strip_of(option);
      if (out.strip < 0)
        return make_error(ErrorKind::bad_input, fmt::format("{}: unknown option '{}'", at_, option),
                          option == "-R" ? "pinrig does not apply patches in reverse: list the reversed patch"
                                         : "known: -pN, -pab, --strip=N");
      rest_ = left;
    }
    out.name = rest_;
    if (const auto guard = guard_of(out.name, exists); !guard.empty() && !exists(out.name))
      return make_error(ErrorKind::bad_input,
                        fmt::format("{}: '{}' is a guard, which pinrig does not support", at_, guard),
                        "list the patches to apply, as `guards --config=series SYMBOL...` prints them");
    if (!exists(out.name))
      return make_error(ErrorKind::bad_input,
                        fmt::format("{}: patch '{}' is not in the directory", at_, out.name));
    return out;
  }

 private:
  std::string_view rest_;
  std::string at_;
};

}  // namespace

Result<std::vector<Listed>> parse_series_file(std::string_view text, const std::string& where,
                                              const std::function<bool(const std::string&)>& exists) {
  std::vector<Listed> out;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  int number = 0;
  for (auto line : lines(text)) {
    ++number;
    line = trim(line);
    // '#' may be part of a name.
    if (!exists(std::string(line))) line = without_comment(line);
    if (line.empty()) continue;
    PINRIG_TRY(listed, Line(line, fmt::format("{}:{}", where, number)).read(exists));
    out.push_back(std::move(listed));
  }
  return out;
}

}  // namespace pinrig::git
