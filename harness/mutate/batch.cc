// SPDX-License-Identifier: GPL-2.0
#include "mutate/batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace pinrig::mutate {
namespace {

using model::TestExit;
using model::TestRecord;
using model::TestSpec;

constexpr std::array<std::pair<Role, const char*>, 4> suffixes{
    {{Role::on, ""}, {Role::again, ".again"}, {Role::off, ".off"}, {Role::clean, ".clean"}}};

// Far above what load alone can cost.
constexpr double least_limit_s = 10;
constexpr double limit_factor = 10;

bool with_mutant(Role role) { return role == Role::on || role == Role::again; }

// Can it be anything but a pass? What it says counts later, from the verdict.
bool suspicious(const wire::TestEnd& end) {
  constexpr int xfail = 2, xpass = 3, skip = 4;  // exit codes of guest-tests/lib/ktap.h
  const auto outstanding = end.after.acquired - end.after.released -
                           (end.before.acquired - end.before.released) + 2 * end.claim.skew_sections;
  return end.how != "exited" ||
         (end.code != 0 && end.code != xfail && end.code != xpass && end.code != skip) ||
         (end.after.available && outstanding != 0) || end.before.taint != end.after.taint ||
         !end.left.empty();
}

TestSpec as(const TestSpec& test, const RunName& name, Role role) {
  TestSpec out = test;
  out.name = to_string(RunName{name.test, name.mutant, role});
  out.env[model::mutant_variable] = std::to_string(with_mutant(role) ? name.mutant : 0);
  return out;
}

void forget(int mutant, std::vector<TestSpec>& todo) {
  std::erase_if(todo, [&](const TestSpec& t) {
    const auto name = run_name(t.name);
    return name && name->mutant == mutant;
  });
}

// The rows of a run, under the test's own name; none: it did not run.
std::vector<model::TestResult> rows_of(const RunName& run, const job::GuestResult& result) {
  const std::string name = to_string(run);
  std::vector<model::TestResult> out;
  for (const auto& r : result.results) {
    if (r.verdict.test != name) continue;
    out.push_back(r);
    out.back().verdict.test = run.test;
  }
  return out;
}

const TestRecord* record_of(const RunName& run, const job::GuestResult& result) {
  const std::string name = to_string(run);
  for (const auto& r : result.guest.facts.records) {
    if (r.name == name && r.exit.kind != TestExit::Kind::not_run) return &r;
  }
  return nullptr;
}

// No other mutant was on before in the guest of this record.
bool first_of_guest(const TestRecord& record, int mutant, const job::GuestResult& result) {
  for (const auto& r : result.guest.facts.records) {
    if (&r == &record) return true;
    const auto name = run_name(r.name);
    if (r.guest == record.guest && name && name->mutant != mutant && with_mutant(name->role)) return false;
  }
  return true;
}

// Did it run, and is it as in the reference?
enum class Control { none, good, bad };
Control control(RunName run, Role role, const std::vector<model::TestResult>& want,
                const job::GuestResult& result) {
  run.role = role;
  if (record_of(run, result) == nullptr) return Control::none;
  return noticed(want, rows_of(run, result)).empty() ? Control::good : Control::bad;
}

Shown undecided(std::string why, std::string unusable = "") {
  return {Shown::Kind::undecided, std::move(why), std::move(unusable)};
}

// About a run that failed with the mutant on.
Shown failed_run(const RunName& run, const TestRecord& record, const std::string& by,
                 const std::vector<model::TestResult>& want, const job::GuestResult& result) {
  const bool first = first_of_guest(record, run.mutant, result);
  const Control off = control(run, Role::off, want, result);
  const Control clean = control(run, Role::clean, want, result);
  if (off == Control::good) return {Shown::Kind::caught, by, ""};
  if (clean == Control::bad) return undecided(by + " without it, too", run.test);
  if (!first) return undecided(by + " in a guest that had other mutants before");
  // Steering saw nothing, and asked for no control.
  const bool died = record.exit.kind == TestExit::Kind::lost;
  if (!died && clean == Control::none) return undecided(by + " and nobody tried without it", run.test);
  return {Shown::Kind::caught, by, ""};
}

}  // namespace

