// SPDX-License-Identifier: GPL-2.0
#include "run/holders.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "holders/history.h"
#include "holders/source.h"
#include "run/coverage.h"
#include "run/debug_kernel.h"
#include "run/rerun.h"
#include "run/shell_input.h"
#include "symbols/symbols.h"
#include "vm/interactive.h"

namespace pinrig::run {
namespace {

/// For the trace: the guest sorts it, and a serial port prints some hundred KiB
/// in a second.
constexpr double print_s = 240;

/// What a function of a kernel's source is, and which patch changes it.
class Changes {
 public:
  static Result<Changes> of(const DebugKernels& kernels, const model::Kernel& kernel,
                            const Services& services) {
    Changes out(kernels.sources(), kernel.point, services);
    if (kernel.point.is_base() || kernels.sources().series.patches.empty()) return out;
    PINRIG_TRY(series, series_lines(kernels.sources(), kernel.point.number, services));
    out.series_ = std::move(series);
    return out;
  }

  int operator()(holders::Tree tree, const model::SourceLine& line) {
    const auto kept = series_.kept.find(line.file);
    if (kept == series_.kept.end()) return 0;
    const bool base = tree == holders::Tree::base;
    const auto around = holders::function_around(text_of(line.file, base), line.line);
    if (!around) return 0;
    const auto inside = [&](const coverage::Kept& k) {
      const int first = base ? k.base : k.tip;
      return first <= around->first && around->last < first + k.count;
    };
    if (std::any_of(kept->second.begin(), kept->second.end(), inside)) return 0;
    return patch_at(line.file, *around, base);
  }

 private:
  Changes(const Sources& sources, model::Point point, const Services& services)
      : sources_(&sources), point_(std::move(point)), services_(&services) {}

  const std::string& text_of(const std::string& file, bool base) {
    const auto [at, fresh] = texts_.try_emplace({file, base});
    if (!fresh) return at->second;
    auto text = git::show_file(sources_->base, base ? sources_->base.commit : point_.commit, file,
                               job::work_context(*services_, "holders", "source"));
    if (text.has_value()) at->second = std::move(*text);
    return at->second;
  }

  /// The last patch that owns a line there; of lines that are only removed the
  /// last one that changes the file.
  int patch_at(const std::string& file, const holders::Lines& around, bool base) const {
    int owner = 0, last = 0;
    for (const auto& p : series_.patches) {
      if (std::find(p.files.begin(), p.files.end(), file) != p.files.end()) last = p.number;
      const auto lines = p.lines.find(file);
      if (base || lines == p.lines.end()) continue;
      const auto at = lines->second.lower_bound(around.first);
      if (at != lines->second.end() && *at <= around.last) owner = p.number;
    }
    return owner > 0 ? owner : last;
  }

  const Sources* sources_;
  model::Point point_;
  const Services* services_;
  coverage::RunCoverage series_;
  std::map<std::pair<std::string, bool>, std::string> texts_;
};

std::vector<model::SourceLine> lines_at(const symbols::Vmlinux& vmlinux, const holders::Frame& frame) {
  std::vector<model::SourceLine> out;
  // Where a call returns to is behind it.
  auto places =
      frame.address > 0 ? vmlinux.at(frame.address - 1) : vmlinux.at(symbols::frame_in(" " + frame.text));
  for (auto& p : places) out.push_back({0, std::move(p.function), std::move(p.file), p.line, p.inlined, 0});
  return out;
}

struct Traced {
  std::string console;
  holders::Capture capture;
  holders::Resolve resolve;
  fs::path dir;
  double took_s = 0;
};

/// The test of `choice` alone on that kernel, under what `script` makes of its command.
using Script = std::function<std::string(const std::string& command, const symbols::Vmlinux& vmlinux)>;

std::string pin_script(const std::string& command, const symbols::Vmlinux& vmlinux) {
  const auto head = vmlinux.enumerator("pageflags", "PG_head");
  return holders::script(command, head ? std::optional(static_cast<int>(*head)) : std::nullopt);
}

std::string page_script(const std::string& command, const symbols::Vmlinux&) {
  return holders::history_script(command);
}

Result<Traced> trace_on(const ReproChoice& choice, const kbuild::Artifact& kernel, const Script& script,
                        const Services& services) {
  PINRIG_TRY(opened, symbols::Vmlinux::open(kernel.vmlinux));
  const auto vmlinux = std::make_shared<symbols::Vmlinux>(std::move(opened));
  PINRIG_TRY(job, ready_again({choice.job_file, {choice.test}, kernel}, services));
  const auto& test = job.spec.tests.front();
  PINRIG_CHECK(give_commands(job, script(test_command(test), *vmlinux)));
  const auto& t = job.spec.timeouts;
  // A trace of each change makes a test slower.
  const double limit_s = t.scaled(t.boot_s + t.setup_s + 2 * test.limit_s + print_s);
  services.observer.on(
      {.kind = Event::Kind::begin, .task = job.spec.guest_id, .what = "holders", .text = test.name});
  const auto start = Clock::now();
  PINRIG_CHECK(
      vm::run_commands(job.spec, vm::GuestFiles{job.dir}, job.drives, Seconds(limit_s), services.cancel));
  const fs::path console = job.dir / "console.raw";
  PINRIG_TRY(text, read_file(console));
  auto capture = holders::read_capture(text);
  if (capture.has_error()) {
    Error e = std::move(capture).error();
    if (e.hint.empty()) e.hint = "its console is " + console.string();
    return e;
  }
  return Traced{std::move(text), *std::move(capture),
                [vmlinux](const holders::Frame& f) { return lines_at(*vmlinux, f); }, job.dir,
                since(start).count()};
}

/// The parts of one search that know each other.
class Search {
 public:
  Search(const ReproChoice& choice, const Services& services) : choice_(choice), services_(services) {}

