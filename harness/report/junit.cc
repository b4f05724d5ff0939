// SPDX-License-Identifier: GPL-2.0
// JUnit XML as Jenkins and GitLab read it.
#include <fmt/format.h>

#include <map>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "assess/assess.h"
#include "base/file.h"
#include "base/text.h"
#include "report/digest.h"
#include "report/patch_lines.h"
#include "report/report.h"
#include "report/selection.h"
#include "report/why_text.h"

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

/// What all test cases of the file have in common.
struct Writer {
  const RunData& data;
  std::string root;                                    ///< attachments are relative to it; empty: absolute
  bool several;                                        ///< kernels: names have to say which
  std::set<std::pair<std::string, std::string>> used;  ///< classname and name: of two, GitLab drops one
};

/// Untrustworthy results are errors; wrong (or surprisingly good) behavior of the kernel is a failure.
Mark mark_of(const Row& row) {
  const Verdict v = row.verdict().verdict;
  // Nobody can tell yet: neither passed nor failed.
  if (!row.assessment && is_bad(v)) return Mark::skipped;
  if (row.expected()) return v == Verdict::skip ? Mark::skipped : Mark::passed;
  switch (v) {
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

std::string system_out(const Row& row) {
  const auto& v = row.verdict();
  std::string out = fmt::format("verdict: {}\n", model::to_string(v.verdict));
  if (!v.detail.empty()) out += "detail: " + v.detail + "\n";
  if (const auto reason = reason_of(row); !reason.empty()) out += "assessment: " + reason + "\n";
  for (const auto& line : v.diagnostics) out += "# " + line + "\n";
  for (const auto& [name, value] : v.numbers) out += fmt::format("{}: {:g}\n", name, value);
  if (!v.case_name.empty() || !row.result.ledger) return out;
  const auto& l = *row.result.ledger;
  if (!l.available) return out + "pins: not available on this kernel\n";
  return out + fmt::format("pins: {} acquired, {} released, {} outstanding\n", l.acquired(), l.released(),
                           l.outstanding());
}

/// Adds <failure>, <error> or <skipped> with its text and counts it.
void add_mark(pugi::xml_node tc, const Row& row, const std::string& text, Totals& totals) {
  static constexpr const char* tags[] = {"", "failure", "error", "skipped"};
  const Mark mark = mark_of(row);
  ++totals.tests;
  totals.failures += mark == Mark::failure;
  totals.errors += mark == Mark::error;
  totals.skipped += mark == Mark::skipped;
  if (mark == Mark::passed) return;
  const auto& v = row.verdict();
  auto node = tc.append_child(tags[static_cast<int>(mark)]);
  std::string message = v.detail.empty() ? reason_of(row) : v.detail;
  if (!row.assessment && is_bad(v.verdict))
    message = fmt::format("{}, not assessed yet{}{}", model::to_string(v.verdict),
                          message.empty() ? "" : ": ", message);
  node.append_attribute("message") = (message.empty() ? model::to_string(v.verdict) : message.c_str());
  if (mark == Mark::skipped) return;
  node.append_attribute("type") = model::to_string(v.verdict);
  // GitLab and others show the text only.
  node.append_child(pugi::node_pcdata).set_value(text.c_str());
}

/// One fault is one failure: what only follows from another is skipped, and says from which.
void skip_row(pugi::xml_node tc, const Row& row, const std::string& fault, Totals& totals) {
  const auto& v = row.verdict();
  ++totals.tests;
  ++totals.skipped;
  const std::string message = fmt::format("{}: part of {}{}{}", model::to_string(v.verdict), fault,
                                          v.detail.empty() ? "" : ": ", v.detail);
  tc.append_child("skipped").append_attribute("message") = message.c_str();
}

/// Alone on its line, as GitLab and Jenkins read it. GitLab needs a path in the project, Jenkins a whole one.
std::string attachment(const Writer& w, const std::string& file) {
  std::string path = file;
  if (!w.root.empty()) {
    const auto inside = fs::path(file).lexically_relative(w.root);
    if (!inside.empty() && *inside.begin() != "..") path = inside.string();
  }
  return "[[ATTACHMENT|" + path + "]]\n";
}

/// Everything that says why, and the files to look at (GitLab and Jenkins show them).
std::string failure_text(const Writer& w, const KernelData& kernel, const GuestData& guest,
                         const TestData& t) {
  std::string out;
  for (const auto& line : why_lines(why_of(kernel, t), WhyLimits::none())) out += line + "\n";
  for (const auto& l : kernel.row.lost) {
    if (l.test == t.name() && !l.case_name.empty()) out += "gone: " + name_of(l) + ", " + text_of(l) + "\n";
  }
  if (const auto file = t.output_file(); !file.empty()) out += attachment(w, file);
  if (!guest.started()) return out;
  return out + attachment(w, guest.row.dir + "/console.raw") + attachment(w, guest.row.dir + "/repro.sh");
}

/// classname and name of a row.
void set_names(Writer& w, pugi::xml_node tc, const KernelData& kernel, const GuestData& guest,
               const model::TestVerdict& v) {
  const std::string test = assess::without_run(v.test);
  const auto slash = test.find('/');
  const auto& k = kernel.row;
  const std::string config = k.config.name.empty() ? "" : "-" + k.config.name;
  const std::string classname = fmt::format("pinrig.{}{}.{}.{}", model::to_string(k.arch), config,
                                            k.point.label, test.substr(0, slash));
  std::string name = slash == std::string::npos ? test : test.substr(slash + 1);
  if (!v.case_name.empty()) name += ":" + v.case_name;
  if (w.several) name += fmt::format(" [{} {}{}]", k.point.label, model::to_string(k.arch), config);
  if (!w.used.emplace(classname, name).second) {
    name += " (" + guest.row.id + ")";
    for (int n = 2; !w.used.emplace(classname, name).second; ++n) name += fmt::format(" {}", n);
  }
  tc.append_attribute("classname") = classname.c_str();
  tc.append_attribute("name") = name.c_str();
}

/// The fault that explains a row; empty: the row is one itself. A test went with its guest, a case with its
/// test, or with an earlier case of the same words.
std::string fault_of(const GuestData& guest, const TestData& t, const Row& row) {
  const auto& v = row.verdict();
  if (row.expected()) return "";
  if (v.verdict == Verdict::missing && guest.ended() && !guest.as_expected())
    return "the end of guest " + guest.row.id;
  if (v.case_name.empty()) return "";
  if (!t.row.expected()) return "the failure of " + v.test;
  for (const auto& c : t.cases) {
    const auto& o = c.verdict();
    if (&c == &row) return "";
    if (!c.expected() && o.verdict == v.verdict && o.detail == v.detail && reason_of(c) == reason_of(row) &&
        !(v.detail.empty() && reason_of(row).empty()))
      return "the failure of " + v.test + ":" + o.case_name;
  }
  return "";
}

void add_row(Writer& w, pugi::xml_node suite, const KernelData& kernel, const GuestData& guest,
             const TestData& t, const Row& row, Totals& totals) {
  const auto& v = row.verdict();
  auto tc = suite.append_child("testcase");
  set_names(w, tc, kernel, guest, v);
  tc.append_attribute("time") = fmt::format("{:.3f}", v.wall_s).c_str();
  if (row.assessment && row.expected() && is_bad(v.verdict)) {
    property(tc, "verdict", model::to_string(v.verdict));
    property(tc, "rule", model::to_string(row.assessment->rule));
    property(tc, "expected", reason_of(row));
  }
  std::string text = system_out(row);
  if (v.case_name.empty() && !row.expected()) text = failure_text(w, kernel, guest, t);
  if (const auto fault = fault_of(guest, t, row); !fault.empty())
    skip_row(tc, row, fault, totals);
  else
    add_mark(tc, row, text, totals);
  // Hundreds of cases that simply passed would say so in as many texts.
  if (!v.case_name.empty() && row.expected() && v.verdict == Verdict::pass && v.numbers.empty()) return;
  tc.append_child("system-out").append_child(pugi::node_pcdata).set_value(text.c_str());
}

/// The runs of a test that ran several times (`--repeat`) are one test case. It is that of the first run that
/// is not as expected; further reds are reruns of it, or marks of a test that is flaky and as expected.
void add_runs(Writer& w, pugi::xml_node suite, const KernelData& kernel, const GuestData& guest,
              const std::vector<const TestData*>& runs, Totals& totals) {
  const TestData* shown = runs.front();
  for (const auto* t : runs) {
    if (shown->as_expected() && !t->as_expected()) shown = t;
  }
  add_row(w, suite, kernel, guest, *shown, shown->row, totals);
  auto tc = suite.last_child();
  const char* tag = shown->as_expected() ? "flakyFailure" : "rerunFailure";
  for (const auto* t : runs) {
    const auto& v = t->row.verdict();
    const bool red = is_bad(v.verdict) || !t->as_expected();
    if (runs.size() < 2 || !red || (t == shown && !t->as_expected())) continue;
    auto node = tc.append_child(tag);
    node.append_attribute("message") = (v.detail.empty() ? model::to_string(v.verdict) : v.detail.c_str());
    node.append_attribute("type") = model::to_string(v.verdict);
    node.append_child(pugi::node_pcdata).set_value(failure_text(w, kernel, guest, *t).c_str());
  }
  for (const auto& c : shown->cases) add_row(w, suite, kernel, guest, *shown, c, totals);
}

/// A testcase of ours: something about a kernel, a guest or the run that no test says.
void add_error(pugi::xml_node suite, const std::string& classname, const std::string& name,
               const std::string& type, const std::string& text, Totals& totals) {
  ++totals.tests;
  ++totals.errors;
  auto tc = suite.append_child("testcase");
  tc.append_attribute("classname") = classname.c_str();
  tc.append_attribute("name") = name.c_str();
  tc.append_attribute("time") = "0.000";
  auto e = tc.append_child("error");
  e.append_attribute("message") = text.c_str();
  e.append_attribute("type") = type.c_str();
  e.append_child(pugi::node_pcdata).set_value(text.c_str());
}

void set_totals(pugi::xml_node node, const Totals& t) {
  node.append_attribute("tests") = t.tests;
  node.append_attribute("failures") = t.failures;
  node.append_attribute("errors") = t.errors;
  node.append_attribute("skipped") = t.skipped;
}

std::string timestamp(const RunData& data) {
  std::string started = data.run.started;
  if (!started.empty() && started.back() == 'Z')
    started.pop_back();  // the schema has local times without a zone
  return started;
}

Totals add_guest(Writer& w, pugi::xml_node root, const KernelData& kernel, const GuestData& guest) {
  Totals totals;
  auto suite = root.append_child("testsuite");
  suite.append_attribute("name") = guest.row.id.c_str();
  property(suite, "arch", model::to_string(kernel.row.arch));
  property(suite, "point", kernel.row.point.label);
  property(suite, "config", kernel.row.config.text());
  property(suite, "kernel", guest.row.release);
  property(suite, "accel", guest.row.accel);
  property(suite, "outcome", guest.row.outcome ? model::to_string(guest.row.outcome->kind) : "not_finished");
  for (const auto& [name, value] : guest.row.capabilities)
    property(suite, ("capability." + name).c_str(), value);
  for (const auto& [name, value] : kernel.elsewhere)
    property(suite, ("capability_elsewhere." + name).c_str(), value);
  std::map<std::string, std::vector<const TestData*>> runs;
  for (const auto& t : guest.tests) runs[assess::without_run(t.name())].push_back(&t);
  for (const auto& t : guest.tests) {
    const auto& all = runs.at(assess::without_run(t.name()));
    if (all.front() == &t) add_runs(w, suite, kernel, guest, all, totals);
  }
  if (!guest.as_expected())
    add_error(suite, guest.row.id, "guest",
              guest.row.outcome ? model::to_string(guest.row.outcome->kind) : "not_finished",
              outcome_text(guest.row.outcome), totals);
  set_totals(suite, totals);
  suite.append_attribute("time") = fmt::format("{:.3f}", guest.row.wall_s).c_str();
  suite.append_attribute("timestamp") = timestamp(w.data).c_str();
  return totals;
}

/// What is said of a kernel as a whole: it was not built, expectations that are not met, cases that are gone.
void add_kernel(pugi::xml_node suite, const KernelData& k, Totals& totals) {
  for (const auto& u : k.row.unmet) add_error(suite, k.row.id, "expectation: " + u, "unmet", u, totals);
  std::map<std::string, std::vector<const model::LostRow*>> lost;  // one fault for each test
  for (const auto& l : k.row.lost) lost[l.test].push_back(&l);
  for (const auto& [test, rows] : lost) {
    const TestData* t = k.find(test);
    if (t != nullptr && !t->row.expected()) continue;  // its failure names them
    std::string text;
    for (const auto* l : rows)
      text += rows.size() == 1 ? text_of(*l) : (text.empty() ? "" : "\n") + name_of(*l) + ": " + text_of(*l);
    const std::string more = rows.size() == 1 ? "" : fmt::format(" and {} more", rows.size() - 1);
    add_error(suite, k.row.id, name_of(*rows.front()) + more, "lost", text, totals);
  }
}

void add(Totals& all, const Totals& t) {
  all.tests += t.tests;
  all.failures += t.failures;
  all.errors += t.errors;
  all.skipped += t.skipped;
}

/// The run itself: whoever reads the file alone is to learn the exit code. It is an error of its own only if
/// no other says what is wrong.
void add_exit_code(pugi::xml_node suite, const store::RunRow& r, const Totals& others, Totals& totals) {
  const bool told = others.failures + others.errors + totals.errors > 0 &&
                    r.state == store::RunState::finished && r.exit_code > 0;
  if (r.exit_code != 0 && !told) {
    const std::string code = r.exit_code < 0 ? "no exit code yet" : fmt::format("exit code {}", r.exit_code);
    add_error(suite, "pinrig", "run", "exit_code",
              fmt::format("run {}: {}, {}", r.id, store::to_string(r.state), code), totals);
    return;
  }
  ++totals.tests;
  auto tc = suite.append_child("testcase");
  tc.append_attribute("classname") = "pinrig";
  tc.append_attribute("name") = "run";
  tc.append_attribute("time") = fmt::format("{:.3f}", elapsed_s(r.started, r.finished).value_or(0)).c_str();
  if (r.exit_code == 0) return;
  const std::string text = fmt::format("exit code {}: see the failures of this file\n", r.exit_code);
  tc.append_child("system-out").append_child(pugi::node_pcdata).set_value(text.c_str());
}

/// `others`: of all guests.
Totals add_run(const Writer& w, pugi::xml_node suite, const Totals& others) {
  const RunData& data = w.data;
  Totals totals;
  suite.append_attribute("name") = "run";
  for (const auto& n : not_built_of(data))
    add_error(suite, not_tried(n.state) ? "pinrig" : n.kernels.front(),
              not_tried(n.state) ? "guest programs" : "build", store::to_string(n.state),
              fmt::format("{}\nnot tested: {}{}", n.sentence(), join(n.kernels, ", "),
                          n.log.empty() ? "" : "\n" + attachment(w, n.log)),
              totals);
  for (const auto& k : data.kernels) {
    add_kernel(suite, k, totals);
    if (const auto* lines = lines_of(data, k.row.id)) {
      for (const auto& text : patch_texts(data, *lines))
        property(suite, ("coverage." + k.row.id).c_str(), text);
    }
  }
  const auto& r = data.run;
  property(suite, "state", store::to_string(r.state));
  if (r.exit_code >= 0) property(suite, "exit_code", std::to_string(r.exit_code));
  add_exit_code(suite, r, others, totals);
  set_totals(suite, totals);
  suite.append_attribute("time") =
      fmt::format("{:.3f}", elapsed_s(r.started, r.finished).value_or(0)).c_str();
  suite.append_attribute("timestamp") = timestamp(data).c_str();
  return totals;
}

}  // namespace

Result<std::string> junit(const store::Store& store, const store::RunRow& run, const Selection& what) {
  PINRIG_TRY(data, load(store, run, what.assessment));
  PINRIG_CHECK(narrow(data, what));
  pugi::xml_document doc;
  auto declaration = doc.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  auto root = doc.append_child("testsuites");
  root.append_attribute("name") = ("pinrig " + run.id).c_str();
  const std::string root_dir =
      what.attach_root.empty() ? "" : fs::absolute(what.attach_root).lexically_normal().string();
  Writer w{data, root_dir, data.kernels.size() > 1, {}};
  auto first = root.append_child("testsuite");
  Totals all;
  for (const auto& k : data.kernels) {
    // A kernel that was not built has one line in the run's suite, and no guests to speak of.
    if (!k.built()) continue;
    for (const auto& g : k.guests) add(all, add_guest(w, root, k, g));
  }
  add(all, add_run(w, first, all));
  set_totals(root, all);
  root.append_attribute("time") =
      fmt::format("{:.3f}", elapsed_s(data.run.started, data.run.finished).value_or(0)).c_str();
  std::ostringstream out;
  doc.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
  return out.str();
}

}  // namespace pinrig::report
