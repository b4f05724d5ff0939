// SPDX-License-Identifier: GPL-2.0
#include "run/shell_input.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "image/cpio.h"

namespace pinrig::run {
namespace {

constexpr std::size_t max_commands = 1 << 20;

image::Entry file(const std::string& path, const fs::path& source) {
  image::Entry e;
  e.path = path;
  e.mode = 0644;
  e.source = source;
  return e;
}

}  // namespace

Result<std::string> read_commands(int fd, const CancelToken& cancel) {
  std::string out;
  std::array<char, 4096> piece;
  for (;;) {
    std::array<pollfd, 2> fds{{{fd, POLLIN, 0}, {cancel.fd(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return errno_error("poll", errno);
    if (cancel.requested()) return cancelled_error();
    const auto n = ::read(fd, piece.data(), piece.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0 && errno == EBADF) return out;  // closed: nothing to read
    if (n < 0) return errno_error("reading commands from stdin", errno);
    if (n == 0) return out;
    out.append(piece.data(), static_cast<std::size_t>(n));
    if (out.size() > max_commands)
      return make_error(ErrorKind::bad_input, "stdin has more than 1 MiB of commands for the guest's shell",
                        "give the shell a short script");
  }
}

std::string test_command(const model::TestSpec& t) {
  std::vector<std::string> words;
  for (const auto& [name, value] : t.env) words.push_back(name + "=" + shell_quote(value));
  std::vector<std::string> argv{t.from_kernel() ? "/tests/kernel/" + t.kernel_binary()
                                                : "/tests/" + t.program};
  argv.insert(argv.end(), t.args.begin(), t.args.end());
  words.push_back(shell_line(argv));
  return fmt::format("cd {} && {}", t.needs.fs.empty() ? "/tmp" : "/mnt/" + t.needs.fs, join(words, " "));
}

Result<void> give_commands(job::ReadyJob& job, const std::string& commands) {
  PINRIG_CHECK(write_file_atomic(job.dir / "commands", commands));
  const std::string home = "/root";  // of the guest's login shell
  PINRIG_CHECK(write_file_atomic(job.dir / "profile", ". " + home + "/commands\nexit $?\n"));
  image::Manifest manifest;
  manifest.entries = {file(home + "/commands", job.dir / "commands"),
                      file(home + "/.profile", job.dir / "profile")};
  PINRIG_TRY(entries, image::resolve(manifest));
  PINRIG_CHECK(image::write_cpio(entries, job.dir / "commands.cpio"));
  job.spec.initramfs.push_back((job.dir / "commands.cpio").string());
  return {};
}

}  // namespace pinrig::run
