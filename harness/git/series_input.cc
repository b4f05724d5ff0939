// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "git/folder.h"
#include "git/patch_text.h"
#include "git/quilt.h"
#include "git/series_read.h"

namespace pinrig::git {
namespace {

using Order = RawSeries::Order;

/// A file that is packed larger is no patch that lost its name.
constexpr std::size_t kMostPacked = std::size_t{4} << 20;

bool ends_with_any(const std::string& name, std::initializer_list<const char*> suffixes) {
  const std::string low = lower(name);
  return std::any_of(suffixes.begin(), suffixes.end(), [&](const char* s) { return low.ends_with(s); });
}

bool is_patch_name(const std::string& name) {
  return ends_with_any(uncompressed_name(name), {".patch", ".mbox", ".mbx", ".eml", ".diff"});
}

/// "1700000000.M1P1.host:2,S" of cur, "1700000000.M1P1.host" of new
bool is_maildir_name(const std::string& name) {
  const auto digits = name.find_first_not_of("0123456789");
  const bool timed = digits != std::string::npos && digits >= 9 && name[digits] == '.' &&
                     name.find('.', digits + 1) != std::string::npos;
  return name.find(":2,") != std::string::npos || (timed && !is_patch_name(name));
}

bool is_mail_name(const std::string& name) {
  return is_maildir_name(name) || ends_with_any(uncompressed_name(name), {".eml"});
}

bool holds_patches(const Folder& folder) {
  return std::any_of(folder.names.begin(), folder.names.end(),
                     [](const auto& name) { return is_patch_name(name) || is_maildir_name(name); });
}

Result<void> add_file(RawSeries& raw, const Folder& folder, const std::string& name, int strip) {
  const std::string shown = (fs::path(folder.where) / name).string();
  PINRIG_TRY(packed, folder.read(name));
  PINRIG_TRY(contents, decompress(std::move(packed), shown));
  if (contents.archive)
    return make_error(ErrorKind::bad_input, shown + ": an archive inside a directory of patches",
                      "unpack it, or use it alone: --series " + shell_quote(shown));
  PINRIG_TRY(text, plain_text(std::move(contents.text), shown));
  raw.files.push_back({shown, std::move(text), strip});
  return {};
}

/// A file with a diff that was skipped because of its name; backup files of editors and merges are not
/// patches.
void note_left_out(RawSeries& raw, const Folder& folder, const std::string& name) {
  if (ends_with_any(name, {"~", ".orig", ".rej", ".bak", ".swp", ".yaml", ".yml"})) return;
  auto packed = folder.read(name);
  if (packed.has_error() || packed->size() > kMostPacked) return;
  const auto contents = decompress(std::move(*packed), name);
  if (contents.has_error() || contents->archive ||
      !has_diff(std::string_view(contents->text).substr(0, 65536)))
    return;
  raw.notices.push_back(
      fmt::format("{} contains a diff but is not applied: it is not named *.patch, *.diff, *.mbox or *.eml",
                  (fs::path(folder.where) / name).string()));
}

/// Directories with patches below the one that is applied.
void note_below(RawSeries& raw, const Folder& folder) {
  std::map<std::string, std::size_t> patches;
  for (const auto& at : folder.below)
    if (is_patch_name(at)) ++patches[fs::path(at).parent_path().string()];
  for (const auto& [below, count] : patches)
    raw.notices.push_back(fmt::format("{} contains {}, which {} not applied: only files directly in {} are",
                                      (fs::path(folder.where) / below).string(), count_of(count, "patch"),
                                      count == 1 ? "is" : "are", folder.where));
}

/// Whatever is named as a patch is applied or refused.
Result<void> check_others(const Folder& folder) {
  for (const auto& other : folder.others)
    if (is_patch_name(other.name))
      return make_error(ErrorKind::bad_input,
                        fmt::format("{}: expected a patch, got {}",
                                    (fs::path(folder.where) / other.name).string(), other.what),
                        "remove or rename it, or replace it by the patch");
  return {};
}

Error no_patch_in(const Folder& folder, const RawSeries& raw) {
  std::string hint = join(raw.notices, "\n");
  if (!hint.empty()) hint += '\n';
  return make_error(ErrorKind::bad_input, fmt::format("{}: contains no patch", folder.where),
                    hint +
                        "patches are files named *.patch, *.diff, *.mbox or *.eml, "
                        "also compressed, a Maildir, or those listed in a "
                        "file named series");
}

Result<RawSeries> read_folder(const Folder& folder, const std::string& list) {
  RawSeries raw;
  raw.where = folder.where;
  if (folder.exists(list)) {
    raw.order = Order::listed;
    const std::string below = list.substr(0, list.size() - std::string_view("series").size());
    PINRIG_TRY(text, folder.read(list));
    const auto exists = [&](const std::string& name) { return !name.empty() && folder.exists(below + name); };
    PINRIG_TRY(listed, parse_series_file(text, (fs::path(folder.where) / list).string(), exists));
    for (const auto& l : listed) PINRIG_CHECK(add_file(raw, folder, below + l.name, l.strip));
    if (raw.files.empty()) return no_patch_in(folder, raw);
    return raw;
  }
  raw.order = Order::names;
  PINRIG_CHECK(check_others(folder));
  note_below(raw, folder);
  bool mails = true;
  for (const auto& name : folder.names) {
    if (!is_patch_name(name) && !is_maildir_name(name)) {
      note_left_out(raw, folder, name);
      continue;
    }
    mails = mails && is_mail_name(name);
    PINRIG_CHECK(add_file(raw, folder, name, 1));
  }
  if (raw.files.empty()) return no_patch_in(folder, raw);
  if (mails) raw.order = Order::mails;
  if (raw.files.size() == 1) raw.order = Order::thread;
  return raw;
}

/// cur/ and new/ of a Maildir, or the one of them that was copied.
Result<RawSeries> read_maildir(const fs::path& dir) {
  RawSeries raw;
  raw.where = dir.string();
  raw.order = Order::thread;
  std::vector<std::pair<std::string, std::string>> names;  // the mail's name, its folder
  for (const char* sub : {"cur", "new"}) {
    std::error_code ec;
    if (!fs::is_directory(dir / sub, ec)) continue;
    PINRIG_TRY(folder, open_folder(dir / sub));
    for (const auto& name : folder.names) names.emplace_back(name, sub);
  }
  std::sort(names.begin(), names.end(),
            [](const auto& a, const auto& b) { return natural_less(a.first, b.first); });
  PINRIG_TRY(all, open_folder(dir));
  for (const auto& [name, sub] : names) PINRIG_CHECK(add_file(raw, all, sub + "/" + name, 1));
  if (raw.files.empty()) return no_patch_in(all, raw);
  return raw;
}

bool is_repository(const fs::path& dir) {
  std::error_code ec;
  return fs::exists(dir / ".git", ec) ||
         (fs::exists(dir / "HEAD", ec) && fs::is_directory(dir / "objects", ec));
}

Result<RawSeries> read_directory(const fs::path& dir) {
  std::error_code ec;
  if (!fs::is_directory(dir, ec))
    return make_error(ErrorKind::bad_input, fmt::format("{}: no such directory of patches", dir.string()));
  const bool read_mails = fs::is_directory(dir / "cur", ec);
  const bool new_mails = fs::is_directory(dir / "new", ec);
  if (read_mails && new_mails) return read_maildir(dir);
  PINRIG_TRY(folder, open_folder(dir));
  if (!folder.exists("series") && !holds_patches(folder)) {
    // quilt keeps patches in a folder below the tree.
    for (const char* list : {"patches/series", "debian/patches/series"})
      if (folder.exists(list)) return read_folder(folder, list);
    if (is_repository(dir))
      return make_error(ErrorKind::bad_input, dir.string() + ": a git repository, not a series",
                        fmt::format("--series {0}:A..B, the commits after A up to B: {0}:v6.12..HEAD",
                                    shell_quote(dir.string())));
    if (read_mails || new_mails) return read_maildir(dir);
  }
  return read_folder(folder, "series");
}

Result<RawSeries> read_one_file(const fs::path& path) {
  std::error_code ec;
  if (fs::is_directory(path, ec))
    return make_error(ErrorKind::bad_input, path.string() + ": expected a file, got a directory");
  PINRIG_TRY(packed, read_file(path));
  PINRIG_TRY(contents, decompress(std::move(packed), path.string()));
  if (contents.archive) {
    PINRIG_TRY(folder, unpack(contents.text, path.string()));
    for (const char* list : {"patches/series", "debian/patches/series"})
      if (folder.exists(list)) return read_folder(folder, list);
    return read_folder(folder, "series");
  }
  RawSeries raw;
  raw.where = path.string();
  PINRIG_TRY(text, plain_text(std::move(contents.text), path.string()));
  raw.files.push_back({path.string(), std::move(text), 1});
  return raw;
}

}  // namespace

Result<RawSeries> read_series(const Git& git, const model::Series& series, const fs::path& cache) {
  struct Visitor {
    const Git& git;
    const fs::path& cache;
    Result<RawSeries> operator()(const model::Series::Mbox& m) const { return read_one_file(m.path); }
    Result<RawSeries> operator()(const model::Series::PatchDir& d) const { return read_directory(d.path); }
    Result<RawSeries> operator()(const model::Series::GitRange& r) const { return read_range(git, r, cache); }
  };
  return std::visit(Visitor{git, cache}, series.patches);
}

}  // namespace pinrig::git
