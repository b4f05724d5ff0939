// SPDX-License-Identifier: GPL-2.0
#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "base/file.h"

namespace pinrig::cli {

Result<void> write_output(const std::string& file, const std::string& text) {
  if (file != "-") return write_file_atomic(file, text);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto n = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) return {};  // `pinrig show | head` is no error
    if (n < 0) return errno_error("writing to stdout", errno);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

report::Style terminal_style(const Program& program) {
  const auto set = [](const char* name) {
    const char* v = std::getenv(name);
    return v != nullptr && *v != '\0' ? v : nullptr;
  };
  const char* term = set("TERM");
  const bool tty = ::isatty(STDOUT_FILENO) == 1;
  report::Style style;
  style.color = tty && term != nullptr && std::string_view(term) != "dumb" && set("NO_COLOR") == nullptr;
  winsize w = {};
  if (tty && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40) style.width = w.ws_col;
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (locale.empty() && set(name) != nullptr) locale = set(name);
  }
  // Without a locale (CI) UTF-8 is what logs are read as; an explicit other one is believed.
  style.unicode =
      locale.empty() || locale.find("UTF-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  style.quiet = program.quiet;
  style.verbose = program.verbose;
  return style;
}

}  // namespace pinrig::cli
