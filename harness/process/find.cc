// SPDX-License-Identifier: GPL-2.0
#include "process/find.h"

#include <unistd.h>

#include "base/environment.h"
#include "base/text.h"

namespace pinrig::process {
namespace {

bool executable(const fs::path& path) {
  std::error_code ec;
  return fs::is_regular_file(path, ec) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

fs::path find_in_path(const std::string& name, const std::string& path, const fs::path& cwd) {
  if (name.empty()) return {};
  std::error_code ec;
  const fs::path base = cwd.empty() ? fs::current_path(ec) : fs::absolute(cwd, ec);
  if (name.find('/') != std::string::npos) {
    const fs::path full = base / name;  // an absolute name replaces base
    return executable(full) ? full : fs::path();
  }
  for (const auto& dir : split(path, ':')) {
    const fs::path full = base / dir / name;  // an empty entry means the working directory
    if (executable(full)) return full;
  }
  return {};
}

fs::path find_program_from(const std::string& name, const fs::path& cwd) {
  return find_in_path(name, environment("PATH").value_or("/usr/local/bin:/usr/bin:/bin"), cwd);
}

fs::path find_program(const std::string& name) { return find_program_from(name, {}); }

}  // namespace pinrig::process
