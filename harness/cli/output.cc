// SPDX-License-Identifier: GPL-2.0
#include "cli/output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/environment.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace pinrig::cli {

Result<void> write_to(int fd, const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto n = ::write(fd, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) return {};
    if (n < 0) return errno_error(fd == STDOUT_FILENO ? "writing to stdout" : "writing to stderr", errno);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> write_output(const std::string& file, const std::string& text) {
  if (file == "-") return write_to(STDOUT_FILENO, text);
  std::error_code ec;
  const auto status = fs::status(file, ec);
  // A rename would put a file in the place of /dev/stdout or of a named pipe.
  if (!fs::exists(status) || fs::is_regular_file(status)) return write_file_atomic(file, text);
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_error("opening " + file, errno);
  return write_all(fd.get(), text, file);
}

std::string error_text(const Error& error) {
  std::string out = "pinrig: " + shown_lines(error.message) + "\n";
  const std::string advice = next_step(error);
  for (const auto line : lines(advice)) out += "  " + shown(line) + "\n";
  return out;
}

report::Style terminal_style(const Program& program, int fd) {
  const bool tty = ::isatty(fd) == 1;
  report::Style style;
  style.color = tty && environment("TERM").value_or("dumb") != "dumb" && !environment("NO_COLOR");
  winsize w = {};
  if (tty && ::ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40) style.width = w.ws_col;
  std::string locale;
  for (const Variable variable : {Variable("LC_ALL"), Variable("LC_CTYPE"), Variable("LANG")}) {
    if (locale.empty()) locale = environment(variable).value_or("");
  }
  // Without a locale (CI) UTF-8 is what logs are read as; an explicit other one is believed.
  style.unicode =
      locale.empty() || locale.find("UTF-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  style.quiet = program.quiet;
  style.verbose = program.verbose;
  return style;
}

}  // namespace pinrig::cli
