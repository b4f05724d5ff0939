// SPDX-License-Identifier: GPL-2.0
#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "git/series_read.h"

namespace pinrig::git {
namespace {

bool is_html(std::string_view text) {
  std::string head(trim(text.substr(0, 1024)));
  std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return std::tolower(c); });
  return head.starts_with("<!doctype html") || head.starts_with("<html") ||
         (head.starts_with("<?xml") && head.find("<html") != std::string::npos);
}

/// List archives give threads as t.mbox.gz.
Result<std::string> decompress(const std::string& text, const std::string& name) {
  const std::unique_ptr<archive, int (*)(archive*)> a(archive_read_new(), archive_read_free);
  archive_read_support_filter_all(a.get());
  archive_read_support_format_raw(a.get());
  archive_entry* entry = nullptr;
  std::string out;
  if (archive_read_open_memory(a.get(), text.data(), text.size()) == ARCHIVE_OK &&
      archive_read_next_header(a.get(), &entry) == ARCHIVE_OK &&
      archive_filter_code(a.get(), 0) != ARCHIVE_FILTER_NONE) {
    char buffer[65536];
    la_ssize_t n = 0;
    while ((n = archive_read_data(a.get(), buffer, sizeof buffer)) > 0)
      out.append(buffer, static_cast<std::size_t>(n));
    if (n == 0) return out;
  }
  return make_error(ErrorKind::bad_input, fmt::format("{}: compressed, and damaged or cut short", name));
}

bool is_compressed(std::string_view text) {
  return text.starts_with("\x1f\x8b") ||
         text.starts_with(
             "\xfd"
             "7zXZ") ||
         text.starts_with("\x28\xb5\x2f\xfd");
}

Result<RawSeries::File> read_patch_file(const fs::path& path) {
  std::error_code ec;
  if (fs::is_directory(path, ec))
    return make_error(ErrorKind::bad_input, path.string() + ": a directory where a file is expected");
  PINRIG_TRY(text, read_file(path));
  if (is_compressed(text)) {
    PINRIG_TRY(plain, decompress(text, path.string()));
    text = std::move(plain);
  }
  if (trim(text).empty()) return make_error(ErrorKind::bad_input, path.string() + ": empty");
  if (is_html(text))
    return make_error(
        ErrorKind::bad_input, path.string() + ": this is HTML, save the raw mbox",
        "on the page of the list archive follow \"mbox.gz\" or \"raw\", or use b4 am MESSAGE-ID");
  return RawSeries::File{path.string(), std::move(text)};
}

/// Names in the order of a quilt-like `series` file.
Result<std::vector<fs::path>> listed_patches(const fs::path& list) {
  PINRIG_TRY(text, read_file(list));
  std::vector<fs::path> paths;
  int number = 0;
  for (auto line : lines(text)) {
    ++number;
    line = trim(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const auto space = line.find_first_of(" \t");
    const std::string name(line.substr(0, space));
    const auto option = space == std::string_view::npos ? std::string_view() : trim(line.substr(space));
    const std::string at = fmt::format("{}:{}", list.string(), number);
    if (!option.empty() && option != "-p1")
      return make_error(ErrorKind::bad_input,
                        fmt::format("{}: option '{}': only -p1 is understood", at, option));
    std::error_code ec;
    const fs::path path = list.parent_path() / name;
    if (!fs::is_regular_file(path, ec))
      return make_error(ErrorKind::bad_input,
                        fmt::format("{}: patch '{}' is not in the directory", at, name));
    paths.push_back(path);
  }
  return paths;
}

Result<RawSeries> read_directory(const fs::path& dir) {
  RawSeries raw;
  raw.where = dir.string();
  std::error_code ec;
  if (!fs::is_directory(dir, ec))
    return make_error(ErrorKind::bad_input, fmt::format("{}: no such directory of patches", dir.string()));
  std::vector<fs::path> paths;
  if (fs::is_regular_file(dir / "series", ec)) {
    PINRIG_TRY(listed, listed_patches(dir / "series"));
    paths = std::move(listed);
    raw.keep_order = true;
  } else {
    for (const auto& entry : fs::directory_iterator(dir, ec)) {
      const auto ext = entry.path().extension();
      if (ext == ".patch" || ext == ".mbox" || ext == ".eml" || ext == ".diff") paths.push_back(entry.path());
    }
    if (ec) return errno_error("reading " + dir.string(), ec.value());
    std::sort(paths.begin(), paths.end());
  }
  if (paths.empty())
    return make_error(
        ErrorKind::bad_input, fmt::format("{}: holds no patch", dir.string()),
        "patches are files named *.patch, *.diff, *.mbox or *.eml, or those listed in a file named series");
  for (const auto& path : paths) {
    PINRIG_TRY(file, read_patch_file(path));
    raw.files.push_back(std::move(file));
  }
  return raw;
}

Result<RawSeries> read_range(const Git& git, const model::Series::GitRange& range) {
  RawSeries raw;
  raw.where = fmt::format("{} of {}", range.range, range.repo);
  raw.keep_order = true;
  raw.keep_subjects = true;
  std::error_code ec;
  if (!fs::is_directory(range.repo, ec))
    return make_error(ErrorKind::bad_input, fmt::format("git repository {}: no such directory", range.repo));
  if (range.range.find("..") == std::string::npos || range.range.starts_with('-'))
    return make_error(ErrorKind::bad_input, fmt::format("'{}' is not a range of commits", range.range),
                      "write A..B");
  Call call;
  call.cwd = range.repo;
  call.args = {"rev-list", "--min-parents=2", "--max-count=1", "--end-of-options", range.range, "--"};
  PINRIG_TRY(merges, git.run(call));
  if (!process::succeeded(merges.status))
    return make_error(ErrorKind::bad_input, fmt::format("range {}: {}", raw.where, trim(merges.err)));
  if (!trim(merges.out).empty())
    return make_error(ErrorKind::bad_input,
                      fmt::format("range {} holds the merge {}", raw.where, trim(merges.out)),
                      "a series is a line of patches: rebase it first");
  call.args = {"rev-parse", "--path-format=absolute", "--git-path", "objects"};
  PINRIG_TRY(objects, git.text(call));
  raw.objects = objects;
  // Options for all that the repository's own configuration could change.
  call.args = {"format-patch",
               "--stdout",
               "-k",
               "--full-index",
               "--binary",
               "--no-signature",
               "--no-cover-letter",
               "--no-attach",
               "--no-thread",
               "--no-ext-diff",
               "--src-prefix=a/",
               "--dst-prefix=b/",
               "--no-base",
               "--no-stat",
               "--end-of-options",
               range.range,
               "--"};
  PINRIG_TRY(mails, git.run_ok(call, ErrorKind::bad_input));
  if (trim(mails.out).empty())
    return make_error(ErrorKind::bad_input, fmt::format("range {} is empty", raw.where));
  raw.files.push_back({raw.where, std::move(mails.out)});
  return raw;
}

}  // namespace

Result<RawSeries> read_series(const Git& git, const model::Series& series) {
  struct Visitor {
    const Git& git;
    Result<RawSeries> operator()(const model::Series::Mbox& m) const {
      PINRIG_TRY(file, read_patch_file(m.path));
      RawSeries raw;
      raw.where = m.path;
      raw.files.push_back(std::move(file));
      return raw;
    }
    Result<RawSeries> operator()(const model::Series::PatchDir& d) const { return read_directory(d.path); }
    Result<RawSeries> operator()(const model::Series::GitRange& r) const { return read_range(git, r); }
  };
  return std::visit(Visitor{git}, series.patches);
}

}  // namespace pinrig::git
