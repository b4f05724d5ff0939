// SPDX-License-Identifier: GPL-2.0
#include "vm/confine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "process/process.h"

namespace pinrig::vm {
namespace {

/// A guest computes; pinrig and the user's shell are to answer. Little, because time limits are measured by a
/// calibration guest, and a compiler in parallel must not starve the guests.
constexpr int niceness = 2;

/// Of QEMU besides its guest's memory: 1 GiB of translated code, device models, libraries, and the heaps and
/// stacks that its threads reserve, most of which is never touched.
constexpr std::uint64_t qemu_bytes = std::uint64_t{6} << 30;

/// Of an ELF core besides the memory: headers, and notes for each CPU; flash and ROMs of the machine.
constexpr std::uint64_t core_headers = std::uint64_t{256} << 20;

/// Of a directory entry and an inode, which a file without content takes as well.
constexpr std::uintmax_t entry_bytes = 4096;

/// Of a sanitizer's shadow memory nothing can be said, and the unit tests' QEMU has one.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool limits_memory = false;
#else
constexpr bool limits_memory = true;
#endif

bool may_drop_capabilities() {
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct caps[2] = {};
  return ::geteuid() == 0 && ::syscall(SYS_capget, &head, caps) == 0 &&
         (caps[0].effective & (1U << CAP_SETPCAP)) != 0;
}

void limit(pid_t pid, __rlimit_resource what, std::uint64_t bytes) {
  const rlimit wanted{bytes, bytes};
  if (::prlimit(pid, what, &wanted, nullptr) != 0)
    spdlog::debug("PID {}: limit {} not set: {}", pid, static_cast<int>(what), std::strerror(errno));
}

void offer_to_oom_killer(pid_t pid) {
  const auto path = fmt::format("/proc/{}/oom_score_adj", pid);
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), "1000", 4) != 4) spdlog::debug("{}: not written", path);
}

/// `argv` behind `by`, if that program is there.
void put_behind(std::vector<std::string> by, std::vector<std::string>& argv) {
  if (process::find_program(by[0]).empty())
    return spdlog::debug("{}: not in PATH, QEMU is less confined", by[0]);
  by.insert(by.end(), argv.begin(), argv.end());
  argv = std::move(by);
}

}  // namespace

std::vector<std::string> without_privileges(std::vector<std::string> argv) {
  if (argv.empty() || !may_drop_capabilities()) return argv;
  if (process::find_program("setpriv").empty() || process::find_program(argv[0]).empty()) return argv;
  std::vector<std::string> out{"setpriv", "--bounding-set=-all,+dac_read_search", "--inh-caps=-all",
                               "--no-new-privs"};
  out.insert(out.end(), argv.begin(), argv.end());
  return out;
}

std::uint64_t address_space_limit(const model::Machine& machine) {
  return (static_cast<std::uint64_t>(machine.memory_mib) << 20) + qemu_bytes;
}

std::uint64_t file_size_limit(const model::Machine& machine, const OutputCaps& caps, bool dumped) {
  // Twice the caps: a guest that outgrows them is to be killed with a reason, not by SIGXFSZ.
  std::uint64_t most = 2 * std::max<std::uint64_t>({caps.console, caps.results, std::uint64_t{64} << 20});
  for (const auto& drive : machine.nvme)
    most = std::max(most, static_cast<std::uint64_t>(drive.size_mib) << 20);
  if (dumped) most = std::max(most, (static_cast<std::uint64_t>(machine.memory_mib) << 20) + core_headers);
  return most;
}

void confine(pid_t qemu, const model::Machine& machine, const OutputCaps& caps, bool dumped) {
  offer_to_oom_killer(qemu);
  // Its threads are made later and take after it.
  if (::setpriority(PRIO_PROCESS, static_cast<id_t>(qemu), niceness) != 0)
    spdlog::debug("PID {}: not niced: {}", qemu, std::strerror(errno));
  if (limits_memory) limit(qemu, RLIMIT_AS, address_space_limit(machine));
  limit(qemu, RLIMIT_FSIZE, file_size_limit(machine, caps, dumped));
  limit(qemu, RLIMIT_CORE, 0);
}

std::vector<std::string> confined(std::vector<std::string> argv, const model::Machine& machine,
                                  const OutputCaps& caps) {
  if (argv.empty() || process::find_program(argv[0]).empty()) return argv;
  argv = without_privileges(std::move(argv));
  put_behind({"nice", "-n", std::to_string(niceness)}, argv);
  put_behind({"choom", "-n", "1000", "--"}, argv);
  std::vector<std::string> limits{"prlimit", "--core=0",
                                  fmt::format("--fsize={}", file_size_limit(machine, caps))};
  if (limits_memory) limits.push_back(fmt::format("--as={}", address_space_limit(machine)));
  limits.emplace_back("--");
  put_behind(std::move(limits), argv);
  return argv;
}

std::uintmax_t used_below(const fs::path& dir, std::uintmax_t most) {
  std::uintmax_t used = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(dir, ec), end; !ec && it != end && used < most; it.increment(ec)) {
    struct stat st = {};
    used += entry_bytes;
    if (::lstat(it->path().c_str(), &st) == 0) used += static_cast<std::uintmax_t>(st.st_blocks) * 512;
  }
  return used;
}

}  // namespace pinrig::vm
