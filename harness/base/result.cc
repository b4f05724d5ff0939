// SPDX-License-Identifier: GPL-2.0
#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace pinrig {

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_usage:
      return "bad_usage";
    case ErrorKind::bad_input:
      return "bad_input";
    case ErrorKind::missing_tool:
      return "missing_tool";
    case ErrorKind::apply_failed:
      return "apply_failed";
    case ErrorKind::build_failed:
      return "build_failed";
    case ErrorKind::programs_failed:
      return "programs_failed";
    case ErrorKind::infra:
      return "infra";
    case ErrorKind::disk_full:
      return "disk_full";
    case ErrorKind::cancelled:
      return "cancelled";
  }
  return "infra";
}

const char* to_string(BuildFailure::Stage stage) {
  switch (stage) {
    case BuildFailure::Stage::configuration:
      return "configuration";
    case BuildFailure::Stage::kernel:
      return "kernel";
    case BuildFailure::Stage::selftests:
      return "selftests";
    case BuildFailure::Stage::guest_programs:
      return "guest_programs";
  }
  return "kernel";
}

std::string to_string(const BuildFailure& f) {
  if (f.file.empty()) return f.message;
  return f.file + ":" + (f.line > 0 ? std::to_string(f.line) + ":" : "") + " " + f.message;
}

std::string next_step(const Error& e) {
  if (!e.build || e.build->log.empty()) return e.hint;
  return e.hint + (e.hint.empty() ? "" : "\n") + "the whole output is in " + e.build->log.string();
}

Error errno_error(const std::string& what, int errno_value) {
  const bool full = errno_value == ENOSPC || errno_value == EDQUOT;
  return make_error(full ? ErrorKind::disk_full : ErrorKind::infra, what + ": " + std::strerror(errno_value),
                    full ? "free some space, or point PINRIG_CACHE and PINRIG_STATE at a larger disk" : "");
}

}  // namespace pinrig
