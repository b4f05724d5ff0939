// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/text.h"
#include "process/launch.h"

namespace pinrig::process {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;

  static Result<Pipe> create() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return errno_error("pipe", errno);
    UniqueFd r(fds[0]);
    UniqueFd w(fds[1]);
    PINRIG_TRY(read, above_stdio(std::move(r), "pipe"));
    PINRIG_TRY(write, above_stdio(std::move(w), "pipe"));
    return Pipe{std::move(read), std::move(write)};
  }
};

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// Keeps SIGPIPE from this thread while it lives: a child that stops reading must not end us.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec now = {};
    while (::sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_ = {};
  sigset_t before_ = {};
};

/// One output stream of the child.
class Reader {
 public:
  Reader(UniqueFd fd, const std::function<void(std::string_view)>& sink, std::string& collected)
      : fd_(std::move(fd)), sink_(sink), collected_(collected) {
    set_nonblocking(fd_.get());
  }
  int fd() const { return fd_.get(); }

  /// One read; false when nothing is there now (or ever again).
  bool read_some(std::size_t limit = kChunk) {
    if (!fd_) return false;
    const auto n = ::read(fd_.get(), buffer_.data(), std::min(limit, kChunk));
    if (n < 0 && errno == EINTR) return true;
    if (n < 0 && errno == EAGAIN) return false;
    if (n <= 0) {
      fd_.reset();
      return false;
    }
    last_ = static_cast<std::size_t>(n);
    const std::string_view piece(buffer_.data(), last_);
    if (sink_) {
      sink_(piece);
    } else {
      collected_.append(piece);
    }
    return true;
  }

  /// What is in the pipe at this moment and no more: a process that left the group may hold it open forever.
  void drain() {
    int available = 0;
    if (!fd_ || ::ioctl(fd_.get(), FIONREAD, &available) != 0) return;
    auto left = static_cast<std::size_t>(std::max(available, 0));
    while (left > 0) {
      last_ = 0;
      if (!read_some(left)) return;
      left -= last_;
    }
  }

 private:
  static constexpr std::size_t kChunk = 65536;
  UniqueFd fd_;
  const std::function<void(std::string_view)>& sink_;
  std::string& collected_;
  std::vector<char> buffer_ = std::vector<char>(kChunk);
  std::size_t last_ = 0;
};

/// stdin from Sinks::in.
class Writer {
 public:
  Writer(UniqueFd fd, const std::function<bool(std::string&)>& source) : fd_(std::move(fd)), source_(source) {
    if (!fd_) return;
    set_nonblocking(fd_.get());
    // More than the 64 KiB of a new pipe, so that source and child work at the same time; the limit of
    // fs.pipe-max-size may refuse it, which only costs speed.
    ::fcntl(fd_.get(), F_SETPIPE_SZ, 1 << 20);
  }
  int fd() const { return fd_.get(); }

  void write_some() {
    if (at_ == piece_.size()) {
      piece_.clear();
      at_ = 0;
      if (!source_(piece_)) return fd_.reset();
    }
    const auto n = ::write(fd_.get(), piece_.data() + at_, piece_.size() - at_);
    if (n >= 0) {
      at_ += static_cast<std::size_t>(n);
    } else if (errno != EAGAIN && errno != EINTR) {
      fd_.reset();  // EPIPE: the child has no wish for more
    }
  }

 private:
  UniqueFd fd_;
  const std::function<bool(std::string&)>& source_;
  std::string piece_;
  std::size_t at_ = 0;
};

/// The one wait point: until the process ended, the deadline passed or cancellation.
std::optional<ExitStatus> pump(const Running& running, Reader& out, Reader& err, Writer& in,
                               Deadline deadline, const CancelToken& cancel) {
  for (;;) {
    std::array<pollfd, 5> p = {{{running.pidfd.get(), POLLIN, 0},
                                {cancel.fd(), POLLIN, 0},
                                {out.fd(), POLLIN, 0},
                                {err.fd(), POLLIN, 0},
                                {in.fd(), POLLOUT, 0}}};
    const int n = ::poll(p.data(), p.size(), deadline.poll_ms());
    if (n < 0 && errno != EINTR) throw Fatal("poll on a program failed");
    if (n < 0) continue;
    if (p[0].revents != 0) return std::nullopt;
    if (p[1].revents != 0) return Cancelled{};
    if (deadline.passed()) return TimedOut{};
    if (p[2].revents != 0) out.read_some();
    if (p[3].revents != 0) err.read_some();
    if (p[4].revents != 0) in.write_some();
  }
}

std::string tail(const std::string& text) {
  constexpr std::size_t kMost = 2000;
  const std::string_view t = trim(text);
  if (t.size() <= kMost) return std::string(t);
  const std::string_view cut = t.substr(t.size() - kMost);
  const auto line = cut.find('\n');
  return "..." + std::string(line == std::string_view::npos ? cut : cut.substr(line));
}

}  // namespace

Result<Finished> run(const Command& command, const CancelToken& cancel, const Sinks& sinks) {
  Finished done;
  const auto start = Clock::now();
  if (cancel.requested()) {
    done.status = Cancelled{};
    return done;
  }
  PINRIG_TRY(out, Pipe::create());
  PINRIG_TRY(err, Pipe::create());
  UniqueFd in_read;
  UniqueFd in_write;
  if (sinks.in) {
    PINRIG_TRY(in, Pipe::create());
    in_read = std::move(in.read);
    in_write = std::move(in.write);
  } else {
    PINRIG_TRY(in, input_fd(command.input));
    in_read = std::move(in);
  }
  PINRIG_TRY(running, launch(command, Stdio{in_read.get(), out.write.get(), err.write.get()}));
  in_read.reset();
  out.write.reset();
  err.write.reset();

  const NoSigpipe no_sigpipe;
  Reader out_reader(std::move(out.read), sinks.out, done.out);
  Reader err_reader(std::move(err.read), sinks.err, done.err);
  Writer writer(std::move(in_write), sinks.in);
  const auto stopped = pump(running, out_reader, err_reader, writer, command.deadline, cancel);
  const Ended ended = reap(running);
  out_reader.drain();
  err_reader.drain();
  done.status = stopped ? *stopped : ended.status;
  done.cpu_s = ended.cpu_s;
  done.wall_s = since(start).count();
  return done;
}

Result<Finished> run_ok(const Command& command, const CancelToken& cancel, ErrorKind kind) {
  PINRIG_TRY(done, run(command, cancel));
  if (succeeded(done.status)) return done;
  if (std::holds_alternative<Cancelled>(done.status)) return cancelled_error();
  const std::string& said = trim(done.err).empty() ? done.out : done.err;
  std::string message = fmt::format("{}: {}", shell_line(command.argv), to_string(done.status));
  if (!trim(said).empty()) message += "\n" + tail(said);
  return make_error(kind, std::move(message));
}

}  // namespace pinrig::process
