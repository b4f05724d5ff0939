// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "cli/output.h"
#include "cli/program.h"
#include "cli/run_choice.h"
#include "git/range_diff.h"
#include "report/review.h"
#include "run/leftovers.h"

namespace pinrig::cli {
namespace {

struct CompareCommand {
  std::string before;
  std::string now = "last";
  bool json = false;
};

/// The commits of a run's series, or why there are none.
struct AppliedPatches {
  git::AppliedRange range;
  std::string why_not;  ///< empty: it has them
};

Result<AppliedPatches> applied_patches(const store::Store& store, const store::RunRow& run) {
  PINRIG_TRY(patches, store.patches(run.id));
  if (patches.empty()) return AppliedPatches{{}, fmt::format("run {} has no patches on record", run.id)};
  for (const auto& p : patches) {
    if (p.commit.empty())
      return AppliedPatches{{}, fmt::format("patch {} of run {} was not applied", p.point, run.id)};
  }
  return AppliedPatches{{patches.front().commit, patches.back().commit}, ""};
}

Result<report::CompareFacts> facts_of(const store::Store& store, const store::RunRow& before,
                                      const store::RunRow& now, const WorkContext& ctx) {
  report::CompareFacts facts;
  PINRIG_TRY(old, applied_patches(store, before));
  PINRIG_TRY(fresh, applied_patches(store, now));
  facts.why_not = old.why_not.empty() ? fresh.why_not : old.why_not;
  if (facts.why_not.empty()) {
    PINRIG_TRY(pairs, git::range_diff(old.range, fresh.range, ctx));
    if (pairs) {
      auto& links = facts.links.emplace();
      for (auto& p : *pairs) links.push_back({p.mark, std::move(p.before), std::move(p.now)});
    } else {
      facts.why_not = "the commits of one of the runs are no longer in the cache";
    }
  }
  if (!fresh.why_not.empty()) return facts;
  PINRIG_TRY(commits, report::changed_commits(store, before, now, facts));
  PINRIG_TRY(files, git::files_touched(fresh.range, commits, ctx));
  facts.files = std::move(files);
  return facts;
}

Result<ExitCode> compare_command(const CompareCommand& c, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  PINRIG_TRY(store, run::open_store(paths));
  PINRIG_TRY(before, choose_run(store, c.before, program));
  PINRIG_TRY(now, choose_run(store, c.now, program));
  WorkContext ctx;
  ctx.project = paths.project;
  ctx.cache = paths.cache;
  ctx.cancel = &program.cancel;
  PINRIG_TRY(facts, facts_of(store, before, now, ctx));
  PINRIG_TRY(text, c.json ? report::compare_runs_json(store, before, now, facts)
                          : report::compare_runs(store, before, now, facts, terminal_style(program)));
  PINRIG_CHECK(write_output("-", text));
  return ExitCode::ok;
}

}  // namespace

void add_compare(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "compare", "Compare the runs of two versions of a series: patches, results, what is still red");
  const auto c = std::make_shared<CompareCommand>();
  sub->add_option("before", c->before, "Run of the earlier version: ID, unique prefix, or last")->required();
  sub->add_option("now", c->now, "Run of the later version")->capture_default_str();
  sub->add_flag("--json", c->json, "Print JSON");
  sub->callback([c, &program, &action] { action = [c, &program] { return compare_command(*c, program); }; });
}

}  // namespace pinrig::cli
