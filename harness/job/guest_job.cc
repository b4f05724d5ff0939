// SPDX-License-Identifier: GPL-2.0
#include "job/guest_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/deadline.h"
#include "base/text.h"
#include "job/cut.h"
#include "job/early_console.h"
#include "job/loss.h"
#include "job/outcome.h"
#include "job/raw_files.h"
#include "verdict/taint.h"
#include "vm/guest.h"
#include "vm/qemu_args.h"

namespace pinrig::job {
namespace {

using model::JobOutcome;
using model::TestRecord;
using model::TestSpec;

// Enough for the longest KTAP stream by far; what a flood costs us in memory is bounded by it.
constexpr std::uint64_t output_limit = 4 << 20;

bool leaves_pins(const wire::TestEnd& end) {
  if (!end.before.available || !end.after.available) return false;
  const auto acquired = end.after.acquired - end.before.acquired;
  const auto released = end.after.released - end.before.released;
  return acquired - released + 2 * end.claim.skew_sections != 0;
}

class OneGuest {
 public:
  OneGuest(const model::JobSpec& job, Observer& observer, const Steer& steer, GuestJobResult& result)
      : job_(job), observer_(observer), steer_(steer), result_(result) {}

  // Drives a started guest through `todo`; names of tests that were begun are taken out of it.
  Result<Ending> drive(vm::Guest& guest, const vm::GuestFiles& files, std::vector<TestSpec>& todo,
                       Clock::time_point spawned) {
    boot_s_ = 0;
    PINRIG_TRY(hello, guest.hello());
    if (!hello.value) return Ending{model::Phase::boot, "", hello.end, false};
    boot_s_ = since(spawned).count();
    if (result_.boot_s == 0) {
      result_.hello = *hello.value;
      result_.hello.release = shown(result_.hello.release.substr(0, 100));
      result_.hello.machine = shown(result_.hello.machine.substr(0, 40));
      result_.hello.problems.clear();  // setup_problems has them
      result_.boot_s = boot_s_;
    }
    limits_ = guest.timeouts();
    has_fs_ = has_drives_ = has_rxe_ = false;
    sent_.clear();
    note_shortcomings(*hello.value);
    PINRIG_TRY(control, guest.hold_control());
    if (!control.value) return Ending{model::Phase::control, "", control.end, false};
    if (result_.first_test_s == 0) result_.first_test_s = since(spawned).count();
    while (!todo.empty()) {
      const TestSpec test = todo.front();
      todo.erase(todo.begin());
      observer_.on({.kind = Event::Kind::test,
                    .task = job_.guest_id,
                    .what = test.name,
                    .done = double(next_id_),
                    .known = double(job_.tests.size())});
      if (const auto more = missing_setup(test.needs)) {
        PINRIG_TRY(setup_end, set_up(guest, *more));
        if (setup_end) return Ending{model::Phase::setup, "", *setup_end, false};
      }
      const wire::Run request = run_request(test);
      sent_.push_back({request.id, test.name, std::nullopt});
      begun_.push_back(test);
      PINRIG_TRY(end, guest.run(request));
      if (!end.value) {
        if (steer_) steer_(test, nullptr, todo);
        return Ending{model::Phase::test, test.name, end.end, false};
      }
      sent_.back().end = *end.value;
      result_.guest_test_s += end.value->wall_s;
      PINRIG_CHECK(dump_leak(guest, test.name, *end.value));
      observer_.on({.kind = Event::Kind::test,
                    .task = job_.guest_id,
                    .what = test.name,
                    .text = fmt::format("{} {}", end.value->how, end.value->code),
                    .done = double(next_id_ - 1),
                    .known = double(job_.tests.size())});
      const Next next = steer_ ? steer_(test, &*end.value, todo) : Next::go_on;
      if (end.value->stuck_count > 0 || !end.value->stuck.empty() || next == Next::new_guest)
        return retire(guest, test.name);
      PINRIG_TRY(taint, damage(files, test.name, *end.value, todo.size()));
      if (taint != 0) return switch_off(guest, taint);
    }
    return switch_off(guest, 0);
  }

  // Of the guest that runs, taken out; later ones may make one only if there was none.
  std::optional<model::Dump> take_dump() { return std::exchange(dump_, std::nullopt); }
  bool dumped() const { return dumped_; }
  void note_dump(const std::optional<model::Dump>& dump) { dumped_ = dumped_ || dump; }
  double boot_s() const { return boot_s_; }  // of the last guest; 0 = it said no hello
  const std::vector<verdict::SentTest>& sent() const { return sent_; }
  const std::vector<TestSpec>& begun() const { return begun_; }  // in all guests

