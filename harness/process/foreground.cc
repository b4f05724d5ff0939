// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "base/text.h"
#include "process/find.h"
#include "process/launch.h"

namespace pinrig::process {
namespace {

/// A program that puts the terminal into raw mode and is then killed leaves it so.
class TerminalState {
 public:
  TerminalState() {
    termios state = {};
    if (::tcgetattr(STDIN_FILENO, &state) == 0) saved_ = state;
  }
  ~TerminalState() {
    if (saved_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &*saved_);
  }

 private:
  std::optional<termios> saved_;
};

/// Stays in our process group: only the terminal's foreground group may read from it. So no launch() here.
pid_t fork_and_exec(const fs::path& program, std::vector<char*>& argv, int error_fd) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  for (int signo = 1; signo < NSIG; ++signo) ::signal(signo, SIG_DFL);
  ::execv(program.c_str(), argv.data());
  const int error = errno;
  [[maybe_unused]] const auto n = ::write(error_fd, &error, sizeof error);
  ::_exit(127);
}

ExitStatus wait_for(pid_t pid, int pidfd, const CancelToken& cancel) {
  pollfd p[2] = {{pidfd, POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
  while (::poll(p, 2, -1) < 0 && errno == EINTR) {
  }
  const bool cancelled = p[0].revents == 0;
  if (cancelled) ::kill(pid, SIGKILL);
  if (pidfd >= 0 && !ended_within(pidfd, Seconds(30))) return Unkillable{};
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (cancelled) return Cancelled{};
  if (WIFSIGNALED(status)) return Signaled{WTERMSIG(status)};
  return Exited{WEXITSTATUS(status)};
}

}  // namespace

Result<ExitStatus> run_foreground(const std::vector<std::string>& argv, const CancelToken& cancel) {
  const fs::path program = find_program(argv.at(0));
  if (program.empty())
    return make_error(ErrorKind::missing_tool, argv[0] + ": program not found", "install " + argv[0]);
  std::vector<std::string> copies = argv;
  std::vector<char*> pointers;
  for (auto& arg : copies) pointers.push_back(arg.data());
  pointers.push_back(nullptr);
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  UniqueFd errors(pipe_fds[0]);
  UniqueFd child_end(pipe_fds[1]);
  const TerminalState terminal;
  const pid_t pid = fork_and_exec(program, pointers, child_end.get());
  if (pid < 0) return errno_error("fork", errno);
  child_end.reset();
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  int error = 0;
  const bool failed = ::read(errors.get(), &error, sizeof error) == sizeof error;
  const ExitStatus status = wait_for(pid, pidfd.get(), cancel);
  if (failed) return errno_error("starting " + shell_line(argv), error);
  return status;
}

}  // namespace pinrig::process