std::string to_string(const RunName& name) {
  std::string suffix;
  for (const auto& [role, text] : suffixes) {
    if (role == name.role) suffix = text;
  }
  return fmt::format("{}@{}{}", name.test, name.mutant, suffix);
}

std::optional<RunName> run_name(const std::string& text) {
  const auto at = text.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  RunName out{text.substr(0, at), 0, Role::on};
  const char* end = text.data() + text.size();
  const auto [rest, ec] = std::from_chars(text.data() + at + 1, end, out.mutant);
  if (ec != std::errc{}) return std::nullopt;
  for (const auto& [role, suffix] : suffixes) {
    if (std::string_view(rest, static_cast<std::size_t>(end - rest)) != suffix) continue;
    out.role = role;
    return out;
  }
  return std::nullopt;
}

TestSpec spec_of(const TestSpec& test, const Ask& ask, int mutant) {
  TestSpec out = as(test, {ask.test, mutant, Role::on}, Role::on);
  if (!ask.cases.empty()) {
    out.env["PINRIG_CASES"] = join(ask.cases, ",");
    out.env["PINRIG_FIRST_FAILURE"] = "1";
    // Some of the cases need not pin anything.
    out.claim = model::PinClaim::Mode::net_zero;
  }
  out.limit_s = std::min(test.limit_s, std::max(least_limit_s, limit_factor * ask.wall_s));
  return out;
}

job::Next Steering::operator()(const TestSpec& test, const wire::TestEnd* end, std::vector<TestSpec>& todo) {
  const auto name = run_name(test.name);
  if (!name) return job::Next::go_on;
  const bool on = with_mutant(name->role);
  const bool first = first_ == 0 || first_ == name->mutant;
  if (on && first_ == 0) first_ = name->mutant;
  const bool bad = end == nullptr || suspicious(*end);
  const bool abandoned =
      end == nullptr || end->stuck_count > 0 || test.destructive || (bad && name->role == Role::off);
  std::optional<Role> more;
  if (bad && on) {
    forget(name->mutant, todo);
    if (end == nullptr) {
      if (!first) more = Role::again;
    } else {
      more = abandoned ? Role::clean : Role::off;
    }
  } else if (bad && name->role == Role::off) {
    more = Role::clean;
  }
  if (more) todo.insert(todo.begin(), as(test, *name, *more));
  if (!abandoned) return job::Next::go_on;
  first_ = 0;
  return todo.empty() ? job::Next::go_on : job::Next::new_guest;
}

Shown shown_by(const Item& item, const Reference& reference, const job::GuestResult& result) {
  for (const auto& ask : item.asks) {
    const auto want = expected(ask, reference);
    RunName run{ask.test, item.mutant, Role::on};
    const auto* record = record_of(run, result);
    if (record == nullptr) return undecided(ask.test + " did not run");
    auto by = noticed(want, rows_of(run, result));
    if (by.empty()) continue;
    const RunName again{ask.test, item.mutant, Role::again};
    if (const auto* second = record_of(again, result)) {
      by = noticed(want, rows_of(again, result));
      if (by.empty()) return undecided(ask.test + " is as without it, in a new guest");
      return failed_run(again, *second, by, want, result);
    }
    return failed_run(run, *record, by, want, result);
  }
  return {Shown::Kind::quiet, "", ""};
}

double seconds_on(int mutant, const job::GuestResult& result) {
  double sum = 0;
  for (const auto& r : result.guest.facts.records) {
    const auto name = run_name(r.name);
    if (name && name->mutant == mutant) sum += r.wall_s + r.ledger.settle_ms / 1e3;
  }
  return sum;
}

}  // namespace pinrig::mutate
