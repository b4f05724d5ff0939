// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "verdict/judge.h"

namespace pinrig::verdict {
namespace {

using model::Expectation;
using model::Verdict;

bool applies(const Expectation& e, const model::Point& point, bool is_tip, model::Arch arch) {
  const auto names_point = [&](const std::string& p) {
    return (p == "base" && point.number == 0) || (p == "tip" && is_tip) || p == std::to_string(point.number);
  };
  return (e.archs.empty() || std::find(e.archs.begin(), e.archs.end(), arch) != e.archs.end()) &&
         (e.points.empty() || std::any_of(e.points.begin(), e.points.end(), names_point));
}

/// A pattern with ':' is about cases, one without about tests: "bio/*" must not make every case of them a
/// leak.
bool matches(const Expectation& e, const model::TestVerdict& row) {
  const bool about_cases = e.tests.find(':') != std::string::npos;
  if (about_cases != !row.case_name.empty()) return false;
  return glob_match(e.tests, about_cases ? row.test + ":" + row.case_name : row.test);
}

bool allowed(const Expectation& e, Verdict v) {
  return std::find(e.verdicts.begin(), e.verdicts.end(), v) != e.verdicts.end();
}

std::string verdict_list(const Expectation& e) {
  std::vector<std::string> names;
  for (const Verdict v : e.verdicts) names.emplace_back(model::to_string(v));
  return join(names, " or ");
}

bool fine_by_itself(Verdict v) { return v == Verdict::pass || v == Verdict::skip || v == Verdict::xfail; }

bool ends_a_test(Verdict v) { return v == Verdict::crash || v == Verdict::timeout || v == Verdict::error; }

}  // namespace

std::vector<std::string> apply_expectations(std::vector<model::TestVerdict>& verdicts,
                                            const std::vector<Expectation>& expect, const model::Point& point,
                                            bool is_tip, model::Arch arch) {
  std::vector<const Expectation*> here;
  for (const auto& e : expect) {
    if (applies(e, point, is_tip, arch)) here.push_back(&e);
  }
  std::vector<bool> judged(here.size(), false);
  const Expectation* of_test = nullptr;  // of the test whose cases follow it
  bool cut_short = false;                // that test was to crash or hang, and did
  for (auto& row : verdicts) {
    const Expectation* match = nullptr;
    for (std::size_t i = 0; i < here.size(); ++i) {
      if (!matches(*here[i], row)) continue;
      match = here[i];
      if (row.verdict != Verdict::missing) judged[i] = true;
    }
    row.expected = match ? allowed(*match, row.verdict) : fine_by_itself(row.verdict);
    if (row.case_name.empty()) {
      of_test = match;
      cut_short = match && row.expected && ends_a_test(row.verdict);
    } else if (!match && !row.expected && of_test && (allowed(*of_test, row.verdict) || cut_short)) {
      // What is allowed for the test is allowed for the case that brings it about, or that it made
      // impossible.
      row.expected = allowed(*of_test, row.verdict) || row.verdict == Verdict::missing;
      if (row.expected) match = of_test;
    }
    row.expectation = match ? match->reason : std::string{};
  }
  std::vector<std::string> unmet;
  for (std::size_t i = 0; i < here.size(); ++i) {
    if (!here[i]->required || judged[i]) continue;
    const std::string where = here[i]->where.file.empty() ? "" : model::to_string(here[i]->where) + ": ";
    unmet.push_back(fmt::format("{}{} was to be {} at {} on {}, but no such test was judged", where,
                                here[i]->tests, verdict_list(*here[i]), point.label, model::to_string(arch)));
  }
  return unmet;
}

std::vector<Expectation> share_of(const std::vector<Expectation>& expect, const Share& share) {
  std::vector<Expectation> out;
  for (const auto& e : expect) {
    const std::string glob = e.tests.substr(0, e.tests.find(':'));
    const auto in = [&](const std::vector<std::string>& names) {
      return std::any_of(names.begin(), names.end(),
                         [&](const std::string& n) { return glob_match(glob, n); });
    };
    // Rows of our own, such as what the kernel said outside of tests, are in no list.
    if (in(share.here) || glob_match(glob, unowned_test) || glob_match(glob, control_test) ||
        (share.is_main && !in(share.chosen) && !in(share.known)))
      out.push_back(e);
  }
  return out;
}

int weigh_against_base(std::vector<model::TestVerdict>& here, const std::vector<model::TestVerdict>& base) {
  int found = 0;
  for (auto& row : here) {
    const bool lesser = row.verdict == Verdict::skip || row.verdict == Verdict::xfail;
    if (!row.case_name.empty() || !lesser || !row.expected || !row.expectation.empty()) continue;
    const auto before = std::find_if(
        base.begin(), base.end(), [&](const auto& b) { return b.case_name.empty() && b.test == row.test; });
    if (before == base.end() || before->verdict != Verdict::pass) continue;
    row.expected = false;
    row.detail +=
        (row.detail.empty() ? "" : "; ") + std::string("passes at the base, and nothing expects this");
    ++found;
  }
  return found;
}

std::vector<std::string> check_capabilities(const std::map<std::string, std::string>& required,
                                            const std::map<std::string, std::string>& found, bool complete) {
  std::vector<std::string> out;
  for (const auto& [name, value] : required) {
    const auto it = found.find(name);
    // A probe that could not be carried out prints "unknown", and its case says why.
    const bool reported = it != found.end() && it->second != "unknown";
    if (!reported && !complete) continue;
    if (!reported) {
      out.push_back(fmt::format("capability {}: {} is required, and no test reported it", name, value));
    } else if (it->second != value) {
      out.push_back(fmt::format("capability {}: {} is required, {} was found", name, value, it->second));
    }
  }
  return out;
}

}  // namespace pinrig::verdict
