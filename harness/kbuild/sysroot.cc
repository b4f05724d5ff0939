// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "kbuild/selftests.h"

namespace pinrig::kbuild {
namespace {

/// What a static program can take from a sysroot, sorted.
Result<std::vector<fs::path>> inputs_of(const fs::path& sysroot) {
  std::vector<fs::path> found;
  for (const char* top : {"usr/include", "usr/lib"}) {
    std::error_code ec;
    if (!fs::is_directory(sysroot / top, ec)) continue;
    const bool libraries = std::string_view(top) == "usr/lib";
    for (fs::recursive_directory_iterator it(sysroot / top, ec), end; !ec && it != end; it.increment(ec)) {
      if (it->is_symlink() || !it->is_regular_file()) continue;
      const auto extension = it->path().extension();
      if (!libraries || extension == ".a" || extension == ".o") found.push_back(it->path());
    }
    if (ec) return errno_error("reading " + (sysroot / top).string(), ec.value());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<std::string> content_hash(const fs::path& sysroot) {
  PINRIG_TRY(files, inputs_of(sysroot));
  Sha256 stamp;
  for (const auto& file : files) {
    struct stat st = {};
    if (::stat(file.c_str(), &st) != 0) return errno_error("reading " + file.string(), errno);
    stamp.field(file.lexically_relative(sysroot).string());
    stamp.field(fmt::format("{} {}.{}", st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec));
  }
  const std::string now = stamp.hex();
  const fs::path memory = sysroot.string() + ".content";
  if (const auto text = read_file(memory); text.has_value()) {
    const auto both = split(*text, '\n');
    if (both.size() >= 2 && both[0] == now && both[1].size() == 64) return both[1];
  }
  Sha256 content;
  for (const auto& file : files) {
    PINRIG_TRY(text, read_file(file));
    content.field(file.lexically_relative(sysroot).string()).field(text);
  }
  const std::string hash = content.hex();
  // A cache that cannot be written is only read again the next time.
  static_cast<void>(write_file_atomic(memory, now + "\n" + hash + "\n").has_value());
  return hash;
}

}  // namespace

fs::path find_static_library(const fs::path& sysroot, const std::string& name) {
  std::error_code ec;
  for (const char* triplet : {"x86_64-linux-gnu", "aarch64-linux-gnu"}) {
    const auto path = sysroot / "usr/lib" / triplet / name;
    if (fs::exists(path, ec)) return path;
  }
  return {};
}

Result<std::string> sysroot_identity(const fs::path& sysroot) {
  if (!fs::is_directory(sysroot)) {
    return make_error(ErrorKind::missing_tool, "no sysroot at " + sysroot.string(),
                      "the first `pinrig run` creates it");
  }
  if (find_static_library(sysroot, "liburing.a").empty()) {
    return make_error(
        ErrorKind::missing_tool, "the sysroot " + sysroot.string() + " has no liburing.a",
        "add liburing-dev to its package list under images/, or remove the sysroot so that it is rebuilt");
  }
  return content_hash(sysroot);
}

}  // namespace pinrig::kbuild
