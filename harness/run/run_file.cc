// SPDX-License-Identifier: GPL-2.0
#include "run/run_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "model/job.h"
#include "run/assessment.h"
#include "run/run_facts.h"
#include "spec/spec.h"

namespace pinrig::run {
namespace {

using nlohmann::ordered_json;

/// Paths are absolute: the run is to be the same one from any directory.
ordered_json options_json(const RunOptions& o, const fs::path& project) {
  ordered_json j{{"run", spec::lasting_path(o.spec)},
                 {"series", spec::lasting_series(project, o.series)},
                 {"base", spec::lasting_path(o.base)},
                 {"points", o.points}};
  j["archs"] = ordered_json::array();
  for (const auto a : o.archs) j["archs"].push_back(to_string(a));
  j["tests"] = o.tests;
  j["accel"] = o.accel ? to_string(*o.accel) : "";
  j["env"] = ordered_json::array();
  for (const auto& e : o.env) j["env"].push_back({{"test", e.test}, {"env", e.env}});
  j["quick"] = o.quick;
  j["coverage"] = o.coverage;
  j["debug"] = o.debug;
  j["same"] = o.same;
  j["dump"] = ordered_json::array();
  for (const auto cause : o.dump.when) j["dump"].push_back(to_string(cause));
  j["dump_limit"] = o.dump.limit_mib;
  j["holders"] = o.holders;
  j["purpose"] = o.purpose;
  j["repeat"] = o.repeat;
  j["revert"] = o.revert;
  j["last_patch"] = o.last_patch;
  if (o.revision) j["revision"] = {{"url", o.revision->url}, {"rev", o.revision->rev}};
  return j;
}

RunOptions options_of(const ordered_json& j) {
  RunOptions o;
  o.spec = j.at("run");
  o.series = j.at("series");
  o.base = j.at("base");
  o.points = j.at("points").get<std::vector<std::string>>();
  for (const auto& a : j.at("archs")) {
    if (const auto arch = model::arch_from_string(a)) o.archs.push_back(*arch);
  }
  o.tests = j.at("tests").get<std::vector<std::string>>();
  for (const auto accel : {model::Accel::automatic, model::Accel::kvm, model::Accel::tcg}) {
    if (j.at("accel") == to_string(accel)) o.accel = accel;
  }
  for (const auto& e : j.at("env"))
    o.env.push_back({e.at("test"), e.at("env").get<std::map<std::string, std::string>>(), {}});
  // Runs of before had no such options.
  o.coverage = j.value("coverage", false);
  o.debug = j.value("debug", false);
  o.quick = j.value("quick", false);
  o.same = j.value("same", false);
  for (const auto& word : j.value("dump", std::vector<std::string>())) {
    if (const auto cause = model::dump_cause_from_string(word)) o.dump.when.push_back(*cause);
  }
  o.dump.limit_mib = j.value("dump_limit", o.dump.limit_mib);
  o.holders = j.value("holders", false);
  o.purpose = j.at("purpose");
  o.repeat = j.value("repeat", 1);
  if (const auto it = j.find("revert"); it != j.end() && it->is_array())
    o.revert = it->get<std::vector<std::string>>();
  else if (it != j.end() && it->get<int>() > 0)
    o.revert = {std::to_string(it->get<int>())};
  o.last_patch = j.value("last_patch", 0);
  if (j.contains("revision")) o.revision = {j.at("revision").at("url"), j.at("revision").at("rev")};
  return o;
}

ordered_json point_json(const model::Point& p) {
  return {{"number", p.number}, {"label", p.label},       {"subject", p.subject}, {"commit", p.commit},
          {"tree", p.tree},     {"patch_id", p.patch_id}, {"version", p.version}};
}

model::Point point_of(const ordered_json& j) {
  return {.number = j.at("number"),
          .label = j.at("label"),
          .subject = j.at("subject"),
          .commit = j.at("commit"),
          .tree = j.at("tree"),
          .patch_id = j.at("patch_id"),
          .version = j.at("version")};
}

ordered_json guest_json(const model::Guest& g) {
  ordered_json tests = ordered_json::array();
  for (const auto& t : g.tests)
    tests.push_back({{"name", t.name}, {"args", t.args}, {"limit_s", t.limit_s}, {"env", t.env}});
  return {{"id", g.id},
          {"reason", g.reason},
          {"machine", ordered_json::parse(model::machine_to_json(g.machine))},
          {"tests", std::move(tests)}};
}

ordered_json plan_json(const plan::Plan& plan) {
  ordered_json kernels = ordered_json::array();
  for (const auto& k : plan.kernels) {
    ordered_json guests = ordered_json::array();
    for (const auto& g : k.guests) guests.push_back(guest_json(g));
    kernels.push_back({{"id", k.id},
                       {"point", k.point.number},
                       {"arch", to_string(k.arch)},
                       {"config", k.config.name},
                       {"fragments", k.config.fragments},
                       {"counts_lines", plan.counting.contains(k.id)},
                       {"guests", std::move(guests)}});
  }
  return kernels;
}

/// The tests of a plan as --test would name them, and whether it counts lines.
void read_plan(const ordered_json& kernels, RecordedRun& out) {
  for (const auto& k : kernels) {
    out.coverage = out.coverage || k.value("counts_lines", false);
    for (const auto& g : k.at("guests")) {
      for (const auto& t : g.at("tests")) {
        const auto name = t.at("name").get<std::string>();
        const bool known = std::find(out.tests.begin(), out.tests.end(), name) != out.tests.end();
        if (!known) out.tests.push_back(name);
      }
    }
  }
}

ordered_json expect_json(const std::vector<model::Expectation>& list) {
  ordered_json out = ordered_json::array();
  for (const auto& e : list) {
    ordered_json j{{"tests", e.tests}, {"verdicts", ordered_json::array()}, {"points", e.points}};
    for (const auto v : e.verdicts) j["verdicts"].push_back(model::to_string(v));
    j["archs"] = ordered_json::array();
    for (const auto a : e.archs) j["archs"].push_back(to_string(a));
    j["reason"] = e.reason;
    j["required"] = e.required;
    j["file"] = e.where.file;
    j["line"] = e.where.line;
    j["column"] = e.where.column;
    out.push_back(std::move(j));
  }
  return out;
}

std::vector<model::Expectation> expect_of(const ordered_json& list) {
  std::vector<model::Expectation> out;
  for (const auto& j : list) {
    model::Expectation e;
    e.tests = j.at("tests");
    for (const auto& v : j.at("verdicts")) {
      if (const auto known = model::verdict_from_string(v)) e.verdicts.push_back(*known);
    }
    e.points = j.at("points").get<std::vector<std::string>>();
    for (const auto& a : j.at("archs")) {
      if (const auto arch = model::arch_from_string(a)) e.archs.push_back(*arch);
    }
    e.reason = j.at("reason");
    e.required = j.at("required");
    e.where = {j.at("file"), j.at("line"), j.at("column")};
    out.push_back(std::move(e));
  }
  return out;
}

}  // namespace

std::string run_to_json(const RunOptions& options, const Inputs& in, const Sources& sources,
                        const plan::Plan& plan, const Services& services) {
  ordered_json j{{"format", "pinrig-run-input"}, {"version", 1}, {"store", store::schema_version()}};
  j["command"] = command_json();
  j["options"] = options_json(options, services.paths.project);
  j["run"] = in.spec.name;
  j["base"] = base_json(in.base);
  j["series"] = in.series ? series_json(*in.series) : ordered_json(nullptr);
  j["machine"] = in.machine.name;
  j["accel"] = to_string(in.spec.accel);
  j["faults"] = in.has_faults;
  j["points"] = ordered_json::array();
  for (const auto& p : points_of(sources)) j["points"].push_back(point_json(p));
  j["kernels"] = plan_json(plan);
  j["fragments"] = fragments_json(plan, services.paths.project);
  j["guest_programs"] = guest_programs_json(services.paths.project);
  const auto rules = rulebook_of(in, "");
  j["expect"] = expect_json(rules.expect);
  j["expect_same"] = rules.same;
  j["capabilities"] = rules.capabilities;
  j["notes"] = plan.notes;
  j["jobs"] = services.jobs;
  j["project"] = services.paths.project.string();
  j["environment"] = environment_json();
  j["versions"] = versions_json(in.spec.archs, services);
  return j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<RecordedRun> read_run_file(const fs::path& file) {
  std::error_code ec;
  if (!fs::exists(file, ec))
    return make_error(ErrorKind::bad_input, file.string() + ": no such file",
                      "older versions of pinrig did not write it; their runs cannot be repeated by ID");
  PINRIG_TRY(text, read_file(file));
  try {
    const auto j = ordered_json::parse(text);
    RecordedRun out;
    out.options = options_of(j.at("options"));
    for (const auto& p : j.at("points")) out.points.push_back(point_of(p));
    out.jobs = j.value("jobs", 0);
    out.project = j.value("project", "");
    if (j.contains("kernels")) read_plan(j.at("kernels"), out);
    if (!j.contains("expect")) return out;
    out.rules.emplace();
    out.rules->base = j.at("base").at("name");
    out.rules->expect = expect_of(j.at("expect"));
    out.rules->same = j.value("expect_same", false);
    out.rules->capabilities = j.at("capabilities").get<std::map<std::string, std::string>>();
    return out;
  } catch (const ordered_json::exception& e) {
    return make_error(ErrorKind::bad_input,
                      file.string() + ": not the run.json of a run: " + json_reason(e.what()));
  }
}

std::vector<std::string> source_changes(const RecordedRun& then, const Sources& now) {
  std::vector<std::string> out;
  const auto points = points_of(now);
  const auto differ = [&](const std::string& what, const std::string& is, const std::string& was) {
    const auto shown = [](const std::string& id) { return id.empty() ? "unknown" : id.substr(0, 12); };
    out.push_back(fmt::format("{} {} now, it was {}", what, shown(is), shown(was)));
  };
  if (points.size() != then.points.size())
    out.push_back(fmt::format("the series has {} now, it had {}", count_of(points.size() - 1, "patch"),
                              then.points.size() - 1));
  for (std::size_t i = 0; i < std::min(points.size(), then.points.size()); ++i) {
    const auto& is = points[i];
    const auto& was = then.points[i];
    if (i == 0 && is.commit != was.commit) differ("the base is commit", is.commit, was.commit);
    if (i > 0 && is.patch_id != was.patch_id)
      differ(fmt::format("patch {} \"{}\" has patch-id", is.number, is.subject), is.patch_id, was.patch_id);
    else if (is.tree != was.tree)
      differ(is.label + " is tree", is.tree, was.tree);
  }
  return out;
}

RunOptions with_overrides(RunOptions recorded, const RunOptions& typed) {
  if (!typed.points.empty()) recorded.points = typed.points;
  if (!typed.archs.empty()) recorded.archs = typed.archs;
  if (!typed.tests.empty()) recorded.tests = typed.tests;
  if (!typed.env.empty()) recorded.env = typed.env;
  if (typed.accel) recorded.accel = typed.accel;
  recorded.quick = recorded.quick || typed.quick;
  recorded.coverage = recorded.coverage || typed.coverage;
  recorded.debug = recorded.debug || typed.debug;
  recorded.same = recorded.same || typed.same;
  if (typed.repeat > 1) recorded.repeat = typed.repeat;
  if (!typed.dump.when.empty()) recorded.dump = typed.dump;
  recorded.holders = recorded.holders || typed.holders;
  recorded.purpose = typed.purpose;
  return recorded;
}

}  // namespace pinrig::run
