// SPDX-License-Identifier: GPL-2.0
#include "run/run_file.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/environment.h"
#include "base/text.h"
#include "process/process.h"
#include "vm/qemu_args.h"

namespace pinrig::run {
namespace {

using nlohmann::ordered_json;

constexpr std::array recorded_variables{Variable("PINRIG_CACHE"),   Variable("PINRIG_STATE"),
                                        Variable("PINRIG_PROJECT"), Variable("CCACHE_DIR"),
                                        Variable("CCACHE_DISABLE"), Variable("TMPDIR")};

ordered_json options_json(const RunOptions& o) {
  ordered_json j{{"run", o.spec}, {"series", o.series}, {"base", o.base}, {"points", o.points}};
  j["archs"] = ordered_json::array();
  for (const auto a : o.archs) j["archs"].push_back(to_string(a));
  j["tests"] = o.tests;
  j["accel"] = o.accel ? to_string(*o.accel) : "";
  j["env"] = ordered_json::array();
  for (const auto& e : o.env) j["env"].push_back({{"test", e.test}, {"env", e.env}});
  j["purpose"] = o.purpose;
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
  o.purpose = j.at("purpose");
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
  for (const auto& t : g.tests) tests.push_back({{"name", t.name}, {"limit_s", t.limit_s}, {"env", t.env}});
  return {{"id", g.id},
          {"reason", g.reason},
          {"machine", g.machine.name},
          {"cpus", g.machine.cpus},
          {"memory_mib", g.machine.memory_mib},
          {"numa_nodes", g.machine.numa_nodes},
          {"kernel_args", g.machine.kernel_args},
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
                       {"guests", std::move(guests)}});
  }
  return kernels;
}

/// The first line of a program's --version output; empty when it is not installed.
std::string version_of(const std::string& program, const CancelToken& cancel) {
  const auto said = process::run({.argv = {program, "--version"}}, cancel);
  return said.has_value() && process::succeeded(said->status) ? said->out.substr(0, said->out.find('\n'))
                                                              : "";
}

ordered_json versions_json(const Inputs& in, const Services& services) {
  ordered_json j{{"pinrig", PINRIG_VERSION}};
  for (const auto arch : in.spec.archs) {
    const std::string qemu = vm::qemu_program(arch);
    j[qemu] = version_of(qemu, services.cancel);
  }
  for (const char* tool : {"gcc", "aarch64-linux-gnu-gcc", "ld", "make"})
    j[tool] = version_of(tool, services.cancel);
  return j;
}

ordered_json environment_json() {
  ordered_json j = ordered_json::object();
  for (const Variable variable : recorded_variables) {
    if (const auto value = environment(variable)) j[variable.name()] = *value;
  }
  return j;
}

}  // namespace

std::string run_to_json(const RunOptions& options, const Inputs& in, const Sources& sources,
                        const plan::Plan& plan, const Services& services) {
  ordered_json j{{"format", "pinrig-run-input"}, {"version", 1}};
  j["options"] = options_json(options);
  j["run"] = in.spec.name;
  j["base"] = in.base.name;
  j["series"] = in.series ? in.series->name : "";
  j["machine"] = in.machine.name;
  j["accel"] = to_string(in.spec.accel);
  j["faults"] = in.has_faults;
  j["points"] = ordered_json::array();
  for (const auto& p : points_of(sources)) j["points"].push_back(point_json(p));
  j["kernels"] = plan_json(plan);
  j["notes"] = plan.notes;
  j["jobs"] = services.jobs;
  j["project"] = services.paths.project.string();
  j["environment"] = environment_json();
  j["versions"] = versions_json(in, services);
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
    return out;
  } catch (const ordered_json::exception& e) {
    return make_error(ErrorKind::bad_input, file.string() + ": " + e.what());
  }
}

std::vector<std::string> source_changes(const RecordedRun& then, const Sources& now) {
  std::vector<std::string> out;
  const auto points = points_of(now);
  if (points.size() != then.points.size())
    out.push_back(fmt::format("the series has {} now, it had {}", count_of(points.size() - 1, "patch"),
                              then.points.size() - 1));
  for (std::size_t i = 0; i < std::min(points.size(), then.points.size()); ++i) {
    if (points[i].tree == then.points[i].tree) continue;
    out.push_back(fmt::format("{} is tree {} now, it was {}", points[i].label, points[i].tree.substr(0, 12),
                              then.points[i].tree.substr(0, 12)));
  }
  return out;
}

}  // namespace pinrig::run
