// SPDX-License-Identifier: GPL-2.0
// Everything the store has, as JSON. The keys are described in README.md beside this file.
#include <nlohmann/json.hpp>

#include "report/report.h"
#include "report/run_data.h"

namespace pinrig::report {
namespace {

using nlohmann::ordered_json;

const char* claim_word(model::PinClaim::Mode mode) {
  switch (mode) {
    case model::PinClaim::Mode::net_zero:
      return "net_zero";
    case model::PinClaim::Mode::exact:
      return "exact";
    case model::PinClaim::Mode::at_least:
      return "at_least";
  }
  return "?";
}

ordered_json ledger_json(const model::PinLedger& l) {
  ordered_json out{{"available", l.available}};
  if (!l.available) return out;
  out["acquired"] = l.acquired();
  out["released"] = l.released();
  out["outstanding"] = l.outstanding();
  out["before"] = {
      {"acquired", l.before.acquired}, {"released", l.before.released}, {"settled", l.settled_before}};
  out["after"] = {
      {"acquired", l.after.acquired}, {"released", l.after.released}, {"settled", l.settled_after}};
  out["settle_ms"] = l.settle_ms;
  if (l.claim)
    out["claim"] = {{"mode", claim_word(l.claim->mode)},
                    {"pages", l.claim->pages},
                    {"skew_sections", l.claim->skew_sections}};
  return out;
}

ordered_json verdict_json(const model::TestVerdict& v) {
  ordered_json out{{"name", v.case_name.empty() ? v.test : v.case_name},
                   {"verdict", model::to_string(v.verdict)},
                   {"expected", v.expected}};
  if (!v.detail.empty()) out["detail"] = v.detail;
  if (!v.expectation.empty()) out["expectation"] = v.expectation;
  if (v.line > 0) out["line"] = v.line;
  if (v.wall_s > 0) out["wall_s"] = v.wall_s;
  if (!v.numbers.empty()) out["numbers"] = v.numbers;
  return out;
}

/// null: not known.
ordered_json taint_json(const std::optional<std::uint64_t>& taint) {
  return taint ? ordered_json(*taint) : ordered_json(nullptr);
}

ordered_json test_json(const TestData& t) {
  ordered_json out = verdict_json(t.row.verdict);
  if (t.row.ledger) out["ledger"] = ledger_json(*t.row.ledger);
  out["taint"] = {{"before", taint_json(t.row.taint_before)}, {"after", taint_json(t.row.taint_after)}};
  if (!t.row.counters.empty()) out["counters"] = t.row.counters;
  out["cases"] = ordered_json::array();
  for (const auto& c : t.cases) out["cases"].push_back(verdict_json(c));
  return out;
}

ordered_json event_json(const model::KernelEvent& e) {
  return {
      {"kind", e.kind},           {"title", e.title}, {"function", e.function}, {"first_line", e.first_line},
      {"last_line", e.last_line}, {"test", e.owner},  {"fatal", e.fatal}};
}

ordered_json job_json(const JobData& data) {
  const auto& j = data.job;
  ordered_json out{{"cell", j.cell_id}, {"arch", model::to_string(j.arch)}};
  out["point"] = {
      {"number", j.point.number}, {"label", j.point.label}, {"subject", j.point.subject}, {"tip", j.is_tip}};
  out["config"] = j.config;
  out["machine"] = j.machine;
  out["outcome"] = {
      {"kind", model::to_string(j.outcome.kind)}, {"phase", j.outcome.phase}, {"detail", j.outcome.detail}};
  out["kernel"] = {{"key", j.kernel_key},
                   {"release", j.kernel_release},
                   {"cached", j.build_cached},
                   {"build_wall_s", j.build_wall_s}};
  out["guest"] = {{"accel", j.accel},
                  {"accel_reason", j.accel_reason},
                  {"cpu_model", j.cpu_model},
                  {"boot_s", j.boot_s},
                  {"wall_s", j.wall_s}};
  out["dir"] = j.dir;
  out["capabilities"] = j.capabilities;
  out["capabilities_elsewhere"] = data.elsewhere;
  out["unmet"] = j.unmet;
  out["notes"] = j.notes;
  out["events"] = ordered_json::array();
  for (const auto& e : data.events) out["events"].push_back(event_json(e));
  out["tests"] = ordered_json::array();
  for (const auto& t : data.tests) out["tests"].push_back(test_json(t));
  return out;
}

}  // namespace

Result<std::string> json(const store::Store& store, const store::RunRow& run) {
  PINRIG_TRY(data, load(store, run));
  ordered_json out{{"format", "pinrig-run"}, {"version", 1}};
  out["id"] = run.id;
  out["spec"] = run.spec;
  out["base"] = run.base;
  out["series"] = run.series.empty() ? ordered_json(nullptr) : ordered_json(run.series);
  out["state"] = run.state;
  out["exit_code"] = run.exit_code < 0 ? ordered_json(nullptr) : ordered_json(run.exit_code);
  out["started"] = run.started;
  out["finished"] = run.finished.empty() ? ordered_json(nullptr) : ordered_json(run.finished);
  out["dir"] = run.dir;
  out["host"] = ordered_json::parse(run.host, nullptr, false);
  if (out["host"].is_discarded()) out["host"] = run.host;
  out["jobs"] = ordered_json::array();
  for (const auto& j : data.jobs) out["jobs"].push_back(job_json(j));
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pinrig::report
