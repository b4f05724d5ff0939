// SPDX-License-Identifier: GPL-2.0
// What pinrig adds to a bisection and to a run of every point: compared to `make` alone at the same points in
// the same order, plus the time of the guests. Both begin with objects of the base, and ccache hides no
// compiler.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <set>

#include "base/text.h"
#include "bench/bench.h"
#include "bisect/log.h"
#include "job/kernel.h"
#include "kbuild/recipe.h"
#include "run/leftovers.h"

namespace pinrig::bench {
namespace {

constexpr auto arch = model::Arch::x86_64;
constexpr const char* base = "debian-6.1";
constexpr const char* test = "bio/dio_iov";
constexpr double most = 1.25;
constexpr int all_runs = 1000;

/// Kernels of the cache out of the way, so that each is built again; put back in the end.
class SetAside {
 public:
  explicit SetAside(fs::path to) : to_(std::move(to)) {}
  ~SetAside() {
    for (const auto& dir : taken_) {
      std::error_code ec;
      fs::remove_all(dir, ec);
      fs::rename(to_ / dir.filename(), dir, ec);
      if (ec) std::fprintf(stderr, "pinrig_bench: %s is in %s now\n", dir.c_str(), to_.c_str());
    }
  }
  SetAside(const SetAside&) = delete;
  SetAside& operator=(const SetAside&) = delete;

  Result<void> take(const fs::path& dir) {
    PINRIG_CHECK(make_dirs(to_));
    std::error_code ec;
    fs::remove_all(to_ / dir.filename(), ec);
    fs::rename(dir, to_ / dir.filename(), ec);
    if (ec) return errno_error("moving " + dir.string(), ec.value());
    taken_.push_back(dir);
    return {};
  }
  bool has(const std::string& key) const {
    return std::any_of(taken_.begin(), taken_.end(), [&](const auto& dir) { return dir.filename() == key; });
  }

 private:
  fs::path to_;
  std::vector<fs::path> taken_;
};

/// Directories of the kernels that `pinrig build` printed ("kernel  key  directory").
std::vector<fs::path> built_dirs(const PinrigRun& run) {
  std::vector<fs::path> out;
  for (const auto line : lines(run.out)) {
    const auto at = line.rfind("  ");
    if (at != std::string_view::npos) out.emplace_back(std::string(trim(line.substr(at))));
  }
  return out;
}

/// Source and object directory of a bare make. The copy is as deep below the cache as the original: make's
/// flags hold the way from the objects to the source.
struct Bare {
  run::Sources sources;
  std::string slot;
  fs::path objects;
  fs::path copy;
};

Result<Bare> bare_place(const std::string& series, const Setup& s) {
  auto o = options(arch, {"each"}, {test});
  o.series = series;
  o.base = base;
  PINRIG_TRY(inputs, run::load_inputs(s.services.paths.project, o));
  PINRIG_TRY(sources, run::fetch_sources(inputs, s.services));
  const std::string slot = fmt::format(
      "{}-{}", job::build_slot(inputs.base.name, inputs.spec.configs.front().fragments), to_string(arch));
  return Bare{std::move(sources), slot, s.services.paths.cache / "build" / slot, s.dir / ("bare-" + slot)};
}

/// Every kernel of the series out of the way, the objects those of the base, and a copy of them.
Result<void> begin_at_base(const std::string& series, const Bare& bare, SetAside& aside, const Setup& s) {
  const std::vector<std::string> build{"build", "--arch",   to_string(arch), "--base",
                                       base,    "--series", series,          "--point"};
  auto each = build;
  each.emplace_back("each");
  tell(s, series + ": kernels of all points, for the first time");
  PINRIG_TRY(all, run_pinrig(s, each));
  for (const auto& dir : built_dirs(all)) {
    if (!aside.has(dir.filename())) PINRIG_CHECK(aside.take(dir));
  }
  auto of_base = build;
  of_base.emplace_back("base");
  PINRIG_TRY(made, run_pinrig(s, of_base));
  std::error_code ec;
  for (const auto& dir : built_dirs(made)) fs::remove_all(dir, ec);
  fs::remove_all(bare.copy, ec);
  PINRIG_TRY(lock, FileLock::acquire(bare.objects.string() + ".lock", {.cancel_fd = s.services.cancel.fd()}));
  process::Command c;
  c.argv = {"cp", "-a", bare.objects.string(), bare.copy.string()};
  PINRIG_CHECK(process::run_ok(c, s.services.cancel));
  return {};
}

/// Seconds of make at these commits, one after the other; git's time does not count.
Result<double> bare_makes(const Bare& bare, const std::vector<std::string>& commits, const Setup& s) {
  PINRIG_TRY(toolchain, kbuild::find_toolchain(arch, s.services.cancel));
  const auto ctx = job::work_context(s.services, "bench", "source");
  double sum = 0;
  for (const auto& commit : commits) {
    PINRIG_TRY(tree, git::checkout(bare.sources.base, commit, bare.sources.base.name, ctx));
    const kbuild::Tree build{tree.path, bare.copy, s.services.paths.cache, arch, toolchain};
    auto make = kbuild::make_command(build, kbuild::kernel_targets(arch), s.services.jobs);
    make.env["CCACHE_DISABLE"] = "1";
    PINRIG_TRY(made, process::run(make, s.services.cancel));
    if (std::holds_alternative<process::Cancelled>(made.status)) return cancelled_error();
    tell(s, fmt::format("bare make at {}: {:.1f} s", commit.substr(0, 12), made.wall_s));
    // A point that does not build costs its time too.
    sum += made.wall_s;
  }
  return sum;
}

struct Seen {
  double guests_s = 0;
  std::vector<std::string> commits;  ///< of the kernels of its runs, oldest first, each once
  std::vector<std::string> keys;
};

Result<Seen> seen_in_store(const Setup& s) {
  Seen out;
  PINRIG_TRY(store, run::open_store(s.services.paths));
  PINRIG_TRY(runs, store.runs(all_runs));
  std::reverse(runs.begin(), runs.end());
  for (const auto& run : runs) {
    PINRIG_TRY(guests, store.guests(run.id));
    for (const auto& guest : guests) out.guests_s += guest.wall_s;
    PINRIG_TRY(kernels, store.kernels(run.id));
    for (const auto& kernel : kernels) {
      out.keys.push_back(kernel.key);
      const auto& commit = kernel.point.commit;
      if (std::find(out.commits.begin(), out.commits.end(), commit) == out.commits.end())
        out.commits.push_back(commit);
    }
  }
  return out;
}

/// The only bisect.log of the bench's state.
Result<bisect::Log> log_of_search(const Setup& s) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(s.services.paths.state / "bisections", ec)) {
    const fs::path file = entry.path() / "bisect.log";
    PINRIG_TRY(text, read_file(file));
    return bisect::parse_log(text, file.string());
  }
  return make_error(ErrorKind::infra, "the search left no bisect.log");
}

