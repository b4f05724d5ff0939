// SPDX-License-Identifier: GPL-2.0
// b4's review-series-check-cmd and review-perpatch-check-cmd.
#include <unistd.h>

#include <cerrno>

#include "base/capacity.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"
#include "cli/series_source.h"
#include "git/mail_text.h"
#include "process/process.h"
#include "report/review.h"
#include "run/leftovers.h"
#include "run/pipeline.h"

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

struct B4CheckCommand {
  bool run = false;  ///< when no stored run had the mail
  std::string base;
  model::Arch arch = model::Arch::x86_64;
};

/// The mail on stdin.
struct AskedMail {
  std::string text;
  report::MailKey key;
};

Result<void> run_quick_set(const B4CheckCommand& c, const AskedMail& mail, const Paths& paths,
                           const Program& program) {
  run::RunOptions options;
  options.base = c.base;
  options.archs = {c.arch};
  options.quick = true;
  PINRIG_TRY(series, series_of_mail(mail.text, mail.key.message_id, !mail.key.patch_id.empty(), paths,
                                    program.cancel));
  options.series = series;
  const auto status = run::make_status(program.verbosity());
  const job::Services services{paths, program.cancel, *status, usable_cpus()};
  // What came of it is in the store, also when it is a failure.
  PINRIG_TRY(end, run::execute(options, services, [&] { status->tick(); }));
  if (end.code == ExitCode::interrupted) return cancelled_error();
  return {};
}

Result<ExitCode> b4_check_command(const B4CheckCommand& c, const Program& program) {
  AskedMail mail;
  PINRIG_TRY(text, read_stdin());
  mail.text = std::move(text);
  mail.key.message_id = git::message_id_of(mail.text);
  PINRIG_TRY(patch_id, patch_id_of(mail.text, program));
  mail.key.patch_id = std::move(patch_id);
  mail.key.series = series_name_of_mail(mail.text);
  if (mail.key.message_id.empty() && mail.key.patch_id.empty())
    return make_error(ErrorKind::bad_input, "stdin: neither a Message-ID nor a diff",
                      "b4 gives one mail on stdin: pinrig b4-check < MAIL");
  PINRIG_TRY(paths, program.paths());
  report::B4Answer answer;
  for (const bool again : {false, true}) {
    if (again) PINRIG_CHECK(run_quick_set(c, mail, paths, program));
    PINRIG_TRY(store, run::open_store(paths));
    PINRIG_TRY(said, report::b4_check(store, mail.key));
    answer = std::move(said);
    if (answer.known || !c.run) break;
  }
  PINRIG_CHECK(write_output("-", answer.json));
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
  const auto c = std::make_shared<B4CheckCommand>();
  auto* run =
      sub->add_flag("--run", c->run,
                    "If no stored run had the mail, first test its series: base and tip, with the tests "
                    "of the default run");
  sub->add_option("-b,--base", c->base, "With --run: the base, a name in kernels/")->needs(run);
  add_arch_option(*sub, c->arch);
  sub->get_option("--arch")->needs(run);
  sub->callback([c, &program, &action] { action = [c, &program] { return b4_check_command(*c, program); }; });
}

}  // namespace pinrig::cli
