// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <string.h>

#include "process/process.h"

namespace pinrig::process {
namespace {

struct ToText {
  std::string operator()(const Exited& e) const { return fmt::format("exit {}", e.code); }
  std::string operator()(const Signaled& s) const {
    const char* name = ::sigabbrev_np(s.signo);
    return name != nullptr ? fmt::format("killed by SIG{}", name)
                           : fmt::format("killed by signal {}", s.signo);
  }
  std::string operator()(const TimedOut&) const { return "timed out"; }
  std::string operator()(const Cancelled&) const { return "interrupted"; }
  std::string operator()(const Unkillable&) const { return "survived SIGKILL"; }
};

}  // namespace

std::string to_string(const ExitStatus& status) { return std::visit(ToText{}, status); }

}  // namespace pinrig::process