  Result<HoldersEnd> run() {
    PINRIG_TRY(kernels, DebugKernels::of_run(run_file_of(choice_), services_));
    PINRIG_TRY(built, kernels.build(choice_.kernel));
    PINRIG_TRY(traced, trace_on(choice_, built.artifact, pin_script, services_));
    PINRIG_TRY(changes, Changes::of(kernels, built.kernel, services_));
    auto& r = end_.report;
    r.test = choice_.test;
    r.kernel = built.kernel.id;
    r.acquired = traced.capture.acquired;
    r.counted_released = traced.capture.released;
    r.ledger = holders::make_ledger(traced.capture, traced.resolve);
    end_.traced_s = traced.took_s;
    end_.dir = traced.dir;
    PINRIG_CHECK(add_bad_pages(built, traced));
    if (r.ledger.sure && holders::differs(r.ledger, nullptr) && built.kernel.point.number > 0)
      PINRIG_CHECK(compare_with_base(kernels, built.kernel));
    name_suspect(changes);
    end_.wrong = !r.bad_pages.empty() || holders::differs(r.ledger, r.base ? &*r.base : nullptr);
    PINRIG_CHECK(write_file_atomic(end_.dir / "holders.txt", holders::to_text(r)));
    PINRIG_CHECK(write_file_atomic(end_.dir / "holders.json", holders::to_json(r, end_.dir.string())));
    return std::move(end_);
  }

 private:
  /// A guest that does not survive the second time leaves what the kernel said the first time.
  Result<void> add_bad_pages(const DebugKernels::Built& built, const Traced& traced) {
    const auto reports = holders::read_page_reports(traced.console);
    if (reports.empty()) return {};
    auto again = trace_on(choice_, built.artifact, page_script, services_);
    if (again.has_error()) {
      if (again.error().kind == ErrorKind::cancelled) return std::move(again).error();
      end_.report.bad_pages = holders::make_history(reports, {}, traced.resolve);
      return {};
    }
    end_.traced_s += again->took_s;
    // The pages are others each time.
    const auto now = holders::read_page_reports(again->console);
    end_.report.bad_pages =
        holders::make_history(now.empty() ? reports : now, again->capture, again->resolve);
    return {};
  }

  Result<void> compare_with_base(const DebugKernels& kernels, const model::Kernel& kernel) {
    auto base = kernels.build_base(kernel);
    if (base.has_error()) return no_base(std::move(base).error());
    auto traced = trace_on(choice_, base->artifact, pin_script, services_);
    if (traced.has_error()) return no_base(std::move(traced).error());
    end_.traced_s += traced->took_s;
    auto ledger = holders::make_ledger(traced->capture, traced->resolve);
    if (!ledger.sure) return no_base(make_error(ErrorKind::infra, "the trace of the base lost events"));
    end_.report.base = std::move(ledger);
    return {};
  }

  Result<void> no_base(Error error) {
    if (error.kind == ErrorKind::cancelled) return error;
    end_.report.base_problem = std::move(error.message);
    return {};
  }

  void name_suspect(Changes& changes) {
    auto& r = end_.report;
    const auto patched = [&](holders::Tree tree, const model::SourceLine& line) {
      return changes(tree, line);
    };
    r.suspect = holders::suspect(r.ledger, r.base ? &*r.base : nullptr, patched);
    if (r.bad_pages.empty() || (r.suspect && r.suspect->patch > 0)) return;
    const auto other = holders::suspect(r.bad_pages, patched);
    if (other && (!r.suspect || other->patch > 0)) r.suspect = other;
  }

