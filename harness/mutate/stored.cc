// SPDX-License-Identifier: GPL-2.0
// A MutationRun as JSON: what `pinrig mutate` stores and goes on from.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "mutate/score.h"

namespace pinrig::mutate {
namespace {

using nlohmann::ordered_json;

constexpr int version = 2;

ordered_json json_of(const Outcome& o) {
  const auto& m = o.mutant;
  return {
      {"number", m.number},          {"file", m.file},     {"line", m.line},        {"function", m.function},
      {"operator", to_string(m.op)}, {"text", m.text},     {"before", m.before},    {"after", m.after},
      {"fate", to_string(o.fate)},   {"by", o.by},         {"boots", o.boots},      {"tests", o.tests},
      {"reaching", o.reaching},      {"wall_s", o.wall_s}, {"budget_s", o.budget_s}};
}

Outcome outcome_from(const ordered_json& j) {
  Outcome o;
  auto& m = o.mutant;
  m.number = j.at("number");
  m.file = j.at("file").get<std::string>();
  m.line = j.at("line");
  m.function = j.at("function").get<std::string>();
  m.op = model::mutation_op_from_string(j.at("operator").get<std::string>())
             .value_or(model::MutationOp::drop_release);
  m.text = j.at("text").get<std::string>();
  m.before = j.at("before").get<std::string>();
  m.after = j.at("after").get<std::string>();
  o.fate = fate_from_string(j.at("fate").get<std::string>()).value_or(Fate::failed);
  o.by = j.at("by").get<std::string>();
  o.boots = j.at("boots");
  o.tests = j.at("tests");
  o.reaching = j.at("reaching");
  o.wall_s = j.at("wall_s");
  o.budget_s = j.value("budget_s", 0.0);
  return o;
}

ordered_json json_of(const std::vector<CaseReach>& cases) {
  auto out = ordered_json::array();
  for (const auto& c : cases)
    out.push_back({{"case", c.name}, {"reached", ranges_of(c.reached)}, {"wall_s", c.wall_s}});
  return out;
}

std::vector<CaseReach> cases_from(const ordered_json& list) {
  std::vector<CaseReach> out;
  for (const auto& j : list)
    out.push_back({j.at("case").get<std::string>(), numbers_of(j.at("reached").get<std::string>()),
                   j.at("wall_s").get<double>()});
  return out;
}

// What compare() looks at.
ordered_json json_of(const model::TestResult& r) {
  return {{"test", r.verdict.test},
          {"case", r.verdict.case_name},
          {"verdict", model::to_string(r.verdict.verdict)},
          {"pages", r.outstanding()}};
}

model::TestResult row_from(const ordered_json& j) {
  model::TestResult r;
  r.verdict.test = j.at("test").get<std::string>();
  r.verdict.case_name = j.at("case").get<std::string>();
  r.verdict.verdict =
      model::verdict_from_string(j.at("verdict").get<std::string>()).value_or(model::Verdict::missing);
  model::PinLedger ledger;
  ledger.available = true;
  ledger.after.acquired = j.at("pages");
  r.ledger = ledger;
  return r;
}

}  // namespace

std::string to_json(const MutationRun& r) {
  ordered_json j{{"format", "pinrig-mutation"},
                 {"version", version},
                 {"base", r.base},
                 {"series", r.series},
                 {"arch", r.arch},
                 {"digest", r.digest},
                 {"key", r.key},
                 {"programs", r.programs}};
  j["dropped"] = ranges_of(r.dropped);
  j["measured"] = r.measured;
  j["compared"] = r.compared;
  j["differs"] = r.differs;
  j["notes"] = r.notes;
  j["counts"] = ordered_json::array();
  for (const auto& c : counts_of(r.outcomes))
    j["counts"].push_back(
        {{"file", c.file},
         {"mutants", c.mutants},
         {"caught", c.caught},
         {"survived", c.survived},
         {"never_reached", c.never_reached},
         {"no_code", c.no_code},
         {"equivalent", c.equivalent},
         {"failed", c.failed},
         {"score", c.score() ? nlohmann::ordered_json(*c.score()) : nlohmann::ordered_json()}});
  j["outcomes"] = ordered_json::array();
  for (const auto& o : r.outcomes) j["outcomes"].push_back(json_of(o));
  ordered_json reference{{"reached", ordered_json::object()}, {"wall_s", r.reference.wall_s}};
  for (const auto& [test, numbers] : r.reference.reached) reference["reached"][test] = ranges_of(numbers);
  reference["cases"] = ordered_json::object();
  for (const auto& [test, cases] : r.reference.cases) reference["cases"][test] = json_of(cases);
  reference["rows"] = ordered_json::array();
  for (const auto& row : r.reference.rows) reference["rows"].push_back(json_of(row));
  j["reference"] = std::move(reference);
  j["plain"] = ordered_json::array();
  for (const auto& row : r.plain) j["plain"].push_back(json_of(row));
  return j.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<MutationRun> from_json(const std::string& text, const std::string& file) {
  try {
    const auto j = ordered_json::parse(text);
    if (j.at("format") != "pinrig-mutation" || j.at("version") != version)
      return make_error(ErrorKind::bad_input,
                        file + ": not a result of `pinrig mutate`, or of another version");
    MutationRun r;
    r.base = j.at("base").get<std::string>();
    r.series = j.at("series").get<std::string>();
    r.arch = j.at("arch").get<std::string>();
    r.digest = j.at("digest").get<std::string>();
    r.key = j.at("key").get<std::string>();
    r.programs = j.at("programs").get<std::string>();
    r.dropped = numbers_of(j.at("dropped").get<std::string>());
    r.measured = j.at("measured").get<std::set<std::string>>();
    r.compared = j.at("compared").get<std::set<std::string>>();
    for (const auto& row : j.at("plain")) r.plain.push_back(row_from(row));
    r.differs = j.at("differs").get<std::vector<std::string>>();
    r.notes = j.at("notes").get<std::vector<std::string>>();
    for (const auto& o : j.at("outcomes")) r.outcomes.push_back(outcome_from(o));
    const auto& reference = j.at("reference");
    r.reference.wall_s = reference.at("wall_s").get<std::map<std::string, double>>();
    for (const auto& [test, ranges] : reference.at("reached").items())
      r.reference.reached[test] = numbers_of(ranges.get<std::string>());
    for (const auto& [test, cases] : reference.at("cases").items())
      r.reference.cases[test] = cases_from(cases);
    for (const auto& row : reference.at("rows")) r.reference.rows.push_back(row_from(row));
    return r;
  } catch (const nlohmann::json::exception& e) {
    return make_error(ErrorKind::bad_input, file + ": " + json_reason(e.what()),
                      "remove it, and `pinrig mutate` begins again");
  }
}

}  // namespace pinrig::mutate
