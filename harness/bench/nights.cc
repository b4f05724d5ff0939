// SPDX-License-Identifier: GPL-2.0
// `pinrig delta` and `pinrig grid` over many nights, in a store filled here.
#include <fmt/format.h>

#include "bench/bench.h"
#include "store/store.h"

namespace pinrig::bench {
namespace {

constexpr int nights = 500;
constexpr int tests = 300;
constexpr int cases = 4;  ///< of each test: 1,500 rows a night
constexpr double bound_s = 0.3;

model::AssessedResult a_row(int test, int number, int night) {
  model::AssessedResult r;
  auto& v = r.result.verdict;
  v.test = fmt::format("suite{}/test_{}", test % 20, test);
  if (number > 0) v.case_name = fmt::format("a case of a common length {}", number);
  // One test in a hundred comes and goes.
  const bool red = test % 100 == 7 && night % 5 == 0;
  v.verdict = red ? model::Verdict::fail : model::Verdict::pass;
  v.wall_s = 0.5 + 0.01 * ((night * 7 + test) % 10);
  v.detail = red ? "not ok 1 - read the wrong data" : "";
  if (number == 0) {
    model::PinLedger l;
    l.available = true;
    l.after = {64, 64};
    l.settle_ms = 12;
    r.result.ledger = l;
  }
  r.assessment = model::Assessment{red ? model::Rule::failure : model::Rule::fine, "", ""};
  return r;
}

Result<void> add_night(store::Store& store, int night) {
  store::RunRow run;
  run.id = fmt::format("2026-{:04}", night);
  run.spec = "full";
  run.base = "debian-6.12";
  run.started = "2026-12-01T02:00:00Z";
  run.dir = "/nonexistent/" + run.id;
  run.host = "{}";
  store::KernelRow k;
  k.run_id = run.id;
  k.id = "base-x86_64";
  k.point.label = "base";
  k.point.version = "6.12.1";
  k.state = store::KernelState::built;
  k.key = run.id;
  store::GuestRow g;
  g.run_id = run.id;
  g.kernel_id = k.id;
  g.id = k.id;
  PINRIG_CHECK(store.begin_run(run, {k}, {g}));
  g.outcome = model::JobOutcome{model::JobOutcome::Kind::completed, model::Phase::none, ""};
  g.accel = "tcg";
  std::vector<model::AssessedResult> rows;
  for (int t = 0; t < tests; ++t) {
    for (int c = 0; c <= cases; ++c) rows.push_back(a_row(t, c, night));
  }
  PINRIG_CHECK(store.end_guest(g, {}, rows, {}));
  return store.finish_run(run.id, store::RunState::finished, 0);
}

Figures measure(const Setup& s, const fs::path& state) {
  Paths paths = s.services.paths;
  paths.state = state;
  const job::Services services{paths, s.services.cancel, s.services.observer, s.services.jobs};
  const Setup own{services, s.pinrig, s.dir, s.archs, s.repeat, s.console_mib, s.cold};
  std::vector<Figure> out;
  for (const char* command : {"delta", "grid"}) {
    std::vector<double> walls;
    for (int i = 0; i < s.repeat; ++i) {
      PINRIG_TRY(run, run_pinrig(own, {command}, {0, 1}));
      walls.push_back(run.wall_s);
    }
    out.push_back(
        {.id = command,
         .what = fmt::format("pinrig {} over {} runs of {} rows", command, nights, tests * (cases + 1)),
         .unit = "s",
         .value = median(walls),
         .floor = bound_s,
         .bound = 1,
         .times = s.repeat});
  }
  return out;
}

}  // namespace

Figures nights_figures(const Setup& s) {
  const fs::path state = s.dir / "nights";
  std::error_code ec;
  fs::remove_all(state, ec);
  PINRIG_CHECK(make_dirs(state));
  tell(s, fmt::format("a store of {} nights", nights));
  {
    PINRIG_TRY(store, store::Store::open(state / "results.db"));
    for (int n = 0; n < nights; ++n) PINRIG_CHECK(add_night(store, n));
  }
  auto figures = measure(s, state);
  fs::remove_all(state, ec);
  return figures;
}

}  // namespace pinrig::bench
