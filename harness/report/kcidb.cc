// SPDX-License-Identifier: GPL-2.0
// A report for KCIDB, the kernel community's database of test results: kcidb_io/schema/v05_03.py of
// https://github.com/kernelci/kcidb-io. Nothing is sent.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "report/digest.h"
#include "report/selection.h"
#include "report/text_layout.h"
#include "report/unfinished.h"
#include "report/why_text.h"

namespace pinrig::report {
namespace {

using model::Verdict;
using nlohmann::ordered_json;

constexpr const char* origin = "pinrig_local";
constexpr std::size_t max_excerpt = 16384;  ///< characters; the schema's limit

/// The end of a text that is too long is cut off, between two characters.
std::string excerpt(std::string text) {
  if (text.size() <= max_excerpt) return text;
  std::size_t n = max_excerpt - 16;
  while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80) --n;
  return text.substr(0, n) + "\n(cut off)";
}

std::string id_of(const RunData& data, const std::string& what) {
  return fmt::format("{}:{}/{}", origin, data.run.id, what);
}

/// A part of a test's path: what is neither letter, digit, '-' nor '_' would be read as something else.
std::string path_part(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += plain || c == '-' || c == '_' ? c : '_';
  }
  return out.substr(0, 200);
}

std::string path_of(const model::TestVerdict& v) {
  const std::string name = assess::without_run(v.test);
  const auto slash = name.find('/');
  std::string out = "pinrig." + path_part(name.substr(0, slash));
  if (slash != std::string::npos) out += "." + path_part(name.substr(slash + 1));
  return v.case_name.empty() ? out : out + "." + path_part(v.case_name);
}

/// SHA-256 over the patch-ids up to a point, one a line; "" for the base.
std::string patchset_of(const RunData& data, int point) {
  if (point == 0) return "";
  std::string ids;
  for (const auto& p : data.patches) {
    if (p.point <= point) ids += p.patch_id + "\n";
  }
  return ids.empty() ? sha256_hex(fmt::format("{} {}", data.run.series, point)) : sha256_hex(ids);
}

std::string message_id_of(const RunData& data, int point) {
  for (const auto& p : data.patches) {
    if (p.point == point) return p.message_id;
  }
  return "";
}

ordered_json checkout_json(const RunData& data, const KernelData& k) {
  const auto& point = k.row.point;
  ordered_json out{{"id", id_of(data, point.label)}, {"origin", origin}};
  out["tree_name"] = data.run.base;
  if (!point.version.empty()) out["git_commit_name"] = "v" + point.version;
  out["patchset_hash"] = patchset_of(data, point.number);
  const std::string mail = message_id_of(data, point.number);
  if (mail.find('@') != std::string::npos) out["message_id"] = clean(mail);
  if (!point.subject.empty()) out["comment"] = point.subject;
  if (!data.run.started.empty()) out["start_time"] = data.run.started;
  const bool applies = k.row.state != store::KernelState::apply_failed;
  out["valid"] = applies;
  if (!applies) out["log_excerpt"] = excerpt(k.row.failure);
  out["misc"] = {{"point", point.number},
                 {"commit", point.commit},
                 {"tree", point.tree},
                 {"patch_id", point.patch_id},
                 {"series", data.run.series}};
  return out;
}

/// Nothing: a build that nobody has tried yet, or that cannot be because a patch does not apply.
const char* build_status(const KernelData& k) {
  switch (k.row.state) {
    case store::KernelState::planned:
    case store::KernelState::apply_failed:
      return nullptr;
    case store::KernelState::built:
      return "PASS";
    case store::KernelState::build_failed:
      return "FAIL";
    default:
      return "ERROR";
  }
}

ordered_json build_json(const RunData& data, const KernelData& k, const char* status) {
  ordered_json out{{"checkout_id", id_of(data, k.row.point.label)},
                   {"id", id_of(data, k.row.id)},
                   {"origin", origin},
                   {"architecture", model::to_string(k.row.arch)},
                   {"config_name", clean(k.row.config.text())},
                   {"status", status}};
  if (!k.row.cached && k.row.build_wall_s > 0) out["duration"] = k.row.build_wall_s;
  if (!k.row.failure.empty()) out["log_excerpt"] = excerpt(k.row.failure);
  out["misc"] = {{"key", k.row.key}, {"cached", k.row.cached}, {"warnings", k.row.warnings}};
  return out;
}

bool kernel_hung(const GuestData& g) {
  return std::any_of(g.attempts.begin(), g.attempts.end(),
                     [](const auto& a) { return a.loss == model::Loss::kernel_hung; });
}

/// A verdict is what was seen, whether it is expected or not: those that are have incidents.
const char* test_status(const GuestData& g, Verdict v) {
  switch (v) {
    case Verdict::pass:
      return "PASS";
    case Verdict::skip:
      return "SKIP";
    case Verdict::missing:
      return "MISS";
    case Verdict::error:
      return "ERROR";
    case Verdict::timeout:
      return kernel_hung(g) ? "FAIL" : "ERROR";
    case Verdict::fail:
    case Verdict::xfail:
    case Verdict::xpass:
    case Verdict::crash:
    case Verdict::leak:
      return "FAIL";
  }
  return "ERROR";
}

