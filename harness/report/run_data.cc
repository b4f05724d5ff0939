// SPDX-License-Identifier: GPL-2.0
#include "report/run_data.h"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <tuple>

#include "base/text.h"
#include "report/table.h"
#include "report/text_layout.h"

namespace pinrig::report {
namespace {

void clean_verdict(model::TestVerdict& v) {
  for (std::string* s : {&v.test, &v.case_name, &v.detail, &v.expectation}) *s = clean(*s);
}

std::map<std::string, std::string> cleaned(const std::map<std::string, std::string>& values) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : values) out[clean(name)] = clean(value);
  return out;
}

/// What this run found of the kernel needs no other run.
void drop_found(std::map<std::string, std::string>& elsewhere,
                const std::map<std::string, std::string>& own) {
  std::erase_if(elsewhere, [&](const auto& entry) {
    const auto it = own.find(entry.first);
    return it != own.end() && it->second != "unknown";
  });
}

void clean_job(store::JobRow& j) {
  for (std::string* s : {&j.point.subject, &j.accel_reason, &j.cpu_model, &j.kernel_release, &j.outcome.phase,
                         &j.outcome.detail})
    *s = clean(*s);
  for (auto& n : j.notes) n = clean(n);
  for (auto& n : j.unmet) n = clean(n);
  j.capabilities = cleaned(j.capabilities);
}

/// Cases follow their test in the store; one without its test (a damaged run) still gets a row.
std::vector<TestData> group(std::vector<store::VerdictRow> rows) {
  std::vector<TestData> out;
  std::map<std::string, std::size_t> at;
  for (auto& r : rows) {
    clean_verdict(r.verdict);
    const auto [it, fresh] = at.emplace(r.verdict.test, out.size());
    if (fresh) {
      out.emplace_back();
      out.back().row.verdict.test = r.verdict.test;
    }
    TestData& t = out[it->second];
    if (r.verdict.case_name.empty())
      t.row = std::move(r);
    else
      t.cases.push_back(std::move(r.verdict));
  }
  return out;
}

Result<JobData> load_job(const store::Store& store, store::JobRow row) {
  JobData data;
  PINRIG_TRY(verdicts, store.verdicts(row.run_id, row.cell_id));
  PINRIG_TRY(events, store.events(row.run_id, row.cell_id));
  data.tests = group(std::move(verdicts));
  data.guests = row.accel.empty() ? 0 : 1;
  for (auto& t : data.tests) {
    t.cell_id = row.cell_id;
    t.dir = row.dir;
  }
  data.events = std::move(events);
  for (auto& e : data.events) {
    e.title = clean(e.title);
    e.function = clean(e.function);
  }
  if (!row.kernel_key.empty()) {
    PINRIG_TRY(elsewhere, store.capabilities(row.kernel_key, row.run_id));
    data.elsewhere = cleaned(elsewhere);
  }
  clean_job(row);
  drop_found(data.elsewhere, row.capabilities);
  data.job = std::move(row);
  return data;
}

/// Architectures in the order in which they came, points ascending within each, the main guest of a kernel
/// first.
void sort_columns(std::vector<JobData>& jobs) {
  std::vector<model::Arch> order;
  for (const auto& j : jobs) {
    if (std::find(order.begin(), order.end(), j.job.arch) == order.end()) order.push_back(j.job.arch);
  }
  const auto rank = [&](const JobData& j) {
    return std::tuple(std::find(order.begin(), order.end(), j.job.arch) - order.begin(), j.job.point.number,
                      j.job.cell_id.size(), j.job.cell_id);
  };
  std::stable_sort(jobs.begin(), jobs.end(),
                   [&](const JobData& a, const JobData& b) { return rank(a) < rank(b); });
}

void join_guest(JobData& kernel, JobData guest) {
  if (kernel.completed() && !guest.completed()) {
    kernel.job.outcome = guest.job.outcome;
    kernel.job.outcome.detail = guest.job.cell_id + ": " + guest.job.outcome.detail;
  }
  kernel.guests += guest.guests;
  kernel.job.wall_s += guest.job.wall_s;
  kernel.job.capabilities.merge(guest.job.capabilities);
  drop_found(kernel.elsewhere, kernel.job.capabilities);
  const auto move_new = [](std::vector<std::string>& to, std::vector<std::string>& from) {
    for (auto& s : from) {
      if (std::find(to.begin(), to.end(), s) == to.end()) to.push_back(std::move(s));
    }
  };
  move_new(kernel.job.notes, guest.job.notes);
  move_new(kernel.job.unmet, guest.job.unmet);
  std::move(guest.tests.begin(), guest.tests.end(), std::back_inserter(kernel.tests));
  std::move(guest.events.begin(), guest.events.end(), std::back_inserter(kernel.events));
}

