// SPDX-License-Identifier: GPL-2.0
#include "run/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/deadline.h"
#include "base/hash.h"
#include "base/text.h"
#include "git/revert.h"
#include "kbuild/configure.h"
#include "plan/environment.h"
#include "process/process.h"
#include "run/coverage.h"
#include "spec/spec.h"
#include "vm/accel.h"
#include "vm/job_files.h"
#include "vm/qemu_args.h"

namespace pinrig::run {

namespace {

/// The base of a run file, its own or that of its series: what a series without one is applied on.
Result<std::string> base_of_run(const fs::path& project, const model::RunSpec& run) {
  if (!run.base.empty() || run.series.empty()) return run.base;
  PINRIG_TRY(series, spec::load_series(project, run.series));
  return series.base;
}

/// The series and the base that the command line and the run file come to.
Result<void> choose_source(const fs::path& project, const RunOptions& o, Inputs& in) {
  if (o.revision) {
    in.spec.base = "git-" + sha256_hex(o.revision->url).substr(0, 12);
    in.spec.series.clear();
    in.spec.points = {"base"};
    in.spec.points_where.clear();
    return {};
  }
  if (o.series.empty() && !o.base.empty()) {
    in.spec.base = o.base;
    in.spec.series.clear();
    in.spec.points = {"base"};
    in.spec.points_where.clear();
    return {};
  }
  in.base_typed = !o.base.empty();
  if (o.series.empty() && in.spec.series.empty()) return {};
  const std::string word = o.series.empty() ? in.spec.series : o.series;
  PINRIG_TRY(series, spec::load_series(project, word));
  std::string base = o.base;
  if (base.empty() && o.series.empty()) base = in.spec.base;
  if (base.empty()) base = series.base;
  if (base.empty()) {
    PINRIG_TRY(of_run, base_of_run(project, in.spec));
    base = std::move(of_run);
  }
  if (base.empty())
    return make_error(ErrorKind::bad_input, fmt::format("series '{}': no base given", word),
                      "--base NAME, a name in kernels/");
  // A run file with a base alone has no tip to ask for; a series without its tip tells nothing.
  if (in.spec.series.empty()) {
    in.spec.points = {"base", "tip"};
    in.spec.points_where.clear();
  }
  in.spec.series = word;
  in.spec.base = base;
  series.base = base;
  in.series = std::move(series);
  return {};
}

/// `touched` chooses among the tests that the other words select, or among the run file's.
void choose_tests(std::vector<std::string> words, Inputs& in) {
  in.touched = std::erase(words, "touched") > 0;
  if (words.empty()) return;
  in.spec.suites = std::move(words);
  in.origins.tests = {{}, "--test"};
}

/// `expect: same` of the run, its series or the command line, which replaces what the files expect.
Result<void> expect_same(const RunOptions& o, Inputs& in) {
  if (o.same) {
    in.spec.expect.clear();
    if (in.series) in.series->expect.clear();
    in.spec.same = true;
  }
  if (in.series) in.spec.same = in.spec.same || in.series->same;
  if (!in.spec.same) return {};
  const std::string place = o.same ? "--expect same" : "expect: same";
  if (!in.series)
    return make_error(o.same ? ErrorKind::bad_usage : ErrorKind::bad_input,
                      place + ": this run has no series that could be compared with its base",
                      "--series NAME, or leave it out");
  const auto& points = in.spec.points;
  const bool has_base = std::any_of(points.begin(), points.end(), [](const auto& p) {
    return p == "base" || p == "each" || p.find_first_not_of('0') == std::string::npos;
  });
  if (has_base) return {};
  return make_error(ErrorKind::bad_input,
                    fmt::format("{}: the points of this run ({}) are without the base to compare with", place,
                                join(points, ", ")),
                    "add --point base");
}

}  // namespace

std::vector<std::string> option_words(const RunOptions& o) {
  std::vector<std::string> out;
  const auto add = [&](const char* option, const std::string& value) {
    out.emplace_back(option);
    out.push_back(value);
  };
  if (o.spec != RunOptions{}.spec) out.push_back(o.spec);
  if (!o.series.empty()) add("--series", o.series);
  if (!o.base.empty()) add("--base", o.base);
  for (const auto& p : o.points) add("--point", p);
  for (const auto a : o.archs) add("--arch", to_string(a));
  for (const auto& t : o.tests) add("--test", t);
  if (o.accel) add("--accel", to_string(*o.accel));
  for (const auto& e : o.env) {
    for (const auto& [name, value] : e.env) add("--env", e.test + ":" + name + "=" + value);
  }
  if (o.quick) out.emplace_back("--quick");
  if (o.coverage) out.emplace_back("--coverage");
  if (o.debug) out.emplace_back("--debug");
  if (o.same) add("--expect", "same");
  if (o.repeat > 1) add("--repeat", std::to_string(o.repeat));
  return out;
}

std::string selection_of(const RunOptions& o) {
  RunOptions chosen;
  chosen.tests = o.tests;
  std::sort(chosen.tests.begin(), chosen.tests.end());
  chosen.quick = o.quick;
  chosen.coverage = o.coverage;
  chosen.same = o.same;
  chosen.repeat = o.repeat;
  return shell_line(option_words(chosen));
}

model::KernelConfig debug_config(const model::KernelConfig& config) {
  return plan::debug_config(config, !process::find_program("pahole").empty());
}

Result<Inputs> load_inputs(const fs::path& project, const RunOptions& o) {
  Inputs in;
  PINRIG_TRY(spec, spec::load_run(project, o.spec));
  in.spec = std::move(spec);
  PINRIG_CHECK(choose_source(project, o, in));
  in.origins = plan::origins_of(in.spec);
  if (!o.points.empty()) {
    in.spec.points = o.points;
    in.origins.points = {{}, "--point"};
  }
  PINRIG_CHECK(expect_same(o, in));
  if (!o.archs.empty()) in.spec.archs = o.archs;
  in.coverage = o.coverage;
  if (o.debug)
    std::transform(in.spec.configs.begin(), in.spec.configs.end(), in.spec.configs.begin(), debug_config);
  in.dump = o.dump;
  in.holders = o.holders;
  choose_tests(o.tests, in);
  if (o.accel) in.spec.accel = *o.accel;
  if (o.revision) {
    in.base.name = in.spec.base;
    in.base.source = *o.revision;
  } else {
    PINRIG_TRY(base, spec::load_base(project, in.spec.base));
    in.base = std::move(base);
  }
  in.try_alone = o.purpose.empty();
  in.repeat = o.repeat;
  in.revert = o.revert;
  in.last_patch = o.last_patch;
  if (!in.spec.selftests_from.empty()) {
    PINRIG_TRY(other, spec::load_base(project, in.spec.selftests_from));
    in.selftests_from = std::move(other);
  }
  PINRIG_TRY(machine, spec::load_machine(project, in.spec.machine));
  in.machine = std::move(machine);
  PINRIG_TRY(suites, spec::load_all_suites(project));
  in.suites = std::move(suites);
  if (o.quick || in.spec.quick) plan::make_quick(in.suites);
  PINRIG_CHECK(plan::add_environment(in.suites, in.spec.env));
  PINRIG_CHECK(plan::add_environment(in.suites, o.env));
  in.has_faults = plan::injects_faults(in.suites, in.spec.env) || plan::injects_faults(in.suites, o.env);
  PINRIG_CHECK(plan::extend_limits(in.suites));
  PINRIG_CHECK(plan::check_words(in.spec, in.machine, in.suites, in.origins));
  PINRIG_TRY(requirements, spec::load_all_requirements(project));
  in.requirements = std::move(requirements);
  PINRIG_TRY(known, spec::load_all_known_issues(project));
  in.known_issues = std::move(known);
  PINRIG_TRY(splats, spec::load_all_splat_rules(project));
  in.splats = std::move(splats);
  return in;
}

Result<void> check_programs(const Inputs& in) {
  for (const auto arch : in.spec.archs) {
    const std::string program = vm::qemu_program(arch);
    if (process::find_program(program).empty())
      return make_error(
          ErrorKind::missing_tool,
          fmt::format("{} is not in PATH: cannot boot {} guests", program, to_string(arch)),
          fmt::format("apt install {}, or exclude {} with --arch", vm::qemu_package(arch), to_string(arch)));
  }
  return check_place(vm::socket_parent(), "TMPDIR");
}

Result<void> check_accel(const Inputs& in, const Services& s) {
  if (in.spec.accel != model::Accel::kvm) return {};
  for (const auto arch : in.spec.archs) {
    PINRIG_TRY(probe, vm::probe_accel(arch, s.paths.project, s.paths.cache, s.cancel));
    if (!probe.kvm_works)
      return make_error(
          ErrorKind::bad_usage,
          fmt::format("--accel kvm: KVM is not usable for {}: {}", to_string(arch), probe.kvm_detail),
          "--accel auto uses TCG when KVM is not usable; `pinrig doctor` has details");
  }
  return {};
}

Result<void> check_place(const fs::path& dir, const std::string& variable) {
  auto made = make_dirs(dir);
  if (made.has_value()) {
    // The mode bits do not say it: read-only mounts, quotas, ACLs, root.
    auto probe = TempDir::create(dir, ".probe-");
    if (probe.has_value()) return {};
    made = std::move(probe).error();
  }
  Error e = std::move(made).error();
  e.hint = e.kind == ErrorKind::disk_full
               ? fmt::format("free some space, or set {} to a directory on a larger disk", variable)
               : fmt::format("set {} to a writable directory", variable);
  return e;
}

namespace {

/// The base-commit of the series, where a local repository that the base is from has it.
Result<std::optional<git::Source>> stated_base(const Inputs& in, const WorkContext& ctx) {
  const auto* base = std::get_if<model::KernelBase::Git>(&in.base.source);
  std::error_code ec;
  if (!in.series || in.base_typed || base == nullptr || !fs::is_directory(base->url, ec))
    return std::optional<git::Source>();
  // What is wrong with the series is said when it is applied.
  const auto said = git::base_commit_of(*in.series, ctx);
  if (said.has_error() || said->empty()) return std::optional<git::Source>();
  const std::string& commit = *said;
  model::KernelBase stated = in.base;
  std::get<model::KernelBase::Git>(stated.source).rev = commit;
  auto found = git::import_base(stated, ctx);
  if (found.has_error() && found.error().kind != ErrorKind::bad_input) return std::move(found).error();
  if (found.has_error()) return std::optional<git::Source>();  // the series has a line that says so
  if (commit != base->rev)
    found->notices.push_back(
        fmt::format("base-commit {} of the series is used instead of {}", commit.substr(0, 12), base->rev));
  return std::optional(std::move(*found));
}

/// What a bisection asks for: a point without patches that it contains.
Result<void> revert(const Inputs& in, const WorkContext& ctx, Sources& out) {
  const auto keep = static_cast<std::size_t>(in.last_patch);
  if (keep > 0 && keep < out.series.patches.size()) {
    out.series.patches.resize(keep);
    out.series.subjects.resize(keep);
    out.series.failure.reset();
  }
  if (in.revert.empty()) return {};
  const auto* base = std::get_if<model::KernelBase::Git>(&in.base.source);
  if (!in.series && base != nullptr) {
    PINRIG_TRY(reverted, git::without_commits(out.base, base->url, in.revert, ctx));
    out.base = std::move(reverted);
    return {};
  }
  const int patches = static_cast<int>(out.series.patches.size());
  for (const auto& word : in.revert) {
    int number = 0;
    const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (ec != std::errc() || end != word.data() + word.size() || number < 1 || number > patches)
      return make_error(
          ErrorKind::bad_input,
          fmt::format("reverting '{}': the series has the patches 1 to {}", shown(word), patches));
    if (out.series.failure) break;
    PINRIG_TRY(reverted, git::with_revert(out.base, out.series, number, ctx));
    out.series = std::move(reverted);
  }
  return {};
}

}  // namespace

Result<Sources> fetch_sources(const Inputs& in, const Services& services) {
  PINRIG_CHECK(check_place(services.paths.cache, "PINRIG_CACHE"));
  const auto ctx = work_context(services, "sources", "source");
  const auto start = Clock::now();
  services.observer.on(
      {.kind = Event::Kind::begin, .task = "sources", .what = "source", .text = in.base.name});
  Sources out;
  PINRIG_TRY(stated, stated_base(in, ctx));
  if (stated) {
    out.base = std::move(*stated);
  } else {
    PINRIG_TRY(base, git::import_base(in.base, ctx));
    out.base = std::move(base);
  }
  if (in.selftests_from) {
    PINRIG_TRY(other, git::import_base(*in.selftests_from, ctx));
    out.selftests_from = std::move(other);
  }
  if (in.series) {
    PINRIG_TRY(series, git::apply_series(out.base, *in.series, ctx));
    out.series = std::move(series);
  }
  PINRIG_CHECK(revert(in, ctx, out));
  // Which symbols a fragment may ask for depends on the version, so this is the first moment to look.
  for (const auto arch : in.spec.archs) {
    for (const auto& config : in.spec.configs)
      PINRIG_CHECK(kbuild::load_request(services.paths.project, config.fragments, arch, out.base.version));
  }
  services.observer.on(
      {.kind = Event::Kind::end,
       .task = "sources",
       .what = "source",
       .text = fmt::format(
           "{} ({}){}  {}", out.base.name, out.base.version,
           in.series ? fmt::format(", {}: {}", in.series->name, count_of(out.series.patches.size(), "patch"))
                     : "",
           human_seconds(since(start).count()))});
  std::vector<std::string> warnings = out.base.notices;
  warnings.insert(warnings.end(), out.series.notices.begin(), out.series.notices.end());
  for (auto& text : warnings)
    services.observer.on({.kind = Event::Kind::warning, .task = "sources", .text = std::move(text)});
  return out;
}

std::vector<model::Point> points_of(const Sources& sources) {
  std::vector<model::Point> out;
  out.push_back({.number = 0,
                 .label = "base",
                 .subject = "",
                 .commit = sources.base.commit,
                 .tree = sources.base.tree,
                 .patch_id = "",
                 .version = sources.base.version});
  const auto& subjects = sources.series.subjects;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    model::Point p;
    p.number = static_cast<int>(i) + 1;
    p.label = i + 1 == subjects.size() ? "tip" : std::to_string(p.number);
    p.subject = subjects[i];
    p.version = sources.base.version;
    if (i < sources.series.patches.size()) {
      const auto& patch = sources.series.patches[i];
      p.commit = patch.commit;
      p.tree = patch.tree;
      p.patch_id = patch.patch_id;
      if (!patch.version.empty()) p.version = patch.version;
    }
    out.push_back(std::move(p));
  }
  return out;
}

Result<plan::Plan> plan_run(const Inputs& in, const Sources& sources) {
  const auto points = points_of(sources);
  if (in.coverage && !sources.series.patches.empty() && !has_objects(sources.series))
    return make_error(ErrorKind::bad_usage, "--coverage: the series changes no C file of the kernel",
                      "lines are counted in the objects of the C files that a series changes");
  // Of a series that is cut, what is expected of later patches does not matter.
  if (in.series && in.last_patch == 0)
    PINRIG_CHECK(plan::check_expected_points(*in.series, static_cast<int>(points.size()) - 1));
  PINRIG_TRY(plan, plan::make_plan(in.spec, {in.machine, in.suites, points, in.origins, in.destructive,
                                             in.coverage, in.repeat}));
  if (in.touched) plan.notes.emplace_back("touched: which of these tests run is known when the run begins");
  // Nothing to build: not worth the image that a run prepares first.
  const auto& failure = sources.series.failure;
  const auto cannot = [&](const model::Kernel& k) { return k.point.number >= failure->number; };
  if (failure && std::all_of(plan.kernels.begin(), plan.kernels.end(), cannot))
    return git::to_error(*failure);
  return plan;
}

}  // namespace pinrig::run
