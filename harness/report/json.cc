// SPDX-License-Identifier: GPL-2.0
// Everything the store has, as JSON. The keys are described in README.md in this folder.
#include <nlohmann/json.hpp>

#include "report/holders.h"
#include "report/matrix.h"
#include "report/patch_lines.h"
#include "report/repeats.h"
#include "report/selection.h"

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

ordered_json assessment_json(const Row& row) {
  if (!row.assessment) return nullptr;
  ordered_json out{{"rule", model::to_string(row.assessment->rule)}};
  if (!row.assessment->reason.empty()) out["reason"] = row.assessment->reason;
  if (!row.assessment->reference.empty()) out["reference"] = row.assessment->reference;
  return out;
}

ordered_json row_json(const Row& row) {
  const auto& v = row.verdict();
  ordered_json out{{"name", v.case_name.empty() ? v.test : v.case_name},
                   {"verdict", model::to_string(v.verdict)},
                   {"expected", row.assessment ? ordered_json(row.expected()) : ordered_json(nullptr)},
                   {"assessment", assessment_json(row)}};
  if (!v.detail.empty()) out["detail"] = v.detail;
  if (!v.diagnostics.empty()) out["diagnostics"] = v.diagnostics;
  if (v.line > 0) out["line"] = v.line;
  if (v.foreseen) out["foreseen"] = true;
  if (v.wall_s > 0) out["wall_s"] = v.wall_s;
  if (!v.numbers.empty()) out["numbers"] = v.numbers;
  return out;
}

/// null: not known.
ordered_json taint_json(const std::optional<std::uint64_t>& taint) {
  return taint ? ordered_json(*taint) : ordered_json(nullptr);
}

ordered_json test_json(const TestData& t) {
  const auto& r = t.row.result;
  ordered_json out = row_json(t.row);
  if (r.ledger) out["ledger"] = ledger_json(*r.ledger);
  out["taint"] = {{"before", taint_json(r.taint_before)}, {"after", taint_json(r.taint_after)}};
  if (!r.counters.empty()) out["counters"] = r.counters;
  out["cases"] = ordered_json::array();
  for (const auto& c : t.cases) out["cases"].push_back(row_json(c));
  return out;
}

ordered_json event_json(const model::KernelEvent& e) {
  ordered_json out{
      {"kind", e.kind},           {"title", e.title}, {"function", e.function}, {"first_line", e.first_line},
      {"last_line", e.last_line}, {"test", e.owner},  {"fatal", e.fatal},       {"count", e.count}};
  if (!e.text.empty()) out["text"] = e.text;
  for (const auto& l : e.lines) {
    ordered_json line{{"frame", l.frame},
                      {"function", l.function},
                      {"file", l.file},
                      {"line", l.line},
                      {"inlined", l.inlined}};
    if (l.patch > 0) line["patch"] = l.patch;
    out["lines"].push_back(std::move(line));
  }
  return out;
}

ordered_json outcome_json(const std::optional<model::JobOutcome>& o) {
  if (!o) return nullptr;
  return {{"kind", model::to_string(o->kind)}, {"phase", model::to_string(o->phase)}, {"detail", o->detail}};
}

ordered_json dump_json(const std::optional<model::Dump>& d) {
  if (!d) return nullptr;
  ordered_json out{{"cause", model::to_string(d->cause)}, {"test", d->test}, {"file", d->file}};
  out["problem"] = d->problem;
  out["bytes"] = d->bytes;
  out["took_s"] = d->took_s;
  out["vmlinux"] = d->vmlinux;
  out["debug_info"] = d->debug_info;
  if (d->file.empty()) return out;
  out["crash"] = model::crash_command(*d);
  out["drgn"] = model::drgn_command(*d);
  out["pins"] = model::pins_command(*d);
  return out;
}

