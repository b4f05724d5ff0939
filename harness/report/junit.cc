// SPDX-License-Identifier: GPL-2.0
// JUnit XML as Jenkins and GitLab read it.
#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

#include "report/report.h"
#include "report/run_data.h"

namespace pinrig::report {
namespace {

using model::Verdict;

struct Totals {
  int tests = 0;
  int failures = 0;
  int errors = 0;
  int skipped = 0;
};

enum class Mark { passed, failure, error, skipped };

/// What nobody can trust is an error, what the kernel did wrong (or surprisingly well) a failure.
Mark mark_of(const model::TestVerdict& v) {
  if (v.expected) return v.verdict == Verdict::skip ? Mark::skipped : Mark::passed;
  switch (v.verdict) {
    case Verdict::missing:
    case Verdict::error:
    case Verdict::crash:
    case Verdict::timeout:
      return Mark::error;
    default:
      return Mark::failure;
  }
}

void property(pugi::xml_node parent, const char* name, const std::string& value) {
  auto list = parent.child("properties");
  if (!list) list = parent.prepend_child("properties");
  auto p = list.append_child("property");
  p.append_attribute("name") = name;
  p.append_attribute("value") = value.c_str();
}

std::string system_out(const TestData& t, const model::TestVerdict& v) {
  std::string out = fmt::format("verdict: {}\n", model::to_string(v.verdict));
  if (!v.detail.empty()) out += "detail: " + v.detail + "\n";
  if (!v.expectation.empty()) out += "expectation: " + v.expectation + "\n";
  for (const auto& [name, value] : v.numbers) out += fmt::format("{}: {:g}\n", name, value);
  if (!v.case_name.empty() || !t.row.ledger) return out;
  const auto& l = *t.row.ledger;
  if (!l.available) return out + "pins: not available on this kernel\n";
  return out + fmt::format("pins: {} acquired, {} released, {} outstanding\n", l.acquired(), l.released(),
                           l.outstanding());
}

/// Adds <failure>, <error> or <skipped> and counts it.
void add_mark(pugi::xml_node tc, const model::TestVerdict& v, Totals& totals) {
  static constexpr const char* tags[] = {"", "failure", "error", "skipped"};
  const Mark mark = mark_of(v);
  ++totals.tests;
  totals.failures += mark == Mark::failure;
  totals.errors += mark == Mark::error;
  totals.skipped += mark == Mark::skipped;
  if (mark == Mark::passed) return;
  auto node = tc.append_child(tags[static_cast<int>(mark)]);
  const std::string message = v.detail.empty() ? v.expectation : v.detail;
  node.append_attribute("message") = (message.empty() ? model::to_string(v.verdict) : message.c_str());
  if (mark != Mark::skipped) node.append_attribute("type") = model::to_string(v.verdict);
}

void add_case(pugi::xml_node suite, const JobData& job, const TestData& t, const model::TestVerdict& v,
              Totals& totals) {
  auto tc = suite.append_child("testcase");
  const auto slash = v.test.find('/');
  const std::string name = slash == std::string::npos ? v.test : v.test.substr(slash + 1);
  tc.append_attribute("classname") = (job.job.cell_id + "." + v.test.substr(0, slash)).c_str();
  tc.append_attribute("name") = (v.case_name.empty() ? name : name + ":" + v.case_name).c_str();
  tc.append_attribute("time") = fmt::format("{:.3f}", v.wall_s).c_str();
  if (v.expected && is_bad(v.verdict)) {
    property(tc, "verdict", model::to_string(v.verdict));
    property(tc, "expected", v.expectation);
  }
  add_mark(tc, v, totals);
  // Hundreds of cases that simply passed would say so in as many texts.
  if (!v.case_name.empty() && v.expected && v.verdict == Verdict::pass && v.numbers.empty()) return;
  tc.append_child("system-out").append_child(pugi::node_pcdata).set_value(system_out(t, v).c_str());
}

/// A job that did not complete is an error of its own: its tests alone do not say why.
void add_outcome(pugi::xml_node suite, const JobData& job, Totals& totals) {
  const auto& o = job.job.outcome;
  ++totals.tests;
  ++totals.errors;
  auto tc = suite.append_child("testcase");
  tc.append_attribute("classname") = job.job.cell_id.c_str();
  tc.append_attribute("name") = "job";
  tc.append_attribute("time") = "0.000";
  auto e = tc.append_child("error");
  e.append_attribute("message") = (o.phase.empty() ? o.detail : o.phase + ": " + o.detail).c_str();
  e.append_attribute("type") = model::to_string(o.kind);
}

void set_totals(pugi::xml_node node, const Totals& t) {
  node.append_attribute("tests") = t.tests;
  node.append_attribute("failures") = t.failures;
  node.append_attribute("errors") = t.errors;
  node.append_attribute("skipped") = t.skipped;
}

Totals add_suite(pugi::xml_node root, const RunData& data, const JobData& job) {
  const auto& j = job.job;
  Totals totals;
  auto suite = root.append_child("testsuite");
  suite.append_attribute("name") = j.cell_id.c_str();
  property(suite, "arch", model::to_string(j.arch));
  property(suite, "point", j.point.label);
  property(suite, "kernel", j.kernel_release);
  property(suite, "accel", j.accel);
  property(suite, "outcome", model::to_string(j.outcome.kind));
  for (const auto& [name, value] : j.capabilities) property(suite, ("capability." + name).c_str(), value);
  for (const auto& [name, value] : job.elsewhere)
    property(suite, ("capability_elsewhere." + name).c_str(), value);
  for (const auto& t : job.tests) {
    add_case(suite, job, t, t.row.verdict, totals);
    for (const auto& c : t.cases) add_case(suite, job, t, c, totals);
  }
  if (!job.completed()) add_outcome(suite, job, totals);
  set_totals(suite, totals);
  suite.append_attribute("time") = fmt::format("{:.3f}", j.wall_s).c_str();
  std::string started = data.run.started;
  if (!started.empty() && started.back() == 'Z')
    started.pop_back();  // the schema has local times without a zone
  suite.append_attribute("timestamp") = started.c_str();
  return totals;
}

}  // namespace

Result<std::string> junit(const store::Store& store, const store::RunRow& run) {
  PINRIG_TRY(data, load(store, run));
  pugi::xml_document doc;
  auto declaration = doc.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  auto root = doc.append_child("testsuites");
  root.append_attribute("name") = ("pinrig " + run.id).c_str();
  Totals all;
  for (const auto& j : data.jobs) {
    const Totals t = add_suite(root, data, j);
    all.tests += t.tests;
    all.failures += t.failures;
    all.errors += t.errors;
    all.skipped += t.skipped;
  }
  set_totals(root, all);
  std::ostringstream out;
  doc.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

}  // namespace pinrig::report