/// Tests of one suite together, suites in the order of their first test.
void sort_by_suite(std::vector<std::string>& tests) {
  std::vector<std::string> suites;
  for (const auto& t : tests) {
    if (std::find(suites.begin(), suites.end(), suite_of(t)) == suites.end()) suites.push_back(suite_of(t));
  }
  const auto rank = [&](const std::string& t) {
    return std::find(suites.begin(), suites.end(), suite_of(t));
  };
  std::stable_sort(tests.begin(), tests.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

}  // namespace

RunData by_kernel(RunData data) {
  std::vector<JobData> kernels;
  for (auto& j : data.jobs) {
    const bool same = !kernels.empty() && kernels.back().job.arch == j.job.arch &&
                      kernels.back().job.point.number == j.job.point.number;
    if (same)
      join_guest(kernels.back(), std::move(j));
    else
      kernels.push_back(std::move(j));
  }
  data.jobs = std::move(kernels);
  sort_by_suite(data.tests);
  return data;
}

bool TestData::as_expected() const {
  return row.verdict.expected &&
         std::all_of(cases.begin(), cases.end(), [](const auto& c) { return c.expected; });
}

const TestData* JobData::find(const std::string& test) const {
  for (const auto& t : tests) {
    if (t.row.verdict.test == test) return &t;
  }
  return nullptr;
}

std::map<std::string, std::string> JobData::capabilities() const {
  auto out = elsewhere;
  for (const auto& [name, value] : job.capabilities) out.emplace(name, value);
  return out;
}

std::vector<model::TestVerdict> JobData::verdicts() const {
  std::vector<model::TestVerdict> out;
  for (const auto& t : tests) {
    out.push_back(t.row.verdict);
    out.insert(out.end(), t.cases.begin(), t.cases.end());
  }
  return out;
}

const JobData* RunData::find(model::Arch arch, int point) const {
  for (const auto& j : jobs) {
    if (j.job.arch == arch && j.job.point.number == point) return &j;
  }
  return nullptr;
}

std::vector<model::Arch> RunData::archs() const {
  std::vector<model::Arch> out;
  for (const auto& j : jobs) {
    if (out.empty() || out.back() != j.job.arch) out.push_back(j.job.arch);
  }
  return out;
}

Result<RunData> load(const store::Store& store, const store::RunRow& run) {
  RunData data;
  data.run = run;
  PINRIG_TRY(rows, store.jobs(run.id));
  for (auto& row : rows) {
    PINRIG_TRY(job, load_job(store, std::move(row)));
    data.jobs.push_back(std::move(job));
  }
  sort_columns(data.jobs);
  for (const auto& j : data.jobs) {
    for (const auto& t : j.tests) {
      if (std::find(data.tests.begin(), data.tests.end(), t.row.verdict.test) == data.tests.end())
        data.tests.push_back(t.row.verdict.test);
    }
  }
  return data;
}

std::string capability_words(const std::map<std::string, std::string>& capabilities) {
  std::vector<std::string> out;
  for (const auto& [name, value] : capabilities) out.push_back(name + "=" + value);
  return join(out, " ");
}

std::string column_name(const store::JobRow& job) {
  return std::string(model::to_string(job.arch)) + " " + job.point.label;
}

bool is_bad(model::Verdict v) {
  using model::Verdict;
  return v != Verdict::pass && v != Verdict::skip && v != Verdict::xfail;
}

std::optional<double> elapsed_s(const std::string& started, const std::string& finished) {
  std::tm a{};
  std::tm b{};
  if (strptime(started.c_str(), "%Y-%m-%dT%H:%M:%SZ", &a) == nullptr) return std::nullopt;
  if (strptime(finished.c_str(), "%Y-%m-%dT%H:%M:%SZ", &b) == nullptr) return std::nullopt;
  return std::difftime(timegm(&b), timegm(&a));
}

}  // namespace pinrig::report
