// SPDX-License-Identifier: GPL-2.0
#include "cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/text.h"

namespace pinrig::cli {
namespace {

constexpr const char* description =
    R"(pinrig: does a kernel, or a patch series on it, pin and unpin user pages exactly once?

Builds the kernels, boots each in QEMU (KVM when usable, else TCG) on x86-64 and aarch64 with NVMe and soft
RDMA, runs guest tests, reads nr_foll_pin_acquired and nr_foll_pin_released around each test, and judges.)";

constexpr const char* footer = R"(
First steps:
  pinrig doctor                        is everything installed that a run needs?
  pinrig plan                          what would `pinrig run` do?
  pinrig run                           configs/runs/default.yaml: base and tip of a series, both architectures
  pinrig run --series v3.mbox --base debian-6.12 --arch x86_64 --test 'bio/*'
  pinrig checkout debian-6.12 ~/linux  a tree to write patches on; then --series ~/linux:base..HEAD
  pinrig show last                     the report again; `show last GUEST TEST` for one test
  pinrig parse console saved.log       what does this log say? (also: parse ktap)
  pinrig COMMAND --help                the options of one command

Exit codes: 0 all as expected, 1 regressions, 2 bad usage or bad input, 3 could not build or apply,
  4 harness or infrastructure error, 130 interrupted.
Environment: PINRIG_CACHE (default ~/.cache/pinrig), PINRIG_STATE (default ~/.local/state/pinrig),
  PINRIG_PROJECT (default: the checkout around the working directory), NO_COLOR.
)";

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> out;
  for (const auto* c : commands) out.push_back(c->get_name());
  return out;
}

std::vector<std::string> long_options(const CLI::App& command) {
  std::vector<std::string> out;
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

/// The command that `args` lead to, and the first word that it does not know.
struct Walk {
  const CLI::App* command;
  std::string path = "pinrig";
  std::string unknown_command;
  std::string unknown_option;
};

Walk walk(const CLI::App& app, const std::vector<std::string>& args) {
  Walk w{.command = &app};
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string& word = args[i];
    const auto commands = w.command->get_subcommands({});
    if (word.starts_with("--")) {
      const std::string name = word.substr(0, word.find('='));
      const auto* option = w.command->get_option_no_throw(name);
      if (option == nullptr) option = app.get_option_no_throw(name);
      if (option == nullptr) {
        w.unknown_option = name;
        return w;
      }
      if (option->get_items_expected_min() > 0 && name == word) ++i;  // its value
      continue;
    }
    if (commands.empty() || word.starts_with("-")) continue;
    const auto at =
        std::find_if(commands.begin(), commands.end(), [&](const auto* c) { return c->get_name() == word; });
    if (at == commands.end()) {
      if (w.command->get_require_subcommand_min() == 0) continue;  // a positional argument
      w.unknown_command = word;
      return w;
    }
    w.command = *at;
    w.path += " " + word;
  }
  return w;
}

/// CLI11 says that something is wrong; what it is and what is near are our addition.
Error explain(const CLI::App& app, const std::vector<std::string>& args, const CLI::ParseError& e) {
  const Walk w = walk(app, args);
  const auto usage = [](std::string message, std::string hint) {
    return make_error(ErrorKind::bad_usage, std::move(message), std::move(hint));
  };
  const auto commands = names_of(w.command->get_subcommands({}));
  if (!w.unknown_command.empty())
    return usage(fmt::format("{} has no sub-command '{}'{}", w.path, w.unknown_command,
                             did_you_mean(w.unknown_command, commands)),
                 "sub-commands: " + join(commands, ", "));
  if (!w.unknown_option.empty())
    return usage(fmt::format("{} has no option {}{}", w.path, w.unknown_option,
                             did_you_mean(w.unknown_option, long_options(*w.command))),
                 fmt::format("`{} --help` lists its options", w.path));
  if (!commands.empty() && w.command->get_require_subcommand_min() > 0)
    return usage(fmt::format("{} needs a sub-command", w.path),
                 fmt::format("one of: {}; see `{} --help`", join(commands, ", "), w.path));
  return usage(fmt::format("{}: {}", w.path, e.what()), fmt::format("see `{} --help`", w.path));
}

}  // namespace

CLI::Validator whole_number(int least, int most) {
  return CLI::Validator(
      [least, most](const std::string& word) -> std::string {
        int value = 0;
        const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (ec == std::errc() && end == word.data() + word.size() && value >= least && value <= most)
          return "";
        return fmt::format("'{}' is not a whole number from {} to {}", word, least, most);
      },
      fmt::format("{}..{}", least, most));
}

CLI::Validator number(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& word) -> std::string {
        double value = 0;
        const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (ec == std::errc() && end == word.data() + word.size() && value >= least && value <= most)
          return "";
        return fmt::format("'{}' is not a number from {:g} to {:g}", word, least, most);
      },
      fmt::format("{:g}..{:g}", least, most));
}

CLI::Validator size_in_bytes() {
  return CLI::Validator(
      [](std::string& word) -> std::string {
        static constexpr std::string_view units = "BKMGT";
        double value = 0;
        const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), value);
        std::string unit = word.substr(static_cast<std::size_t>(end - word.data()));
        for (const char* suffix : {"iB", "B"}) {
          if (unit.size() > 1 && unit.ends_with(suffix)) unit.resize(unit.size() - std::strlen(suffix));
        }
        const char letter = unit.empty() ? 'B' : static_cast<char>(std::toupper(unit[0]));
        const auto power = units.find(letter);
        const double bytes = std::ldexp(value, static_cast<int>(10 * power));
        if (ec != std::errc() || unit.size() > 1 || power == std::string_view::npos || !(value >= 0) ||
            bytes > 1e18)
          return fmt::format("'{}' is not a size such as 20G or 500M", word);
        word = std::to_string(static_cast<std::uint64_t>(bytes));
        return "";
      },
      "SIZE");
}

Result<std::variant<Action, Answer>> understand(const std::vector<std::string>& args, Program& program) {
  CLI::App app{description, "pinrig"};
  app.set_version_flag("--version", "pinrig " PINRIG_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  Action action;
  app.add_flag("-q,--quiet", program.quiet, "Print only warnings and the last line of the report");
  app.add_flag("-v,--verbose", program.verbose, "Print each test as it ends, and each case in the report");
  app.add_option("--usage", program.usage,
                 "Write pinrig's own CPU time, memory and wall time to this file, as JSON");
  for (const auto add :
       {add_run,    add_plan,     add_build,    add_boot,     add_repro, add_rerun,    add_parse, add_show,
        add_html,   add_list,     add_baseline, add_delta,    add_grid,  add_history,  add_known, add_night,
        add_map,    add_contract, add_compare,  add_checks,   add_cover, add_b4_check, add_prove, add_mutate,
        add_bisect, add_step,     add_mail,     add_checkout, add_gc,    add_doctor})
    add(app, program, action);
  app.footer(footer);  // after the sub-commands, which would inherit it
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) return explain(app, args, e);
    std::ostringstream out;
    std::ostringstream err;
    app.exit(e, out, err);
    return std::variant<Action, Answer>(Answer{out.str()});
  }
  return std::variant<Action, Answer>(std::move(action));
}

}  // namespace pinrig::cli
