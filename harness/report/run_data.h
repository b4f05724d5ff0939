// SPDX-License-Identifier: GPL-2.0
// A run as the renderers want it: loaded whole, cleaned, in the order of the columns. Private to report.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace pinrig::report {

/// One test of one job with its cases.
struct TestData {
  store::VerdictRow row;  ///< the verdict of the test itself
  std::vector<model::TestVerdict> cases;
  std::string cell_id;  ///< of the guest that ran it
  std::string dir;
  bool as_expected() const;  ///< the test and every case
};

struct JobData {
  store::JobRow job;
  int guests = 0;  ///< that were started
  std::map<std::string, std::string>
      elsewhere;                ///< capabilities that only other runs of this very kernel found
  std::vector<TestData> tests;  ///< in the order of the store
  std::vector<model::KernelEvent> events;

  const TestData* find(const std::string& test) const;
  /// Its own capabilities and those found elsewhere.
  std::map<std::string, std::string> capabilities() const;
  std::vector<model::TestVerdict> verdicts() const;  ///< tests and cases, as verdict::compare() takes them
  bool completed() const { return job.outcome.kind == model::JobOutcome::Kind::completed; }
};

struct RunData {
  store::RunRow run;
  std::vector<JobData> jobs;       ///< by architecture as they came, then by point
  std::vector<std::string> tests;  ///< of all jobs, each once, in running order

  const JobData* find(model::Arch arch, int point) const;
  std::vector<model::Arch> archs() const;
};

/// Reads all of it, a job for each guest. Text that came from a guest is cleaned: no control characters,
/// valid UTF-8.
Result<RunData> load(const store::Store& store, const store::RunRow& run);
/// The same with one job for each kernel: the guests of a kernel differ in their machines only. What the
/// first of them (the main one) says of itself is said of the kernel; times are sums; the outcome is the
/// first bad one.
RunData by_kernel(RunData data);

/// "dio.bdev=pin dio.iomap=get"
std::string capability_words(const std::map<std::string, std::string>& capabilities);
/// "x86_64 tip"
std::string column_name(const store::JobRow& job);
/// A verdict that is no plain pass, skip or xfail.
bool is_bad(model::Verdict v);
/// Seconds between two ISO 8601 times; nothing when one is missing or garbled.
std::optional<double> elapsed_s(const std::string& started, const std::string& finished);

}  // namespace pinrig::report
