// SPDX-License-Identifier: GPL-2.0
#include "kbuild/gdb_scripts.h"

#include <fmt/format.h>

#include "base/text.h"

namespace pinrig::kbuild {
namespace {

/// From a link, what it leads to.
Result<void> copy_script(const fs::path& from, const fs::path& to) {
  std::error_code ec;
  fs::copy_file(from, to, ec);
  if (ec) return errno_error(fmt::format("copying {} to {}", from.string(), to.string()), ec.value());
  return {};
}

}  // namespace

bool has_gdb_scripts(std::string_view config) {
  for (const auto line : lines(config)) {
    if (line == "CONFIG_GDB_SCRIPTS=y") return true;
  }
  return false;
}

Result<void> copy_gdb_scripts(const fs::path& objdir, const fs::path& to) {
  const fs::path script = "vmlinux-gdb.py", modules = fs::path("scripts") / "gdb" / "linux";
  std::error_code ec;
  if (!fs::exists(objdir / script, ec)) return {};
  PINRIG_CHECK(copy_script(objdir / script, to / script));
  PINRIG_CHECK(make_dirs(to / modules));
  fs::directory_iterator it(objdir / modules, ec);
  for (const fs::directory_iterator end; !ec && it != end; it.increment(ec)) {
    if (it->path().extension() == ".py")
      PINRIG_CHECK(copy_script(it->path(), to / modules / it->path().filename()));
  }
  if (ec) return errno_error("reading " + (objdir / modules).string(), ec.value());
  return {};
}

}  // namespace pinrig::kbuild
