// SPDX-License-Identifier: GPL-2.0
// Rules on what a test printed and on its exit code.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <set>

#include "base/text.h"
#include "ktap/ktap.h"
#include "verdict/evidence.h"

namespace pinrig::verdict {
namespace {

using ktap::FindingKind;
using ktap::Status;
using model::Verdict;

Verdict verdict_of(Status s) {
  switch (s) {
    case Status::pass:
      return Verdict::pass;
    case Status::fail:
      return Verdict::fail;
    case Status::skip:
      return Verdict::skip;
    case Status::xfail:
      return Verdict::xfail;
    case Status::xpass:
      return Verdict::xpass;
    case Status::error:
      return Verdict::error;
  }
  return Verdict::error;
}

/// The first few and the last of `lines`, cut to what a report can show.
std::vector<std::string> excerpt(const std::vector<std::string>& lines) {
  constexpr std::size_t first = 4;
  std::vector<std::string> out;
  const std::size_t left_out = lines.size() > diagnostic_lines ? lines.size() - diagnostic_lines + 1 : 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (left_out > 0 && i == first) {
      out.push_back(fmt::format("... ({} lines omitted)", left_out));
      i += left_out;
    }
    out.push_back(lines[i].substr(0, diagnostic_bytes));
  }
  return out;
}

bool wants_diagnostics(Verdict v) { return v != Verdict::pass && v != Verdict::skip; }

std::vector<std::string> without_marks(std::vector<std::string> lines) {
  std::erase_if(lines, [](const auto& l) { return l.starts_with(running_mark.substr(2)); });
  return lines;
}

/// Leaves first; a parent gets a row of its own only when it says worse than its subtests.
Verdict add_cases(const std::string& test, const std::string& prefix, const std::vector<ktap::Case>& cases,
                  std::vector<model::TestVerdict>& out) {
  Verdict worst = Verdict::skip;
  const auto worse = [](Verdict a, Verdict b) { return model::rank(a) > model::rank(b) ? a : b; };
  for (const auto& c : cases) {
    const std::string name = prefix + c.name;
    const Verdict own = verdict_of(c.status);
    Verdict below = Verdict::skip;
    if (!c.subtests.empty()) below = add_cases(test, name + "/", c.subtests, out);
    // KUnit says "ok" of a suite whose cases were all skipped: nothing was tested there.
    const bool says_nothing = !c.subtests.empty() && own == Verdict::pass;
    if (says_nothing) {
      worst = worse(worst, below);
      continue;
    }
    if (c.subtests.empty() || model::rank(own) > model::rank(below)) {
      model::TestVerdict row;
      row.test = test;
      row.case_name = name;
      row.verdict = own;
      row.detail = c.reason;
      row.line = c.line;
      if (c.time_ms > 0) row.wall_s = c.time_ms / 1000;
      if (wants_diagnostics(own)) row.diagnostics = excerpt(without_marks(c.diagnostics));
      out.push_back(std::move(row));
    }
    worst = worse(worst, worse(own, below));
  }
  return worst;
}

/// "a/b" with a subtest "c" and "a" with a subtest "b/c" are two cases: rows are compared by name.
void tell_apart(std::vector<model::TestVerdict>& cases) {
  std::set<std::string> names;
  for (auto& c : cases) {
    const std::string name = c.case_name;
    for (int n = 2; !names.insert(c.case_name).second; ++n) c.case_name = fmt::format("{} ({})", name, n);
  }
}

struct Count {
  std::size_t total = 0;
  std::size_t skipped = 0;
  std::size_t xfailed = 0;
  std::size_t xpassed = 0;
  std::size_t failed = 0;  ///< fail and error
  std::string first_failed;
  int first_line = 0;
  Verdict worst = Verdict::fail;
};

Count count(const std::vector<model::TestVerdict>& cases) {
  Count n;
  n.total = cases.size();
  for (const auto& c : cases) {
    n.skipped += c.verdict == Verdict::skip;
    n.xfailed += c.verdict == Verdict::xfail;
    n.xpassed += c.verdict == Verdict::xpass;
    if (c.verdict != Verdict::fail && c.verdict != Verdict::error) continue;
    if (n.failed++ == 0) {
      n.first_failed = c.detail.empty() ? c.case_name : c.case_name + " (" + c.detail + ")";
      n.first_line = c.line;
    }
    if (c.verdict == Verdict::error) n.worst = Verdict::error;
  }
  return n;
}

void judge_cases(const Count& n, Evidence& evidence) {
  if (n.failed > 0) {
    evidence.cases_against(n.worst,
                           fmt::format("{} of {} failed: {}{}", n.failed, count_of(n.total, "case"),
                                       n.first_failed, n.failed > 1 ? ", ..." : ""),
                           n.first_line);
  }
  if (n.xpassed > 0)
    evidence.cases_against(Verdict::xpass,
                           fmt::format("{} passed unexpectedly", count_of(n.xpassed, "case")));
  if (n.xfailed > 0)
    evidence.cases_against(Verdict::xfail,
                           fmt::format("{} of {} failed as expected", n.xfailed, count_of(n.total, "case")));
}

/// Findings that speak for themselves; the exit decides whether a shortfall needs explaining.
void judge_findings(const ktap::Tree& tree, bool clean_exit, Evidence& evidence) {
  for (const auto& f : tree.findings) {
    const std::string text = fmt::format("{}: {}", ktap::to_string(f.kind), f.text);
    switch (f.kind) {
      case FindingKind::unknown_directive:  // ktap.rst: the parser falls back to "ok" and "not ok"
        evidence.note(text);
        break;
      case FindingKind::bail_out:
        evidence.against(Verdict::fail, "the test bailed out: " + f.text, f.line);
        break;
      case FindingKind::no_tests:
      case FindingKind::no_output:
      case FindingKind::no_ktap:
      case FindingKind::no_plan:
      case FindingKind::plan_shortfall:
      case FindingKind::subtest_mismatch:
        // A test that was killed or lost owes no more results, and its exit is a reason already.
        if (clean_exit) evidence.against(Verdict::error, text, f.line);
        break;
      default:
        evidence.against(Verdict::error, text, f.line);
    }
  }
}

void judge_exit_code(int code, const Count& n, const ktap::Tree& tree, Evidence& evidence) {
  const bool explained = n.failed > 0 || tree.bailed_out;
  switch (code) {
    case 0:
      return;
    case 2:
      if (n.xfailed > 0 || explained) return;
      break;
    case 3:
      if (n.xpassed > 0 || explained) return;
      break;
    case 4:
      if (n.skipped == n.total) return;
      if (explained) return;
      evidence.against(Verdict::error, fmt::format("exit code 4 says skipped, but {} of {} ran",
                                                   n.total - n.skipped, count_of(n.total, "case")));
      return;
    default:
      if (explained) return;
  }
  evidence.against(Verdict::fail, fmt::format("exit code {} although no case failed", code));
}

/// The case that was running at the end of the output: the library of our tests announces each.
std::string running_case(const ktap::Tree& tree, const std::string& output) {
  const auto begun = marked_lines(output, running_mark);
  return begun.size() == tree.cases.size() + 1 ? std::string(begun.back()) : "";
}

void add_missing_row(const std::string& test, std::string name, std::string why, Reading& reading) {
  model::TestVerdict row;
  row.test = test;
  row.case_name = std::move(name);
  row.verdict = Verdict::missing;
  row.detail = std::move(why);
  reading.cases.push_back(std::move(row));
}

/// The case in which the test ended has a row of its own: the others were never reached.
void add_missing_rows(const model::TestSpec& spec, const ktap::Tree& tree, const model::TestRecord& record,
                      Reading& reading) {
  const int reported = static_cast<int>(tree.cases.size());
  if (!tree.plan || reported >= *tree.plan) return;
  reading.running = running_case(tree, record.output);
  if (!reading.running.empty())
    add_missing_row(spec.name, reading.running, "it was running when the test ended", reading);
  const int first = reported + (reading.running.empty() ? 1 : 2);
  if (first > *tree.plan) return;
  add_missing_row(
      spec.name,
      first == *tree.plan ? fmt::format("case {}", first) : fmt::format("cases {} to {}", first, *tree.plan),
      "planned but not reported", reading);
}

/// During which cases the pin counters rose for good: a test of the kernel's own does not look at them.
void tell_where_pages_were_left(const ktap::Tree& tree, const model::TestRecord& record, Evidence& evidence) {
  constexpr std::size_t most = 5;
  if (!record.ledger.available || record.ledger.outstanding() <= 0) return;
  std::vector<std::string> places;
  for (const auto& l : record.left) {
    const auto last = static_cast<std::size_t>(l.last);
    if (last > tree.cases.size()) continue;
    std::string where = tree.cases[last - 1].name;
    if (l.first < l.last) {
      const auto& from = tree.cases[static_cast<std::size_t>(l.first) - 1].name;
      where = fmt::format("{} to {}", from, where);
    }
    places.push_back(fmt::format("{:+} in {}", l.pages, where));
  }
  if (places.empty()) return;
  const std::size_t more = places.size() > most ? places.size() - most : 0;
  places.resize(places.size() - more);
  evidence.note("the counters rose by " + join(places, "; ") +
                (more == 0 ? "" : fmt::format(" and in {} more places", more)));
}

std::string skip_text(const ktap::Tree& tree) {
  if (!tree.plan_skip.empty()) return tree.plan_skip;
  for (const auto& c : tree.cases) {
    if (!c.reason.empty()) return tree.cases.size() == 1 ? c.reason : "all cases skipped: " + c.reason;
  }
  return "all cases skipped";
}

/// "# number NAME VALUE" lines: what a test measured in addition to its verdict.
std::map<std::string, double> numbers_of(const std::string& output) {
  std::map<std::string, double> found;
  for (const std::string_view rest : marked_lines(output, "# number ")) {
    const std::size_t space = rest.find(' ');
    if (space == std::string_view::npos) continue;
    const std::string value(trim(rest.substr(space)));
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (end != value.c_str() && *end == '\0' && std::isfinite(number))
      found[std::string(rest.substr(0, space))] = number;
  }
  return found;
}

Reading judge_ktap(const model::TestSpec& spec, const model::TestRecord& record, Evidence& evidence) {
  const ktap::Tree tree = ktap::parse(record.output);
  const bool exited = record.exit.kind == model::TestExit::Kind::exited;
  Reading reading;
  reading.numbers = numbers_of(record.output);
  add_cases(spec.name, "", tree.cases, reading.cases);
  tell_apart(reading.cases);
  reading.diagnostics = without_marks(tree.diagnostics);
  const Count n = count(reading.cases);
  judge_cases(n, evidence);
  // ksft_exit_skip() in the middle of a plan: what was left is skipped with the rest.
  const bool whole_skip =
      exited && record.exit.code == 4 && n.total > 0 && n.skipped == n.total && !tree.bailed_out;
  const bool plan_skip = tree.cases.empty() && !tree.plan_skip.empty();
  judge_findings(tree, exited && !whole_skip, evidence);
  if (!whole_skip) add_missing_rows(spec, tree, record, reading);
  tell_where_pages_were_left(tree, record, evidence);
  if (exited) {
    // Findings that are only noted are no reason, and without a case nothing was tested.
    if (n.total == 0 && !plan_skip && !evidence.has_reason())
      evidence.against(Verdict::error, "no case was run");
    judge_exit_code(record.exit.code, n, tree, evidence);
  }
  if (plan_skip || (n.total > 0 && n.skipped == n.total)) evidence.skipped(skip_text(tree));
  return reading;
}

void judge_code_alone(const model::TestRecord& record, Evidence& evidence) {
  const std::string said = last_words(record.errors.empty() ? record.output : record.errors);
  const std::string tail = said.empty() ? "" : ": " + said;
  switch (record.exit.code) {
    case 0:
      return;
    case 1:
      return evidence.against(Verdict::fail, "exit code 1" + tail);
    case 2:
      return evidence.against(Verdict::xfail, "exit code 2, failed as expected" + tail);
    case 3:
      return evidence.against(Verdict::xpass, "exit code 3, passed unexpectedly" + tail);
    case 4:
      return evidence.skipped(said.empty() ? "exit code 4" : said);
    default:
      return evidence.against(Verdict::fail, fmt::format("exit code {}{}", record.exit.code, tail));
  }
}

}  // namespace

std::vector<std::string> diagnostics_of(const Reading& reading, const model::TestRecord& record) {
  std::vector<std::string> all = reading.diagnostics;
  std::string_view rest = record.errors;
  constexpr std::size_t tail = 4096;
  if (rest.size() > tail) rest.remove_prefix(rest.size() - tail);
  for (const std::string_view line : lines(rest)) {
    if (!trim(line).empty()) all.push_back("stderr: " + std::string(line));
  }
  return excerpt(all);
}

Reading judge_output(const model::TestSpec& spec, const model::TestRecord& record, Evidence& evidence) {
  if (record.dropped > 0) {
    const std::string text = fmt::format("{} bytes of output beyond the limit were dropped", record.dropped);
    if (spec.format == model::OutputFormat::exit_code)
      evidence.note(text);
    else
      evidence.against(Verdict::error, text);
  }
  switch (spec.format) {
    case model::OutputFormat::ktap:
      return judge_ktap(spec, record, evidence);
    case model::OutputFormat::gup_test:
      return judge_gup_test(record, evidence);
    case model::OutputFormat::exit_code:
      if (record.exit.kind == model::TestExit::Kind::exited) judge_code_alone(record, evidence);
      return {};
  }
  return {};
}

}  // namespace pinrig::verdict
