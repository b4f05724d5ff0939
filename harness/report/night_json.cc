// SPDX-License-Identifier: GPL-2.0
#include <nlohmann/json.hpp>

#include "report/nights.h"

namespace pinrig::report {
namespace {

using Json = nlohmann::json;

std::string dumped(const Json& j) { return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json line_json(const history::LineKey& key) {
  return {{"run", key.spec}, {"base", key.base}, {"series", key.series}, {"selection", key.selection}};
}

Json column_json(const history::ColumnKey& key) {
  return {{"point", key.point},
          {"arch", model::to_string(key.arch)},
          {"config", key.config},
          {"fragments", key.fragments}};
}

Json columns_json(const NightData& data, const std::vector<std::size_t>& columns) {
  Json out = Json::array();
  for (const auto c : columns) out.push_back(column_json(data.line.columns[c].key));
  return out;
}

Json nights_json(const NightData& data, std::size_t n) {
  Json out = Json::array();
  for (std::size_t i = 0; i < n; ++i) {
    const auto& night = data.line.nights[i];
    out.push_back({{"id", night.run_id}, {"started", night.started}, {"exit_code", night.exit_code}});
  }
  return out;
}

const char* state_word(history::State s) {
  switch (s) {
    case history::State::absent:
      return "absent";
    case history::State::green:
      return "green";
    case history::State::skipped:
      return "skipped";
    case history::State::known:
      return "known";
    case history::State::unusable:
      return "unusable";
    case history::State::unlisted:
      return "unlisted_skip";
    case history::State::gone:
      return "known_gone";
    case history::State::red:
      return "red";
  }
  return "?";
}

Json finding_json(const DeltaReport& r, std::size_t i) {
  const auto& f = r.delta.findings[i];
  Json out{{"section", history::to_string(f.section)},
           {"columns", columns_json(r.data, f.columns)},
           {"test", f.test},
           {"cases", f.cases},
           {"from", f.from},
           {"to", f.to},
           {"text", f.text},
           {"detail", r.details[i]},
           {"red", f.red},
           {"of", f.of},
           {"streak", f.streak}};
  if (f.red_now) out["since"] = r.data.line.nights[f.since].run_id;
  return out;
}

}  // namespace

std::string delta_json(const DeltaReport& r) {
  Json out{{"format", "pinrig-delta"},
           {"version", 1},
           {"run", r.data.line.nights[0].run_id},
           {"line", line_json(r.data.line.key)},
           {"against", nullptr},
           {"baseline", r.partner_name},
           {"other_line", r.data.other_line},
           {"sentence", delta_sentence(r)},
           {"alarms", r.delta.alarms()},
           {"compared", r.delta.compared},
           {"notes", r.delta.notes},
           {"findings", Json::array()},
           {"numbers", Json::array()}};
  if (r.delta.partner) out["against"] = r.data.line.nights[*r.delta.partner].run_id;
  for (std::size_t i = 0; i < r.delta.findings.size(); ++i) out["findings"].push_back(finding_json(r, i));
  for (const auto& n : r.delta.numbers) {
    Json number{{"column", column_json(r.data.line.columns[n.column].key)},
                {"test", n.test},
                {"number", history::to_string(n.number)},
                {"unit", history::unit_of(n.number)},
                {"before", n.before},
                {"now", n.now}};
    if (n.fence) number["fence"] = *n.fence;
    out["numbers"].push_back(std::move(number));
  }
  return dumped(out);
}

std::string grid_json(const NightData& data, const history::Grid& grid) {
  Json out{{"format", "pinrig-grid"},
           {"version", 1},
           {"line", line_json(data.line.key)},
           {"nights", nights_json(data, grid.nights)},
           {"stale", grid.stale},
           {"quiet", grid.quiet},
           {"broken", grid.broken},
           {"rows", Json::array()}};
  for (const auto& row : grid.rows) {
    Json cells = Json::array();
    for (const auto& c : row.cells) {
      Json cell{{"state", state_word(c.state)}};
      if (c.state != history::State::absent) cell["verdict"] = model::to_string(c.verdict);
      cells.push_back(std::move(cell));
    }
    Json r{{"test", row.name.test},
           {"case", row.name.case_name},
           {"column", column_json(data.line.columns[row.column].key)},
           {"word", history::to_string(row.pattern.word)},
           {"red", row.pattern.red},
           {"of", row.pattern.of},
           {"flips", row.pattern.flips},
           {"streak", row.pattern.streak},
           {"cells", std::move(cells)}};
    if (row.pattern.red_now) r["since"] = data.line.nights[row.since].run_id;
    out["rows"].push_back(std::move(r));
  }
  return dumped(out);
}

std::string history_json(const NightData& data, const TestHistory& h) {
  Json out{{"format", "pinrig-history"},
           {"version", 1},
           {"line", line_json(data.line.key)},
           {"test", h.test},
           {"case", h.case_name},
           {"entries", Json::array()}};
  for (const auto& e : h.entries) {
    const auto& column = data.line.columns[e.column];
    const auto& built = column.nights[e.night];
    const auto& v = e.row.verdict();
    Json entry{{"run", data.line.nights[e.night].run_id},
               {"started", data.line.nights[e.night].started},
               {"column", column_json(column.key)},
               {"kernel", built.id},
               {"version", built.version},
               {"verdict", model::to_string(v.verdict)},
               {"expected", e.row.expected()},
               {"broken_kernel", e.broken},
               {"detail", v.detail},
               {"wall_s", v.wall_s},
               {"diagnostics", v.diagnostics}};
    if (const auto& l = e.row.result.ledger; l && l->available)
      entry["pins"] = {{"acquired", l->after.acquired - l->before.acquired},
                       {"released", l->after.released - l->before.released},
                       {"outstanding", l->outstanding()},
                       {"settle_ms", l->settle_ms}};
    if (e.row.assessment) entry["rule"] = model::to_string(e.row.assessment->rule);
    out["entries"].push_back(std::move(entry));
  }
  return dumped(out);
}

}  // namespace pinrig::report
