// SPDX-License-Identifier: GPL-2.0
#include "inject.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <vector>

namespace pinrig::faults {
namespace {

/// A call with this as its sixth argument is the handler's own. None of the trapped ones has six.
constexpr unsigned long own_call = 0x70696e726967;

constexpr int no_filter = 120;

/// Shared by parent and child.
struct Shared {
  int seen = 0;
  int nth = 0;
  int error = 0;
  bool lasting = false;
  bool happened = false;
  ErrorKind kind = ErrorKind::infra;
  bool failed = false;
  std::array<char, 2000> message{};
  std::array<ino_t, 256> dirty{};  ///< files that were written and never brought to the disk
  std::size_t dirty_count = 0;
  std::array<ino_t, 256> synced{};
  std::size_t synced_count = 0;
};
Shared* shared = nullptr;

#if defined(__x86_64__)
long raw_call(long number, const greg_t* r) {
  register long r10 asm("r10") = r[REG_R10];
  register long r8 asm("r8") = r[REG_R8];
  register unsigned long r9 asm("r9") = own_call;
  long out = 0;
  asm volatile("syscall"
               : "=a"(out)
               : "a"(number), "D"(r[REG_RDI]), "S"(r[REG_RSI]), "d"(r[REG_RDX]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return out;
}

template <std::size_t N>
bool has(const std::array<ino_t, N>& list, std::size_t count, ino_t inode) {
  return std::find(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), inode) !=
         list.begin() + static_cast<std::ptrdiff_t>(count);
}

/// What a power cut would take is known by who wrote and who synced.
void note_data(long number, int fd) {
  struct stat st = {};
  if (number == SYS_syncfs) {
    for (std::size_t i = 0; i < shared->dirty_count; ++i)
      if (shared->synced_count < shared->synced.size())
        shared->synced[shared->synced_count++] = shared->dirty[i];
    shared->dirty_count = 0;
    return;
  }
  if (::fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return;
  const bool syncs = number == SYS_fsync || number == SYS_fdatasync;
  if (syncs) {
    auto* end = shared->dirty.begin() + shared->dirty_count;
    shared->dirty_count =
        static_cast<std::size_t>(std::remove(shared->dirty.begin(), end, st.st_ino) - shared->dirty.begin());
    if (shared->synced_count < shared->synced.size()) shared->synced[shared->synced_count++] = st.st_ino;
    return;
  }
  if (has(shared->synced, shared->synced_count, st.st_ino) ||
      has(shared->dirty, shared->dirty_count, st.st_ino))
    return;
  if (shared->dirty_count < shared->dirty.size()) shared->dirty[shared->dirty_count++] = st.st_ino;
}

bool is_about_data(long number) {
  return number == SYS_write || number == SYS_pwrite64 || number == SYS_writev || number == SYS_sendfile ||
         number == SYS_ftruncate || number == SYS_fsync || number == SYS_fdatasync || number == SYS_syncfs;
}

void on_trap(int, siginfo_t* info, void* context) {
  greg_t* r = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const int seen = ++shared->seen;
  if (seen == shared->nth || (shared->lasting && seen > shared->nth)) {
    shared->happened = true;
    if (shared->error == 0) ::kill(::getpid(), SIGKILL);
    r[REG_RAX] = -shared->error;
    return;
  }
  r[REG_RAX] = raw_call(info->si_syscall, r);
  if (r[REG_RAX] >= 0 && is_about_data(info->si_syscall))
    note_data(info->si_syscall, static_cast<int>(r[REG_RDI]));
}

std::vector<unsigned> numbers_of(Calls calls) {
  switch (calls) {
    case Calls::writes:
      return {SYS_write,     SYS_pwrite64,  SYS_writev,  SYS_sendfile, SYS_ftruncate,
              SYS_fsync,     SYS_fdatasync, SYS_syncfs,  SYS_rename,   SYS_renameat,
              SYS_renameat2, SYS_mkdir,     SYS_mkdirat, SYS_link,     SYS_linkat,
              SYS_symlink,   SYS_symlinkat, SYS_mknodat, SYS_mknod};
    case Calls::starts:
      return {SYS_fork, SYS_vfork, SYS_clone, SYS_clone3};
    case Calls::descriptors:
      return {SYS_openat,     SYS_pipe2,    SYS_socket,        SYS_socketpair,    SYS_memfd_create,
              SYS_pidfd_open, SYS_eventfd2, SYS_epoll_create1, SYS_timerfd_create};
  }
  return {};
}

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset));
}

/// Traps the calls, but for the handler's own; of openat(2) only one that may make a file.
std::vector<sock_filter> filter_of(Calls calls) {
  const sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_filter trap = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
  std::vector<sock_filter> out{
      load(offsetof(seccomp_data, args[5])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(own_call & 0xffffffffu), 0, 3),
      load(offsetof(seccomp_data, args[5]) + 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(own_call >> 32), 0, 1),
      allow,
      load(offsetof(seccomp_data, nr)),
  };
  for (const unsigned number : numbers_of(calls)) {
    out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
    out.push_back(trap);
  }
  if (calls == Calls::writes) {
    out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3));
    out.push_back(load(offsetof(seccomp_data, args[2])));
    out.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1));
    out.push_back(trap);
  }
  out.push_back(allow);
  return out;
}

