// SPDX-License-Identifier: GPL-2.0
#include <nlohmann/json.hpp>

#include "ktap/ktap.h"

namespace pinrig::ktap {
namespace {

using Json = nlohmann::ordered_json;

Json case_json(const Case& c) {
  Json j{{"name", c.name}, {"status", to_string(c.status)}, {"number", c.number}, {"line", c.line}};
  if (!c.reason.empty()) j["reason"] = c.reason;
  if (c.time_ms >= 0) j["time_ms"] = c.time_ms;
  if (!c.diagnostics.empty()) j["diagnostics"] = c.diagnostics;
  for (const auto& sub : c.subtests) j["subtests"].push_back(case_json(sub));
  return j;
}

constexpr auto replace = Json::error_handler_t::replace;

/// `items` as the last key of an object that dump(2) wrote. Each is written and forgotten: a tree of JSON
/// values takes several times the memory of a large stream.
template <typename T, typename Make>
void add_list(std::string& out, const char* key, const std::vector<T>& items, Make make) {
  out.resize(out.find_last_not_of("}\n ") + 1);
  out += std::string(",\n  \"") + key + "\": [";
  bool first = true;
  for (const T& item : items) {
    out += first ? "\n    " : ",\n    ";
    first = false;
    for (const char c : make(item).dump(2, ' ', false, replace)) {
      out += c;
      if (c == '\n') out += "    ";
    }
  }
  out += items.empty() ? "]\n}" : "\n  ]\n}";
}

}  // namespace

const char* to_string(Status s) {
  switch (s) {
    case Status::pass:
      return "pass";
    case Status::fail:
      return "fail";
    case Status::skip:
      return "skip";
    case Status::xfail:
      return "xfail";
    case Status::xpass:
      return "xpass";
    case Status::error:
      return "error";
  }
  return "?";
}

const char* to_string(FindingKind k) {
  switch (k) {
    case FindingKind::no_output:
      return "no_output";
    case FindingKind::no_ktap:
      return "no_ktap";
    case FindingKind::no_plan:
      return "no_plan";
    case FindingKind::plan_shortfall:
      return "plan_shortfall";
    case FindingKind::plan_excess:
      return "plan_excess";
    case FindingKind::duplicate_plan:
      return "duplicate_plan";
    case FindingKind::no_tests:
      return "no_tests";
    case FindingKind::behind_text:
      return "behind_text";
    case FindingKind::wrong_number:
      return "wrong_number";
    case FindingKind::bail_out:
      return "bail_out";
    case FindingKind::unknown_directive:
      return "unknown_directive";
    case FindingKind::subtest_mismatch:
      return "subtest_mismatch";
    case FindingKind::totals_mismatch:
      return "totals_mismatch";
    case FindingKind::output_after_end:
      return "output_after_end";
    case FindingKind::bad_utf8:
      return "bad_utf8";
  }
  return "?";
}

std::string to_json(const Tree& tree) {
  Json j{{"version", tree.version}, {"bailed_out", tree.bailed_out}};
  j["plan"] = tree.plan ? Json(*tree.plan) : Json();
  if (!tree.plan_skip.empty()) j["plan_skip"] = tree.plan_skip;
  std::string out = j.dump(2, ' ', false, replace);
  add_list(out, "cases", tree.cases, case_json);
  add_list(out, "findings", tree.findings, [](const Finding& f) {
    return Json{{"kind", to_string(f.kind)}, {"line", f.line}, {"text", f.text}};
  });
  if (!tree.diagnostics.empty())
    add_list(out, "diagnostics", tree.diagnostics, [](const std::string& line) { return Json(line); });
  return out + "\n";
}

}  // namespace pinrig::ktap
