// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <cstdio>

#include "bisection/bisection.h"
#include "bisection/log_file.h"
#include "cli/command_line.h"
#include "cli/mail_facts.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

struct MailCommand {
  std::string what = "last";
  std::string test;
  std::string reply_to;
  int version = 1;
  bool regression = false;
  bool force = false;
  bool bisection = false;
};

Result<void> check_regression(const MailCommand& c, const bisect::Conclusion* end) {
  if (!c.regression || c.force) return {};
  const bool sure = end != nullptr && end->suspects.size() == 1 &&
                    (end->word == bisect::Word::verified || end->word == bisect::Word::likely);
  if (sure) return {};
  return make_error(
      ErrorKind::bad_usage, "--regression needs a bisection that is VERIFIED or LIKELY",
      "pinrig bisect --git REPO --good REV --bad REV --test SUITE/TEST; --force writes it anyway");
}

Result<mail::Finding> collect(const MailCommand& c, const Paths& paths, const Program& program) {
  PINRIG_TRY(store, run::open_store(paths));
  if (!c.bisection) {
    PINRIG_CHECK(check_regression(c, nullptr));
    PINRIG_TRY(choice, choose_run(store, c.what));
    if (!choice.note.empty() && !program.quiet) std::fprintf(stderr, "%s\n", choice.note.c_str());
    return finding_of_run(store, choice.run, c.test);
  }
  PINRIG_TRY(file, bisection::find_log(paths.state, c.what));
  PINRIG_TRY(log, bisection::read_log(file));
  const auto step = bisect::next_step(log.history(), log.settings, log.seen);
  const auto* end = std::get_if<bisect::Conclusion>(&step);
  if (end == nullptr)
    return make_error(ErrorKind::bad_usage, fmt::format("{}: this search has not ended", file.string()),
                      "pinrig bisect --resume");
  PINRIG_CHECK(check_regression(c, end));
  if (c.regression && log.repo.empty())
    return make_error(ErrorKind::bad_usage,
                      "--regression is about a merged commit, this bisection about a series",
                      "without --regression the mail answers the patch");
  PINRIG_TRY(finding, finding_of_bisection(store, log, *end));
  if (c.regression && end->suspects.size() == 1) {
    PINRIG_TRY(people, bisection::people_of(log, end->suspects.front(), paths));
    finding.people = std::move(people);
  }
  return finding;
}

Result<ExitCode> mail_command(const MailCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(finding, collect(c, paths, program));
  finding.reply_to = c.reply_to;
  finding.version = c.version;
  PINRIG_CHECK(write_output("-", c.regression ? mail::regression_mail(finding) : mail::series_mail(finding)));
  return ExitCode::ok;
}

}  // namespace

void add_mail(CLI::App& app, Program& program, Action& action) {
  auto* sub =
      app.add_subcommand("mail", "Write the mail about a finding of a run or a bisection; sends nothing");
  const auto c = std::make_shared<MailCommand>();
  sub->add_option("what", c->what,
                  "A run, or with --bisection a bisection: an id or last (of a bisection also a path)")
      ->capture_default_str();
  sub->add_option("test", c->test, "SUITE/TEST of the run, if it has several unexpected reds");
  sub->add_flag("--bisection", c->bisection, "About a bisection");
  auto* regression =
      sub->add_flag("--regression", c->regression,
                    "About a merged commit, with what regzbot reads; default: an answer to the patch");
  sub->add_flag("--force", c->force, "--regression without a bisection that is VERIFIED or LIKELY")
      ->needs(regression);
  sub->add_option("--reply-to", c->reply_to, "Message-ID of the patch, for In-Reply-To");
  sub->add_option("--version", c->version, "Version of the series, for the subject")
      ->check(whole_number(1, 1000))
      ->capture_default_str();
  sub->callback([c, &program, &action] { action = [c, &program] { return mail_command(*c, program); }; });
}

}  // namespace pinrig::cli
