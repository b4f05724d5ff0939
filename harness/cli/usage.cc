// SPDX-License-Identifier: GPL-2.0
#include "cli/usage.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "cli/output.h"

namespace pinrig::cli {
namespace {

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

// VmHWM and not ru_maxrss: the latter survives execve(2), so a large parent would be counted as ours
// (fs/exec.c, exec_mmap()).
Result<std::uint64_t> peak_rss() {
  PINRIG_TRY(status, read_file("/proc/self/status"));
  for (const auto line : lines(status)) {
    if (line.starts_with("VmHWM:"))
      return std::strtoull(std::string(line.substr(6)).c_str(), nullptr, 10) * 1024;
  }
  return make_error(ErrorKind::infra, "/proc/self/status has no VmHWM");
}

}  // namespace

Result<void> check_usage(const std::string& file) {
  std::error_code ec;
  if (file.empty() || file == "-") return {};
  const auto status = fs::status(file, ec);
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) return {};
  if (const auto written = write_output(file, ""); written.has_error())
    return make_error(ErrorKind::bad_usage, "--usage " + file + ": " + written.error().message,
                      "name a file in a directory that you may write to");
  return {};
}

Result<void> write_usage(const std::string& file, double wall_s) {
  if (file.empty()) return {};
  rusage own = {};
  if (::getrusage(RUSAGE_SELF, &own) != 0) return errno_error("getrusage", errno);
  PINRIG_TRY(peak, peak_rss());
  const nlohmann::json usage{
      {"cpu_s", seconds(own.ru_utime) + seconds(own.ru_stime)}, {"wall_s", wall_s}, {"peak_rss_bytes", peak}};
  return write_output(file, usage.dump(2) + "\n");
}

}  // namespace pinrig::cli
