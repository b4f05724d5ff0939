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

/// A JSON object that is written key by key and list item by list item: a tree of JSON values takes several
/// times the memory of a large stream.
class Writer {
 public:
  explicit Writer(const std::function<void(std::string_view)>& write) : write_(write) {}

  /// The object up to its last brace.
  void begin(const Json& object) {
    text_ = object.dump(2, ' ', false, replace);
    text_.resize(text_.find_last_not_of("}\n ") + 1);
  }

  template <typename T, typename Make>
  void list(const char* key, const std::vector<T>& items, Make make) {
    text_ += std::string(",\n  \"") + key + "\": [";
    bool first = true;
    for (const T& item : items) {
      text_ += first ? "\n    " : ",\n    ";
      first = false;
      for (const char c : make(item).dump(2, ' ', false, replace)) {
        text_ += c;
        if (c == '\n') text_ += "    ";
      }
      pass_on(64 << 10);
    }
    text_ += items.empty() ? "]" : "\n  ]";
  }

  void end() {
    text_ += "\n}\n";
    pass_on(0);
  }

 private:
  void pass_on(std::size_t least) {
    if (text_.size() < least) return;
    write_(text_);
    text_.clear();
  }

  const std::function<void(std::string_view)>& write_;
  std::string text_;
};

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

void write_json(const Tree& tree, const std::function<void(std::string_view)>& write) {
  Json j{{"version", tree.version}, {"bailed_out", tree.bailed_out}};
  j["plan"] = tree.plan ? Json(*tree.plan) : Json();
  if (!tree.plan_skip.empty()) j["plan_skip"] = tree.plan_skip;
  Writer out(write);
  out.begin(j);
  out.list("cases", tree.cases, case_json);
  out.list("findings", tree.findings, [](const Finding& f) {
    return Json{{"kind", to_string(f.kind)}, {"line", f.line}, {"text", f.text}};
  });
  if (!tree.diagnostics.empty())
    out.list("diagnostics", tree.diagnostics, [](const std::string& line) { return Json(line); });
  out.end();
}

std::string to_json(const Tree& tree) {
  std::string out;
  write_json(tree, [&](std::string_view piece) { out += piece; });
  return out;
}

}  // namespace pinrig::ktap
