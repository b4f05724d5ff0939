// SPDX-License-Identifier: GPL-2.0
#include "job/result.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "job/raw_files.h"
#include "verdict/judge.h"

namespace pinrig::job {
namespace {

std::map<std::string, std::int64_t> moved(const model::TestRecord& r) {
  std::map<std::string, std::int64_t> out;
  for (const auto& [name, after] : r.counters_after) {
    const auto before = r.counters_before.find(name);
    if (before != r.counters_before.end() && before->second != after) out[name] = after - before->second;
  }
  return out;
}

std::vector<model::TestResult> results_of(const verdict::Judgement& judgement,
                                          const std::vector<model::TestRecord>& records) {
  std::vector<model::TestResult> out;
  for (const auto& v : judgement.verdicts) {
    model::TestResult row;
    row.verdict = v;
    const auto r =
        std::find_if(records.begin(), records.end(), [&](const auto& x) { return x.name == v.test; });
    if (v.case_name.empty() && r != records.end()) {
      row.ledger = r->ledger;
      row.taint_before = r->taint_before;
      row.taint_after = r->taint_after;
      row.counters = moved(*r);
    }
    out.push_back(std::move(row));
  }
  return out;
}

GuestResult judged(GuestJobResult guest) {
  auto judgement = verdict::judge(guest.facts);
  GuestResult out;
  out.results = results_of(judgement, guest.facts.records);
  out.outcome = std::move(judgement.outcome);
  out.capabilities = std::move(judgement.capabilities);
  out.guest = std::move(guest);
  return out;
}

/// What opens a dump.
void complete_dumps(const model::JobSpec& job, const Paths& paths, GuestJobResult& guest) {
  for (auto& attempt : guest.attempts) {
    if (!attempt.dump) continue;
    attempt.dump->vmlinux = job.vmlinux;
    attempt.dump->debug_info = job.traits.debug_info;
    attempt.dump->script = (paths.project / "harness" / "vm" / "pins.py").string();
  }
}

/// result.json: what was seen, for whoever has the folder and not the database.
Result<void> write_result(const GuestResult& r, const fs::path& dir) {
  using nlohmann::ordered_json;
  ordered_json j{{"format", "pinrig-guest-result"}, {"version", 1}};
  j["outcome"] = {{"kind", to_string(r.outcome.kind)},
                  {"phase", to_string(r.outcome.phase)},
                  {"detail", r.outcome.detail}};
  j["release"] = r.guest.hello.release;
  j["attempts"] = r.guest.guests;
  j["capabilities"] = r.capabilities;
  j["results"] = ordered_json::array();
  for (const auto& row : r.results) {
    const auto& v = row.verdict;
    ordered_json one{{"test", v.test}, {"case", v.case_name}, {"verdict", to_string(v.verdict)}};
    if (!v.detail.empty()) one["detail"] = v.detail;
    if (row.ledger && row.ledger->available)
      one["pins"] = {{"acquired", row.ledger->acquired()},
                     {"released", row.ledger->released()},
                     {"outstanding", row.outstanding()}};
    j["results"].push_back(std::move(one));
  }
  return write_file_atomic(dir / "result.json",
                           j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

Result<void> save(const GuestResult& r, const fs::path& dir) {
  PINRIG_CHECK(save_outputs(r.guest.facts.records, dir));
  return write_result(r, dir);
}

}  // namespace

Result<GuestResult> run_and_judge(const ReadyJob& job, const Services& services, const Steer& steer) {
  PINRIG_TRY(guest, run_guest_job(job.spec, job.drives, job.dir, services.cancel, services.observer, steer));
  complete_dumps(job.spec, services.paths, guest);
  auto out = judged(std::move(guest));
  auto saved = save(out, job.dir);
  if (saved.has_value()) return out;
  if (saved.error().kind != ErrorKind::disk_full) return std::move(saved).error();
  // What was measured is judged and goes to the store, which may have room.
  out.guest.problems.push_back("outputs of tests could not be saved: " + saved.error().message);
  out.outcome = {model::JobOutcome::Kind::infra_error, out.outcome.phase, saved.error().message};
  return out;
}

Result<std::optional<GuestResult>> judge_leftovers(const fs::path& dir) {
  std::error_code ec;
  if (!fs::exists(dir / "job.json", ec)) return std::optional<GuestResult>();
  PINRIG_TRY(text, read_file(dir / "job.json"));
  PINRIG_TRY(spec, model::job_from_json(text, (dir / "job.json").string()));
  PINRIG_TRY(guest, read_leftovers(spec, dir));
  auto out = judged(std::move(guest));
  PINRIG_CHECK(save(out, dir));
  return std::optional(std::move(out));
}

Result<void> save_outputs(const std::vector<model::TestRecord>& records, const fs::path& dir) {
  for (const auto& r : records) {
    const fs::path out = dir / "tests" / (r.name + ".out");
    PINRIG_CHECK(make_dirs(out.parent_path()));
    PINRIG_CHECK(write_file_atomic(out, r.output));
    if (!r.errors.empty()) PINRIG_CHECK(write_file_atomic(dir / "tests" / (r.name + ".err"), r.errors));
  }
  return {};
}

}  // namespace pinrig::job
