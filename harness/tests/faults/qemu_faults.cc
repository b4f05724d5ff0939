// SPDX-License-Identifier: GPL-2.0
// QEMU dies or stops in each phase of a job of three tests.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "fault.h"
#include "job/testing.h"
#include "verdict/judge.h"
#include "vm/testing.h"

namespace pinrig::faults {
namespace {

using model::JobOutcome;
using model::Verdict;
using testing::HasSubstr;

struct Phase {
  const char* name;
  const char* words;
  std::vector<Verdict> verdicts;  ///< of the tests a/1, a/2 and a/3
};

const std::vector<Phase>& phases() {
  using enum Verdict;
  static const std::vector<Phase> all{
      {"hello", "before the agent's hello", {missing, missing, missing}},
      {"control", "while the ledger is proven", {missing, missing, missing}},
      {"setup", "while the machine is set up", {missing, missing, missing}},
      {"test_1", "in the first test", {crash, pass, pass}},
      {"test_2", "in the second test", {pass, crash, pass}},
      {"test_3", "in the last test", {pass, pass, crash}},
      {"power_off", "while it switches off", {pass, pass, pass}},
  };
  return all;
}

/// Time limits of the phase in which nothing comes any more; the others have all the time that a busy host
/// may need.
model::Timeouts short_in(const std::string& phase) {
  model::Timeouts t;
  const double soon = 2;
  if (phase == "qmp" || phase == "hello") t.boot_s = 3;
  if (phase == "control") t.scale = 0.1;
  if (phase == "setup") t.setup_s = soon;
  if (phase.starts_with("test")) t.silence_s = soon;
  if (phase == "power_off") t.shutdown_s = soon;
  return t;
}

model::JobSpec job_of(const fs::path& dir, const std::string& phase, bool stops) {
  auto job = job::job_spec(dir, {"a/1", "a/2", "a/3"});
  for (auto& t : job.tests) {
    t.limit_s = stops ? 0.2 : 30;
    t.needs.rdma = phase == "setup";
  }
  if (stops) job.timeouts = short_in(phase);
  return job;
}

/// No QEMU of this row is left, whatever state it was in, whichever thread started it.
void expect_no_qemu() {
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid = 0; children >> pid;) {
      const auto command = read_file(fmt::format("/proc/{}/cmdline", pid));
      EXPECT_TRUE(command.has_error() || command->find("qemu-system") == std::string::npos) << "PID " << pid;
    }
  }
}

void lose_qemu(const fs::path& dir, const Phase& phase, bool stops) {
  job::Place place;
  const vm::FakeQemu fake(fmt::format("{}@{}", stops ? "sigstop" : "sigkill", phase.name));
  const auto job = job_of(dir, phase.name, stops);
  const auto r = job::run_guest_job(job, {}, dir / "job", place.cancel, place.listener);
  ASSERT_TRUE(r.has_value()) << r.error().message;
  const auto j = verdict::judge(r->facts);
  EXPECT_NE(j.outcome.kind, JobOutcome::Kind::completed) << j.outcome.detail;
  EXPECT_FALSE(j.outcome.detail.empty());
  if (!stops) {
    EXPECT_THAT(j.outcome.detail, HasSubstr("SIGKILL"));
  }
  std::size_t at = 0;
  for (const auto& v : j.verdicts) {
    if (!v.case_name.empty() || v.test == model::unowned_test || v.test == model::control_test) continue;
    ASSERT_LT(at, phase.verdicts.size());
    const bool passes = phase.verdicts[at] == Verdict::pass;
    EXPECT_EQ(v.verdict == Verdict::pass, passes)
        << v.test << ": " << to_string(v.verdict) << " " << v.detail;
    ++at;
  }
  EXPECT_EQ(at, 3U);
  ASSERT_FALSE(r->attempts.empty());
  expect_no_qemu();
}

Fault never_answers(bool stops) {
  const auto run = [stops](const fs::path& dir) {
    job::Place place;
    const vm::FakeQemu fake(stops ? "sigstop@qmp" : "sigkill@qmp");
    const auto r =
        job::run_guest_job(job_of(dir, "qmp", stops), {}, dir / "job", place.cancel, place.listener);
    if (stops) {
      ASSERT_TRUE(r.has_error());
      EXPECT_EQ(r.error().kind, ErrorKind::infra);
      EXPECT_THAT(r.error().message, HasSubstr("QMP"));
    } else {
      ASSERT_TRUE(r.has_value()) << r.error().message;
      EXPECT_EQ(r->facts.outcome.kind, JobOutcome::Kind::infra_error);
      EXPECT_EQ(r->guests, 2) << "it is started once more";
    }
    expect_no_qemu();
  };
  return {stops ? "qemu_stopped_qmp" : "qemu_killed_qmp",
          fmt::format("{} to QEMU before it answers on QMP", stops ? "SIGSTOP" : "SIGKILL"),
          stops ? "an error of the machine that names QMP" : "infra_error after a second try",
          "no process, no verdict", run};
}

}  // namespace

Faults qemu_faults() {
  Faults all{never_answers(false), never_answers(true)};
  for (const bool stops : {false, true}) {
    for (const auto& phase : phases()) {
      all.push_back({fmt::format("qemu_{}_{}", stops ? "stopped" : "killed", phase.name),
                     fmt::format("{} to QEMU {}", stops ? "SIGSTOP" : "SIGKILL", phase.words),
                     stops ? "the phase, and that nothing came" : "the phase and the signal",
                     "verdicts of the tests before it, and those after it in a new guest; no process is left",
                     [&phase, stops](const fs::path& dir) { lose_qemu(dir, phase, stops); }});
    }
  }
  return all;
}

}  // namespace pinrig::faults
