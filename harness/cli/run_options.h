// SPDX-License-Identifier: GPL-2.0
// The options that run, plan, build and boot have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "base/capacity.h"
#include "run/inputs.h"

namespace pinrig::cli {

/// What they are told.
struct RunArguments {
  run::RunOptions options;
  int jobs = usable_cpus();  ///< compilers at a time
};

/// Binds the options to `arguments`, which has to outlive the parsing. A value that is wrong is a
/// CLI::ValidationError that names the option, the value and what is known.
void add_run_options(CLI::App& command, RunArguments& arguments);

/// For a command that takes one architecture, or builds without the other options.
void add_arch_option(CLI::App& command, model::Arch& arch);
/// The same for one that takes all of them unless it is told.
void add_arch_option(CLI::App& command, std::optional<model::Arch>& arch, const std::string& what);
void add_jobs_option(CLI::App& command, int& jobs);

}  // namespace pinrig::cli
