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
    PINRIG_CHECK(save());
    if (services_.cancel.requested()) return cancelled_error();
    return out_;
  }

 private:
  std::string digest() const {
    Sha256 sum;
    for (const auto& m : lab_.set.all())
      sum.field(m.file).field(std::to_string(m.line)).field(to_string(m.op)).field(m.before).field(m.after);
    for (const auto& g : lab_.kernel.guests) {
      for (const auto& t : g.tests) sum.field(t.name);
    }
    return sum.hex();
  }

  // What is stored of the same mutants; the rest of out_ is new.
  Result<void> load() {
    out_.base = lab_.inputs.base.name;
    out_.series = options_.series;
    out_.arch = to_string(lab_.kernel.arch);
    out_.digest = digest();
    out_.notes = lab_.set.notes;
    std::error_code ec;
    if (!fs::exists(file(), ec)) return {};
    PINRIG_TRY(text, read_file(file()));
    PINRIG_TRY(before, from_json(text, file().string()));
    if (before.digest != out_.digest) return {};
    out_.dropped = before.dropped;
    before_ = std::move(before);
    return {};
  }

  fs::path file() const { return dir_ / "results.json"; }
  Result<void> save() const { return write_file_atomic(file(), to_json(out_)); }
  void say(const std::string& text) const {
    services_.observer.on({.kind = Event::Kind::line, .task = "mutate", .what = "run", .text = text});
  }

  bool same_kernel() const { return before_ && before_->key == kernel_.built.kernel.key; }
  bool same_programs() const {
    return same_kernel() && before_->programs == lab_.platform.initramfs.string();
  }

  // All tests with all mutants off, and on the kernel without mutants.
  Result<void> learn() {
    out_.key = kernel_.built.kernel.key;
    out_.programs = lab_.platform.initramfs.string();
    if (same_programs() && !before_->reference.rows.empty()) {
      out_.reference = before_->reference;
      out_.differs = before_->differs;
      return {};
    }
    PINRIG_TRY(plain, plain_kernel(lab_, options_, services_));
    std::vector<model::TestResult> without;
    PINRIG_CHECK(boot_all(plain, "plain", without, nullptr));
    PINRIG_CHECK(boot_all(kernel_, "off", out_.reference.rows, &out_.reference));
    out_.differs = differences(without, out_.reference.rows);
    return save();
  }

  Result<void> boot_all(const Ready& kernel, const std::string& name, std::vector<model::TestResult>& rows,
                        Reference* reference) {
    const auto& guests = lab_.kernel.guests;
    std::vector<std::optional<Result<job::GuestResult>>> results(guests.size());
    std::vector<run::Task> tasks;
    for (std::size_t i = 0; i < guests.size(); ++i) {
      tasks.push_back(task_for(guests[i], [&, i] {
        results[i] = boot_tests(lab_, kernel, guests[i], 0, dir_ / fmt::format("{}-{}", name, i), quiet_);
        say(fmt::format("{}: guest {} of {} done", kernel.kernel.id, i + 1, guests.size()));
      }));
    }
    run::run_tasks(tasks, run::machine_budget(), services_.cancel, tick_);
    for (auto& r : results) {
      if (!r) return cancelled_error();
      if (r->has_error()) return std::move(*r).error();
      if (reference != nullptr) add_reference(**r, *reference);
      std::move((*r)->results.begin(), (*r)->results.end(), std::back_inserter(rows));
    }
    return {};
  }

  static void add_reference(const job::GuestResult& guest, Reference& reference) {
    for (const auto& record : guest.guest.facts.records) {
      if (record.exit.kind == model::TestExit::Kind::not_run) continue;
      reference.reached[record.name] = numbers_of(record.reached);
      reference.wall_s[record.name] = record.wall_s + record.ledger.settle_ms / 1e3;
    }
  }

  static run::Task task_for(const model::Guest& guest, std::function<void()> body) {
    return {.name = guest.id,
            .cpus = std::max(1, guest.machine.cpus / 2),
            .memory = std::uint64_t(guest.machine.memory_mib) << 20,
            .body = std::move(body)};
  }

  // What needs no guest, and what is known.
  Result<void> decide() {
    PINRIG_TRY(list, spec::load_equivalent_mutants(services_.paths.project));
    for (const auto& m : chosen(lab_.set, options_)) {
      Outcome o{.mutant = m};
      const Outcome* before = same_kernel() ? before_->find(m.number) : nullptr;
      if (const auto* e = equivalent(m, list)) {
        o.fate = Fate::equivalent;
        o.by = e->argument;
      } else if (!code_.contains(m.number)) {
        o.fate = Fate::no_code;
        o.by = out_.dropped.contains(m.number) ? "does not compile" : "omitted by the configuration";
      } else if (before != nullptr &&
                 (before->fate == Fate::caught || (before->fate == Fate::survived && same_programs()))) {
        o = *before;
        o.mutant = m;
      } else if (boots_for(m.number, out_.reference, lab_.kernel.guests).empty()) {
        o.fate = Fate::never_reached;
      } else {
        todo_.push_back(m);
        continue;
      }
      out_.outcomes.push_back(std::move(o));
    }
    return save();
  }

  void show_mutants() {
    say(fmt::format("{} to boot, {} decided", count_of(todo_.size(), "mutant"), out_.outcomes.size()));
    std::vector<run::Task> tasks;
    for (const auto& m : todo_)
      tasks.push_back(task_for(lab_.kernel.guests.front(), [this, &m] { show_one(m); }));
    run::run_tasks(tasks, run::machine_budget(), services_.cancel, tick_);
  }

  void show_one(const model::Mutant& m) {
    const auto start = Clock::now();
    Outcome o{.mutant = m};
    for (const auto& boot : boots_for(m.number, out_.reference, lab_.kernel.guests)) {
      model::Guest guest = lab_.kernel.guests[boot.guest];
      guest.id = fmt::format("mutant-{}", m.number);
      guest.tests = boot.tests;
      ++o.boots;
      o.tests += static_cast<int>(boot.tests.size());
      const fs::path dir = dir_ / "guests" / std::to_string(m.number);
      const auto result = boot_tests(lab_, kernel_, guest, m.number, dir, quiet_);
      if (services_.cancel.requested()) return;
      if (result.has_error()) {
        o.fate = Fate::failed;
        o.by = result.error().message;
        break;
      }
      o.by = judged(*result, boot);
      if (!o.by.empty()) {
        o.fate = Fate::caught;
        break;
      }
    }
    o.wall_s = since(start).count();
    done(std::move(o));
  }

  std::string judged(const job::GuestResult& result, const Boot& boot) const {
    std::vector<std::string> tests;
    for (const auto& t : boot.tests) tests.push_back(t.name);
    const std::string by = noticed(out_.reference.rows, result.results, tests);
    if (result.outcome.kind == JobOutcome::Kind::completed) return by;
    if (!by.empty() && !by.ends_with("(missing)")) return by;
    return fmt::format("guest: {}{}{}", to_string(result.outcome.kind),
                       result.outcome.detail.empty() ? "" : ": ", result.outcome.detail);
  }

  void done(Outcome o) {
    const std::lock_guard lock(mutex_);
    ++done_;
    const auto& m = o.mutant;
    say(fmt::format("{}/{} mutant {} {}:{} {}: {}{}  {:.1f}s", done_, todo_.size(), m.number, m.file, m.line,
                    to_string(m.op), to_string(o.fate), o.by.empty() ? "" : " by " + shown(o.by), o.wall_s));
    std::error_code ec;
    if (o.fate != Fate::failed) fs::remove_all(dir_ / "guests" / std::to_string(m.number), ec);
    const auto at =
        std::upper_bound(out_.outcomes.begin(), out_.outcomes.end(), m.number,
                         [](int number, const Outcome& other) { return number < other.mutant.number; });
    out_.outcomes.insert(at, std::move(o));
    // One that cannot be written now is written with the next, or at the end.
    static_cast<void>(save());
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
  std::mutex mutex_;
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
         fmt::format("{}{}-{}", in.base.name, o.series.empty() ? "" : "-" + as_name(o.series),
                     to_string(in.spec.archs.front()));
}

Result<MutationRun> run_mutants(const MutateOptions& options, const Services& services,
                                const std::function<void()>& tick) {
  PINRIG_TRY(lab, open_lab(options, services));
  Mutation mutation(options, services, tick, std::move(lab));
  return mutation.run();
}

}  // namespace pinrig::mutate
