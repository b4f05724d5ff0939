// SPDX-License-Identifier: GPL-2.0
// Figure (e): the cost of one more patch, compared to a build from scratch. ccache may not hide either: the
// patch has text that no build had before, and the cold build (--cold) has an empty cache.
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "bench/bench.h"

namespace pinrig::bench {
namespace {

constexpr auto arch = model::Arch::x86_64;

// A series of one patch: a new function at the end of block/bio.c, with a string that is new each time.
Result<fs::path> write_series(const fs::path& dir, const Setup& s) {
  PINRIG_TRY(inputs, run::load_inputs(s.services.paths.project, options(arch, {"base"}, {})));
  PINRIG_TRY(sources, run::fetch_sources(inputs, s.services));
  PINRIG_TRY(before, git::show_file(sources.base, sources.base.commit, "block/bio.c",
                                    job::work_context(s.services, "bench", "source")));
  const auto nonce = std::chrono::system_clock::now().time_since_epoch().count();
  const std::string after =
      before + fmt::format(
                   "\nconst char *pinrig_bench_mark(void);\nconst char *pinrig_bench_mark(void)\n"
                   "{{\n\treturn \"{}\";\n}}\n",
                   nonce);
  PINRIG_CHECK(make_dirs(dir / "a/block"));
  PINRIG_CHECK(make_dirs(dir / "b/block"));
  PINRIG_CHECK(write_file_atomic(dir / "a/block/bio.c", before));
  PINRIG_CHECK(write_file_atomic(dir / "b/block/bio.c", after));
  process::Command diff;
  diff.argv = {"diff", "-u", "a/block/bio.c", "b/block/bio.c"};
  diff.cwd = dir;
  PINRIG_TRY(made, process::run(diff, s.services.cancel));
  if (made.out.empty()) return make_error(ErrorKind::infra, "diff printed nothing: " + made.err);
  const std::string mail =
      "From: A. Developer <dev@example.org>\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n"
      "Subject: [PATCH] block: a mark for the benchmark\n\nNothing calls it.\n---\n" +
      made.out;
  PINRIG_CHECK(write_file_atomic(dir / "0001-block-mark.patch", mail));
  const fs::path file = dir / "series.yaml";
  PINRIG_CHECK(
      write_file_atomic(file, fmt::format("# SPDX-License-Identifier: GPL-2.0\nname: bench-mark\nbase: {}\n"
                                          "patches: {{dir: .}}\n",
                                          inputs.base.name)));
  return file;
}

struct Built {
  std::string key;
  double cpu_s = 0;
};

// A kernel that `pinrig build` printed ("kernel  key  directory"), and what its manifest says.
Result<Built> built_in(const std::string& line) {
  const fs::path file = fs::path(line.substr(line.rfind("  ") + 2)) / "manifest.json";
  PINRIG_TRY(text, read_file(file));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  Built b;
  if (json.is_object()) b = {json.value("key", ""), json.value("cpu_s", 0.0)};
  if (!b.key.empty() && b.cpu_s > 0) return b;
  return make_error(ErrorKind::infra, file.string() + " has no key and CPU time");
}

// Of one that built a single kernel.
Result<Built> built_by(const PinrigRun& run) { return built_in(std::string(trim(run.out))); }

// A cache with nothing compiled in it, and the rest borrowed.
Result<void> borrow_cache(const fs::path& from, const fs::path& to) {
  PINRIG_CHECK(make_dirs(to));
  for (const char* part : {"sources", "sysroots", "guest", "images", "probe"}) {
    std::error_code ec;
    fs::create_directory_symlink(from / part, to / part, ec);
    if (ec) return errno_error(fmt::format("linking {}", (to / part).string()), ec.value());
  }
  return {};
}

Result<void> forget(const fs::path& cache, const std::string& key) {
  std::error_code ec;
  fs::remove_all(cache / "kernels" / key, ec);
  if (ec) return errno_error("removing the benchmark's kernel", ec.value());
  return {};
}

}  // namespace

Figures rebuild_figures(const Setup& s) {
  PINRIG_TRY(temp, TempDir::create(s.dir, "rebuild-"));
  fs::path cache = s.services.paths.cache;
  if (s.cold) {
    cache = temp.path() / "cache";
    PINRIG_CHECK(borrow_cache(s.services.paths.cache, cache));
  }
  PINRIG_TRY(series, write_series(temp.path() / "bench-mark", s));
  const std::vector<std::string> build{"build", "--arch", to_string(arch), "--series", series.string()};
  auto base = build;
  base.insert(base.end(), {"--point", "base"});
  tell(s, s.cold ? "rebuild: a cold build with an empty ccache; takes many minutes" : "rebuild: the base");
  PINRIG_TRY(base_run, run_pinrig(s, base, {0}, cache));
  PINRIG_TRY(cold, built_by(base_run));
  auto tip = build;
  tip.insert(tip.end(), {"--point", "tip"});
  tell(s, "rebuild: one patch to block/bio.c");
  PINRIG_TRY(tip_run, run_pinrig(s, tip, {0}, cache));
  PINRIG_TRY(patched, built_by(tip_run));
  PINRIG_CHECK(forget(cache, patched.key));
  Figure f{.id = "rebuild",
           .what = "CPU time of a build after one patch to block/bio.c; floor: CPU time of the cold build",
           .unit = "s"};
  f.value = patched.cpu_s;
  f.floor = cold.cpu_s;
  f.bound = 0.10;
  f.times = 1;
  f.note = s.cold ? "the cold build had an empty ccache"
                  : "the cold figure is that of the base in the cache; if ccache helped it, use --cold to "
                    "measure again";
  return std::vector<Figure>{f};
}

namespace {

// CPU time of the coverage kernel of a new patch; the cache is then without its kernels again.
Result<double> count_lines_of_a_patch(const fs::path& dir, const Setup& s) {
  PINRIG_TRY(series, write_series(dir, s));
  PINRIG_TRY(run, run_pinrig(s, {"build", "--arch", to_string(arch), "--series", series.string(), "--point",
                                 "tip", "--coverage"}));
  double cpu_s = 0;
  for (const auto& line : split(trim(run.out), '\n')) {
    PINRIG_TRY(built, built_in(line));
    PINRIG_CHECK(forget(s.services.paths.cache, built.key));
    cpu_s = built.cpu_s;  // that of the last point comes last
  }
  return cpu_s;
}

}  // namespace

Figures coverage_figures(const Setup& s) {
  PINRIG_TRY(temp, TempDir::create(s.dir, "coverage-"));
  tell(s, "coverage: a first kernel that counts lines; without one in the cache this takes minutes");
  PINRIG_TRY(first, count_lines_of_a_patch(temp.path() / "first", s));
  tell(s, "coverage: one more patch to block/bio.c");
  PINRIG_TRY(next, count_lines_of_a_patch(temp.path() / "next", s));
  Figure f{.id = "coverage",
           .what = "CPU time of a kernel that counts lines after one patch to block/bio.c; floor: 60 s",
           .unit = "s"};
  f.value = next;
  f.floor = 60;
  f.bound = 1;
  f.times = 1;
  f.note = fmt::format("the kernel before it took {:.1f} s", first);
  return std::vector<Figure>{f};
}

}  // namespace pinrig::bench
