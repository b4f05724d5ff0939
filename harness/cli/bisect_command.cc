// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "base/text.h"
#include "bisect/more.h"
#include "bisect/text.h"
#include "bisection/bisection.h"
#include "bisection/log_file.h"
#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_options.h"

namespace pinrig::cli {
namespace {

struct BisectCommand {
  bisection::BisectOptions options;
  std::string view;   ///< "log", "git-log", "status"
  std::string which;  ///< of view and --resume: an id, a path, "last"
  bool resume = false;
  bool more = false;
  std::string replay;  ///< a file
  int jobs = usable_cpus();
};

std::string search_report(const bisect::Log& log, const bisect::Conclusion& end) {
  return bisect::points_text(log) + "\n" + bisect::conclusion_text(log, end);
}

/// What the engine makes of a log; nothing is run.
Result<ExitCode> replay(const fs::path& file) {
  PINRIG_TRY(log, bisection::read_log(file));
  const auto step = bisect::next_step(log.history(), log.settings, log.seen);
  if (const auto* end = std::get_if<bisect::Conclusion>(&step)) {
    PINRIG_CHECK(write_output("-", search_report(log, *end)));
    return bisection::exit_code_of(*end);
  }
  const auto& ask = std::get<bisect::Ask>(step);
  PINRIG_CHECK(write_output(
      "-", fmt::format("{}{}\nnext: {}, {} at {}\n", bisect::points_text(log), bisect::progress_text(log, 0),
                       to_string(ask.purpose), count_of(static_cast<std::size_t>(ask.runs), "run"),
                       bisect::point_name(log, ask.point))));
  return ExitCode::harness;
}

Result<ExitCode> view(const BisectCommand& c, const Paths& paths) {
  const std::vector<std::string> known{"log", "git-log", "status"};
  if (std::find(known.begin(), known.end(), c.view) == known.end())
    return make_error(ErrorKind::bad_usage,
                      fmt::format("bisect {}: no such view{}; known: {}", c.view, did_you_mean(c.view, known),
                                  join(known, ", ")),
                      "to search: --series S --test SUITE/TEST");
  PINRIG_TRY(file, bisection::find_log(paths.state, c.which));
  if (c.view == "status") return replay(file);
  if (c.view == "log") {
    PINRIG_TRY(text, read_file(file));
    PINRIG_CHECK(write_output("-", text));
    return ExitCode::ok;
  }
  PINRIG_TRY(log, bisection::read_log(file));
  PINRIG_CHECK(write_output("-", bisect::git_log(log)));
  return ExitCode::ok;
}

Result<void> check_range(const bisection::BisectOptions& o) {
  const auto wrong = [](const std::string& what, const std::string& hint) {
    return make_error(ErrorKind::bad_usage, what, hint);
  };
  if (!o.repo.empty() && (o.good.empty() || o.bad.empty()))
    return wrong("--git needs both ends of the range", "--good REV --bad REV");
  if (o.repo.empty() && !o.bad.empty())
    return wrong("--bad is about a repository; a series is searched up to its last patch", "--git REPO");
  if (!o.test.empty() && o.series.empty() && o.repo.empty())
    return wrong("nothing to search in", "--series S, or --git REPO --good REV --bad REV");
  if (!o.repo.empty() && o.test.empty()) return wrong("--git needs the test", "--test SUITE/TEST[:CASE]");
  if (!o.number.empty() && o.test.empty())
    return wrong("--number needs the test", "--test SUITE/TEST[:CASE]");
  if (o.test.find('/') == std::string::npos && !o.test.empty())
    return wrong(fmt::format("--test {}: a single test is searched", o.test), "--test SUITE/TEST[:CASE]");
  return {};
}

/// What a search that runs every point first costs, and how to have the other one.
std::string each_text(std::size_t patches) {
  const auto halvings = static_cast<std::size_t>(std::bit_width(patches - 1));
  return fmt::format(
      "{}: every point is run, as by `pinrig run --point each`: about {} guests; a search needs {} "
      "(--search)",
      count_of(patches, "patch"), patches + 3, halvings + 4);
}

using Searching = std::function<Result<bisection::BisectEnd>(
    const job::Services&, const std::function<void()>& tick, const bisection::Watch&)>;

/// Shows a search while it goes on, then its report.
Result<bisection::BisectEnd> watched(const BisectCommand& c, const Paths& paths, const Program& program,
                                     const Searching& searching) {
  bisection::BisectEnd end;
  {
    const auto status = run::make_status(program.verbosity());
    const job::Services services{paths, program.cancel, *status, c.jobs};
    bool first = true;
    const bisection::Watch watch = [&](const bisect::Log& log, double boot_s) {
      if (first && log.settings.each)
        status->on({.kind = job::Event::Kind::line,
                    .task = "bisect",
                    .what = "run",
                    .text = each_text(log.points.size() - 1)});
      first = false;
      status->board(bisect::screen_text(log, boot_s),
                    fmt::format("  {:<16} {}", "bisect", bisect::progress_text(log, boot_s)));
    };
    const auto tick = [&] { status->tick(); };
    PINRIG_TRY(done, searching(services, tick, watch));
    end = std::move(done);
  }
  PINRIG_CHECK(write_output("-", search_report(end.log, end.conclusion) + "  log: " + end.file + "\n"));
  return end;
}

Result<ExitCode> search(const BisectCommand& c, const Paths& paths, const Program& program) {
  const Searching begin = [&](const auto& services, const auto& tick,
                              const auto& watch) -> Result<bisection::BisectEnd> {
    if (!c.resume) return bisection::bisect_new(c.options, services, tick, watch);
    PINRIG_TRY(file, bisection::find_log(paths.state, c.which));
    return bisection::bisect_resume(file, services, tick, watch);
  };
  PINRIG_TRY(end, watched(c, paths, program, begin));
  const ExitCode code = bisection::exit_code_of(end.conclusion);
  while (c.more) {
    const auto more = bisect::next_search(end.log, end.conclusion);
    const char* what = more.log ? "the search goes on" : "nothing more to search";
    PINRIG_CHECK(write_output("-", fmt::format("\n{}: {}\n", what, more.why)));
    if (!more.log) break;
    const Searching next = [&](const auto& services, const auto& tick, const auto& watch) {
      return bisection::bisect_more(*more.log, services, tick, watch);
    };
    PINRIG_TRY(found, watched(c, paths, program, next));
    end = std::move(found);
  }
  return code;
}

Result<ExitCode> bisect_command(BisectCommand c, const Program& program) {
  if (!c.replay.empty()) return replay(c.replay);
  PINRIG_TRY(paths, program.paths());
  if (c.resume && !c.view.empty()) c.which = std::exchange(c.view, "");
  if (!c.view.empty()) return view(c, paths);
  if (!c.resume) PINRIG_CHECK(check_range(c.options));
  if (c.more && c.options.fixed)
    return make_error(ErrorKind::bad_usage,
                      "--more is about patches that bring a red, --fixed about one that ends it",
                      "leave one of them out");
  return search(c, paths, program);
}

void add_options(CLI::App& sub, BisectCommand& c) {
  auto& o = c.options;
  sub.add_option(
      "view", c.view,
      "Instead of searching: log, git-log (for `git bisect replay`) or status; with --resume: which search");
  sub.add_option("which", c.which, "Search of log, git-log and status: an id, a path, or last")
      ->capture_default_str();
  auto* series = sub.add_option("-s,--series", o.series, "Search in this series, as for `run`");
  sub.add_option("-b,--base", o.base, "Base of the series, a name in kernels/");
  sub.add_option("--git", o.repo, "Search in a range of this repository, merges included")->excludes(series);
  sub.add_option("--good", o.good,
                 "Older end of the range; of a series the number of a patch (default: the base)");
  sub.add_option("--bad", o.bad, "Newer end of the range");
  sub.add_option(
      "-t,--test", o.test,
      "SUITE/TEST or SUITE/TEST:CASE whose red is searched; default: the unexpected red of the last run");
  sub.add_option("--number", o.number,
                 "NAME>LIMIT or NAME<LIMIT: a number of the test (or pages) beyond the limit is the red");
  sub.add_flag("--fixed", o.fixed, "The older end has the red: find the patch that fixed it");
  sub.add_flag("--fresh", o.fresh, "Do not use verdicts of earlier runs");
  sub.add_option("--budget", o.budget, "Runs of the test at most")->check(whole_number(1, 100000));
  sub.add_option("--run", o.spec, "Run file that names fragments and machine")->capture_default_str();
  sub.add_flag("--search", o.search,
               "Search a series of up to 8 patches too, instead of running every point first");
  sub.add_flag("--more", c.more,
               "Then revert the culprit; if the newer end still has the red, search for the next one");
  sub.add_flag("--per-boot", o.per_boot, "The red is decided when the kernel boots: every guest counts once");
  sub.add_flag("--resume", c.resume, "Continue a search that was interrupted or killed");
  sub.add_option("--replay", c.replay, "Only conclude from the observations of this bisect.log");
}

}  // namespace

void add_bisect(CLI::App& app, Program& program, Action& action) {
  auto* sub =
      app.add_subcommand("bisect",
                         "Find the patch that brought a red (or fixed it), by runs of the test, and check "
                         "the answer");
  const auto c = std::make_shared<BisectCommand>();
  c->which = "last";
  add_options(*sub, *c);
  add_arch_option(*sub, c->options.arch);
  add_jobs_option(*sub, c->jobs);
  sub->callback([c, &program, &action] { action = [c, &program] { return bisect_command(*c, program); }; });
}

}  // namespace pinrig::cli