ordered_json guest_json(const GuestData& data) {
  const auto& g = data.row;
  ordered_json out{{"id", g.id}, {"reason", g.reason}, {"machine", g.machine}, {"planned", g.planned}};
  out["outcome"] = outcome_json(g.outcome);
  out["release"] = g.release;
  out["accel"] = g.accel;
  out["accel_reason"] = g.accel_reason;
  out["cpu_model"] = g.cpu_model;
  out["boot_s"] = g.boot_s;
  out["wall_s"] = g.wall_s;
  out["dir"] = g.dir;
  out["counters"] = g.counters;
  out["capabilities"] = g.capabilities;
  out["setup_problems"] = g.setup;
  out["notes"] = g.notes;
  out["attempts"] = ordered_json::array();
  for (const auto& a : data.attempts)
    out["attempts"].push_back({{"number", a.number},
                               {"outcome", outcome_json(a.outcome)},
                               {"boot_s", a.boot_s},
                               {"wall_s", a.wall_s},
                               {"dir", a.dir},
                               {"loss", model::to_string(a.loss)},
                               {"evidence", a.evidence},
                               {"dump", dump_json(a.dump)}});
  out["events"] = ordered_json::array();
  for (const auto& e : data.events) out["events"].push_back(event_json(e));
  out["tests"] = ordered_json::array();
  for (const auto& t : data.tests) out["tests"].push_back(test_json(t));
  return out;
}

ordered_json kernel_json(const KernelData& data) {
  const auto& k = data.row;
  ordered_json out{{"id", k.id}, {"arch", model::to_string(k.arch)}, {"config", k.config.name}};
  out["fragments"] = k.config.fragments;
  out["point"] = {{"number", k.point.number}, {"label", k.point.label},    {"subject", k.point.subject},
                  {"commit", k.point.commit}, {"tree", k.point.tree},      {"patch_id", k.point.patch_id},
                  {"tip", k.is_tip},          {"version", k.point.version}};
  out["state"] = store::to_string(k.state);
  out["failure"] = k.failure.empty() ? ordered_json(nullptr) : ordered_json(k.failure);
  out["build_log"] = k.build_log.empty() ? ordered_json(nullptr) : ordered_json(k.build_log);
  out["key"] = k.key;
  out["dir"] = k.dir;
  out["cached"] = k.cached;
  out["build_wall_s"] = k.build_wall_s;
  out["capabilities"] = data.capabilities;
  out["capabilities_elsewhere"] = data.elsewhere;
  out["unmet"] = k.unmet;
  out["inherits"] = k.inherits.empty() ? ordered_json(nullptr) : ordered_json(k.inherits);
  out["warnings"] = k.warnings;
  out["unbuilt"] = ordered_json::array();
  for (const auto& u : k.unbuilt) out["unbuilt"].push_back({{"file", u.file}, {"why", u.why}});
  out["known_issues"] = k.known;
  out["lost"] = ordered_json::array();
  for (const auto& l : k.lost)
    out["lost"].push_back({{"test", l.test},
                           {"case", l.case_name},
                           {"before", model::to_string(l.before)},
                           {"reference", l.reference}});
  out["notes"] = k.notes;
  out["guests"] = ordered_json::array();
  for (const auto& g : data.guests) out["guests"].push_back(guest_json(g));
  return out;
}

/// Of a run with --repeat: "of" runs that were judged, "red" of them.
ordered_json repeats_json(const std::vector<Repeat>& all, const KernelData& kernel) {
  static constexpr const char* words[] = {"none", "passes", "flaky", "fails"};
  ordered_json out = ordered_json::array();
  for (const auto& r : all) {
    if (r.kernel != &kernel) continue;
    const auto& a = r.attempts;
    const auto rate = assess::wilson(a.red(), a.count());
    out.push_back({{"test", r.test},
                   {"of", a.count()},
                   {"red", a.red()},
                   {"low", rate.low},
                   {"high", rate.high},
                   {"word", words[static_cast<int>(assess::steadiness(a))]}});
  }
  return out;
}

ordered_json mark_json(const PointMark& m) {
  if (!m.verdict) return nullptr;
  ordered_json out{{"verdict", model::to_string(*m.verdict)}, {"expected", m.expected}};
  if (m.pages != 0) out["pages"] = m.pages;
  if (m.warnings != 0) out["warnings"] = m.warnings;
  return out;
}

