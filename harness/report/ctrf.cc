// SPDX-License-Identifier: GPL-2.0
// CTRF, https://ctrf.io: one test per test and kernel, its cases are steps.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "assess/assess.h"
#include "base/text.h"
#include "report/digest.h"
#include "report/repeats.h"
#include "report/selection.h"
#include "report/text_layout.h"
#include "report/unfinished.h"
#include "report/why_text.h"

namespace pinrig::report {
namespace {

using model::Verdict;
using nlohmann::ordered_json;

constexpr const char* version = "0.0.0";  ///< of the specification

struct Summary {
  std::map<std::string, int> of;  ///< status to tests
  int flaky = 0;
};

std::string status_of(const Row& row) {
  const Verdict v = row.verdict().verdict;
  if (v == Verdict::skip && row.expected()) return "skipped";
  if (!row.assessment && is_bad(v)) return "pending";  // nobody has said yet
  if (row.expected()) return "passed";
  return v == Verdict::error || v == Verdict::missing ? "other" : "failed";
}

/// The worst of a test and its cases.
std::string status_of(const TestData& t) {
  std::string out = status_of(t.row);
  if (out == "failed" || out == "other") return out;
  for (const auto& c : t.cases) {
    const auto s = status_of(c);
    if (s == "failed" || s == "other") return s;
  }
  return out;
}

std::int64_t milliseconds(double seconds) { return std::llround(seconds * 1000); }

std::int64_t epoch_ms(const std::string& time) {
  const auto s = elapsed_s("1970-01-01T00:00:00Z", time);
  return s ? milliseconds(*s) : 0;
}

ordered_json attachment(const std::string& name, const std::string& path) {
  return {{"name", name}, {"contentType", "text/plain"}, {"path", path}};
}

ordered_json test_json(const KernelData& k, const GuestData& g, const TestData& t, bool flaky) {
  const auto& v = t.row.verdict();
  const std::string status = status_of(t);
  ordered_json out{{"name", fmt::format("{} [{}]", v.test, column_name(k.row))},
                   {"status", status},
                   {"duration", milliseconds(v.wall_s)},
                   {"suite", {k.row.id, suite_of(v.test)}},
                   {"rawStatus", model::to_string(v.verdict)}};
  if (flaky) out["flaky"] = true;
  const std::string message = v.detail.empty() ? reason_of(t.row) : v.detail;
  if (!message.empty()) out["message"] = message;
  if (status == "failed" || status == "other") {
    out["trace"] = join(why_lines(why_of(k, t), WhyLimits::none()), "\n");
    ordered_json files = ordered_json::array();
    if (const auto file = t.output_file(); !file.empty()) files.push_back(attachment("output", file));
    if (g.started()) files.push_back(attachment("console", g.row.dir + "/console.raw"));
    if (!files.empty()) out["attachments"] = std::move(files);
  }
  for (const auto& c : t.cases)
    out["steps"].push_back({{"name", c.verdict().case_name}, {"status", status_of(c)}});
  ordered_json extra{{"kernel", k.row.id}, {"expected", t.as_expected()}};
  if (t.row.assessment) extra["rule"] = model::to_string(t.row.assessment->rule);
  if (const auto& l = t.row.result.ledger; l && l->available) extra["outstanding_pages"] = l->outstanding();
  out["extra"] = std::move(extra);
  return out;
}

/// What no test says: a kernel that was not built, a guest that did not complete.
ordered_json other_json(const std::string& name, const std::string& message) {
  return {{"name", name}, {"status", "other"}, {"duration", 0}, {"message", message}};
}

std::string document_of(const store::RunRow* run, ordered_json tests, const Summary& s, ordered_json extra) {
  const auto n = [&](const char* status) {
    const auto it = s.of.find(status);
    return it == s.of.end() ? 0 : it->second;
  };
  const std::int64_t start = run == nullptr ? 0 : epoch_ms(run->started);
  const std::int64_t stop = run == nullptr || run->finished.empty() ? start : epoch_ms(run->finished);
  ordered_json summary{{"tests", tests.size()},   {"passed", n("passed")},   {"failed", n("failed")},
                       {"skipped", n("skipped")}, {"pending", n("pending")}, {"other", n("other")},
                       {"flaky", s.flaky},        {"start", start},          {"stop", stop}};
  const ordered_json out{{"reportFormat", "CTRF"},
                         {"specVersion", version},
                         {"generatedBy", "pinrig"},
                         {"results",
                          {{"tool", {{"name", "pinrig"}}},
                           {"summary", std::move(summary)},
                           {"tests", std::move(tests)},
                           {"extra", std::move(extra)}}}};
  return out.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

Result<std::string> ctrf(const store::Store& store, const store::RunRow& run, const Selection& what) {
  PINRIG_TRY(data, load(store, run, what.assessment));
  PINRIG_CHECK(narrow(data, what));
  ordered_json tests = ordered_json::array();
  Summary s;
  const auto add = [&](ordered_json test) {
    ++s.of[test.at("status").get<std::string>()];
    tests.push_back(std::move(test));
  };
  const auto repeated = repeats_of(data);
  const auto is_flaky = [&](const KernelData& k, const std::string& test) {
    for (const auto& r : repeated) {
      if (r.kernel == &k && r.test == assess::without_run(test))
        return assess::steadiness(r.attempts) == assess::Steadiness::flaky;
    }
    return false;
  };
  for (const auto& n : not_built_of(data)) add(other_json("build " + n.kernels.front(), n.sentence()));
  for (const auto& k : data.kernels) {
    if (!k.built()) continue;
    for (const auto& u : k.row.unmet) add(other_json("expectation of " + k.row.id, u));
    for (const auto& l : k.row.lost) add(other_json(name_of(l) + " on " + k.row.id, text_of(l)));
    for (const auto& g : k.guests) {
      for (const auto& t : g.tests) {
        const bool flaky = is_flaky(k, t.name());
        s.flaky += flaky ? 1 : 0;
        add(test_json(k, g, t, flaky));
      }
      if (!g.as_expected()) add(other_json("guest " + g.row.id, outcome_text(g.row.outcome)));
    }
  }
  ordered_json extra{{"run", run.id}, {"base", data.run.base}, {"series", data.run.series}};
  extra["state"] = store::to_string(data.run.state);
  extra["exit_code"] = data.run.exit_code < 0 ? ordered_json(nullptr) : ordered_json(data.run.exit_code);
  return document_of(&data.run, std::move(tests), s, std::move(extra));
}

std::string unfinished_ctrf(const Unfinished& u) {
  Summary s;
  s.of["other"] = 1;
  ordered_json tests = ordered_json::array();
  tests.push_back(other_json("run", clean(u.why + (u.hint.empty() ? "" : "; " + u.hint))));
  return document_of(nullptr, std::move(tests), s, ordered_json{{"state", "unfinished"}});
}

}  // namespace pinrig::report
