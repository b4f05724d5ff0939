// SPDX-License-Identifier: GPL-2.0
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "report/nights.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

struct ProposeCommand {
  std::string run = "last";
  std::string test;
  int days = 90;
  std::string output = "-";
};

std::string day_after(int days) {
  const auto then = std::time(nullptr) + static_cast<std::time_t>(days) * 24 * 3600;
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(then));
}

/// One file for each in a directory, none of which may exist.
Result<ExitCode> write_files_in(const fs::path& dir, const std::vector<report::Proposal>& all) {
  std::error_code ec;
  for (const auto& p : all) {
    if (const fs::path file = dir / (p.name + ".yaml"); fs::exists(file, ec))
      return make_error(ErrorKind::bad_usage, fmt::format("--output: {} exists", file.string()),
                        "edit it, or name another directory");
  }
  for (const auto& p : all) {
    const fs::path file = dir / (p.name + ".yaml");
    PINRIG_CHECK(write_file_atomic(file, p.text));
    PINRIG_CHECK(write_output("-", file.string() + "\n"));
  }
  return ExitCode::ok;
}

Result<ExitCode> propose_command(const ProposeCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(run, choose_run(store, c.run, program));
  PINRIG_TRY(all, report::propose_known(store, run, c.test, day_after(c.days)));
  std::error_code ec;
  if (c.output != "-" && fs::is_directory(c.output, ec)) return write_files_in(c.output, all);
  std::string text;
  for (const auto& p : all) {
    if (all.size() > 1)
      text += fmt::format("{}# configs/known-issues/{}.yaml\n", text.empty() ? "" : "---\n", p.name);
    text += p.text;
  }
  PINRIG_CHECK(write_output(c.output, text));
  return ExitCode::ok;
}

}  // namespace

void add_known(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("known", "Known issues: propose a file for configs/known-issues");
  sub->require_subcommand(1);
  auto* propose =
      sub->add_subcommand("propose", "Write a known issue for a red of a run, with an expiry, to be edited");
  const auto c = std::make_shared<ProposeCommand>();
  propose->add_option("run", c->run, "Run ID, unique prefix, or last")->capture_default_str();
  propose->add_option("test", c->test, "For example bio/dio_rw (default: every red test, 20 at most)");
  propose->add_option("--days", c->days, "Days until it expires; then the row is red again")
      ->check(whole_number(1, 3650))
      ->capture_default_str();
  propose->add_option("-o,--output", c->output, "File, or a directory such as configs/known-issues")
      ->capture_default_str();
  propose->callback(
      [c, &program, &action] { action = [c, &program] { return propose_command(*c, program); }; });
}

}  // namespace pinrig::cli
