// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "git/source.h"

namespace pinrig::git {

std::string to_string(const ApplyFailure& f) {
  std::string reason = f.hunk;
  if (f.why == Misfit::malformed) {
    const std::string at = !f.where.empty() ? f.where : f.file;
    reason = at.empty() ? f.hunk : fmt::format("{}: {}", at, f.hunk);
  } else if (!f.file.empty()) {
    reason = fmt::format("{}{} {}", f.file, f.why == Misfit::hunk ? ":" : "", f.hunk);
  }
  return fmt::format("patch {} \"{}\" does not apply: {}", f.number, f.subject, reason);
}

Error to_error(const ApplyFailure& f) {
  const std::string between = f.detail.empty() || f.hint.empty() ? "" : "\n";
  return make_error(ErrorKind::apply_failed, to_string(f), f.detail + between + f.hint);
}

}  // namespace pinrig::git
