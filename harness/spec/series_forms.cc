// SPDX-License-Identifier: GPL-2.0
#include "spec/series_forms.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "spec/places.h"

namespace pinrig::spec {
namespace {

using model::Series;

bool is_remote(const std::string& repo) {
  const auto colon = repo.find(':');
  return repo.find("://") != std::string::npos || (colon != std::string::npos && repo.find('/') > colon);
}

std::string without_suffix(std::string name, std::initializer_list<const char*> suffixes) {
  for (const std::string suffix : suffixes)
    if (name.size() > suffix.size() && name.ends_with(suffix))
      return name.substr(0, name.size() - suffix.size());
  return name;
}

constexpr std::initializer_list<const char*> kPacked = {".gz", ".bz2", ".xz", ".zst", ".lz4", ".lz"};
constexpr std::initializer_list<const char*> kPatches = {".mbox", ".mbx", ".patch", ".diff",
                                                         ".eml",  ".tar", ".tgz",   ".zip"};

/// Letters, digits and "._+-": a series' name becomes part of file names and reports.
std::string as_word(std::string name) {
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) {
        return std::isalnum(c) == 0 && std::string_view("._+-").find(char(c)) == std::string_view::npos;
      },
      '-');
  const auto first =
      std::find_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
  name.erase(name.begin(), first);
  return name.empty() ? "series" : name;
}

/// "dir" for "dir/", the directory's own name for "." and "..".
std::string name_of_path(const std::string& path) {
  fs::path p = fs::absolute(path).lexically_normal();
  if (!p.has_filename()) p = p.parent_path();
  return p.filename().string();
}

/// The branch that a range ends at; the repository when that says nothing.
std::string name_of_range(const Series::GitRange& range) {
  const std::string to = range.range.substr(range.range.find("..") + 2);
  const bool says_nothing = to.starts_with("HEAD") || to.starts_with('@') ||
                            (to.size() >= 7 && to.find_first_not_of("0123456789abcdef") == std::string::npos);
  if (!says_nothing) return to;
  if (!is_remote(range.repo)) return name_of_path(range.repo);
  return without_suffix(range.repo.substr(range.repo.find_last_of("/:") + 1), {".git"});
}

/// What a shell leaves as it is within quotes.
constexpr const char* kTildeHint =
    "the shell expands ~ only at the start of a word and without quotes: write $HOME";

Error no_such_file(const std::string& word) {
  std::vector<std::string> known;
  std::error_code ec;
  const fs::path folder = fs::absolute(word).parent_path();
  for (const auto& entry : fs::directory_iterator(folder, ec))
    known.push_back(entry.path().filename().string());
  std::sort(known.begin(), known.end());
  return make_error(ErrorKind::bad_input,
                    fmt::format("series '{}': no such file or directory{}", word,
                                did_you_mean(fs::path(word).filename().string(), known)),
                    word.starts_with('~') ? kTildeHint
                                          : "a series is an mbox or patch file, a directory of patches, "
                                            "REPO:A..B, a series.yaml, or a name in "
                                            "kernels/series");
}

Result<std::optional<Series>> from_range(const Series::GitRange& range) {
  std::error_code ec;
  Series s;
  s.name = as_word(name_of_range(range));
  Series::GitRange absolute = range;
  if (range.repo.find("::") != std::string::npos || range.repo.starts_with('-'))
    return make_error(ErrorKind::bad_input, fmt::format("series '{}:{}': '{}' is neither a path nor a URL",
                                                        range.repo, range.range, range.repo));
  if (!is_remote(range.repo)) {
    if (!fs::is_directory(range.repo, ec))
      return make_error(ErrorKind::bad_input,
                        fmt::format("series '{}:{}': no directory '{}'", range.repo, range.range, range.repo),
                        range.repo.starts_with('~')
                            ? kTildeHint
                            : "REPO:A..B: a git repository, then a range of its commits");
    absolute.repo = fs::absolute(range.repo).lexically_normal().string();
  }
  s.patches = std::move(absolute);
  return std::optional<Series>(std::move(s));
}

}  // namespace

