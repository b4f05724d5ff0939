// SPDX-License-Identifier: GPL-2.0
#include "mutate/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <mutex>

#include "base/cancel.h"
#include "base/hash.h"
#include "base/text.h"
#include "mutate/kernel.h"
#include "mutate/show.h"
#include "run/scheduler.h"
#include "spec/spec.h"

namespace pinrig::mutate {
namespace {

using job::Event;
using model::JobOutcome;

// Guests of mutants come by the hundred: their events would hide everything else.
struct Silent : job::Observer {
  void on(const Event&) override {}
};

std::string digest_of(const MutantSet& set) {
  Sha256 sum;
  for (const auto& m : set.all())
    sum.field(m.file).field(std::to_string(m.line)).field(to_string(m.op)).field(m.before).field(m.after);
  return sum.hex();
}

// What is known about the mutants that were chosen.
MutationRun chosen_of(MutationRun run, const MutantSet& set, const MutateOptions& options) {
  std::set<int> numbers;
  for (const auto& m : chosen(set, options)) numbers.insert(m.number);
  std::erase_if(run.outcomes, [&](const Outcome& o) { return !numbers.contains(o.mutant.number); });
  run.made = static_cast<int>(set.all().size());
  run.chosen = static_cast<int>(numbers.size());
  run.seed = options.seed;
  run.budget_s = options.budget_s;
  return run;
}

class Mutation {
 public:
  Mutation(const MutateOptions& options, const Services& services, const std::function<void()>& tick, Lab lab)
      : options_(options),
        services_(services),
        quiet_{services.paths, services.cancel, silent_, services.jobs},
        tick_(tick),
        lab_(std::move(lab)),
        dir_(place_of(options, lab_.inputs, services)) {}

  Result<MutationRun> run() {
    PINRIG_CHECK(make_dirs(dir_));
    PINRIG_TRY(lock, FileLock::try_acquire(dir_ / "lock"));
    if (!lock)
      return make_error(
          ErrorKind::bad_usage,
          fmt::format("{}: {} works on these mutants", dir_.string(), to_string(lock_holder(dir_ / "lock"))),
          "wait until it has ended");
    PINRIG_CHECK(load());
    PINRIG_TRY(kernel, mutated_kernel(lab_, dir_, out_.dropped, services_));
    kernel_ = std::move(kernel);
    PINRIG_TRY(code, compiled_in(kernel_.built.kernel.image));
    code_ = std::move(code);
    PINRIG_CHECK(learn());
    PINRIG_CHECK(decide());
    show_mutants();
    if (services_.cancel.requested()) return cancelled_error();
    PINRIG_CHECK(compare());
    PINRIG_CHECK(save());
    return chosen_of(out_, lab_.set, options_);
  }

 private:
  // What the reference was measured with: the guest programs, and which tests.
  std::string programs() const {
    Sha256 sum;
    for (const auto& g : lab_.kernel.guests) {
      for (const auto& t : g.tests) sum.field(t.name).field(join(t.args, " "));
    }
    return lab_.platform.initramfs.string() + " " + sum.hex();
  }

  // What is stored of the same mutants; the rest of out_ is new.
  Result<void> load() {
    out_.base = lab_.inputs.base.name;
    out_.series = options_.series;
    out_.arch = to_string(lab_.kernel.arch);
    out_.digest = digest_of(lab_.set);
    out_.notes = lab_.set.notes;
    std::error_code ec;
    if (!fs::exists(file(), ec)) return {};
    PINRIG_TRY(text, read_file(file()));
    auto before = from_json(text, file().string());
    if (before.has_error()) say(before.error().message + "; all is done again");
    if (before.has_error() || before->digest != out_.digest) return {};
    out_.dropped = before->dropped;
    before_ = std::move(*before);
    return {};
  }

  fs::path file() const { return dir_ / "results.json"; }
  Result<void> save() const { return write_file_atomic(file(), to_json(out_)); }
  void say(const std::string& text) const {
    services_.observer.on({.kind = Event::Kind::line, .task = "mutate", .what = "run", .text = text});
  }

