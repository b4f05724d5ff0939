// SPDX-License-Identifier: GPL-2.0
// b4's review-series-check-cmd and review-perpatch-check-cmd.
#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "git/mail_text.h"
#include "process/process.h"
#include "report/review.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

/// A mail larger than this is none.
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

Result<std::string> read_stdin() {
  std::string out;
  char piece[65536];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("reading the mail on stdin", errno);
    if (n == 0) return out;
    out.append(piece, static_cast<std::size_t>(n));
    if (out.size() > kMostBytes)
      return make_error(ErrorKind::bad_input, "stdin: not a mail, it is too large");
  }
}

/// What `git patch-id` says of the mail; empty when it has no diff.
Result<std::string> patch_id_of(const std::string& mail, const Program& program) {
  process::Command git;
  git.argv = {"git", "patch-id", "--stable"};
  git.input = mail;
  PINRIG_TRY(said, process::run_ok(git, program.cancel));
  return said.out.substr(0, said.out.find(' '));
}

Result<ExitCode> b4_check_command(const Program& program) {
  PINRIG_TRY(mail, read_stdin());
  const std::string message_id = git::message_id_of(mail);
  PINRIG_TRY(patch_id, patch_id_of(mail, program));
  if (message_id.empty() && patch_id.empty())
    return make_error(ErrorKind::bad_input, "stdin: neither a Message-ID nor a diff",
                      "b4 gives one mail on stdin: pinrig b4-check < MAIL");
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(text, report::b4_check(store, message_id, patch_id));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

}  // namespace

void add_b4_check(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "b4-check",
      "Read a mail on stdin and print what stored runs say of its patch or series, as b4 expects it");
  sub->footer(
      "\nIn ~/.gitconfig:\n"
      "  [b4]\n"
      "    review-perpatch-check-cmd = pinrig b4-check\n"
      "    review-series-check-cmd = pinrig b4-check\n");
  sub->callback([&program, &action] { action = [&program] { return b4_check_command(program); }; });
}

}  // namespace pinrig::cli
