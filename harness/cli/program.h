// SPDX-License-Identifier: GPL-2.0
// The command line: one file per sub-command, tied together here.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/cancel.h"
#include "base/exit_code.h"
#include "base/paths.h"
#include "run/status.h"

namespace pinrig::cli {

/// What every sub-command gets.
struct Program {
  const CancelToken& cancel;
  bool quiet = false;
  bool verbose = false;
  std::string usage;  ///< file for the resource usage of this process; empty = none

  run::Verbosity verbosity() const;
  Result<Paths> paths() const { return find_paths(); }
};

/// A sub-command's body, run after the command line was parsed.
using Action = std::function<Result<ExitCode>()>;

// Each adds its sub-command to `app` and sets `action` when it is chosen.
void add_run(CLI::App& app, Program& program, Action& action);
void add_plan(CLI::App& app, Program& program, Action& action);
void add_build(CLI::App& app, Program& program, Action& action);
void add_boot(CLI::App& app, Program& program, Action& action);
void add_repro(CLI::App& app, Program& program, Action& action);
void add_rerun(CLI::App& app, Program& program, Action& action);
void add_parse(CLI::App& app, Program& program, Action& action);
void add_show(CLI::App& app, Program& program, Action& action);
void add_html(CLI::App& app, Program& program, Action& action);
void add_baseline(CLI::App& app, Program& program, Action& action);
void add_delta(CLI::App& app, Program& program, Action& action);
void add_grid(CLI::App& app, Program& program, Action& action);
void add_history(CLI::App& app, Program& program, Action& action);
void add_night(CLI::App& app, Program& program, Action& action);
void add_known(CLI::App& app, Program& program, Action& action);
void add_list(CLI::App& app, Program& program, Action& action);
void add_map(CLI::App& app, Program& program, Action& action);
void add_contract(CLI::App& app, Program& program, Action& action);
void add_compare(CLI::App& app, Program& program, Action& action);
void add_checks(CLI::App& app, Program& program, Action& action);
void add_cover(CLI::App& app, Program& program, Action& action);
void add_b4_check(CLI::App& app, Program& program, Action& action);
void add_prove(CLI::App& app, Program& program, Action& action);
void add_mutate(CLI::App& app, Program& program, Action& action);
void add_bisect(CLI::App& app, Program& program, Action& action);
void add_step(CLI::App& app, Program& program, Action& action);
void add_mail(CLI::App& app, Program& program, Action& action);
void add_checkout(CLI::App& app, Program& program, Action& action);
void add_gc(CLI::App& app, Program& program, Action& action);
void add_doctor(CLI::App& app, Program& program, Action& action);

/// Everything main() does; the caller catches what is thrown.
ExitCode main_program(int argc, char** argv);

}  // namespace pinrig::cli