std::optional<Series::GitRange> range_form(const std::string& word) {
  const auto colon = word.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  const std::string range = word.substr(colon + 1);
  const auto dots = range.find("..");
  if (dots == std::string::npos || dots == 0 || dots + 2 >= range.size() || range[dots + 2] == '.' ||
      range.starts_with('/') || range.starts_with('-'))
    return std::nullopt;
  return Series::GitRange{word.substr(0, colon), range};
}

std::optional<Error> almost_range(const std::string& word) {
  std::error_code ec;
  const auto colon = word.rfind(':');
  if (fs::exists(word, ec) || range_form(word) || colon == std::string::npos || colon == 0)
    return std::nullopt;
  const std::string repo = word.substr(0, colon);
  const std::string rest = word.substr(colon + 1);
  if (!fs::is_directory(repo, ec) && !(is_remote(repo) && rest.find("..") != std::string::npos))
    return std::nullopt;
  const auto error = [&](const std::string& what, const std::string& hint) {
    return make_error(ErrorKind::bad_input, fmt::format("series '{}': {}", word, what), hint);
  };
  constexpr const char* kRange = "REPO:A..B selects the commits after A up to B";
  const auto dots = rest.find("..");
  if (dots == std::string::npos)
    return error(
        fmt::format("'{}' is not a range of commits", rest),
        fmt::format("{}: name where the series begins: {}:A..{}", kRange, repo, rest.empty() ? "B" : rest));
  const std::string from = rest.substr(0, dots);
  const std::string to = rest.substr(std::min(rest.find_first_not_of('.', dots), rest.size()));
  if (from.empty())
    return error("the range has no start", fmt::format("{}: {}:A..{}", kRange, repo, to.empty() ? "B" : to));
  if (to.empty()) return error("the range has no end", fmt::format("{}: {}:{}..HEAD", kRange, repo, from));
  return error(fmt::format("'{}' selects commits of both sides, not a line of patches", rest),
               fmt::format("{}, with two dots: {}:{}..{}", kRange, repo, from, to));
}

bool is_series_path(const std::string& word) {
  const std::string plain = without_suffix(word, kPacked);
  return is_path(word) || almost_range(word) || word == "." || word == ".." || range_form(word) ||
         plain != word || without_suffix(plain, kPatches) != plain;
}

std::string absolute_series(const std::string& word, const fs::path& folder) {
  std::error_code ec;
  const auto range = fs::exists(folder / word, ec) ? std::nullopt : range_form(word);
  if (!range) return (folder / word).lexically_normal().string();
  if (is_remote(range->repo)) return word;
  return fmt::format("{}:{}", (folder / range->repo).lexically_normal().string(), range->range);
}

Result<std::optional<Series>> series_without_yaml(const std::string& word) {
  std::error_code ec;
  const bool there = fs::exists(word, ec);
  if (!there) {
    if (const auto range = range_form(word)) return from_range(*range);
    if (auto error = almost_range(word)) return std::move(*error);
    if (word.find("..") != std::string::npos && word.find('/') == std::string::npos)
      return make_error(ErrorKind::bad_input, fmt::format("series '{}': a range without a repository", word),
                        fmt::format("REPO:A..B, such as .:{}", word));
    if (is_series_path(word) && !word.ends_with(".yaml")) return no_such_file(word);
    return std::optional<Series>();
  }
  Series s;
  if (fs::is_directory(word, ec)) {
    if (fs::exists(fs::path(word) / "series.yaml", ec)) return std::optional<Series>();
    s.name = as_word(name_of_path(word));
    s.patches = Series::PatchDir{fs::absolute(word).lexically_normal().string()};
    return std::optional<Series>(std::move(s));
  }
  if (word.ends_with(".yaml") || word.ends_with(".yml")) return std::optional<Series>();
  const std::string file = without_suffix(name_of_path(word), kPacked);
  s.name = as_word(without_suffix(file, kPatches));
  s.patches = Series::Mbox{fs::absolute(word).lexically_normal().string()};
  return std::optional<Series>(std::move(s));
}

}  // namespace pinrig::spec
