// SPDX-License-Identifier: GPL-2.0
// The files that a series is given as, decompressed and unpacked. Private to the module.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::git {

/// An entry of a directory that is not a file: one that is named as a patch must not be skipped.
struct NoFile {
  std::string name;
  std::string what;  ///< "a dangling symbolic link", "a directory", "a special file"
};

/// A directory, or an archive treated as one.
struct Folder {
  std::string where;               ///< for messages
  std::vector<std::string> names;  ///< of the files at its top level, without hidden ones, sorted
  std::vector<NoFile> others;      ///< at its top level, sorted by name
  std::vector<std::string> below;  ///< files one directory down ("sub/b.patch"), of an archive all below
  /// Names relative to it, also in folders below; bad_input when there is no such file.
  std::function<Result<std::string>(const std::string& name)> read;
  std::function<bool(const std::string& name)> exists;
};

Result<Folder> open_folder(const fs::path& dir);

/// The contents of a file without its layers of compression.
struct Contents {
  std::string text;
  bool archive = false;  ///< tar, zip, 7z or cpio: give it to unpack()
};
/// gzip, bzip2, xz, zstd, lz4, lzip; bad_input when it is damaged. `name` is for messages.
Result<Contents> decompress(std::string text, const std::string& name);
/// The files of an archive; a common top folder is removed from the names.
Result<Folder> unpack(const std::string& text, const std::string& name);

/// Text as git's mail reader expects it: no byte order mark, a newline at its end. bad_input by name: empty,
/// HTML, UTF-16, a git bundle.
Result<std::string> plain_text(std::string text, const std::string& name);

/// The name without the suffixes of compression: "v3.mbox.gz" -> "v3.mbox".
std::string uncompressed_name(std::string name);

/// "10" after "9" when numbers are compared as numbers: the order of a Maildir (git's
/// maildir_filename_cmp).
bool natural_less(const std::string& a, const std::string& b);

}  // namespace pinrig::git