 private:
  // Before the next test, which may take the pages or release them.
  Result<void> dump_leak(vm::Guest& guest, const std::string& test, const wire::TestEnd& end) {
    if (dumped_ || !job_.dump.wants(model::DumpCause::leak) || !leaves_pins(end)) return {};
    observer_.on({.kind = Event::Kind::test, .task = job_.guest_id, .what = "dump", .text = test});
    PINRIG_TRY(dump, guest.dump(model::DumpCause::leak, test));
    dump_ = std::move(dump);
    dumped_ = true;
    return {};
  }

  // A process that cannot be ended holds what it holds: its pins, its locks, and the report that its task
  // hangs would be another test's. Such a guest need not be able to switch off either.
  Ending retire(vm::Guest& guest, const std::string& test) {
    guest.kill();
    return Ending{.phase = model::Phase::test, .test = test, .end = {}, .completed = true, .retired = true};
  }

  Result<Ending> switch_off(vm::Guest& guest, std::uint64_t taint) {
    PINRIG_TRY(end, guest.power_off());
    Ending out{model::Phase::shutdown, "", end, end.kind == vm::GuestEnd::Kind::powered_off};
    out.tainted = taint;
    return out;
  }

  // The taint for which what is left is to run in a new guest: after a report of the kernel nobody knows what
  // its memory holds, and what it does next would be the next test's failure. 0: none, or nothing is left.
  Result<std::uint64_t> damage(const vm::GuestFiles& files, const std::string& test, const wire::TestEnd& end,
                               std::size_t left) {
    if (steer_ || left == 0 || end.before.taint < 0 || end.after.taint < 0) return 0;
    const auto fresh = static_cast<std::uint64_t>(end.after.taint & ~end.before.taint);
    if (verdict::unannounced_taint(fresh, "") == 0) return 0;
    PINRIG_TRY(output, output_so_far(files, sent_, test));
    const std::uint64_t taint = verdict::unannounced_taint(fresh, output);
    if (taint == 0 || ++tainted_ <= max_tainted) return taint;
    if (tainted_ == max_tainted + 1)
      result_.problems.push_back(fmt::format(
          "{} and {} tests before it tainted the kernel: from here on such a guest runs the next test, too",
          test, max_tainted));
    return 0;
  }

  // The guest's end, when it did not survive the set-up.
  Result<std::optional<vm::GuestEnd>> set_up(vm::Guest& guest, const wire::Setup& request) {
    PINRIG_TRY(done, guest.setup(request));
    if (!done.value) return std::optional(done.end);
    note_lacks(done.value->problems);
    return std::optional<vm::GuestEnd>();
  }

  // The guest's own words, which end up in every report: as many as there can be reasons, and no more.
  void note_lacks(const std::vector<std::string>& problems) {
    constexpr std::size_t most = 50;
    constexpr std::size_t longest = 300;
    for (const auto& p : problems) {
      if (result_.setup_problems.size() < most) result_.setup_problems.push_back(p.substr(0, longest));
    }
  }

  // What the guest lacks at hello. With one CPU no race would ever be lost.
  void note_shortcomings(const wire::Hello& hello) {
    note_lacks(hello.problems);
    if (hello.cpus < job_.machine.cpus)
      result_.setup_problems.push_back(
          fmt::format("{} of {} CPUs are online", hello.cpus, job_.machine.cpus));
  }

  // Drives, file systems, swap and rxe are brought up for the first test that needs them: a guest that is
  // there for one test does not wait for the rest. Huge pages it takes at once, while memory is still in one
  // piece (vm/qemu_args.cc, pinrig.hugepages=).
  std::optional<wire::Setup> missing_setup(const model::Needs& needs) {
    const bool fs = !has_fs_ && (!needs.fs.empty() || needs.swap_mib > 0);
    const bool drives = !has_drives_ && (!needs.nvme.empty() || !needs.devices.empty());
    const bool rxe = !has_rxe_ && needs.rdma;
    if (!fs && !drives && !rxe) return std::nullopt;
    has_fs_ |= fs;
    has_drives_ |= drives;
    has_rxe_ |= rxe;
    wire::Setup s;
    s.settle_ms = settle_ms();
    for (const auto& d : job_.machine.nvme) {
      if (drives) s.drives.push_back(fmt::format("{}:{}", d.serial, d.nsid));
      if (fs && !d.fs.empty()) s.mounts.push_back({d.serial, d.nsid, d.fs, "/mnt/" + d.fs});
    }
    if (fs) s.swap_mib = job_.machine.swap_mib;
    s.rxe = rxe && job_.machine.net;
    return s;
  }

