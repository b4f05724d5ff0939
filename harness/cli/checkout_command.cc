// SPDX-License-Identifier: GPL-2.0
#include "cli/output.h"
#include "cli/program.h"
#include "run/work_copy.h"

namespace pinrig::cli {
namespace {

struct CheckoutCommand {
  std::string base;
  std::string dir;
  std::string branch = "work";
};

Result<ExitCode> checkout_command(const CheckoutCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  std::string text;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, 1};
    PINRIG_TRY(said, run::checkout_base(c.base, c.dir, c.branch, services));
    text = std::move(said);
  }
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

}  // namespace

void add_checkout(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "checkout",
      "Create a git repository of a base in DIR to write patches on; test them with --series DIR:base..HEAD");
  const auto c = std::make_shared<CheckoutCommand>();
  sub->add_option("base", c->base, "A name in kernels/")->required();
  sub->add_option("dir", c->dir, "Target directory; must be empty if it exists")->required();
  sub->add_option("--branch", c->branch, "Branch to commit on; the tag `base` marks its start")
      ->capture_default_str();
  sub->footer(
      "\nNext:\n  cd DIR; edit; git commit -a        one commit per patch\n"
      "  pinrig run --series DIR:base..HEAD --base BASE");
  sub->callback([c, &program, &action] { action = [c, &program] { return checkout_command(*c, program); }; });
}

}  // namespace pinrig::cli
