// SPDX-License-Identifier: GPL-2.0
// images/initramfs.manifest: the files of a guest, in the format of the kernel's gen_init_cpio.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::image {

/// One file of an archive. Owner and group are 0, times are 0.
struct Entry {
  enum class Type { dir, file, slink, nod };
  Type type = Type::file;
  std::string path;      ///< absolute in the guest: "/tests/bio/dio_rw"
  unsigned mode = 0755;  ///< permission bits
  fs::path source;       ///< file: where its bytes are on the host
  std::string target;    ///< slink
  char device = 'c';     ///< nod: 'c' or 'b'
  unsigned major = 0;
  unsigned minor = 0;
  std::string where;  ///< "images/initramfs.manifest:12", for errors
};

/// A line of the manifest, `tree` still unexpanded. Lines:
///   dir PATH MODE · file PATH SOURCE MODE · slink PATH TARGET · nod PATH MODE c|b MAJOR MINOR ·
///   tree PATH SOURCE MODE (every regular file below SOURCE)
/// SOURCE may begin with ${name}, one of `variables`; else it is relative to the manifest's folder.
struct Manifest {
  std::vector<Entry> entries;
  std::vector<Entry> trees;  ///< path and source are directories
};

/// Pure: opens no file; its errors (bad_input) name `file` and the line.
Result<Manifest> parse_manifest(const std::string& text, const fs::path& file,
                                const std::map<std::string, fs::path>& variables);

/// Expands trees, checks that sources are regular files, adds missing parent directories (0755) and sorts by
/// path, so that a directory comes before what is in it. Error bad_input for a duplicate path.
Result<std::vector<Entry>> resolve(const Manifest& manifest);

}  // namespace pinrig::image
