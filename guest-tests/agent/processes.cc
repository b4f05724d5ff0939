// SPDX-License-Identifier: GPL-2.0
#include "processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "sys.h"

namespace pinrig::agent {
namespace {

constexpr double kill_again_ms = 100;
// A fork bomb's thousands take their time to die; it shows that they do.
constexpr double longest_factor = 10;
constexpr std::size_t max_named = 8;

constexpr std::size_t max_stack = 2048;

}  // namespace

std::string in_words(const Stuck& stuck) {
  if (stuck.count == 0) return {};
  std::string text = std::to_string(stuck.count) + " processes survived SIGKILL:";
  for (std::size_t i = 0; i < stuck.processes.size(); ++i) {
    const auto& p = stuck.processes[i];
    text += (i ? ", " : " ") + std::to_string(p.pid) + " (" + p.name + ") in state " + p.state;
  }
  return text;
}

Processes::Processes() : proc_(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::optional<Ended> Processes::reap(pid_t main) {
  signalfd_siginfo info[16];
  while (read(signals_.get(), info, sizeof info) > 0) {
  }
  std::optional<Ended> out;
  for (;;) {
    siginfo_t child{};
    if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG) != 0 || child.si_pid == 0) return out;
    ++reaped_;
    if (child.si_pid == main) out = Ended{child.si_code != CLD_EXITED, child.si_status};
  }
}

std::vector<ProcStat> Processes::alive() const {
  std::vector<ProcStat> out = all();
  std::erase_if(out, [&](const ProcStat& p) {
    return !p.alive() || std::find(stuck_.begin(), stuck_.end(), std::pair{p.pid, p.started}) != stuck_.end();
  });
  return out;
}

std::vector<ProcStat> Processes::all() const {
  std::vector<ProcStat> out;
  const int fd = openat(proc_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* dir = fd >= 0 ? fdopendir(fd) : nullptr;
  if (!dir) return out;
  std::string text;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const UniqueFd stat(openat(fd, (std::string(entry->d_name) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
    if (!stat || !reread(stat.get(), text)) continue;
    auto process = parse_proc_stat(text);
    if (process && process->pid != 1 && !process->kernel_thread()) out.push_back(*std::move(process));
  }
  closedir(dir);
  return out;
}

void Processes::wait_for_child(double ms) {
  pollfd p{signals_.get(), POLLIN, 0};
  poll(&p, 1, static_cast<int>(ms) + 1);
}

bool Processes::childless() {
  siginfo_t child{};
  return waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

// Of the main thread; that of others would be in task/.
std::string Processes::stack_of(int pid) const {
  const UniqueFd file(openat(proc_.get(), (std::to_string(pid) + "/stack").c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!file || !reread(file.get(), text)) return {};
  return text.substr(0, max_stack);
}

// `left` can still run code of the test. When there are none, those that hang on their way out are meant.
Stuck Processes::report_stuck(const std::vector<ProcStat>& left) {
  stuck_exiting_ = stuck_exiting_ || left.empty();
  Stuck out;
  for (const ProcStat& p : left.empty() ? all() : left) {
    if (!left.empty()) stuck_.emplace_back(p.pid, p.started);
    ++out.count;
    if (out.processes.size() < max_named)
      out.processes.push_back({p.pid, p.name, std::string(1, p.state), stack_of(p.pid)});
  }
  out.count = std::max(out.count, 1);
  return out;
}

bool Processes::reap_all(double ms) {
  const double end = monotonic_ms() + ms;
  for (double now = monotonic_ms(); now < end; now = monotonic_ms()) {
    reap(0);
    if (childless()) {
      stuck_.clear();
      stuck_exiting_ = false;
      return true;
    }
    wait_for_child(end - now);
  }
  return false;
}

Stuck Processes::end_all(double limit_ms) {
  kill(-1, SIGTERM);
  return reap_all(limit_ms) ? Stuck{} : kill_all(limit_ms);
}

Stuck Processes::kill_all(double limit_ms) {
  const double start = monotonic_ms();
  double progress = start;
  for (;;) {
    // -1 is everybody but us and the kernel. Once is enough even against a fork bomb (fork() gives up when a
    // signal is pending); again, because it costs nothing.
    kill(-1, SIGKILL);
    const std::uint64_t reaped_before = reaped_;
    if (reap_all(kill_again_ms)) return {};
    const double now = monotonic_ms();
    if (reaped_ != reaped_before) progress = now;
    const auto left = alive();
    // Only those that were reported before: nothing new to wait for.
    if (left.empty() && (stuck_exiting_ || !stuck_.empty())) return {};
    if (now - progress > limit_ms || now - start > longest_factor * limit_ms) return report_stuck(left);
  }
}

}  // namespace pinrig::agent