  const ReproChoice& choice_;
  const Services& services_;
  HoldersEnd end_;
};

struct Leak {
  Line line;
  model::Arch arch = model::Arch::x86_64;
  int point = 0;
  bool expected = false;
};

/// A later point in place of an earlier one.
void keep(std::vector<Leak>& leaks, Leak leak) {
  const auto same = std::find_if(leaks.begin(), leaks.end(), [&](const Leak& l) {
    return l.line.test == leak.line.test && l.arch == leak.arch;
  });
  if (same == leaks.end())
    leaks.push_back(std::move(leak));
  else if (leak.point >= same->point)
    *same = std::move(leak);
}

std::string command_of(const store::RunRow& run, const Line& line) {
  return shell_line({"pinrig", "repro", run.id, line.test, "--kernel", line.kernel, "--holders"});
}

/// One leak of a run; an Error only when it was interrupted.
Result<holders::Finding> explain(const store::Store& store, const store::RunRow& run, const Line& line,
                                 const Services& services, double& traced_s) {
  holders::Finding out{
      .test = line.test, .kernel = line.kernel, .problem = {}, .lines = {}, .file = {}, .report = {}};
  auto choice = choose_line(store, run, line);
  auto end = choice.has_value() ? find_holders(*choice, services) : Result<HoldersEnd>(choice.error());
  if (end.has_error()) {
    if (end.error().kind == ErrorKind::cancelled) return std::move(end).error();
    out.problem = end.error().message;
    services.observer.on({.kind = Event::Kind::warning,
                          .task = line.kernel,
                          .what = "holders",
                          .text = line.test + ": " + out.problem});
    return out;
  }
  traced_s += end->traced_s;
  out.lines = holders::summary(end->report);
  out.file = (end->dir / "holders.txt").string();
  out.report = holders::to_json(end->report, end->dir.string());
  return out;
}

}  // namespace

Result<HoldersEnd> find_holders(const ReproChoice& choice, const Services& services) {
  if (choice.test.empty())
    return make_error(ErrorKind::bad_usage, "--holders: this line belongs to no test", "name a test");
  return Search(choice, services).run();
}

Result<std::vector<Line>> leaks_of(const store::Store& store, const store::RunRow& run) {
  std::vector<Leak> leaks;
  PINRIG_TRY(kernels, store.kernels(run.id));
  PINRIG_TRY(guests, store.guests(run.id));
  for (const auto& k : kernels) {
    if (!k.inherits.empty()) continue;  // its results are those of an earlier point
    for (const auto& g : guests) {
      if (g.kernel_id != k.id) continue;
      PINRIG_TRY(rows, store.results(run.id, g.id));
      for (const auto& row : rows) {
        const auto& v = row.verdict();
        if (row.assessment && row.assessment->rule == model::Rule::known_issue) continue;
        if (v.case_name.empty() && v.verdict == model::Verdict::leak && !model::is_harness_row(v.test))
          keep(leaks, {{v.test, k.id}, k.arch, k.point.number, row.expected()});
      }
    }
  }
  std::stable_sort(leaks.begin(), leaks.end(),
                   [](const Leak& a, const Leak& b) { return a.expected < b.expected; });
  std::vector<Line> out;
  for (auto& l : leaks) out.push_back(std::move(l.line));
  return out;
}

Result<void> explain_leaks(const store::Store& store, const store::RunRow& run, const Services& services) {
  PINRIG_TRY(leaks, leaks_of(store, run));
  if (leaks.empty()) return {};
  std::vector<holders::Finding> findings;
  double traced_s = 0;
  for (std::size_t i = 0; i < leaks.size(); ++i) {
    if (i < most_traced_tests && traced_s < most_traced_time.count()) {
      PINRIG_TRY(finding, explain(store, run, leaks[i], services, traced_s));
      findings.push_back(std::move(finding));
    } else {
      findings.push_back(
          {leaks[i].test,
           leaks[i].kernel,
           fmt::format("not traced: a run traces {} tests, for {} at most; {}", most_traced_tests,
                       human_seconds(most_traced_time.count()), command_of(run, leaks[i])),
           {},
           "",
           ""});
    }
    // As they come: a run that is interrupted now keeps what it has.
    PINRIG_CHECK(write_file_atomic(fs::path(run.dir) / "holders.json", holders::findings_to_json(findings)));
  }
  return {};
}

}  // namespace pinrig::run
