// SPDX-License-Identifier: GPL-2.0
#include "bisection/boot.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/deadline.h"
#include "bisection/points.h"
#include "kbuild/artifact.h"
#include "kbuild/code.h"
#include "plan/plan.h"
#include "run/leftovers.h"
#include "run/pipeline.h"

namespace pinrig::bisection {
namespace {

using bisect::Seen;
using bisect::TestFacts;
using model::JobOutcome;
using store::KernelState;

constexpr int runs_to_look_at = 1000;

/// A point without a kernel is stepped around; what failed for another reason is repeated.
std::optional<Seen> seen_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::apply_failed:
    case ErrorKind::build_failed:
      return Seen::skip;
    case ErrorKind::infra:
      return Seen::infra;
    default:
      return std::nullopt;
  }
}

std::optional<Seen> seen_of(KernelState state) {
  switch (state) {
    case KernelState::built:
      return std::nullopt;
    case KernelState::apply_failed:
    case KernelState::build_failed:
      return Seen::skip;
    default:
      return Seen::infra;
  }
}

TestFacts facts_of(const std::string& name, const std::vector<model::AssessedResult>& rows,
                   const std::vector<model::KernelEvent>& events) {
  TestFacts out;
  for (const auto& r : rows) {
    if (r.verdict().test == name) out.rows.push_back(r.result);
  }
  std::copy_if(events.begin(), events.end(), std::back_inserter(out.events),
               [&](const auto& e) { return e.owner == name; });
  return out;
}

/// A run that the guest did not come to, or whose result the harness itself does not believe.
bool has_no_answer(const TestFacts& facts) {
  return std::all_of(facts.rows.begin(), facts.rows.end(), [](const auto& r) {
    return !r.verdict.case_name.empty() || r.verdict.verdict == model::Verdict::missing;
  });
}

bool cannot_boot(const std::vector<store::GuestRow>& guests) {
  return std::any_of(guests.begin(), guests.end(), [](const auto& g) {
    return g.outcome &&
           (g.outcome->kind == JobOutcome::Kind::boot_failed ||
            (g.outcome->phase == model::Phase::boot && g.outcome->kind != JobOutcome::Kind::infra_error));
  });
}

Result<Booted> read_run(const run::RunOptions& o, const std::string& run, const Services& services) {
  Booted out;
  out.run = run;
  PINRIG_TRY(store, run::open_store(services.paths));
  PINRIG_TRY(kernels, store.kernels(run));
  out.none = seen_of(kernels.back().state);
  out.why = kernels.back().failure;
  if (out.none) return out;
  PINRIG_TRY(guests, store.guests(run));
  bool harness = false;
  for (const auto& guest : guests) {
    PINRIG_TRY(rows, store.results(run, guest.id));
    PINRIG_TRY(events, store.events(run, guest.id));
    harness = harness || !guest.outcome || guest.outcome->kind == JobOutcome::Kind::infra_error;
    if (harness && guest.outcome) out.why = guest.outcome->detail;
    for (int n = 1; n <= o.repeat; ++n) {
      auto facts = facts_of(plan::repeated_name(o.tests.front(), n), rows, events);
      if (!facts.rows.empty() && !has_no_answer(facts)) out.facts.push_back(std::move(facts));
    }
  }
  // The negative control failed: then none of its verdicts can be believed.
  if (harness) out.facts.clear();
  if (out.facts.empty()) out.none = !harness && cannot_boot(guests) ? Seen::skip : Seen::infra;
  return out;
}

Result<std::string> image_of(const std::string& key, const Services& services) {
  const auto artifact = kbuild::find_artifact(services.paths.cache, key, {});
  if (!artifact) return std::string();
  return kbuild::code_of(*artifact);
}

bool same_config(const std::vector<model::KernelConfig>& wanted, const model::KernelConfig& config) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const auto& w) { return w.fragments == config.fragments; });
}

}  // namespace

Result<Image> build_point(const run::RunOptions& options, const Services& services,
                          const std::function<void()>& tick) {
  auto kernels = run::build_only(options, services, tick);
  if (kernels.has_value() && !kernels->error && !kernels->built.empty()) {
    PINRIG_TRY(hash, kbuild::code_of(kernels->built.front()));
    return Image{std::move(hash), std::nullopt, ""};
  }
  const Error error = kernels.has_error() ? kernels.error()
                      : kernels->error    ? *kernels->error
                                          : make_error(ErrorKind::infra, "no kernel was built");
  const auto seen = seen_of(error.kind);
  if (!seen) return error;
  return Image{"", seen, error.message};
}

Result<Booted> boot_point(const run::RunOptions& options, const Services& services,
                          const std::function<void()>& tick) {
  const auto start = Clock::now();
  auto done = run::execute(options, services, tick);
  if (services.cancel.requested()) return cancelled_error();
  if (done.has_error()) {
    const auto seen = seen_of(done.error().kind);
    if (!seen) return done.error();
    return Booted{{}, seen, done.error().message, "", since(start).count()};
  }
  PINRIG_TRY(out, read_run(options, done->run_id, services));
  out.wall_s = since(start).count();
  return out;
}

Result<std::vector<Known>> known_verdicts(const bisect::Log& log, const Services& services) {
  std::vector<Known> out(log.points.size());
  // The commits of a range are those of the user's repository; a series has commits of pinrig's own.
  PINRIG_TRY(in, run::load_inputs(services.paths.project, run_options(log, 0, 0)));
  PINRIG_TRY(store, run::open_store(services.paths));
  PINRIG_TRY(runs, store.runs(runs_to_look_at));
  const auto test = bisect::test_name(log.test).test;
  for (const auto& run : runs) {
    if (run.faults || run.state == store::RunState::running) continue;
    PINRIG_TRY(kernels, store.kernels(run.id));
    PINRIG_TRY(guests, store.guests(run.id));
    for (const auto& kernel : kernels) {
      const auto at = std::find_if(log.points.begin(), log.points.end(),
                                   [&](const auto& p) { return p.sha == kernel.point.commit; });
      if (at == log.points.end() || kernel.arch != log.arch || !same_config(in.spec.configs, kernel.config))
        continue;
      auto& known = out[static_cast<std::size_t>(at - log.points.begin())];
      if (known.image.empty() && !kernel.key.empty()) {
        PINRIG_TRY(image, image_of(kernel.key, services));
        known.image = std::move(image);
      }
      for (const auto& guest : guests) {
        if (guest.kernel_id != kernel.id || !guest.outcome || !run.purpose.empty()) continue;
        if (guest.outcome->kind == JobOutcome::Kind::infra_error) continue;
        PINRIG_TRY(rows, store.results(run.id, guest.id));
        PINRIG_TRY(events, store.events(run.id, guest.id));
        auto facts = facts_of(test, rows, events);
        if (!facts.rows.empty() && !has_no_answer(facts)) known.facts.emplace_back(run.id, std::move(facts));
      }
    }
  }
  return out;
}

}  // namespace pinrig::bisection
