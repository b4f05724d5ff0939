// SPDX-License-Identifier: GPL-2.0
#include "git/folder.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

// More than any series has; a file that unpacks to more is none.
constexpr std::size_t kMostBytes = std::size_t{512} << 20;

using Reading = std::unique_ptr<archive, int (*)(archive*)>;

Error bad(const std::string& name, const std::string& what, std::string hint = {}) {
  return make_error(ErrorKind::bad_input, name + ": " + what, std::move(hint));
}

bool is_compressed(std::string_view text) {
  // zstd, xz, gzip, bzip2, lz4, lzip
  static constexpr std::string_view kMagic[] = {"\x28\xb5\x2f\xfd",
                                                "\xfd"
                                                "7zXZ",
                                                "\x1f\x8b",
                                                "BZh",
                                                "\x04\x22\x4d\x18",
                                                "LZIP"};
  return std::any_of(std::begin(kMagic), std::end(kMagic),
                     [&](auto magic) { return text.starts_with(magic); });
}

bool is_archive(std::string_view text) {
  return (text.size() > 262 && text.substr(257, 5) == "ustar") || text.starts_with("PK\x03\x04") ||
         text.starts_with("7z\xbc\xaf\x27\x1c") || text.starts_with("070701");
}

/// The data of the entry that was just read; false when it is damaged or too much.
bool read_entry(archive* a, std::string& out) {
  char buffer[65536];
  la_ssize_t n = 0;
  while ((n = archive_read_data(a, buffer, sizeof buffer)) > 0 && out.size() < kMostBytes)
    out.append(buffer, static_cast<std::size_t>(n));
  return n == 0;
}

bool is_html(std::string_view text) {
  const std::string head = lower(trim(text.substr(0, 1024)));
  return head.starts_with("<!doctype html") || head.starts_with("<html") ||
         (head.starts_with("<?xml") && head.find("<html") != std::string::npos);
}

bool is_utf16(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return true;
  const std::string_view head = text.substr(0, 64);
  const auto zeros = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\0'));
  return head.size() >= 4 && zeros >= head.size() / 2 - 1;
}

/// The part before the first '/' when every name has the same.
std::string common_top(const std::map<std::string, std::string>& files) {
  if (files.empty()) return {};
  const std::string top = files.begin()->first.substr(0, files.begin()->first.find('/') + 1);
  const bool all = std::all_of(files.begin(), files.end(), [&](auto& f) { return f.first.starts_with(top); });
  return all ? top : std::string();
}

bool hidden(const std::string& name) { return name.empty() || name[0] == '.'; }

void add_entry(Folder& out, const fs::directory_entry& entry, const std::string& name) {
  std::error_code ec;
  if (entry.is_regular_file(ec)) {
    out.names.push_back(name);
  } else if (entry.is_directory(ec)) {
    out.others.push_back({name, "a directory"});
    for (const auto& inner : fs::directory_iterator(entry.path(), ec)) {
      const std::string file = inner.path().filename().string();
      std::error_code unreadable;
      if (!hidden(file) && inner.is_regular_file(unreadable)) out.below.push_back(name + "/" + file);
    }
  } else {
    out.others.push_back({name, entry.is_symlink(ec) ? "a dangling symbolic link" : "a special file"});
  }
}

}  // namespace

Result<Folder> open_folder(const fs::path& dir) {
  Folder out;
  out.where = dir.string();
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(dir, ec)) {
    const std::string name = entry.path().filename().string();
    if (!hidden(name)) add_entry(out, entry, name);
  }
  if (ec) return bad(dir.string(), "cannot read the directory: " + ec.message());
  std::sort(out.names.begin(), out.names.end());
  std::sort(out.below.begin(), out.below.end());
  std::sort(out.others.begin(), out.others.end(), [](auto& a, auto& b) { return a.name < b.name; });
  out.read = [dir](const std::string& name) { return read_file(dir / name); };
  out.exists = [dir](const std::string& name) {
    std::error_code none;
    return fs::is_regular_file(dir / name, none);
  };
  return out;
}

Result<Contents> decompress(std::string text, const std::string& name) {
  for (int layer = 0; is_compressed(text); ++layer) {
    const Reading a(archive_read_new(), archive_read_free);
    archive_read_support_filter_all(a.get());
    archive_read_support_format_raw(a.get());
    archive_entry* entry = nullptr;
    std::string out;
    const bool begun = archive_read_open_memory(a.get(), text.data(), text.size()) == ARCHIVE_OK &&
                       archive_read_next_header(a.get(), &entry) == ARCHIVE_OK &&
                       archive_filter_code(a.get(), 0) != ARCHIVE_FILTER_NONE;
    if (!begun || layer > 3 || !read_entry(a.get(), out))
      return bad(name, "compressed file is damaged or truncated");
    text = std::move(out);
  }
  Contents c;
  c.archive = is_archive(text);
  c.text = std::move(text);
  return c;
}

