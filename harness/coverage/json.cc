// SPDX-License-Identifier: GPL-2.0
// coverage.json in a run's folder.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "coverage/coverage.h"

namespace pinrig::coverage {
namespace {

using nlohmann::ordered_json;
using Words = std::vector<std::string>;

constexpr int version = 2;

ordered_json json_of(const FileLines& lines) {
  auto out = ordered_json::object();
  for (const auto& [file, of_file] : lines) out[file] = to_ranges(of_file);
  return out;
}

FileLines lines_from(const ordered_json& j) {
  FileLines out;
  for (const auto& [file, ranges] : j.items()) out[file] = from_ranges(ranges.get<std::string>());
  return out;
}

ordered_json json_of(const Patch& p) {
  return {{"number", p.number},
          {"subject", p.subject},
          {"patch_id", p.patch_id},
          {"files", p.files},
          {"lines", json_of(p.lines)}};
}

Patch patch_from(const ordered_json& j) {
  return {j.at("number").get<int>(), j.at("subject").get<std::string>(), j.at("patch_id").get<std::string>(),
          j.at("files").get<Words>(), lines_from(j.at("lines"))};
}

ordered_json json_of(const KernelLines& k) {
  ordered_json out{{"kernel", k.kernel},           {"arch", k.arch},
                   {"code", json_of(k.code)},      {"unbuilt", k.unbuilt},
                   {"not_counted", k.not_counted}, {"tests", ordered_json::object()}};
  for (const auto& t : k.tests) out["tests"][t.test] = json_of(t.ran);
  return out;
}

KernelLines kernel_from(const ordered_json& j) {
  KernelLines out{j.at("kernel").get<std::string>(),
                  j.at("arch").get<std::string>(),
                  lines_from(j.at("code")),
                  j.at("unbuilt").get<Words>(),
                  j.at("not_counted").get<std::map<std::string, std::string>>(),
                  {}};
  for (const auto& [test, ran] : j.at("tests").items()) out.tests.push_back({test, lines_from(ran)});
  return out;
}

ordered_json json_of(const std::vector<Kept>& kept) {
  auto out = ordered_json::array();
  for (const auto& k : kept) out.push_back({k.tip, k.base, k.count});
  return out;
}

std::vector<Kept> kept_from(const ordered_json& j) {
  std::vector<Kept> out;
  for (const auto& k : j) out.push_back({k.at(0).get<int>(), k.at(1).get<int>(), k.at(2).get<int>()});
  return out;
}

}  // namespace

std::string to_json(const RunCoverage& c) {
  ordered_json out{{"version", version},
                   {"base", c.base},
                   {"base_tree", c.base_tree},
                   {"series", c.series},
                   {"patches", ordered_json::array()},
                   {"kept", ordered_json::object()},
                   {"kernels", ordered_json::array()}};
  for (const auto& [file, kept] : c.kept) out["kept"][file] = json_of(kept);
  for (const auto& p : c.patches) out["patches"].push_back(json_of(p));
  for (const auto& k : c.kernels) out["kernels"].push_back(json_of(k));
  return out.dump(1) + "\n";
}

Result<RunCoverage> from_json(std::string_view text) {
  try {
    const auto j = ordered_json::parse(text);
    if (j.at("version").get<int>() != version)
      return make_error(ErrorKind::bad_input,
                        fmt::format("version {} of it is not known", j.at("version").dump()));
    RunCoverage out;
    out.base = j.at("base").get<std::string>();
    out.base_tree = j.at("base_tree").get<std::string>();
    for (const auto& [file, kept] : j.at("kept").items()) out.kept[file] = kept_from(kept);
    out.series = j.at("series").get<std::string>();
    for (const auto& p : j.at("patches")) out.patches.push_back(patch_from(p));
    for (const auto& k : j.at("kernels")) out.kernels.push_back(kernel_from(k));
    return out;
  } catch (const nlohmann::json::exception& e) {
    return make_error(ErrorKind::bad_input, json_reason(e.what()));
  }
}

}  // namespace pinrig::coverage