struct Report {
  ordered_json checkouts = ordered_json::array();
  ordered_json builds = ordered_json::array();
  ordered_json tests = ordered_json::array();
  ordered_json issues = ordered_json::array();
  ordered_json incidents = ordered_json::array();
  std::set<std::string> checkout_ids;
  std::set<std::string> issue_ids;
  std::set<std::string> test_ids;
};

/// "20261121": a report of a later day replaces what an earlier one says of the issue.
int issue_version(const RunData& data) {
  std::string digits;
  for (const char c : data.run.started.substr(0, 10)) digits += c >= '0' && c <= '9' ? std::string(1, c) : "";
  return digits.size() == 8 ? std::stoi(digits) : 0;
}

/// A red that is explained: a known issue, or one that the test itself expects.
void add_incident(Report& r, const RunData& data, const Row& row, const std::string& test_id) {
  const auto& v = row.verdict();
  const bool own = v.verdict == Verdict::xfail;
  if (!is_known_issue(row) && !own) return;
  const std::string name = !own ? row.assessment->reference : "xfail." + path_of(v);
  const std::string issue = fmt::format("{}:{}", origin, name);
  if (r.issue_ids.insert(issue).second) {
    const std::string reason = reason_of(row).empty() ? v.detail : reason_of(row);
    r.issues.push_back({{"id", issue},
                        {"version", issue_version(data)},
                        {"origin", origin},
                        {"culprit", {{"code", true}, {"tool", false}, {"harness", false}}},
                        {"comment", reason.empty() ? name : reason}});
  }
  r.incidents.push_back({{"id", fmt::format("{}:{}", origin, sha256_hex(issue + "\n" + test_id))},
                         {"origin", origin},
                         {"issue_id", issue},
                         {"issue_version", issue_version(data)},
                         {"test_id", test_id},
                         {"present", true}});
}

void add_row(Report& r, const RunData& data, const KernelData& k, const GuestData& g, const TestData& t,
             const Row& row) {
  const auto& v = row.verdict();
  const std::string name = v.test + (v.case_name.empty() ? "" : ":" + v.case_name);
  const std::string id = id_of(data, g.row.id + "/" + name);
  if (!r.test_ids.insert(id).second) return;
  ordered_json out{{"build_id", id_of(data, k.row.id)}, {"id", id}, {"origin", origin}};
  out["path"] = path_of(v);
  const char* status = test_status(g, v.verdict);
  out["status"] = status;
  if (!v.detail.empty()) out["comment"] = excerpt(v.detail);
  if (v.wall_s > 0) out["duration"] = v.wall_s;
  ordered_json misc{{"name", name}, {"verdict", model::to_string(v.verdict)}, {"accel", g.row.accel}};
  if (row.assessment) {
    misc["expected"] = row.expected();
    misc["rule"] = model::to_string(row.assessment->rule);
  }
  const bool measured = *status != 'M' && *status != 'S';
  if (const auto& l = row.result.ledger; l && l->available && measured) {
    out["number"] = {{"value", l->outstanding()}, {"unit", "pages"}};
    misc["acquired"] = l->acquired();
    misc["released"] = l->released();
  }
  if (v.case_name.empty() && (is_bad(v.verdict) || !row.expected()))
    out["log_excerpt"] = excerpt(join(why_lines(why_of(k, t), WhyLimits::none()), "\n"));
  out["environment"] = {{"comment", fmt::format("QEMU guest, {}", g.row.accel)}};
  out["misc"] = std::move(misc);
  r.tests.push_back(std::move(out));
  add_incident(r, data, row, id);
}

void add_kernel(Report& r, const RunData& data, const KernelData& k) {
  if (r.checkout_ids.insert(k.row.point.label).second) r.checkouts.push_back(checkout_json(data, k));
  const char* status = build_status(k);
  if (status == nullptr) return;
  r.builds.push_back(build_json(data, k, status));
  for (const auto& g : k.guests) {
    for (const auto& t : g.tests) {
      add_row(r, data, k, g, t, t.row);
      for (const auto& c : t.cases) add_row(r, data, k, g, t, c);
    }
  }
}

std::string dumped(const ordered_json& j) {
  return j.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

const ordered_json& version() {
  static const ordered_json v{{"major", 5}, {"minor", 3}};
  return v;
}

}  // namespace

Result<std::string> kcidb(const store::Store& store, const store::RunRow& run, const Selection& what) {
  PINRIG_TRY(data, load(store, run, what.assessment));
  PINRIG_CHECK(narrow(data, what));
  Report r;
  for (const auto& k : data.kernels) add_kernel(r, data, k);
  return dumped({{"version", version()},
                 {"checkouts", std::move(r.checkouts)},
                 {"builds", std::move(r.builds)},
                 {"tests", std::move(r.tests)},
                 {"issues", std::move(r.issues)},
                 {"incidents", std::move(r.incidents)}});
}

std::string unfinished_kcidb(const Unfinished& /*u*/) { return dumped({{"version", version()}}); }

}  // namespace pinrig::report
