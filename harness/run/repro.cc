// SPDX-License-Identifier: GPL-2.0
#include "run/repro.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "assess/assess.h"
#include "base/text.h"
#include "plan/plan.h"
#include "run/rerun.h"

namespace pinrig::run {
namespace {

/// A row of a test (not of a case), and where it is from.
struct Candidate {
  const store::GuestRow* guest = nullptr;
  std::size_t row = 0;  ///< among the tests of its guest
  model::AssessedResult result;
};

/// How much a row is what somebody looks for: smaller is more.
int order(const Candidate& c) {
  if (!c.result.expected()) return 0;
  return assess::is_red(c.result.verdict().verdict) ? 1 : 2;
}

Result<std::vector<Candidate>> tests_of(const store::Store& store, const std::vector<store::GuestRow>& guests,
                                        const std::string& kernel) {
  std::vector<Candidate> out;
  for (const auto& g : guests) {
    if (!kernel.empty() && g.kernel_id != kernel) continue;
    PINRIG_TRY(rows, store.results(g.run_id, g.id));
    std::size_t n = 0;
    for (auto& r : rows) {
      if (r.verdict().case_name.empty()) out.push_back({&g, n++, std::move(r)});
    }
  }
  return out;
}

Result<void> check_kernel(const store::Store& store, const store::RunRow& run, const std::string& kernel) {
  if (kernel.empty()) return {};
  PINRIG_TRY(kernels, store.kernels(run.id));
  std::vector<std::string> names;
  for (const auto& k : kernels) names.push_back(k.id);
  if (std::find(names.begin(), names.end(), kernel) != names.end()) return {};
  return make_error(ErrorKind::bad_usage,
                    fmt::format("--kernel {}: run {} has no such kernel", shell_quote(kernel), run.id),
                    "its kernels: " + join(names, ", "));
}

Error no_line(const store::RunRow& run, const Line& line) {
  const std::string where = line.kernel.empty() ? "" : " on " + line.kernel;
  if (line.test.empty())
    return make_error(ErrorKind::bad_usage, fmt::format("run {} has no red line{}", run.id, where),
                      "name a test: pinrig repro " + run.id + " SUITE/TEST");
  return make_error(ErrorKind::bad_usage,
                    fmt::format("run {} has no result of {}{}", run.id, shell_quote(line.test), where),
                    fmt::format("`pinrig show {}` lists its tests", run.id));
}

/// The function that the kernel's worst report of that test blames.
Result<std::string> suspect_of(const store::Store& store, const store::GuestRow& guest,
                               const std::string& test) {
  PINRIG_TRY(events, store.events(guest.run_id, guest.id));
  std::string out;
  for (const auto& e : events) {
    const bool mine = model::is_harness_row(test) ? e.owner.empty() : e.owner == test;
    if (!mine || e.function.empty()) continue;
    if (e.fatal) return e.function;
    if (out.empty()) out = e.function;
  }
  return out;
}

/// Those of the job that come before `test`, in its order, and `test`.
std::vector<std::string> up_to(const model::JobSpec& spec, const std::string& test) {
  std::vector<std::string> out;
  for (const auto& t : spec.tests) {
    out.push_back(t.name);
    if (t.name == test) break;
  }
  return out;
}

class Repeater {
 public:
  Repeater(const ReproOptions& o, const Services& services) : o_(o), services_(services) {}

  /// One guest with up to `most` attempts. False: nothing more is to be tried.
  Result<bool> next(int most) {
    PINRIG_TRY(ready, prepare());
    ready.spec.dump = o_.dump;
    const bool alone = !o_.choice.test.empty() && !o_.before;
    const int wanted = alone ? std::min(most, attempts_per_guest) : 1;
    PINRIG_TRY(names, name_attempts(ready.spec, wanted));
    services_.observer.on(
        {.kind = Event::Kind::begin, .task = ready.spec.guest_id, .what = "guest", .text = "boot"});
    PINRIG_TRY(result, job::run_and_judge(ready, services_, steer()));
    const int before = end_.attempts.count(), red = end_.attempts.red();
    count(result, names);
    cancelled_ = result.outcome.kind == model::JobOutcome::Kind::cancelled;
    infra_ = result.outcome.kind == model::JobOutcome::Kind::infra_error;
    if (red == 0) {
      end_.shown = std::move(result);
      end_.dir = ready.dir;
    }
    return !cancelled_ && end_.attempts.count() > before && !(o_.until_fail && end_.attempts.red() > 0);
  }

  ReproEnd finish() {
    end_.code = cancelled_                             ? ExitCode::interrupted
                : end_.attempts.red() > 0              ? ExitCode::regressions
                : end_.attempts.count() == 0 || infra_ ? ExitCode::harness
                                                       : ExitCode::ok;
    return std::move(end_);
  }

  const assess::Attempts& attempts() const { return end_.attempts; }

