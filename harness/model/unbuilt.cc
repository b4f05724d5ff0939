// SPDX-License-Identifier: GPL-2.0
#include "model/unbuilt.h"

#include <fmt/format.h>

#include <algorithm>

namespace pinrig::model {

bool is_kernel_code(const std::string& path) {
  const bool code = path.ends_with(".c") || path.ends_with(".S") || path.ends_with(".h");
  return code && !path.starts_with("tools/") && !path.starts_with("scripts/") &&
         !path.starts_with("Documentation/");
}

Unbuilt unbuilt_of(const std::vector<std::string>& files, const std::vector<UnbuiltFile>& kernel) {
  Unbuilt out;
  std::size_t code = 0;
  for (const auto& file : files) {
    code += is_kernel_code(file) ? 1 : 0;
    const auto at = std::find_if(kernel.begin(), kernel.end(), [&](const auto& u) { return u.file == file; });
    if (at != kernel.end()) out.files.push_back(*at);
  }
  out.all = !out.files.empty() && out.files.size() == code;
  return out;
}

std::string to_string(const Unbuilt& unbuilt) {
  if (unbuilt.files.empty()) return "";
  std::string out = (unbuilt.all ? "nothing of it was built: " : "not built: ") + unbuilt.files.front().file;
  if (unbuilt.files.size() > 1) out += fmt::format(" and {} more", unbuilt.files.size() - 1);
  return out;
}

std::string to_reason(const Unbuilt& unbuilt) {
  return unbuilt.files.empty() ? "" : to_string(unbuilt) + ": " + unbuilt.files.front().why;
}

}  // namespace pinrig::model
