// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <cstdio>

#include "base/text.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "html/html.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

struct HtmlCommand {
  std::string run = "last";
  std::string output;
  std::size_t limit_kib = 976;  ///< 1 MB
};

Result<ExitCode> html_command(const HtmlCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(choice, choose_run(store, c.run));
  if (!choice.note.empty() && !program.quiet) std::fprintf(stderr, "%s\n", choice.note.c_str());
  const std::string file = c.output.empty() ? "pinrig-" + choice.run.id + ".html" : c.output;
  PINRIG_TRY(page, html::run_page(store, choice.run,
                                  {file == "-" ? fs::path() : fs::path(file), c.limit_kib * 1024}));
  PINRIG_CHECK(write_output(file, page.text));
  for (const auto& what : page.cut) {
    if (!program.quiet) std::fprintf(stderr, "omitted: %s (--limit)\n", what.c_str());
  }
  if (file != "-")
    PINRIG_CHECK(write_output("-", fmt::format("{}  {}\n", file, human_bytes(page.text.size()))));
  return ExitCode::ok;
}

}  // namespace

void add_html(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand("html", "Write a run as one HTML file that needs nothing else");
  const auto c = std::make_shared<HtmlCommand>();
  sub->add_option("run", c->run, "Run ID, unique prefix, or last")->capture_default_str();
  sub->add_option(
      "-o,--output", c->output,
      "File, or - for stdout (default: pinrig-RUN.html); in the folder of the run, logs become links");
  sub->add_option("--limit", c->limit_kib,
                  "Size of the file at most, in KiB; what does not fit is omitted with a mark")
      ->check(whole_number(64, 1048576))
      ->capture_default_str();
  sub->callback([c, &program, &action] { action = [c, &program] { return html_command(*c, program); }; });
}

}  // namespace pinrig::cli
