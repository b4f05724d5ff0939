// SPDX-License-Identifier: GPL-2.0
// The one file that knows Boost.Process. It forks and execs; waiting, timeouts and reaping are ours,
// because basic_process::async_wait may block in waitpid and exit_code() folds signals into exit codes.
#include "process/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "process/find.h"
#include "process/guard.h"

namespace pinrig::process {
namespace {

namespace bp = boost::process::v2;

/// Runs in the child between fork and exec: only async-signal-safe calls, no allocation.
class ChildSetup {
 public:
  explicit ChildSetup(const fs::path& cwd) : cwd_(cwd), parent_(::getpid()) {}

  template <typename Launcher, typename Path>
  boost::system::error_code on_exec_setup(Launcher&, const Path&, const char* const*(&)) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    Guard::announce_self();
    if (::getppid() != parent_) ::_exit(127);  // the parent died before prctl
    // exec keeps ignored signals ignored and the mask as it is: SIGPIPE ignored would break shell pipelines.
    // What was ignored when pinrig was started (nohup, a script's background job) is ignored below it as
    // well.
    for (int signo = 1; signo < NSIG; ++signo) {
      struct sigaction now = {};
      const bool inherited = signo == SIGHUP || signo == SIGINT || signo == SIGQUIT;
      if (inherited && ::sigaction(signo, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
      ::signal(signo, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // Boost 1.81 close_all() skips what lies between 2 and its error pipe (it compares an index with itself).
    ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
    if (!cwd_.empty() && ::chdir(cwd_.c_str()) != 0) return {errno, boost::system::system_category()};
    return {};
  }

  /// Boost would call exit(3) in the forked child: destructors and stdio buffers of the parent, run twice.
  /// The parent has its errno by now.
  template <typename... Args>
  void on_exec_error(Args&&...) {
    ::_exit(127);
  }

 private:
  const fs::path& cwd_;
  pid_t parent_;
};

bool matches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return glob_match(pattern, name); });
}

/// argv and environment as execve expects them.
class Vectors {
 public:
  explicit Vectors(const Command& command) {
    for (const auto& a : command.argv) argv_.push_back(a.c_str());
    argv_.push_back(nullptr);
    const auto unset = [&](std::string_view name) {
      if (command.inherit && !matches(*command.inherit, name)) return true;
      for (const auto& u : command.unset)
        if (u == name) return true;
      return command.env.count(std::string(name)) != 0;
    };
    for (char** e = ::environ; e != nullptr && *e != nullptr; ++e) {
      const std::string_view entry(*e);
      if (!unset(entry.substr(0, entry.find('=')))) env_.push_back(*e);
    }
    for (const auto& [name, value] : command.env) own_.push_back(name + "=" + value);
    for (const auto& entry : own_) env_.push_back(entry.c_str());
    env_.push_back(nullptr);
  }

  const char** argv() { return argv_.data(); }
  const char* const* env() const { return env_.data(); }

