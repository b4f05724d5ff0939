// SPDX-License-Identifier: GPL-2.0
#include "cli/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "base/deadline.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/usage.h"

namespace pinrig::cli {
namespace {

constexpr const char* description =
    R"(pinrig: does a kernel, or a patch series on it, still pin and unpin user pages exactly once?

Builds the kernels, boots each in QEMU (KVM where it really works, else TCG) on x86-64 and aarch64 with NVMe
and soft RDMA, runs guest tests, reads nr_foll_pin_acquired/released around every one of them, and judges.)";

constexpr const char* footer = R"(
A first look:
  pinrig doctor                        is everything here that a run needs?
  pinrig plan                          what would `pinrig run` do?
  pinrig run                           configs/runs/default.yaml: base and tip of a series, both architectures
  pinrig run --series v3.mbox --base debian-6.12 --arch x86_64 --test 'bio/*'
  pinrig checkout debian-6.12 ~/linux  a tree to write patches on; then --series ~/linux:base..HEAD
  pinrig show last                     the table again; `show last CELL TEST` for one test
  pinrig parse console saved.log       what does this log say? (also: parse ktap)

Exit codes: 0 all as expected, 1 regressions, 2 bad usage or bad input, 3 could not build or apply,
  4 harness or infrastructure error, 130 interrupted.
Environment: PINRIG_CACHE (default ~/.cache/pinrig), PINRIG_STATE (default ~/.local/state/pinrig),
  PINRIG_PROJECT (default: the checkout around the working directory), NO_COLOR.
)";

void print_error(const Error& e) {
  std::fprintf(stderr, "pinrig: %s\n", e.message.c_str());
  if (!e.hint.empty()) {
    for (const auto line : lines(e.hint))
      std::fprintf(stderr, "  %.*s\n", static_cast<int>(line.size()), line.data());
  }
}

// "run full": the sub-command and the words before its first option, for those who wait for our locks.
std::string purpose(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) words.emplace_back(argv[i]);
  return words.empty() ? "pinrig" : join(words, " ");
}

// CLI11 names what it does not know; the nearest sub-command or option is our addition.
std::string suggestion(int argc, char** argv, const CLI::App& app) {
  const CLI::App* at = &app;
  std::string path = "pinrig";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    std::vector<std::string> known;
    if (word.starts_with("--")) {
      const std::string name = word.substr(0, word.find('='));
      for (const auto* option : at->get_options()) {
        for (const auto& n : option->get_lnames()) known.push_back("--" + n);
      }
      if (std::find(known.begin(), known.end(), name) != known.end() ||
          app.get_option_no_throw(name) != nullptr)
        continue;
      const std::string near = nearest(name, known);
      if (!near.empty()) return fmt::format("did you mean `{}`?", near);
    } else if (at->get_subcommands({}).size() > 0 && !word.starts_with("-")) {
      for (const auto* sub : at->get_subcommands({})) known.push_back(sub->get_name());
      const std::string near = nearest(word, known);
      if (std::find(known.begin(), known.end(), word) == known.end())
        return near.empty() ? "" : fmt::format("did you mean `{} {}`?", path, near);
      at = at->get_subcommand(word);
      path += " " + word;
    }
  }
  return fmt::format("see `{} --help`", path);
}

}  // namespace

run::Loudness Program::loudness() const {
  return quiet ? run::Loudness::quiet : verbose ? run::Loudness::verbose : run::Loudness::normal;
}

ExitCode main_program(int argc, char** argv) {
  const auto start = Clock::now();
  const CancelToken cancel;
  cancel_on_signals(cancel);
  CLI::App app{description, "pinrig"};
  app.footer(footer);
  app.set_version_flag("--version", "pinrig 0.1.0");
  app.require_subcommand(1);
  app.fallthrough();
  Program program{cancel};
  Action action;
  app.add_flag("-q,--quiet", program.quiet, "Only warnings, and the last line of the report");
  app.add_flag("-v,--verbose", program.verbose, "Every test as it ends, every case in the report");
  app.add_option("--usage", program.usage,
                 "Write pinrig's own CPU time, memory and wall time to this file, as JSON");
  for (const auto add : {add_run, add_plan, add_build, add_boot, add_rerun, add_parse, add_show, add_list,
                         add_map, add_prove, add_checkout, add_doctor})
    add(app, program, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {
      app.exit(e);
      return ExitCode::ok;
    }
    std::fprintf(stderr, "pinrig: %s\n", e.what());
    const std::string near = suggestion(argc, argv, app);
    std::fprintf(stderr, "  %s\n", near.empty() ? "see `pinrig --help`" : near.c_str());
    return ExitCode::bad_usage;
  }
  describe_this_process(purpose(argc, argv));
  setup_log(program.quiet ? LogLevel::quiet : program.verbose ? LogLevel::verbose : LogLevel::normal);
  auto code = action();
  if (const auto written = write_usage(program.usage, since(start).count());
      code.has_value() && written.has_error())
    code = written.error();
  if (code.has_value()) return *code;
  print_error(code.error());
  return exit_code_of(code.error().kind);
}

}  // namespace pinrig::cli