  bool same_kernel() const { return before_ && before_->key == kernel_.built.kernel.key; }
  bool same_programs() const { return same_kernel() && before_->programs == programs(); }

  // All tests with all mutants off.
  Result<void> learn() {
    out_.key = kernel_.built.kernel.key;
    out_.programs = programs();
    if (same_programs()) {
      out_.reference = before_->reference;
      out_.plain = before_->plain;
      out_.measured = before_->measured;
      out_.compared = before_->compared;
    }
    return boot_all(kernel_, "off", out_.measured, [this](job::GuestResult& guest) {
      add_reference(guest, out_.reference);
      std::move(guest.results.begin(), guest.results.end(), std::back_inserter(out_.reference.rows));
    });
  }

  // The same on the kernel without mutants: it has to say the same.
  Result<void> compare() {
    PINRIG_TRY(plain, plain_kernel(lab_, options_, services_));
    PINRIG_CHECK(boot_all(plain, "plain", out_.compared, [this](job::GuestResult& guest) {
      std::move(guest.results.begin(), guest.results.end(), std::back_inserter(out_.plain));
    }));
    out_.differs = differences(out_.plain, out_.reference.rows);
    return {};
  }

  // All tests that are not in `ended`, some in each guest. What a guest says is stored at once.
  Result<void> boot_all(const Ready& kernel, const std::string& name, std::set<std::string>& ended,
                        const std::function<void(job::GuestResult&)>& take) {
    const auto parts = parts_of(lab_.kernel.guests, ended);
    std::mutex mutex;
    std::optional<Error> error;
    std::vector<run::Task> tasks;
    for (const auto& part : parts) {
      tasks.push_back(task_for(part, [&, this] {
        auto result = boot_tests(lab_, kernel, part, dir_ / (name + "-" + part.id), quiet_);
        const std::lock_guard lock(mutex);
        if (services_.cancel.requested()) return;
        if (result.has_error()) {
          error = std::move(result).error();
          return;
        }
        take(*result);
        for (const auto& t : part.tests) ended.insert(t.name);
        say(fmt::format("{}: {} of {} tests", kernel.kernel.id, ended.size(), count_tests()));
        static_cast<void>(save());
      }));
    }
    run::run_tasks(tasks, run::machine_budget(), services_.cancel, tick_);
    if (services_.cancel.requested()) return cancelled_error();
    if (error) return std::move(*error);
    return {};
  }

  std::size_t count_tests() const {
    std::size_t sum = 0;
    for (const auto& g : lab_.kernel.guests) sum += g.tests.size();
    return sum;
  }

  static void add_reference(const job::GuestResult& guest, Reference& reference) {
    for (const auto& record : guest.guest.facts.records) {
      if (record.exit.kind == model::TestExit::Kind::not_run) continue;
      auto& reached = reference.reached[record.name];
      reached = numbers_of(record.reached);
      auto cases = reached_by_case(record.output);
      for (const auto& c : cases) reached.insert(c.reached.begin(), c.reached.end());
      if (!cases.empty()) reference.cases[record.name] = std::move(cases);
      reference.wall_s[record.name] = record.wall_s + record.ledger.settle_ms / 1e3;
    }
  }

  static run::Task task_for(const model::Guest& guest, std::function<void()> body) {
    return {.name = guest.id,
            .milli_cpus = run::guest_milli_cpus(guest.machine.cpus),
            .memory = std::uint64_t(guest.machine.memory_mib) << 20,
            .body = std::move(body)};
  }