 private:
  Result<ReadyJob> prepare() {
    const auto& c = o_.choice;
    if (c.test.empty()) return ready_again({c.job_file, {}, c.debug}, services_);
    if (!o_.before) return ready_again({c.job_file, {c.test}, c.debug}, services_);
    PINRIG_TRY(text, read_file(c.job_file));
    PINRIG_TRY(spec, model::job_from_json(text, c.job_file.string()));
    return ready_again({c.job_file, up_to(spec, c.test), c.debug}, services_);
  }

  /// Puts `wanted` runs of the test into the job, under names of their own. Returns the names that count as
  /// attempts; nothing: the whole job is one.
  Result<std::vector<std::string>> name_attempts(model::JobSpec& spec, int wanted) const {
    const auto& test = o_.choice.test;
    if (test.empty()) return std::vector<std::string>();
    for (const auto* list : {&spec.skips, &spec.unbuilt, &spec.broken}) {
      if (const auto why = list->find(test); why != list->end())
        return make_error(ErrorKind::bad_input, fmt::format("{} cannot run: {}", test, why->second),
                          "--kernel chooses another kernel of the run");
    }
    std::vector<std::string> names{test};
    const auto spec_of_test = spec.tests.back();
    for (int n = 2; n <= wanted; ++n) {
      spec.tests.push_back(spec_of_test);
      spec.tests.back().name = plan::repeated_name(test, n);
      names.push_back(spec.tests.back().name);
    }
    return names;
  }

  /// With --until-fail nothing runs after an attempt that is seen to fail at once; a leak is one that the
  /// kernel's counters show, and the verdict is judge()'s.
  job::Steer steer() const {
    if (!o_.until_fail) return nullptr;
    return [test = o_.choice.test](const model::TestSpec& t, const wire::TestEnd* end,
                                   std::vector<model::TestSpec>& todo) {
      const bool attempt = assess::without_run(t.name) == test;
      const bool good =
          end != nullptr && end->how == "exited" && end->code == 0 &&
          end->after.acquired - end->after.released == end->before.acquired - end->before.released;
      if (attempt && !good) todo.clear();
      return job::Next::go_on;
    };
  }

  void count(const job::GuestResult& result, const std::vector<std::string>& names) {
    std::optional<model::Verdict> whole;
    const std::set<std::string> wanted(names.begin(), names.end());
    for (const auto& row : result.results) {
      const auto& v = row.verdict;
      if (!v.case_name.empty()) continue;
      // Cut off by a cancellation or the end of the guests: no attempt.
      if (wanted.contains(v.test) && v.verdict != model::Verdict::missing) end_.attempts.add(v.verdict);
      if (!whole || model::rank(v.verdict) > model::rank(*whole)) whole = v.verdict;
    }
    const bool ended = result.outcome.kind != model::JobOutcome::Kind::cancelled;
    if (names.empty() && whole && ended) end_.attempts.add(*whole);
  }

  const ReproOptions& o_;
  const Services& services_;
  ReproEnd end_;
  bool cancelled_ = false;
  bool infra_ = false;  ///< of the last guest
};

}  // namespace

Result<ReproChoice> choose_line(const store::Store& store, const store::RunRow& run, const Line& line) {
  PINRIG_CHECK(check_kernel(store, run, line.kernel));
  PINRIG_TRY(guests, store.guests(run.id));
  PINRIG_TRY(rows, tests_of(store, guests, line.kernel));
  if (!line.test.empty())
    std::erase_if(rows, [&](const auto& c) { return c.result.verdict().test != line.test; });
  const auto best = std::min_element(rows.begin(), rows.end(),
                                     [](const auto& a, const auto& b) { return order(a) < order(b); });
  if (best == rows.end() || (line.test.empty() && order(*best) == 2)) return no_line(run, line);
  const auto& v = best->result.verdict();
  ReproChoice out;
  out.job_file = fs::path(best->guest->dir) / "job.json";
  out.kernel = best->guest->kernel_id;
  out.guest = best->guest->id;
  out.seen = to_string(v.verdict);
  if (!model::is_harness_row(v.test)) {
    out.test = v.test;
    out.before = static_cast<int>(best->row);
  }
  PINRIG_TRY(suspect, suspect_of(store, *best->guest, v.test));
  out.suspect = std::move(suspect);
  return out;
}

fs::path run_file_of(const ReproChoice& choice) {
  // RUN/guests/GUEST/job.json
  return fs::absolute(choice.job_file).parent_path().parent_path().parent_path() / "run.json";
}

Result<ReproEnd> repro(const ReproOptions& o, const Services& services,
                       const std::function<void(const std::string&)>& say) {
  Repeater repeater(o, services);
  constexpr int no_limit = 1 << 30;
  const int most = o.repeat > 0 ? o.repeat : no_limit;
  const std::string name = o.choice.test.empty() ? "guest " + o.choice.guest : o.choice.test;
  for (bool more = true; more && repeater.attempts().count() < most;) {
    PINRIG_TRY(go_on, repeater.next(most - repeater.attempts().count()));
    more = go_on;
    if (most > 1) say(assess::to_text(name, repeater.attempts()));
  }
  return repeater.finish();
}

}  // namespace pinrig::run
