// SPDX-License-Identifier: GPL-2.0
#include "mutate/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <mutex>

#include "base/text.h"
#include "run/scheduler.h"

namespace pinrig::mutate {
namespace {

// A batch ends its guest after about so much, and has at most so many mutants: a guest that one of them
// kills, or that pinrig loses, has to be cheap.
constexpr double batch_s = 40;
constexpr std::size_t batch_mutants = 24;
// Each needs a guest of its own, and a job has at most job::max_guests of them.
constexpr std::size_t destructive_mutants = 4;

// A batch is made of so many of those that wait: those in front are to be settled first.
constexpr std::size_t window = 64;

// How often a mutant about which a batch cannot say anything is shown again.
constexpr int most_tries = 3;

struct Pending {
  std::vector<Stage> stages;
  bool planned = false;
  std::size_t stage = 0;
  bool first = false;  ///< to be the first of a guest
  int tries = 0;
  Outcome outcome;
};

struct Batch {
  std::size_t guest = 0;
  int number = 0;
  std::list<Pending> mutants;
};

class Show {
 public:
  Show(const Stand& stand, const std::vector<model::Mutant>& mutants,
       const std::function<void(Outcome)>& done)
      : stand_(stand), done_(done), budget_(run::machine_budget()), scheduler_(budget_) {
    for (const auto& m : mutants) pending_.push_back({.outcome = {.mutant = m}});
    for (const auto& m : stand.lab.set.all()) of_file_[m.file].insert(m.number);
  }

  void run(const std::function<void()>& tick) {
    {
      const std::lock_guard lock(mutex_);
      refill();
    }
    scheduler_.drain(stand_.services.cancel, tick);
  }

 private:
  const model::Guest& guest(std::size_t index) const { return stand_.lab.kernel.guests.at(index); }

  bool destructive(std::size_t index) const {
    const auto& tests = guest(index).tests;
    return std::any_of(tests.begin(), tests.end(), [](const auto& t) { return t.destructive; });
  }

  // As many batches as there is room for the smallest guests.
  void refill() {
    const int most = std::max(1, 1000 * budget_.cpus / run::guest_milli_cpus(1));
    while (running_ < most && !pending_.empty()) {
      auto batch = std::make_shared<Batch>(next_batch());
      if (batch->mutants.empty()) continue;
      ++running_;
      const auto& machine = guest(batch->guest).machine;
      scheduler_.submit({.name = fmt::format("batch {}", batch->number),
                         .milli_cpus = run::guest_milli_cpus(machine.cpus),
                         .memory = std::uint64_t(machine.memory_mib) << 20,
                         .body = [this, batch] { run_batch(*batch); }});
    }
  }

  // Those in front that are shown next in the same guest.
  Batch next_batch() {
    Batch out{.number = ++batches_};
    double sum = 0;
    std::size_t seen = 0;
    for (auto it = pending_.begin(); it != pending_.end() && sum < batch_s && seen++ < window;) {
      const auto at = it++;
      plan(*at);
      if (at->stages.empty()) {
        settle(*at, Fate::never_reached, "no test that reaches it passes without it");
        pending_.erase(at);
        continue;
      }
      const Stage& stage = at->stages[at->stage];
      if (out.mutants.empty()) out.guest = stage.guest;
      const bool fits = out.mutants.empty() || (stage.guest == out.guest && !at->first);
      if (!fits) continue;
      sum += stage.wall_s();
      out.mutants.splice(out.mutants.end(), pending_, at);
      if (out.mutants.size() >= (destructive(out.guest) ? destructive_mutants : batch_mutants)) break;
    }
    return out;
  }

  void plan(Pending& p) {
    if (p.planned) return;
    const auto& m = p.outcome.mutant;
    const auto& guests = stand_.lab.kernel.guests;
    p.stages = stages_for(m.number, of_file_.at(m.file), stand_.reference, guests, stand_.budget_s);
    p.outcome.reaching = reaching(m.number, stand_.reference, guests);
    p.planned = true;
  }