bool install(Calls calls) {
  struct sigaction action = {};
  action.sa_sigaction = on_trap;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return false;
  auto filter = filter_of(calls);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}
#else
bool install(Calls) { return false; }
#endif

/// Fatal ends pinrig with a message, in main().
Result<void> outcome_of(const std::function<Result<void>()>& body) {
  try {
    return body();
  } catch (const std::exception& e) {
    return make_error(ErrorKind::infra, e.what());
  }
}

[[noreturn]] void child(const Injection& injection, const std::function<Result<void>()>& body) {
  if (!install(injection.calls)) ::_exit(no_filter);
  const auto result = outcome_of(body);
  if (result.has_error()) {
    shared->failed = true;
    shared->kind = result.error().kind;
    std::strncpy(shared->message.data(), result.error().message.c_str(), shared->message.size() - 1);
  }
  ::_exit(0);
}

/// As after a power cut: a file that was never synced has its name and its size of 0.
void lose_data(const fs::path& dir) {
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    struct stat st = {};
    if (!entry.is_regular_file() || ::stat(entry.path().c_str(), &st) != 0) continue;
    const auto end = shared->dirty.begin() + shared->dirty_count;
    if (std::find(shared->dirty.begin(), end, st.st_ino) != end) fs::resize_file(entry.path(), 0);
  }
}

/// What is there before has been on the disk for long.
void note_old_files(const fs::path& dir) {
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    struct stat st = {};
    if (entry.is_regular_file() && ::stat(entry.path().c_str(), &st) == 0 &&
        shared->synced_count < shared->synced.size())
      shared->synced[shared->synced_count++] = st.st_ino;
  }
}

}  // namespace

Injected inject(const Injection& injection, const fs::path& dir, const std::function<Result<void>()>& body) {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {.possible = false};
  shared = new (memory) Shared{.nth = injection.nth, .error = injection.error, .lasting = injection.lasting};
  note_old_files(dir);
  const pid_t pid = ::fork();
  if (pid == 0) child(injection, body);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  Injected out;
  out.possible = !(WIFEXITED(status) && WEXITSTATUS(status) == no_filter);
  out.happened = shared->happened;
  out.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (!out.killed && !(WIFEXITED(status) && WEXITSTATUS(status) == 0) && out.possible)
    out.result = make_error(ErrorKind::bad_usage, "the child died of wait status " + std::to_string(status));
  if (shared->failed) out.result = make_error(shared->kind, shared->message.data());
  if (out.killed && injection.power) lose_data(dir);
  ::munmap(memory, sizeof(Shared));
  return out;
}

}  // namespace pinrig::faults
