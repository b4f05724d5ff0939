// SPDX-License-Identifier: GPL-2.0
#include "child.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys.h"

namespace pinrig::agent {
namespace {

constexpr int pipe_size = 1 << 20;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

// Reading does not block. Writing does, as a program expects.
Pipe make_pipe(int size) {
  int fds[2] = {-1, -1};
  if (pipe2(fds, O_CLOEXEC) != 0) return {};
  fcntl(fds[0], F_SETFL, O_NONBLOCK);
  if (size > 0) fcntl(fds[1], F_SETPIPE_SZ, size);
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// A socket keeps the pieces apart, and both directions in one descriptor. Ours does not block.
struct SocketPair {
  UniqueFd ours;
  UniqueFd theirs;
};

SocketPair make_sockets() {
  int fds[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) return {};
  fcntl(fds[0], F_SETFL, O_NONBLOCK);
  return SocketPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// What the child tells when it cannot become the program.
struct Failure {
  int error;
  int step;
};
constexpr const char* steps[] = {"setting up descriptors", "entering the working directory", "executing"};

struct Ends {
  int out;
  int err;
  int claim;
  int host;
  int report;
};

[[noreturn]] void fail(int report, int step) {
  const Failure failure{errno, step};
  [[maybe_unused]] const auto n = write(report, &failure, sizeof failure);
  _exit(127);
}

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void set_limits() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &all);
  // PID 1 itself must not be chosen by the OOM killer, a test should.
  write_file("/proc/self/oom_score_adj", "0");
}

// All our own descriptors close on exec; what is opened here is far above the numbers that are given away.
[[noreturn]] void become(const Program& program, char* const* argv, char* const* envp, Ends ends) {
  setsid();
  reset_signals();
  set_limits();
  umask(022);
  // What a test mounts or unmounts dies with it.
  unshare(CLONE_NEWNS);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || dup2(null, 0) < 0 || dup2(ends.out, 1) < 0 || dup2(ends.err, 2) < 0 ||
      dup2(ends.claim, claim_number) < 0 || dup2(ends.host, host_number) < 0)
    fail(ends.report, 0);
  if (chdir(program.cwd.c_str()) != 0) fail(ends.report, 1);
  if (program.body) {
    close(ends.report);
    _exit(program.body());
  }
  execvpe(program.file.empty() ? argv[0] : program.file.c_str(), argv, envp);
  fail(ends.report, 2);
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_words(const Program& program) {
  auto all = default_environment();
  all["PINRIG_CLAIM_FD"] = std::to_string(claim_number);
  all["PINRIG_HOST_FD"] = std::to_string(host_number);
  for (const auto& [name, value] : program.env) all[name] = value;
  std::vector<std::string> out;
  for (const auto& [name, value] : all) out.push_back(name + "=" + value);
  return out;
}

// Above the numbers that a child gives away with dup2.
void lift(UniqueFd& fd) {
  if (fd) fd.reset(fcntl(fd.get(), F_DUPFD_CLOEXEC, host_number + 1));
}

Child not_started(int error, const std::string& what) {
  Child child;
  child.error = error;
  child.problem = errno_text(what, error);
  return child;
}

}  // namespace

std::map<std::string, std::string> default_environment() {
  return {{"PATH", "/bin:/sbin:/usr/bin:/usr/sbin"}, {"HOME", "/root"}, {"TMPDIR", "/tmp"}, {"LC_ALL", "C"}};
}

Child spawn(const Program& program) {
  Pipe out = make_pipe(pipe_size);
  Pipe err = make_pipe(pipe_size);
  Pipe claim = make_pipe(pipe_size);
  Pipe report = make_pipe(0);
  SocketPair host = make_sockets();
  lift(host.theirs);
  if (!host.ours || !host.theirs) return not_started(errno, "making a socket");
  for (Pipe* p : {&out, &err, &claim, &report}) {
    lift(p->write_end);
    if (!p->read_end || !p->write_end) return not_started(errno, "making a pipe");
  }
  if (program.cwd.starts_with("/tmp")) make_directories(program.cwd);
  auto words = program.argv;
  auto variables = environment_words(program);
  const auto argv = pointers(words);
  const auto envp = pointers(variables);
  const Ends ends{out.write_end.get(), err.write_end.get(), claim.write_end.get(), host.theirs.get(),
                  report.write_end.get()};

  const pid_t pid = fork();
  if (pid < 0) return not_started(errno, "fork");
  if (pid == 0) become(program, argv.data(), envp.data(), ends);
  report.write_end.reset();
  // Ends at once: by what the child writes, or by exec closing its end.
  Failure failure{};
  fcntl(report.read_end.get(), F_SETFL, 0);
  ssize_t n = -1;
  do n = read(report.read_end.get(), &failure, sizeof failure);
  while (n < 0 && errno == EINTR);
  if (n == sizeof failure) {
    const std::string what =
        std::string(steps[failure.step]) + " " + (failure.step == 1 ? program.cwd : words.front());
    return not_started(failure.error, what);
  }
  Child child;
  child.pid = pid;
  child.out = std::move(out.read_end);
  child.err = std::move(err.read_end);
  child.claim = std::move(claim.read_end);
  child.host = std::move(host.ours);
  return child;
}

}  // namespace pinrig::agent
