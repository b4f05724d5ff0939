// SPDX-License-Identifier: GPL-2.0
#include "run/holders.h"

#include <fmt/format.h>

#include <algorithm>

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

  bool any() const { return !series_.patches.empty(); }

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
  holders::Capture capture;
  holders::Ledger ledger;
  fs::path dir;
};

Result<Traced> trace_on(const ReproChoice& choice, const kbuild::Artifact& kernel, const Services& services) {
  PINRIG_TRY(vmlinux, symbols::Vmlinux::open(kernel.vmlinux));
  PINRIG_TRY(job, ready_again({choice.job_file, {choice.test}, kernel}, services));
  const auto& test = job.spec.tests.front();
  const auto head = vmlinux.enumerator("pageflags", "PG_head");
  PINRIG_CHECK(give_commands(
      job,
      holders::script(test_command(test), head ? std::optional(static_cast<int>(*head)) : std::nullopt)));
  const auto& t = job.spec.timeouts;
  // A trace of each change makes a test slower.
  const double limit_s = t.scaled(t.boot_s + t.setup_s + 2 * test.limit_s + print_s);
  services.observer.on(
      {.kind = Event::Kind::begin, .task = job.spec.guest_id, .what = "holders", .text = test.name});
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
  auto ledger = holders::make_ledger(*capture, [&](const holders::Frame& f) { return lines_at(vmlinux, f); });
  return Traced{*std::move(capture), std::move(ledger), job.dir};
}

}  // namespace

Result<HoldersEnd> find_holders(const ReproChoice& choice, const Services& services) {
  if (choice.test.empty())
    return make_error(ErrorKind::bad_usage, "--holders: this line belongs to no test", "name a test");
  PINRIG_TRY(kernels, DebugKernels::of_run(run_file_of(choice), services));
  PINRIG_TRY(built, kernels.build(choice.kernel));
  PINRIG_TRY(traced, trace_on(choice, built.artifact, services));
  PINRIG_TRY(changes, Changes::of(kernels, built.kernel, services));
  const auto patched = [&](holders::Tree tree, const model::SourceLine& line) { return changes(tree, line); };

  HoldersEnd end;
  auto& r = end.report;
  r.test = choice.test;
  r.kernel = built.kernel.id;
  r.acquired = traced.capture.acquired;
  r.counted_released = traced.capture.released;
  r.ledger = std::move(traced.ledger);
  r.suspect = holders::suspect(r.ledger, nullptr, patched);
  end.held = std::any_of(r.ledger.holders.begin(), r.ledger.holders.end(),
                         [](const auto& h) { return h.held > 0; }) ||
             !r.ledger.unmatched.empty();
  if (end.held && r.ledger.sure && changes.any() && (!r.suspect || r.suspect->patch == 0)) {
    PINRIG_TRY(base, kernels.build_base(built.kernel));
    PINRIG_TRY(balanced, trace_on(choice, base.artifact, services));
    r.base = std::move(balanced.ledger);
    r.suspect = holders::suspect(r.ledger, &*r.base, patched);
  }
  end.dir = std::move(traced.dir);
  PINRIG_CHECK(write_file_atomic(end.dir / "holders.txt", holders::to_text(r)));
  return end;
}

}  // namespace pinrig::run
