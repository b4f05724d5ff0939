// SPDX-License-Identifier: GPL-2.0
#include "prove/stored.h"

#include <algorithm>
#include <iterator>

#include "run/run_file.h"

namespace pinrig::prove {
namespace {

constexpr int most_runs = 10000;

// A case that a patched kernel has lost has no row of its own.
model::AssessedResult lost_row(const model::LostRow& lost) {
  model::AssessedResult row;
  row.result.verdict.test = lost.test;
  row.result.verdict.case_name = lost.case_name;
  row.assessment = model::Assessment{model::Rule::lost, "gone", lost.reference};
  return row;
}

bool asked(const StoredRun& run, const std::string& test) {
  const auto& tests = run.options.tests;
  return std::find(tests.begin(), tests.end(), test) != tests.end();
}

std::map<std::string, std::string> env_of(const StoredRun& run, const std::string& test) {
  std::map<std::string, std::string> out;
  for (const auto& e : run.options.env) {
    if (e.test == test) out.insert(e.env.begin(), e.env.end());
  }
  return out;
}

/// Base and mutant of a proof that names no base are those of the run file or the mutant.
bool has_fault(const StoredRun& run, const Oracle& o) {
  if (!asked(run, o.test) || run.row.series != o.proof.mutant) return false;
  if (!o.proof.base.empty() && run.row.base != o.proof.base) return false;
  return env_of(run, o.test) == o.proof.env;
}

bool is_sound(const StoredRun& run, const StoredRun& faulty, const std::string& test) {
  return asked(run, test) && run.row.series.empty() && run.row.base == faulty.row.base &&
         run.options.archs == faulty.options.archs && env_of(run, test).empty();
}

}  // namespace

Result<Said> said_by(const store::Store& store, const std::string& run_id) {
  Said out;
  PINRIG_TRY(kernels, store.kernels(run_id));
  PINRIG_TRY(guests, store.guests(run_id));
  if (kernels.empty()) return out;
  for (const auto& guest : guests) {
    if (guest.kernel_id != kernels.back().id) continue;
    PINRIG_TRY(rows, store.results(run_id, guest.id));
    std::move(rows.begin(), rows.end(), std::back_inserter(out.rows));
    PINRIG_TRY(events, store.events(run_id, guest.id));
    std::move(events.begin(), events.end(), std::back_inserter(out.events));
  }
  for (const auto& lost : kernels.back().lost) out.rows.push_back(lost_row(lost));
  return out;
}

std::vector<Proven> weigh_stored(const std::vector<Oracle>& oracles, const std::vector<StoredRun>& runs) {
  std::vector<Proven> out;
  for (const auto& oracle : oracles) {
    const auto faulty =
        std::find_if(runs.begin(), runs.end(), [&](const auto& r) { return has_fault(r, oracle); });
    Said sound;
    if (faulty != runs.end()) {
      const auto other = std::find_if(runs.begin(), runs.end(),
                                      [&](const auto& r) { return is_sound(r, *faulty, oracle.test); });
      if (other != runs.end()) sound = other->said;
    }
    out.push_back(weigh_run(oracle, faulty == runs.end() ? Said{} : faulty->said, sound,
                            faulty == runs.end() ? ExitCode::ok : ExitCode(faulty->row.exit_code)));
  }
  return out;
}

Result<std::vector<StoredRun>> stored_runs(const store::Store& store) {
  std::vector<StoredRun> out;
  PINRIG_TRY(rows, store.runs(most_runs));
  for (auto& row : rows) {
    if (row.purpose != "prove" || row.state != store::RunState::finished) continue;
    // A run of which this pinrig cannot read what it was asked proves nothing.
    auto recorded = run::read_run_file(fs::path(row.dir) / "run.json");
    if (recorded.has_error()) continue;
    PINRIG_TRY(said, said_by(store, row.id));
    out.push_back({std::move(row), std::move(recorded->options), std::move(said)});
  }
  return out;
}

}  // namespace pinrig::prove