/// What was built, in this order: points of the log, whether they came to a run or not, then what was
/// reverted.
std::vector<std::string> visited(const bisect::Log& log, const Seen& seen) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& commit) {
    if (std::find(out.begin(), out.end(), commit) == out.end()) out.push_back(commit);
  };
  for (const auto& o : log.seen) {
    if (o.point >= 0) add(log.points[static_cast<std::size_t>(o.point)].sha);
  }
  for (const auto& p : log.points) {
    if (!p.image.empty()) add(p.sha);
  }
  for (const auto& commit : seen.commits) add(commit);
  return out;
}

Result<void> forget_new(const Seen& seen, const SetAside& aside, const Setup& s) {
  for (const auto& key : seen.keys) {
    if (key.empty() || aside.has(key)) continue;
    std::error_code ec;
    fs::remove_all(s.services.paths.cache / "kernels" / key, ec);
    if (ec) return errno_error("removing a kernel of the benchmark", ec.value());
  }
  return {};
}

/// The guests until the culprit is found and checked; the revert and both ends come after it.
Figure boots_of(const bisect::Log& log) {
  std::set<std::string> runs;
  for (const auto& o : log.seen) {
    if (o.purpose != bisect::Purpose::revert && o.purpose != bisect::Purpose::ends) runs.insert(o.run);
  }
  const auto patches = log.points.size() - 1;
  return {
      .id = "bisect.boots",
      .what = "guests until the culprit of dio-pin-lost is found and checked; floor: log2 of the patches + 4",
      .unit = "",
      .value = static_cast<double>(runs.size()),
      .floor = static_cast<double>(std::bit_width(patches - 1)) + 4,
      .bound = 1,
      .times = 1};
}

Figure wall(const std::string& id, const std::string& what, double value, double floor) {
  return {.id = id, .what = what, .unit = "s", .value = value, .floor = floor, .bound = most, .times = 1};
}

}  // namespace

Figures bisect_figures(const Setup& s) {
  const std::string series = "dio-pin-lost";
  PINRIG_TRY(bare, bare_place(series, s));
  SetAside aside(s.dir / "aside");
  PINRIG_CHECK(begin_at_base(series, bare, aside, s));
  PINRIG_CHECK(clear_state(s));
  tell(s, series + ": the bisection");
  PINRIG_TRY(searched, run_pinrig(s,
                                  {"bisect", "--arch", to_string(arch), "--base", base, "--series", series,
                                   "--test", test, "--fresh", "--search"},
                                  {0}, {}, {{"CCACHE_RECACHE", "1"}}));
  PINRIG_TRY(log, log_of_search(s));
  PINRIG_TRY(seen, seen_in_store(s));
  PINRIG_CHECK(forget_new(seen, aside, s));
  PINRIG_TRY(makes, bare_makes(bare, visited(log, seen), s));
  auto f = wall("bisect", "bisection of dio-pin-lost; floor: make alone at the same points + its guests",
                searched.wall_s, makes + seen.guests_s);
  f.note = fmt::format("bisect: make {:.1f} s, guests {:.1f} s", makes, seen.guests_s);
  return std::vector<Figure>{f, boots_of(log)};
}

Figures each_figures(const Setup& s) {
  const std::string series = "dio-pin";
  PINRIG_TRY(bare, bare_place(series, s));
  SetAside aside(s.dir / "aside");
  PINRIG_CHECK(begin_at_base(series, bare, aside, s));
  PINRIG_CHECK(clear_state(s));
  tell(s, series + ": the run of every point");
  PINRIG_TRY(run, run_pinrig(s,
                             {"run", "--arch", to_string(arch), "--base", base, "--series", series, "--point",
                              "each", "--test", test},
                             {0, 1}, {}, {{"CCACHE_RECACHE", "1"}}));
  PINRIG_TRY(seen, seen_in_store(s));
  PINRIG_TRY(makes, bare_makes(bare, seen.commits, s));
  auto f = wall("each", "dio-pin with --point each; floor: make alone at the same points + the guests",
                run.wall_s, makes + seen.guests_s);
  f.note = fmt::format("each: make {:.1f} s, guests {:.1f} s", makes, seen.guests_s);
  return std::vector<Figure>{f};
}

}  // namespace pinrig::bench