Result<Folder> unpack(const std::string& text, const std::string& name) {
  const Reading a(archive_read_new(), archive_read_free);
  archive_read_support_format_all(a.get());
  archive_entry* entry = nullptr;
  std::map<std::string, std::string> files;
  Folder out;
  std::size_t bytes = 0;
  int r = archive_read_open_memory(a.get(), text.data(), text.size());
  while (r == ARCHIVE_OK && (r = archive_read_next_header(a.get(), &entry)) == ARCHIVE_OK) {
    const char* path = archive_entry_pathname(entry);
    if (path == nullptr || archive_entry_filetype(entry) == AE_IFDIR) continue;
    std::string at = fs::path(path).lexically_normal().string();
    if (archive_entry_filetype(entry) != AE_IFREG) {
      const bool link = archive_entry_filetype(entry) == AE_IFLNK;
      out.others.push_back({at, link ? "a symbolic link" : "a special file"});
      continue;
    }
    std::string& data = files[at];
    if (!read_entry(a.get(), data) || (bytes += data.size()) > kMostBytes)
      return bad(name, "damaged archive");
  }
  if (r != ARCHIVE_EOF) return bad(name, "damaged archive");
  std::string above;
  for (std::string top = common_top(files); !top.empty(); top = common_top(files)) {
    above += top;
    std::map<std::string, std::string> below;
    for (auto& [at, data] : files) below[at.substr(top.size())] = std::move(data);
    files = std::move(below);
  }
  out.where = name;
  std::erase_if(out.others, [&](const NoFile& o) {
    return !o.name.starts_with(above) || o.name.find('/', above.size()) != std::string::npos;
  });
  for (auto& other : out.others) other.name.erase(0, above.size());
  for (const auto& [at, data] : files)
    if (!hidden(at)) (at.find('/') == std::string::npos ? out.names : out.below).push_back(at);
  const auto held = std::make_shared<std::map<std::string, std::string>>(std::move(files));
  out.exists = [held](const std::string& at) { return held->contains(at); };
  out.read = [held, name](const std::string& at) -> Result<std::string> {
    const auto it = held->find(at);
    if (it == held->end()) return bad(name, fmt::format("contains no file '{}'", at));
    return it->second;
  };
  return out;
}

Result<std::string> plain_text(std::string text, const std::string& name) {
  if (is_utf16(text))
    return bad(name, "this is UTF-16, which git does not read",
               fmt::format("iconv -f UTF-16 -t UTF-8 {} > patch.mbox", shell_quote(name)));
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  if (text.starts_with("# v2 git bundle") || text.starts_with("# v3 git bundle"))
    return bad(name, "this is a git bundle",
               fmt::format("fetch it into a repository (git -C REPO fetch {} "
                           "'refs/heads/*:refs/heads/*'), then name "
                           "its commits: --series REPO:A..B",
                           shell_quote(name)));
  if (trim(text).empty()) return bad(name, "empty");
  if (is_html(text))
    return bad(name, "this is HTML, save the raw mbox",
               "on the page of the list archive follow \"mbox.gz\" or \"raw\", "
               "or use b4 am MESSAGE-ID");
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

std::string uncompressed_name(std::string name) {
  const std::string low = lower(name);
  for (const std::string_view suffix : {".gz", ".bz2", ".xz", ".zst", ".lz4", ".lz"})
    if (name.size() > suffix.size() && low.ends_with(suffix))
      return name.substr(0, name.size() - suffix.size());
  return name;
}

bool natural_less(const std::string& a, const std::string& b) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (!digit(a[i]) || !digit(b[j])) {
      if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      ++i;
      ++j;
      continue;
    }
    std::size_t x = i;
    std::size_t y = j;
    while (x < a.size() && digit(a[x])) ++x;
    while (y < b.size() && digit(b[y])) ++y;
    while (i < x && a[i] == '0') ++i;
    while (j < y && b[j] == '0') ++j;
    if (x - i != y - j) return x - i < y - j;
    const int order = a.compare(i, x - i, b, j, y - j);
    if (order != 0) return order < 0;
    i = x;
    j = y;
  }
  return a.size() - i < b.size() - j;
}

}  // namespace pinrig::git
