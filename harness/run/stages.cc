// SPDX-License-Identifier: GPL-2.0
#include "run/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/text.h"
#include "kconfig/fragment.h"
#include "kconfig/slowness.h"
#include "run/repro.h"
#include "vm/host_tsc.h"
#include "vm/qemu_args.h"

namespace pinrig::run {
namespace {

std::string commit_of(const model::Point& point, const Sources& s) {
  return point.number == 0 ? s.base.commit
                           : s.series.patches.at(static_cast<std::size_t>(point.number) - 1).commit;
}

std::string tree_of(const model::Point& point, const Sources& s) {
  return point.number == 0 ? s.base.tree
                           : s.series.patches.at(static_cast<std::size_t>(point.number) - 1).tree;
}

std::vector<std::string> files_up_to(const model::Point& point, const Sources& s) {
  std::set<std::string> files;
  for (const auto& p : s.series.patches) {
    if (p.number <= point.number) files.insert(p.files.begin(), p.files.end());
  }
  return {files.begin(), files.end()};
}

kbuild::Context build_context(const model::Cell& cell, const Services& s) {
  kbuild::Context ctx;
  ctx.project = s.paths.project;
  ctx.cache = s.paths.cache;
  ctx.cancel = &s.cancel;
  ctx.jobs = s.jobs;
  ctx.progress = [&s, id = cell.id](const kbuild::Progress& p) {
    s.observer.on({.kind = Event::Kind::progress,
                   .task = id,
                   .what = "build",
                   .text = "objects",
                   .done = double(p.done),
                   .known = double(p.known),
                   .left_s = p.left_s});
  };
  return ctx;
}

// CONFIG_HZ of an effective .config, 0 when it says none.
int ticks_per_second(const std::string& config) {
  const auto values = kconfig::parse_config(config);
  const auto hz = values.find("HZ");
  return hz == values.end() ? 0 : std::atoi(hz->second.c_str());
}

std::map<std::string, std::int64_t> moved(const model::TestRecord& r) {
  std::map<std::string, std::int64_t> out;
  for (const auto& [name, after] : r.counters_after) {
    const auto before = r.counters_before.find(name);
    if (before != r.counters_before.end() && before->second != after) out[name] = after - before->second;
  }
  return out;
}

// The kernel's tests that its tree does not have: they are skipped. One that is there and does not compile is
// not among them: it goes to the guest, cannot be started, and is an error.
std::vector<std::string> lacking_programs(const model::Cell& cell, const fs::path& selftests,
                                          const Services& services) {
  const auto text = read_file(selftests / "absent.json");
  const auto absent = text.has_error() ? nlohmann::json() : nlohmann::json::parse(*text, nullptr, false);
  std::vector<std::string> out;
  for (const auto& t : cell.tests) {
    std::error_code ec;
    if (!t.from_kernel() || fs::exists(selftests / t.kernel_binary(), ec)) continue;
    const auto why = absent.is_object() ? absent.find(t.kernel_binary()) : absent.end();
    if (why == absent.end() || !why->is_string() ||
        !why->get<std::string>().starts_with("does not compile")) {
      out.push_back(t.program);
      continue;
    }
    services.observer.on({.kind = Event::Kind::warning,
                          .task = cell.id,
                          .text = fmt::format("{} {}", t.kernel_binary(), why->get<std::string>())});
  }
  return out;
}

std::vector<std::string> tools_of(const model::Cell& cell) {
  std::set<std::string> tools;
  for (const auto& t : cell.tests) tools.insert(t.needs.tools.begin(), t.needs.tools.end());
  return {tools.begin(), tools.end()};
}

// Those that the tests are, and those that ours name in their arguments, to run them.
std::vector<std::string> selftests_of(const model::Cell& cell, const fs::path& selftests) {
  std::set<std::string> names;
  for (const auto& t : cell.tests) {
    if (t.from_kernel()) names.insert(t.kernel_binary());
    for (const auto& arg : t.args) {
      std::error_code ec;
      if (!t.from_kernel() && arg.find('/') == std::string::npos && fs::is_regular_file(selftests / arg, ec))
        names.insert(arg);
    }
  }
  return {names.begin(), names.end()};
}

std::string flat(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::map<std::string, std::string> lacking_symbols(const std::vector<model::TestSpec>& tests,
                                                   const std::string& config) {
  const auto values = kconfig::parse_config(config);
  std::map<std::string, std::string> out;
  for (const auto& t : tests) {
    for (const auto& symbol : t.needs.symbols) {
      const auto value = values.find(symbol);
      if (value == values.end() || value->second == "n")
        out.emplace(t.name, fmt::format("this kernel has no CONFIG_{}", symbol));
    }
  }
  return out;
}

std::string build_slot(const std::string& base, const std::vector<std::string>& fragments) {
  return fmt::format("{}-{}", base, join(fragments, "."));
}

Result<kbuild::Artifact> build_cell(const model::Cell& cell, const Inputs& in, const Sources& sources,
                                    const Platform& platform, const Services& services) {
  if (const auto& f = sources.series.failure; f && cell.point.number >= f->number) return git::to_error(*f);
  kbuild::Request r;
  r.label = cell.id;
  r.arch = cell.arch;
  r.tree = tree_of(cell.point, sources);
  r.version = sources.base.version;
  // Per configuration: make would compile everything anew each time another one comes along.
  r.slot = build_slot(in.base.name, in.spec.fragments);
  r.fragments = in.spec.fragments;
  r.series_files = files_up_to(cell.point, sources);
  r.sysroot = platform.sysroot;
  // The lock on the worktree lives as long as the request that may build in it.
  auto held = std::make_shared<std::optional<git::Worktree>>();
  r.checkout = [&, held]() -> Result<fs::path> {
    PINRIG_TRY(tree, git::checkout(sources.base, commit_of(cell.point, sources), in.base.name,
                                   git_context(services, cell.id)));
    *held = std::move(tree);
    return (*held)->path;
  };
  return kbuild::build_kernel(r, build_context(cell, services));
}

Result<ReadyJob> ready_job(const model::Cell& cell, const kbuild::Artifact& kernel, const fs::path& selftests,
                           const Platform& platform, const std::string& run_id, const fs::path& dir,
                           const Services& services) {
  PINRIG_CHECK(make_dirs(dir));
  PINRIG_TRY(tests_cpio, image::selftests_initramfs(selftests, selftests_of(cell, selftests),
                                                    image_context(services, cell.id)));
  PINRIG_TRY(drives, prepare_drives(cell.machine, services));
  ReadyJob job{.dir = dir, .drives = std::move(drives)};
  job.spec.run_id = run_id;
  job.spec.cell_id = cell.id;
  job.spec.arch = cell.arch;
  job.spec.kernel_image = kernel.image;
  job.spec.vmlinux = kernel.vmlinux;
  job.spec.initramfs = {platform.initramfs, tests_cpio};
  job.spec.shell = platform.shell;
  const auto tools = tools_of(cell);
  if (!tools.empty()) {
    PINRIG_TRY(tools_cpio, image::tools_initramfs(cell.arch, tools, image_context(services, cell.id)));
    job.spec.initramfs.push_back(tools_cpio);
  }
  job.spec.machine = cell.machine;
  job.spec.accel = platform.accel;
  job.spec.timeouts.scale = platform.probe.scale(platform.accel);
  job.spec.tests = cell.tests;
  job.spec.missing_programs = lacking_programs(cell, selftests, services);
  PINRIG_TRY(config, read_file(kernel.config));
  job.spec.skips = lacking_symbols(cell.tests, config);
  job.spec.loops_per_jiffy = vm::loops_per_jiffy(platform.probe.tsc_khz, ticks_per_second(config));
  job.spec.timeouts.kernel = kconfig::slowness(kconfig::parse_config(config));
  PINRIG_CHECK(write_file_atomic(dir / "kernel.config", config));
  std::map<std::string, fs::path> files = {{"kernel", kernel.image},
                                           {"vmlinux", kernel.vmlinux},
                                           {"config", kernel.config},
                                           {"initramfs", platform.initramfs},
                                           {"selftests", tests_cpio}};
  if (!tools.empty()) files["tools"] = job.spec.initramfs.back();
  PINRIG_CHECK(write_manifest(dir, files, job.drives,
                              {{"run", run_id},
                               {"cell", cell.id},
                               {"kernel_key", kernel.key},
                               {"accel", to_string(platform.accel)},
                               {"cpu_model", vm::cpu_model(cell.arch, platform.accel)},
                               {"qemu", platform.probe.qemu_version}}));
  PINRIG_CHECK(write_repro(job.spec, dir, own_program()));
  return job;
}

Result<Judged> run_and_judge(const ReadyJob& job, const Services& services) {
  PINRIG_TRY(guest, run_guest_job(job.spec, job.drives, job.dir, services.cancel, services.observer));
  if (auto saved = save_outputs(guest.facts.records, job.dir); saved.has_error()) {
    if (saved.error().kind != ErrorKind::disk_full) return std::move(saved).error();
    // What was measured is judged and goes to the store, which may have room.
    guest.problems.push_back("outputs of tests could not be saved: " + saved.error().message);
    guest.facts.outcome = {model::JobOutcome::Kind::infra_error, guest.facts.outcome.phase,
                           saved.error().message};
  }
  Judged out{std::move(guest), {}};
  out.judgement = verdict::judge(out.guest.facts);
  return out;
}

std::vector<store::VerdictRow> verdict_rows(const Judged& judged) {
  std::vector<store::VerdictRow> out;
  for (const auto& v : judged.judgement.verdicts) {
    store::VerdictRow row;
    row.verdict = v;
    const auto& records = judged.guest.facts.records;
    const auto r =
        std::find_if(records.begin(), records.end(), [&](const auto& x) { return x.name == v.test; });
    if (v.case_name.empty() && r != records.end()) {
      row.ledger = r->ledger;
      row.taint_before = r->taint_before;
      row.taint_after = r->taint_after;
      row.counters = moved(*r);
    }
    out.push_back(std::move(row));
  }
  return out;
}

Result<void> save_outputs(const std::vector<model::TestRecord>& records, const fs::path& dir) {
  for (const auto& r : records) {
    const fs::path out = dir / "tests" / (r.name + ".out");
    PINRIG_CHECK(make_dirs(out.parent_path()));
    PINRIG_CHECK(write_file_atomic(out, r.output));
    if (!r.errors.empty()) PINRIG_CHECK(write_file_atomic(dir / "tests" / (r.name + ".err"), r.errors));
  }
  return {};
}

model::JobOutcome outcome_of_error(const Error& error) {
  using Kind = model::JobOutcome::Kind;
  const std::string detail = flat(error.message);
  switch (error.kind) {
    case ErrorKind::apply_failed:
      return {Kind::apply_failed, "apply", detail};
    case ErrorKind::build_failed:
    case ErrorKind::bad_input:
      return {Kind::build_failed, "build", detail};
    case ErrorKind::cancelled:
      return {Kind::cancelled, "", detail};
    default:
      return {Kind::infra_error, "", detail};
  }
}

}  // namespace pinrig::run