  // What needs no guest, and what is known. What is stored and not chosen this time is kept.
  Result<void> decide() {
    PINRIG_TRY(list, spec::load_equivalent_mutants(services_.paths.project));
    const auto now = chosen(lab_.set, options_);
    std::set<int> numbers;
    for (const auto& m : now) numbers.insert(m.number);
    if (same_kernel()) {
      for (const auto& o : before_->outcomes) {
        if (!numbers.contains(o.mutant.number) && is_settled(o, same_programs(), 0)) add(o);
      }
    }
    for (const auto& m : now) {
      Outcome o{.mutant = m};
      const Outcome* before = same_kernel() ? before_->find(m.number) : nullptr;
      if (const auto* e = equivalent(m, list)) {
        o.fate = Fate::equivalent;
        o.by = e->argument;
      } else if (!code_.contains(m.number)) {
        o.fate = Fate::no_code;
        o.by = out_.dropped.contains(m.number) ? "does not compile" : "omitted by the configuration";
      } else if (before != nullptr && is_settled(*before, same_programs(), options_.budget_s)) {
        o = *before;
        o.mutant = m;
      } else if (!reached_at_all(m.number)) {
        o.fate = Fate::never_reached;
      } else {
        todo_.push_back(m);
        continue;
      }
      add(std::move(o));
    }
    return save();
  }

  bool reached_at_all(int number) const {
    const auto& reached = out_.reference.reached;
    return std::any_of(reached.begin(), reached.end(),
                       [&](const auto& r) { return r.second.contains(number); });
  }

  void show_mutants() {
    say(fmt::format("{} to boot, {} decided", count_of(todo_.size(), "mutant"), out_.outcomes.size()));
    const Stand stand{lab_, kernel_, out_.reference, options_.budget_s, dir_ / "guests", quiet_};
    show_all(
        stand, todo_, [this](Outcome o) { done(std::move(o)); }, tick_);
  }

  void done(Outcome o) {
    ++done_;
    const auto& m = o.mutant;
    say(fmt::format("{}/{} mutant {} {}:{} {}: {}{}  {:.1f}s", done_, todo_.size(), m.number, m.file, m.line,
                    to_string(m.op), to_string(o.fate), o.by.empty() ? "" : " by " + shown(o.by), o.wall_s));
    add(std::move(o));
    // One that cannot be written now is written with the next, or at the end.
    static_cast<void>(save());
  }

  void add(Outcome o) {
    const auto at =
        std::upper_bound(out_.outcomes.begin(), out_.outcomes.end(), o.mutant.number,
                         [](int number, const Outcome& other) { return number < other.mutant.number; });
    out_.outcomes.insert(at, std::move(o));
  }

  const MutateOptions& options_;
  const Services& services_;
  Silent silent_;
  Services quiet_;
  const std::function<void()>& tick_;
  Lab lab_;
  fs::path dir_;
  std::optional<MutationRun> before_;
  MutationRun out_;
  Ready kernel_;
  std::set<int> code_;  // mutants that are compiled in
  std::vector<model::Mutant> todo_;
  std::size_t done_ = 0;
};

std::string as_name(std::string text) {
  for (char& c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' && c != '-') c = '_';
  }
  return text;
}

}  // namespace

fs::path place_of(const MutateOptions& o, const run::Inputs& in, const Services& services) {
  return services.paths.state / "mutate" /
         fmt::format("{}{}-{}{}", in.base.name, o.series.empty() ? "" : "-" + as_name(o.series),
                     to_string(in.spec.archs.front()),
                     in.spec.name == usual_run ? "" : "-" + as_name(in.spec.name));
}

Result<MutationRun> stored_mutants(const MutateOptions& options, const Services& services) {
  PINRIG_TRY(inputs, run::load_inputs(services.paths.project, options.run));
  PINRIG_TRY(sources, run::fetch_sources(inputs, services));
  PINRIG_TRY(set, find_mutants(options, inputs, sources, services));
  const fs::path file = place_of(options, inputs, services) / "results.json";
  PINRIG_TRY(text, read_file(file));
  PINRIG_TRY(run, from_json(text, file.string()));
  if (run.digest != digest_of(set))
    return make_error(ErrorKind::bad_input, file.string() + ": of other mutants than those of these files",
                      "run it without --stored");
  PINRIG_TRY(list, spec::load_equivalent_mutants(services.paths.project));
  return judged_by(chosen_of(std::move(run), set, options), list);
}

Result<MutationRun> run_mutants(const MutateOptions& options, const Services& services,
                                const std::function<void()>& tick) {
  PINRIG_TRY(lab, open_lab(options, services));
  Mutation mutation(options, services, tick, std::move(lab));
  return mutation.run();
}

}  // namespace pinrig::mutate
