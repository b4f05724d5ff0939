// SPDX-License-Identifier: GPL-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "fault.h"
#include "job/testing.h"
#include "verdict/judge.h"
#include "vm/guest.h"
#include "vm/testing.h"

namespace pinrig::faults {
namespace {

using testing::HasSubstr;
using End = vm::GuestEnd::Kind;

/// A guest and its fake QEMU, started and past its handshake.
struct Started {
  explicit Started(const fs::path& dir, const std::string& role, const model::JobSpec& job,
                   vm::OutputCaps caps = {})
      : fake(role), guest(vm::Guest::start(job, {dir / "guest", caps}, {}, cancel)) {
    if (guest.has_error()) ADD_FAILURE() << guest.error().message;
  }
  /// Nothing of it is left when the row ends.
  void expect_gone() {
    const pid_t pid = guest->pid();
    guest->kill();
    EXPECT_NE(::kill(pid, 0), 0) << "QEMU is still there";
  }

  CancelToken cancel;
  vm::FakeQemu fake;
  Result<vm::Guest> guest;
};

model::JobSpec job_in(const fs::path& dir) {
  auto job = job::job_spec(dir, {"a/a"});
  job.timeouts.silence_s = 0.2;
  return job;
}

Fault lie_at_hello(const char* role, const char* injected) {
  const auto run = [role](const fs::path& dir) {
    Started s(dir, role, job_in(dir));
    ASSERT_TRUE(s.guest.has_value());
    const auto hello = s.guest->hello();
    ASSERT_TRUE(hello.has_value());
    EXPECT_FALSE(hello->value.has_value());
    EXPECT_EQ(hello->end.kind, End::protocol) << hello->end.detail;
    EXPECT_LE(hello->end.detail.size(), 500U);
    s.expect_gone();
  };
  return {std::string("control_") + role, injected, "the guest ends with `protocol` and a reason",
          "no hello, no QEMU left behind", run};
}

/// A flood while a test runs.
Fault flood(const char* role, const char* injected, End kind, const char* reported, const char* words,
            const std::function<void(model::JobSpec&)>& change = {}) {
  const auto run = [=](const fs::path& dir) {
    auto job = job_in(dir);
    if (change) change(job);
    Started s(dir, role, job, {.console = 1000, .results = 1000, .share = 1000});
    ASSERT_TRUE(s.guest.has_value());
    ASSERT_TRUE(s.guest->hello()->value.has_value());
    wire::Run request;
    request.id = 1;
    request.limit_ms = kind == End::hung ? 100 : 60000;
    const auto step = s.guest->run(request);
    ASSERT_TRUE(step.has_value());
    EXPECT_FALSE(step->value.has_value());
    EXPECT_EQ(step->end.kind, kind) << step->end.detail;
    EXPECT_THAT(step->end.detail, HasSubstr(words));
    s.expect_gone();
  };
  return {std::string("control_") + role, injected, reported, "the host's disk and memory; the time limit",
          run};
}

/// A whole job of one test; what became of it.
Fault whole_job(const char* role, const char* injected, const char* reported,
                const std::function<void(const job::GuestJobResult&, const verdict::Judgement&)>& check) {
  const auto run = [=](const fs::path& dir) {
    job::Place place;
    const vm::FakeQemu fake(role);
    const auto job = job_in(dir);
    const auto r = job::run_guest_job(job, {}, dir / "job", place.cancel, place.listener);
    ASSERT_TRUE(r.has_value()) << r.error().message;
    const auto j = verdict::judge(r->facts);
    for (const auto& v : j.verdicts)
      EXPECT_TRUE(!v.case_name.empty() || v.verdict != model::Verdict::pass) << v.test << ": " << v.detail;
    check(*r, j);
  };
  return {std::string("control_") + role, injected, reported, "no pass", run};
}

Fault action(const char* role, const char* injected, const char* problem,
             const std::function<void(model::JobSpec&)>& change) {
  const auto run = [=](const fs::path& dir) {
    auto job = job_in(dir);
    job.timeouts.silence_s = 30;
    change(job);
    Started s(dir, role, job);
    ASSERT_TRUE(s.guest.has_value());
    ASSERT_TRUE(s.guest->hello()->value.has_value());
    wire::Run request;
    request.id = 3;
    const auto step = s.guest->run(request);
    ASSERT_TRUE(step.has_value() && step->value.has_value());
    EXPECT_THAT(step->value->problem, HasSubstr(problem));
    EXPECT_EQ(s.guest->power_off()->kind, End::powered_off);
  };
  return {std::string("control_") + role, injected, std::string("the test is told: \"") + problem + "\"",
          "the guest goes on and switches off", run};
}

Faults lies() {
  return {
      lie_at_hello("bad_magic", "64 bytes that are no frame instead of hello"),
      lie_at_hello("not_json", "a hello that is cut off JSON"),
      lie_at_hello("not_object", "a hello that is a list"),
      lie_at_hello("wrong_type", "another message instead of hello"),
      lie_at_hello("type_is_number", "a hello whose type is a number"),
      lie_at_hello("field_of_wrong_type", "a hello with a text for a number"),
      lie_at_hello("huge_number", "a hello with 1e300 CPUs"),
      lie_at_hello("old_protocol", "a hello of another protocol"),
      lie_at_hello("output_on_control", "test output on the control port"),
      lie_at_hello("too_long", "a frame longer than allowed on the control port"),
  };
}

Faults floods() {
  const auto with_share = [](model::JobSpec& job) { job.machine.devices = {model::Device::p9}; };
  return {
      flood("floods_console", "a kernel that prints without end", End::too_much_output,
            "`too_much_output`, the file and its cap", "console.raw has"),
      flood("floods_results", "a test that prints without end past the agent", End::too_much_output,
            "`too_much_output`, the file and its cap", "results.raw has"),
      flood("floods_share", "a guest that fills the folder it shares over 9p", End::too_much_output,
            "`too_much_output` and the folder", "the folder that the guest shares", with_share),
      flood("asks_for_ever", "a test that asks the host for one thing after the other", End::hung,
            "`hung`: only requests to the host", "requests to the host"),
      flood("drips_for_ever", "a message that never ends", End::hung, "`hung` at the test's limit",
            "no test_end within"),
      flood("wrong_id", "the end of another test than the one that runs", End::protocol,
            "`protocol` and both ids", "end of test 99"),
      flood("refuses_requests", "an agent that refuses every request", End::protocol,
            "`protocol` and the agent's words", "cannot read the request"),
  };
}

Faults jobs() {
  const auto not_completed = [](const job::GuestJobResult&, const verdict::Judgement& j) {
    EXPECT_NE(j.outcome.kind, model::JobOutcome::Kind::completed) << j.outcome.detail;
  };
  return {
      whole_job("powers_off_at_once", "a guest that switches off at once, with exit 0",
                "an outcome other than completed, the test missing", not_completed),
      whole_job("panics_at_boot", "a guest that is reset before it says anything",
                "an outcome other than completed, the test missing", not_completed),
      whole_job("last_words", "a guest that says hello and is gone", "an outcome other than completed",
                not_completed),
      whole_job("stops", "a QEMU that stops its guest by itself", "an outcome other than completed",
                not_completed),
      whole_job("mute_console", "a guest whose kernel log never comes", "\"the kernel's log is lost\"",
                [](const auto&, const auto& j) {
                  EXPECT_THAT(j.verdicts.at(0).detail, HasSubstr("the kernel's log is lost"));
                }),
  };
}

Faults actions() {
  const auto drives = [](model::JobSpec& job) {
    job.machine.nvme = {{.serial = "pin-gone", .removable = true}, {.serial = "pin-raw"}};
    job.timeouts.setup_s = 0.2;
  };
  const auto cpus = [](model::JobSpec& job) { job.machine.cpus = 3; };
  return {
      action("unplugs_another", "a test that has the host unplug a drive it may not", "no removable device",
             drives),
      action("unplug_ignored", "a QEMU that does not answer the unplugging", "did not release pin-gone",
             drives),
      action("holds_too_many", "a request to hold a CPU in 20,000 places, each to be looked up",
             "20000 places in one request", cpus),
  };
}

}  // namespace

Faults control_faults() {
  Faults all;
  for (const auto& rows : {lies(), floods(), jobs(), actions()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

}  // namespace pinrig::faults