  wire::Run run_request(const TestSpec& test) {
    wire::Run r;
    r.id = next_id_++;
    r.name = test.name;
    r.argv.push_back(test.from_kernel() ? "/tests/kernel/" + test.kernel_binary() : "/tests/" + test.program);
    // All of ours are one program, which looks at its name. A link for each would take a boot 5 ms.
    if (!test.from_kernel()) r.file = "/tests/pinrig-tests";
    r.argv.insert(r.argv.end(), test.args.begin(), test.args.end());
    r.env = test.env;
    r.cwd = test.needs.fs.empty() ? "/tmp" : "/mnt/" + test.needs.fs;
    r.output_limit = output_limit;
    r.watch_cases = test.format == model::OutputFormat::ktap;
    r.limit_ms = static_cast<std::uint64_t>(limits_.scaled(test.limit_s) * 1000);
    r.settle_ms = settle_ms();
    // What the tests wait for themselves takes as much longer on a slow guest as what the agent waits for.
    r.env["PINRIG_SETTLE_MS"] = std::to_string(r.settle_ms);
    return r;
  }

  int settle_ms() const { return static_cast<int>(limits_.scaled(wire::Run().settle_ms)); }

  const model::JobSpec& job_;
  Observer& observer_;
  const Steer& steer_;
  GuestJobResult& result_;
  std::vector<TestSpec> begun_;
  double boot_s_ = 0;
  model::Timeouts limits_;  // of the guest that runs: its boot was measured
  std::uint32_t next_id_ = 1;
  std::vector<verdict::SentTest> sent_;  // to the guest that runs
  bool has_fs_ = false;
  bool has_drives_ = false;
  bool has_rxe_ = false;
  std::optional<model::Dump> dump_;  // of the guest that runs
  bool dumped_ = false;              // any of the job's guests
  int tainted_ = 0;                  // tests that did that to their guest
};

bool can_start(const model::JobSpec& job, const std::string& test) {
  return !job.skips.contains(test) && !job.unbuilt.contains(test) && !job.broken.contains(test);
}

// Tests that cannot be started, with the reason; they never reach a guest.
std::vector<TestSpec> startable(const model::JobSpec& job, std::vector<TestRecord>& records) {
  std::vector<TestSpec> out;
  for (const auto& t : job.tests) {
    if (can_start(job, t.name)) {
      out.push_back(t);
      continue;
    }
    const auto skip = job.skips.find(t.name);
    const auto unbuilt = job.unbuilt.find(t.name);
    const auto broken = job.broken.find(t.name);
    TestRecord r;
    r.name = t.name;
    r.exit.kind = model::TestExit::Kind::not_run;
    if (broken != job.broken.end()) {
      r.errors = broken->second;
    } else {
      r.skip_foreseen = skip != job.skips.end();
      r.skip_reason = r.skip_foreseen ? skip->second : unbuilt->second;
    }
    records.push_back(std::move(r));
  }
  return out;
}

// What was to be run in the end, where a Steer has changed it.
std::vector<TestSpec> planned_after(const model::JobSpec& job, const std::vector<TestSpec>& begun,
                                    const std::vector<TestSpec>& left) {
  std::vector<TestSpec> out = begun;
  out.insert(out.end(), left.begin(), left.end());
  for (const auto& t : job.tests) {
    if (!can_start(job, t.name)) out.push_back(t);
  }
  return out;
}

// QEMU died by itself, and nothing was asked of the guest yet.
bool crashed_at_boot(const Ending& ending, const JobOutcome& outcome) {
  return ending.phase == model::Phase::boot && outcome.kind == JobOutcome::Kind::infra_error &&
         ending.end.signal != 0;
}

// `last`: the test that began last.
void announce_new_guest(const model::JobSpec& job, const Ending& ending, const JobOutcome& outcome,
                        const std::string& last, std::size_t left, Observer& observer) {
  const std::string why =
      ending.retired ? fmt::format("{} left a process that cannot be killed", last)
      : ending.tainted != 0
          ? fmt::format("{} tainted the kernel ({})", last, verdict::taint_letters(ending.tainted))
          : fmt::format("{}: {}", to_string(outcome.kind), outcome.detail);
  observer.on({.kind = Event::Kind::warning,
               .task = job.guest_id,
               .what = "guest",
               .text = fmt::format("{}; {} in a new guest", shown(why),
                                   left == 1 ? "1 test continues" : fmt::format("{} tests continue", left))});
}

struct Judged {
  JobOutcome outcome;
  verdict::LossJudgement loss;
};

Judged judge_ending(const model::JobSpec& job, const Ending& ending, const console::Log& log,
                    const std::optional<vm::LastLook>& look) {
  Judged out{outcome_of(ending, log),
             verdict::judge_loss(loss_facts(ending, log, look, look ? system_map_of(job) : ""))};
  if (ending.end.kind == vm::GuestEnd::Kind::hung) add_loss(out.loss, out.outcome);
  return out;
}

/// The dump of a guest that has ended; the driver knows then that it has one.
std::optional<model::Dump> dump_of(OneGuest& driver, const std::optional<vm::LastLook>& look) {
  auto dump = driver.take_dump();
  if (!dump && look) dump = look->dump;
  driver.note_dump(dump);
  return dump;
}

/// Nothing ran: all tests are skipped, and a guest could say nothing about that.
GuestJobResult without_guest(GuestJobResult result) {
  result.facts.outcome.kind = JobOutcome::Kind::completed;
  return result;
}

}  // namespace

Result<GuestJobResult> run_guest_job(const model::JobSpec& job, const std::map<std::string, fs::path>& drives,
                                     const fs::path& dir, const CancelToken& cancel, Observer& observer,
                                     const Steer& steer) {
  GuestJobResult result;
  result.facts.planned = job.tests;
  result.facts.control_pages = wire::hold_pages;
  std::vector<TestSpec> todo = startable(job, result.facts.records);
  if (todo.empty() && !job.tests.empty()) return without_guest(std::move(result));
  const auto start = Clock::now();
  OneGuest driver(job, observer, steer, result);
  int boot_crashes = 0;
  bool decided = false;
  do {
    ++result.guests;
    const fs::path guest_dir = result.guests == 1 ? dir : dir / fmt::format("guest-{}", result.guests);
    PINRIG_CHECK(make_dirs(guest_dir));
    const vm::GuestFiles files{guest_dir};
    const auto spawned = Clock::now();
    std::optional<Ending> ending;
    std::optional<vm::LastLook> look;
    {
      auto guest = vm::Guest::start(job, files, drives, cancel);
      if (guest.has_error()) {
        if (result.guests == 1) return std::move(guest).error();
        // What the guests before it measured is kept; the tests that are left stay missing, and the outcome
        // of the guest that died stands.
        result.problems.push_back("no new guest for the remaining tests: " + guest.error().message);
        break;
      }
      PINRIG_TRY(e, driver.drive(*guest, files, todo, spawned));
      ending = std::move(e);
      PINRIG_TRY(seen, look_at(*guest, *ending, files, driver.dumped() ? nullptr : &job.dump));
      look = std::move(seen);
    }
    PINRIG_TRY(log, read_console(files.console()));
    const auto [outcome, loss] = judge_ending(job, *ending, log, look);
    PINRIG_CHECK(add_guest_results(files, log, driver.sent(), result));
    PINRIG_CHECK(cut_files(files));
    const bool crashed = crashed_at_boot(*ending, outcome) && boot_crashes++ < max_boot_crashes;
    result.facts.guest_outcomes.push_back(outcome);
    // The first guest that did not end well names the outcome; a later good one does not wipe it out.
    if (!crashed && (!decided || result.facts.outcome.kind == JobOutcome::Kind::completed))
      result.facts.outcome = outcome;
    decided = decided || !crashed;
    result.attempts.push_back({result.guests, outcome, driver.boot_s(), since(spawned).count(),
                               guest_dir.string(), loss.loss, loss.evidence, dump_of(driver, look)});
    const bool died_in_test = !ending->completed && ending->phase == model::Phase::test;
    const bool goes_on = died_in_test || ending->retired || ending->tainted != 0 || crashed;
    if (!goes_on || outcome.kind == JobOutcome::Kind::cancelled || todo.empty()) break;
    announce_new_guest(job, *ending, outcome, driver.begun().empty() ? "" : driver.begun().back().name,
                       todo.size(), observer);
  } while (result.guests < max_guests);
  if (steer) result.facts.planned = planned_after(job, driver.begun(), todo);
  if (result.facts.outcome.kind == JobOutcome::Kind::no_output)
    PINRIG_CHECK(ask_early_console(job, drives, dir, cancel, result));
  result.wall_s = since(start).count();
  return result;
}

}  // namespace pinrig::job