  void run_batch(Batch& batch) {
    model::Guest g = guest(batch.guest);
    g.id = fmt::format("batch-{}", batch.number);
    std::vector<Item> items;
    std::vector<model::TestSpec> specs;
    for (const auto& p : batch.mutants) {
      items.push_back({p.outcome.mutant.number, p.stages[p.stage].asks});
      for (const auto& ask : items.back().asks) {
        const auto test =
            std::find_if(g.tests.begin(), g.tests.end(), [&](const auto& t) { return t.name == ask.test; });
        specs.push_back(spec_of(*test, ask, items.back().mutant));
      }
    }
    g.tests = std::move(specs);
    const fs::path dir = stand_.dir / std::to_string(batch.number);
    const auto start = Clock::now();
    const auto result = boot_tests(stand_.lab, stand_.kernel, g, dir, stand_.services, Steering());
    const std::lock_guard lock(mutex_);
    --running_;
    if (stand_.services.cancel.requested()) return;
    bool keep = result.has_error();
    std::size_t at = 0;
    for (auto& p : batch.mutants) {
      if (result.has_error()) {
        settle(p, Fate::failed, result.error().message);
        continue;
      }
      account(p, *result, since(start).count(), items.size());
      judge(p, shown_by(items[at++], stand_.reference, *result));
      keep = keep || p.tries > 0;
    }
    put_back(batch);
    std::error_code ec;
    if (!keep) fs::remove_all(dir, ec);
    refill();
  }

  // Its own tests, and its share of what the guests took besides.
  static void account(Pending& p, const job::GuestResult& result, double wall_s, std::size_t mutants) {
    double tests = 0;
    for (const auto& r : result.guest.facts.records) tests += r.wall_s + r.ledger.settle_ms / 1e3;
    auto& o = p.outcome;
    o.wall_s +=
        seconds_on(o.mutant.number, result) + std::max(0.0, wall_s - tests) / static_cast<double>(mutants);
    ++o.boots;
  }

  void judge(Pending& p, const Shown& shown) {
    switch (shown.kind) {
      case Shown::Kind::caught:
        p.outcome.tests += p.stages[p.stage].cases();
        settle(p, Fate::caught, shown.by);
        break;
      case Shown::Kind::quiet:
        p.outcome.tests += p.stages[p.stage].cases();
        next_stage(p);
        break;
      case Shown::Kind::undecided:
        p.first = true;
        if (!shown.unusable.empty()) return without(p, shown.unusable);
        if (++p.tries == most_tries) settle(p, Fate::failed, "no batch can tell: " + shown.by);
        break;
    }
  }

  void next_stage(Pending& p) {
    p.first = false;
    if (++p.stage < p.stages.size()) return;
    p.outcome.budget_s = stand_.budget_s;
    if (p.outcome.tests > 0) return settle(p, Fate::survived, "");
    settle(p, Fate::failed, "every test that reaches it fails without it, too");
  }

  // A test that says nothing is not asked again.
  void without(Pending& p, const std::string& test) {
    auto& asks = p.stages[p.stage].asks;
    std::erase_if(asks, [&](const Ask& a) { return a.test == test; });
    if (asks.empty()) next_stage(p);
  }

  // Those that are not settled, in front of all others.
  void put_back(Batch& batch) {
    batch.mutants.remove_if([](const Pending& p) { return p.planned && p.stage == settled; });
    pending_.splice(pending_.begin(), batch.mutants);
  }

  void settle(Pending& p, Fate fate, std::string by) {
    p.outcome.fate = fate;
    p.outcome.by = std::move(by);
    done_(p.outcome);
    p.stage = settled;
  }

  static constexpr std::size_t settled = SIZE_MAX;

  const Stand& stand_;
  const std::function<void(Outcome)>& done_;
  std::map<std::string, std::set<int>> of_file_;
  run::Budget budget_;
  run::Scheduler scheduler_;
  std::mutex mutex_;
  std::list<Pending> pending_;  // the next first
  int running_ = 0;
  int batches_ = 0;
};

}  // namespace

void show_all(const Stand& stand, const std::vector<model::Mutant>& mutants,
              const std::function<void(Outcome)>& done, const std::function<void()>& tick) {
  Show show(stand, mutants, done);
  show.run(tick);
}

}  // namespace pinrig::mutate
