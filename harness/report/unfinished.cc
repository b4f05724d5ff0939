// SPDX-License-Identifier: GPL-2.0
#include "report/unfinished.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "base/text.h"
#include "report/text_layout.h"

namespace pinrig::report {

std::string unfinished_junit(const Unfinished& u) {
  pugi::xml_document doc;
  auto declaration = doc.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  auto root = doc.append_child("testsuites");
  auto suite = root.append_child("testsuite");
  suite.append_attribute("name") = "pinrig";
  for (auto node : {root, suite}) {
    node.append_attribute("tests") = 1;
    node.append_attribute("failures") = 0;
    node.append_attribute("errors") = 1;
    node.append_attribute("skipped") = 0;
  }
  auto tc = suite.append_child("testcase");
  tc.append_attribute("classname") = "pinrig";
  tc.append_attribute("name") = "run";
  tc.append_attribute("time") = "0.000";
  auto error = tc.append_child("error");
  const std::string why = clean(u.why);
  error.append_attribute("message") = why.c_str();
  error.append_attribute("type") =
      u.exit_code < 0 ? "unfinished" : fmt::format("exit {}", u.exit_code).c_str();
  const std::string text = why + (u.hint.empty() ? "" : "\n" + clean(u.hint));
  error.append_child(pugi::node_pcdata).set_value(text.c_str());
  std::ostringstream out;
  doc.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

std::string unfinished_ktap(const Unfinished& u) {
  std::string why = clean(u.why);
  std::replace(why.begin(), why.end(), '#', '_');
  const std::string hint = u.hint.empty() ? "" : fmt::format("# {}\n", clean(u.hint));
  return fmt::format("KTAP version 1\n1..1\n{}not ok 1 run # ERROR {}\n", hint, why);
}

std::string unfinished_json(const Unfinished& u) {
  using nlohmann::ordered_json;
  ordered_json out{{"format", "pinrig-run"}, {"version", 2}, {"id", nullptr}, {"state", "unfinished"}};
  out["exit_code"] = u.exit_code < 0 ? ordered_json(nullptr) : ordered_json(u.exit_code);
  out["error"] = {{"message", shown_lines(u.why)}, {"hint", shown_lines(u.hint)}};
  out["kernels"] = ordered_json::array();
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace pinrig::report