ordered_json matrix_json(const RunData& data, const Matrix& m) {
  ordered_json out{{"arch", model::to_string(m.points.front()->row.arch)},
                   {"config", m.points.front()->row.config.name},
                   {"same_tests", m.same}};
  out["points"] = ordered_json::array();
  for (std::size_t i = 0; i < m.points.size(); ++i)
    out["points"].push_back(
        {{"number", m.points[i]->row.point.number},
         {"subject", m.points[i]->row.point.subject},
         {"no_code_change", !m.points[i]->row.inherits.empty()},
         {"nothing_built", data.unbuilt_at(m.points[i]->row.point.number, *m.points[i]).all},
         {"red_from_here", m.red_at(i)},
         {"new_warnings", m.new_warnings[i]}});
  out["rows"] = ordered_json::array();
  for (const auto& row : m.rows) {
    ordered_json marks = ordered_json::array();
    for (const auto& mark : row.marks) marks.push_back(mark_json(mark));
    out["rows"].push_back(
        {{"name", row.name},
         {"more_cases", row.more},
         {"first_red",
          row.first_red ? ordered_json(m.points[*row.first_red]->row.point.number) : ordered_json(nullptr)},
         {"marks", std::move(marks)}});
  }
  return out;
}

ordered_json series_patch_json(const store::PatchRow& p) {
  ordered_json out{{"number", p.point},          {"subject", p.subject},
                   {"commit", p.commit},         {"patch_id", p.patch_id},
                   {"message_id", p.message_id}, {"files", p.files},
                   {"merged", p.fit.merged},     {"moved_hunks", ordered_json::array()}};
  for (const auto& h : p.fit.hunks)
    out["moved_hunks"].push_back(
        {{"file", h.file}, {"line", h.line}, {"offset", h.offset}, {"fuzz", h.fuzz}});
  return out;
}

}  // namespace

Result<std::string> json(const store::Store& store, const store::RunRow& run, const Selection& what) {
  PINRIG_TRY(data, load(store, run, what.assessment));
  PINRIG_CHECK(narrow(data, what));
  ordered_json out{{"format", "pinrig-run"}, {"version", 2}};
  out["id"] = run.id;
  out["spec"] = data.run.spec;
  out["base"] = data.run.base;
  out["series"] = run.series.empty() ? ordered_json(nullptr) : ordered_json(data.run.series);
  out["faults"] = run.faults;
  out["purpose"] = run.purpose;
  out["state"] = store::to_string(run.state);
  const int code = data.run.exit_code;
  out["exit_code"] = code < 0 ? ordered_json(nullptr) : ordered_json(code);
  out["resumed"] = run.resumed;
  out["reassessed"] = what.assessment != nullptr;
  out["started"] = run.started;
  out["finished"] = run.finished.empty() ? ordered_json(nullptr) : ordered_json(run.finished);
  out["dir"] = run.dir;
  out["host"] = ordered_json::parse(run.host, nullptr, false);
  if (out["host"].is_discarded()) out["host"] = run.host;
  out["series_patches"] = ordered_json::array();
  for (const auto& p : data.patches) out["series_patches"].push_back(series_patch_json(p));
  out["matrix"] = ordered_json::array();
  for (const auto& m : matrices(data)) out["matrix"].push_back(matrix_json(data, m));
  out["kernels"] = ordered_json::array();
  const auto repeated = repeats_of(data);
  for (const auto& k : data.kernels) {
    out["kernels"].push_back(kernel_json(k));
    if (auto repeats = repeats_json(repeated, k); !repeats.empty())
      out["kernels"].back()["repeats"] = std::move(repeats);
    if (const auto* lines = lines_of(data, k.row.id)) {
      out["kernels"].back()["patches"] = patches_json(data, *lines);
      out["kernels"].back()["not_counted"] = not_counted(*lines);
    }
  }
  out["holders"] = holders_json(data);
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pinrig::report
