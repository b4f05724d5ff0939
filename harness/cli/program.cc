// SPDX-License-Identifier: GPL-2.0
#include "cli/program.h"

#include <cstdio>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/report_files.h"
#include "cli/usage.h"

namespace pinrig::cli {
namespace {

void print_error(const Error& e) { std::fputs(error_text(e).c_str(), stderr); }

// "run full": the sub-command and the words before its first option, for those who wait for our locks.
std::string purpose(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) words.emplace_back(argv[i]);
  return words.empty() ? "pinrig" : join(words, " ");
}

// To `git bisect run` every code below 125 is an answer about the commit.
ExitCode code_of_refusal(int argc, char** argv) {
  return argc > 1 && std::string_view(argv[1]) == "step" ? ExitCode::step_abort : ExitCode::bad_usage;
}

}  // namespace

run::Verbosity Program::verbosity() const {
  return quiet ? run::Verbosity::quiet : verbose ? run::Verbosity::verbose : run::Verbosity::normal;
}

ExitCode main_program(int argc, char** argv) {
  const auto start = Clock::now();
  const CancelToken cancel;
  cancel_on_signals(cancel);
  Program program{cancel};
  auto understood = understand({argv + 1, argv + argc}, program);
  if (understood.has_error()) {
    print_error(understood.error());
    static_cast<void>(fail_files(files_in({argv + 1, argv + argc}), understood.error()));
    return code_of_refusal(argc, argv);
  }
  if (const auto* answer = std::get_if<Answer>(&*understood)) {
    const auto written = write_output("-", answer->text);
    if (written.has_error()) print_error(written.error());
    return written.has_error() ? ExitCode::harness : ExitCode::ok;
  }
  describe_this_process(purpose(argc, argv));
  setup_log(program.quiet ? LogLevel::quiet : program.verbose ? LogLevel::verbose : LogLevel::normal);
  if (const auto usage = check_usage(program.usage); usage.has_error()) {
    static_cast<void>(fail_files(files_in({argv + 1, argv + argc}), usage.error()));
    print_error(usage.error());
    return ExitCode::bad_usage;
  }
  auto code = std::get<Action>(*understood)();
  if (const auto written = write_usage(program.usage, since(start).count());
      code.has_value() && written.has_error()) {
    // What the run came to is not lost with it.
    if (*code != ExitCode::ok) print_error(written.error());
    if (*code == ExitCode::ok) code = written.error();
  }
  if (code.has_value()) return *code;
  print_error(code.error());
  return exit_code_of(code.error().kind);
}

}  // namespace pinrig::cli
