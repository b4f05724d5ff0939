// SPDX-License-Identifier: GPL-2.0
#include "setup.h"

#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <span>
#include <utility>

#include "devices.h"
#include "sys.h"

namespace pinrig::agent {
namespace {

struct Basic {
  const char* type;
  const char* target;
  unsigned long flags;
  const char* options;
};

constexpr Basic basics[] = {
    {"devtmpfs", "/dev", 0, "mode=0755"}, {"proc", "/proc", 0, nullptr}, {"sysfs", "/sys", 0, nullptr}};

constexpr Basic rest[] = {
    {"debugfs", "/sys/kernel/debug", 0, nullptr},
    {"tracefs", "/sys/kernel/tracing", 0, nullptr},
    {"tmpfs", "/tmp", 0, "mode=1777"},
    {"tmpfs", "/run", 0, "mode=0755"},
    {"tmpfs", "/dev/shm", 0, "mode=1777"},
    {"devpts", "/dev/pts", 0, "mode=0620,ptmxmode=0666"},
};

void mount_all(std::span<const Basic> all) {
  for (const auto& b : all) {
    make_directories(b.target);
    mount(b.type, b.target, b.type, b.flags, b.options);
  }
}

// The mounts of carry_out(), for power_off().
std::vector<std::string>& mounted() {
  static std::vector<std::string> targets;
  return targets;
}

std::string mount_drive(const wire::Mount& want, const std::map<std::string, std::string>& devices) {
  const std::string key = want.serial + ":" + std::to_string(want.nsid);
  const auto device = devices.find(key);
  // That the drive is missing is a problem of its own.
  if (device == devices.end()) return {};
  const std::string what = "mounting " + key + " (" + want.fstype + ") on " + want.target;
  if (const int error = make_directories(want.target)) return errno_text(what, error);
  if (mount(device->second.c_str(), want.target.c_str(), want.fstype.c_str(), 0, nullptr) != 0)
    return errno_text(what, errno);
  mounted().push_back(want.target);
  return {};
}

void add(std::vector<std::string>& problems, std::string problem) {
  if (!problem.empty()) problems.push_back(std::move(problem));
}

std::string swap_on_first_ext4(const wire::Setup& setup) {
  for (const auto& m : setup.mounts) {
    const auto& done = mounted();
    if (m.fstype == "ext4" && std::find(done.begin(), done.end(), m.target) != done.end())
      return add_swap(m.target, setup.swap_mib);
  }
  return "swap: no ext4 mount for the swap file";
}

std::vector<std::string> wanted_drives(const wire::Setup& setup) {
  std::vector<std::string> wanted = setup.drives;
  for (const auto& m : setup.mounts) {
    std::string key = m.serial + ":" + std::to_string(m.nsid);
    if (std::find(wanted.begin(), wanted.end(), key) == wanted.end()) wanted.push_back(std::move(key));
  }
  return wanted;
}

// In a process of its own, because a device that does not answer may hold it forever.
[[noreturn]] void put_away() {
  sync();
  auto& targets = mounted();
  for (auto target = targets.rbegin(); target != targets.rend(); ++target) umount2(target->c_str(), 0);
  _exit(0);
}

}  // namespace

void mount_basics() { mount_all(basics); }

void mount_rest() {
  mount_all(rest);
  const std::pair<const char*, const char*> links[] = {{"/proc/self/fd", "/dev/fd"},
                                                       {"/proc/self/fd/0", "/dev/stdin"},
                                                       {"/proc/self/fd/1", "/dev/stdout"},
                                                       {"/proc/self/fd/2", "/dev/stderr"}};
  for (const auto& [to, from] : links) {
    if (symlink(to, from) != 0 && errno != EEXIST) return;
  }
  make_directories("/root");
}

std::vector<std::string> bring_up_cpus() {
  std::vector<std::string> problems;
  bool expedited = false;
  for (int cpu = 1;; ++cpu) {
    const std::string control = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/online";
    const std::string state = read_attribute(control);
    if (state.empty()) break;
    if (state != "0") continue;
    // cpus_write_lock() waits for RCU, which takes longer than all the rest.
    if (!std::exchange(expedited, true)) write_file("/sys/kernel/rcu_expedited", "1");
    if (const int error = write_file(control, "1")) problems.push_back(errno_text("CPU: " + control, error));
  }
  if (expedited) write_file("/sys/kernel/rcu_expedited", "0");
  return problems;
}

wire::SetupDone carry_out(const wire::Setup& setup, Uevents& uevents) {
  // The same measure of a slow guest as for the pin balance.
  const double limit_ms = 2.5 * setup.settle_ms;
  wire::SetupDone done;
  const auto wanted = wanted_drives(setup);
  if (!wanted.empty()) done.devices = find_drives(wanted, uevents, limit_ms);
  for (const auto& key : wanted) {
    if (!done.devices.contains(key)) done.problems.push_back("no NVMe namespace " + key);
  }
  for (const auto& m : setup.mounts) add(done.problems, mount_drive(m, done.devices));
  if (setup.hugepages > 0) add(done.problems, reserve_hugepages(setup.hugepages));
  if (setup.swap_mib > 0) add(done.problems, swap_on_first_ext4(setup));
  if (setup.rxe) {
    const std::string problem = bring_up_rxe(uevents, limit_ms);
    add(done.problems, problem);
    if (problem.empty()) done.devices["rxe"] = "rxe0";
  }
  return done;
}

void power_off() {
  constexpr int tenths = 20;
  const timespec tenth{0, 100'000'000};
  kill(-1, SIGKILL);
  if (const pid_t helper = fork(); helper == 0) put_away();
  // SIGCHLD is blocked; taking it with a limit is the wait that needs nothing else.
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  for (int i = 0; i < tenths; ++i) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (waitpid(-1, nullptr, WNOHANG) < 0) break;
    sigtimedwait(&child, nullptr, &tenth);
  }
  // Only ACPI can switch a PC off: without it the kernel halts instead (kernel_can_power_off()). A restart
  // ends QEMU as well, because of its -no-reboot.
#if defined(__x86_64__)
  if (access("/sys/firmware/acpi", F_OK) != 0) reboot(RB_AUTOBOOT);
#endif
  reboot(RB_POWER_OFF);
  for (;;) pause();
}

}  // namespace pinrig::agent