 private:
  std::vector<const char*> argv_;
  std::vector<std::string> own_;
  std::vector<const char*> env_;
};

Error start_error(const Command& command, const fs::path& program, int error) {
  const std::string line = shell_line(command.argv);
  if (error == ENOENT || error == ENOTDIR) {
    std::error_code ec;
    if (!command.cwd.empty() && !fs::is_directory(command.cwd, ec))
      return make_error(ErrorKind::infra, fmt::format("starting {}: its working directory {} does not exist",
                                                      line, command.cwd.string()));
    return make_error(
        ErrorKind::missing_tool,
        fmt::format("starting {}: the interpreter of {} does not exist", line, program.string()),
        fmt::format("check the first line of {}", program.string()));
  }
  return errno_error("starting " + line, error);
}

/// Forks and execs; gives the pid, or the errno of what failed. Leaves no zombie in either case.
pid_t spawn(const Command& command, const fs::path& program, const Stdio& stdio, int& error) {
  Vectors vectors(command);
  bp::posix::default_launcher launcher;
  launcher.env = vectors.env();
  boost::system::error_code ec;
  try {
    // A context of its own for each process: see the head of this file.
    boost::asio::io_context context;
    const char** argv = vectors.argv();
    auto process = launcher(context.get_executor(), ec, program.c_str(), argv, ChildSetup(command.cwd),
                            bp::process_stdio{{stdio.in}, {stdio.out}, {stdio.err}});
    if (!ec) {
      process.detach();  // its destructor would kill and reap
      return launcher.pid;
    }
    error = ec.value();
  } catch (const boost::system::system_error& e) {
    error = e.code().value();
  }
  // Boost leaves a child that could not exec unreaped, and a running one when it found no descriptor for it.
  if (launcher.pid > 0) {
    ::kill(launcher.pid, SIGKILL);
    Guard::forget(launcher.pid);
    while (::waitpid(launcher.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  return -1;
}

Result<fs::path> program_of(const Command& command) {
  if (command.argv.empty() || command.argv[0].empty())
    return make_error(ErrorKind::infra, "starting a program: its argv is empty");
  const std::string& name = command.argv[0];
  const auto own_path = command.env.find("PATH");
  const fs::path found = own_path == command.env.end() ? find_program_from(name, command.cwd)
                                                       : find_in_path(name, own_path->second, command.cwd);
  if (!found.empty()) return found;
  return make_error(ErrorKind::missing_tool, fmt::format("{}: program not found", name),
                    name.find('/') == std::string::npos
                        ? fmt::format("install {}, or add its directory to PATH", name)
                        : fmt::format("does {} exist, and is it executable?", name));
}

}  // namespace

const std::vector<std::string>& build_variables() {
  // CCACHE_COMPILER and CCACHE_PREFIX would put another compiler in the place of ours.
  static const std::vector<std::string> names{"PATH",
                                              "HOME",
                                              "USER",
                                              "LOGNAME",
                                              "TMPDIR",
                                              "LD_LIBRARY_PATH",
                                              "XDG_CACHE_HOME",
                                              "XDG_CONFIG_HOME",
                                              "XDG_RUNTIME_DIR",
                                              "CCACHE_DIR",
                                              "CCACHE_MAXSIZE",
                                              "CCACHE_DISABLE",
                                              "CCACHE_READONLY",
                                              "CCACHE_CONFIGPATH",
                                              "CCACHE_LOGFILE",
                                              "CCACHE_TEMPDIR",
                                              "CCACHE_UMASK",
                                              "CCACHE_NOHASHDIR",
                                              "CCACHE_SECONDARY_STORAGE",
                                              "CCACHE_REMOTE_STORAGE",
                                              "CCACHE_COMPRESS*",
                                              "CCACHE_HARDLINK",
                                              "CCACHE_STATS*"};
  return names;
}

std::map<std::string, std::string> own_variables(const std::vector<std::string>& patterns) {
  std::map<std::string, std::string> out;
  for (char** e = ::environ; e != nullptr && *e != nullptr; ++e) {
    const std::string_view entry(*e);
    const auto equals = entry.find('=');
    if (equals != std::string_view::npos && matches(patterns, entry.substr(0, equals)))
      out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return out;
}

Result<Running> launch(const Command& command, const Stdio& stdio) {
  PINRIG_TRY(program, program_of(command));
  Guard::ensure();
  Running running;
  int error = 0;
  running.pid = spawn(command, program, stdio, error);
  if (running.pid < 0) return start_error(command, program, error);
  running.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, running.pid, 0)));
  if (!running.pidfd) {
    const int pidfd_error = errno;
    reap(running);
    return errno_error("pidfd_open for " + command.argv[0], pidfd_error);
  }
  return running;
}

void kill_group(pid_t pid) {
  ::kill(-pid, SIGKILL);
  ::kill(pid, SIGKILL);  // should setpgid have failed
}

bool ended_within(int pidfd, Seconds patience) {
  const Deadline deadline = Deadline::after(patience);
  for (;;) {
    pollfd p{pidfd, POLLIN, 0};
    const int n = ::poll(&p, 1, deadline.poll_ms());
    if (n > 0) return true;
    if (n == 0 && deadline.passed()) return false;
    if (n < 0 && errno != EINTR) return true;
  }
}

Ended reap(const Running& running, Seconds patience) {
  // Before wait4: as long as the leader is a zombie its ID is not reused, so this hits only its group.
  kill_group(running.pid);
  // The guard still knows the group of one that stays, and so kills it once more when we end.
  if (running.pidfd && !ended_within(running.pidfd.get(), patience)) return Ended{Unkillable{}, 0};
  Guard::forget(running.pid);
  int status = 0;
  struct rusage usage = {};
  pid_t got = 0;
  do {
    got = ::wait4(running.pid, &status, 0, &usage);
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw Fatal(fmt::format("pid {} was already reaped: {}", running.pid, std::strerror(errno)));
  Ended ended;
  if (WIFSIGNALED(status)) {
    ended.status = Signaled{WTERMSIG(status)};
  } else {
    ended.status = Exited{WEXITSTATUS(status)};
  }
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  ended.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  return ended;
}

Result<UniqueFd> above_stdio(UniqueFd fd, const std::string& what) {
  if (!fd) return errno_error(what, errno);
  if (fd.get() > STDERR_FILENO) return fd;
  UniqueFd higher(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!higher) return errno_error(what, errno);
  return higher;
}

Result<UniqueFd> input_fd(const std::string& input) {
  if (input.empty())
    return above_stdio(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), "opening /dev/null");
  // A memory file needs no pump and raises no SIGPIPE when the child does not read it all.
  PINRIG_TRY(fd, above_stdio(UniqueFd(::memfd_create("pinrig-stdin", MFD_CLOEXEC)), "memfd_create"));
  std::string_view left = input;
  while (!left.empty()) {
    const auto n = ::write(fd.get(), left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("writing the input of a program", errno);
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

}  // namespace pinrig::process
