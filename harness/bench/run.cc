// SPDX-License-Identifier: GPL-2.0
// Figures (b), (c) and (d): what pinrig adds to the guest's own time; and the time of all suites.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench/bench.h"

namespace pinrig::bench {
namespace {

constexpr double cpu_share = 0.02;
constexpr double rss_mib = 64;
// All suites with the matrix, one kind of memory of each obligation, and the longest test.
constexpr double full_s = 240;
constexpr double quick_s = 60;
constexpr double longest_s = 10;

struct GuestTimes {
  double boot_s = 0;
  double tests_s = 0;
};

Result<GuestTimes> read_times(const fs::path& report) {
  PINRIG_TRY(text, read_file(report));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  GuestTimes t;
  try {
    const auto& guest = json.at("kernels").at(0).at("guests").at(0);
    t.boot_s = guest.at("boot_s");
    for (const auto& test : guest.at("tests")) t.tests_s += test.value("wall_s", 0.0);
  } catch (const nlohmann::json::exception& e) {
    return make_error(ErrorKind::infra, report.string() + ": " + e.what());
  }
  if (t.boot_s > 0 && t.tests_s > 0) return t;
  return make_error(ErrorKind::infra, report.string() + ": the guest did not reach its tests");
}

Result<void> add_arch(model::Arch arch, const Setup& s, std::vector<Figure>& out) {
  const std::string name = to_string(arch);
  const fs::path report = s.dir / "run.json";
  // Exit 1: the kernel may have regressions; that is not what is measured here.
  PINRIG_CHECK(run_pinrig(s, {"run", "--arch", name, "--point", "base", "--test", "pins/selfcheck"}, {0, 1}));
  std::vector<double> walls;
  std::vector<double> floors;
  std::vector<double> cpus;
  std::vector<double> peaks;
  for (int i = 0; i < s.repeat; ++i) {
    PINRIG_TRY(run,
               run_pinrig(s, {"run", "--arch", name, "--point", "base", "--json", report.string()}, {0, 1}));
    PINRIG_TRY(times, read_times(report));
    walls.push_back(run.wall_s);
    floors.push_back(times.boot_s + times.tests_s);
    cpus.push_back(run.cpu_s);
    peaks.push_back(run.peak_rss / (1 << 20));
    tell(s,
         fmt::format(
             "run {} {}/{}: wall {:.2f} s, boot {:.2f} s, tests {:.2f} s, pinrig's CPU {:.3f} s, {:.0f} MiB",
             name, i + 1, s.repeat, run.wall_s, times.boot_s, times.tests_s, run.cpu_s, peaks.back()));
  }
  out.push_back({.id = "run." + name,
                 .what = "warm guest of the default run; floor: boot to the agent + the tests' own time",
                 .unit = "s",
                 .value = median(walls),
                 .floor = median(floors),
                 .bound = 1.10,
                 .times = s.repeat});
  out.push_back({.id = "cpu." + name,
                 .what = "pinrig's own CPU time in that run, without its children; floor: the run's wall",
                 .unit = "s",
                 .value = median(cpus),
                 .floor = median(walls),
                 .bound = cpu_share,
                 .times = s.repeat});
  out.push_back({.id = "rss." + name,
                 .what = "pinrig's peak resident memory in that run; floor: the allowed maximum",
                 .unit = "MiB",
                 .value = *std::max_element(peaks.begin(), peaks.end()),
                 .floor = rss_mib,
                 .bound = 1,
                 .times = s.repeat});
  return {};
}

// When the first guest of the latest run was started: its command line is written right before.
Result<double> first_spawn(const fs::path& state) {
  double first = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(state / "runs", ec), end; !ec && it != end; it.increment(ec)) {
    if (it->path().filename() != "qemu.args") continue;
    struct stat st = {};
    if (::stat(it->path().c_str(), &st) != 0) return errno_error("stat " + it->path().string(), errno);
    const double at = static_cast<double>(st.st_mtim.tv_sec) + static_cast<double>(st.st_mtim.tv_nsec) * 1e-9;
    first = first == 0 ? at : std::min(first, at);
  }
  if (ec) return errno_error("reading " + state.string(), ec.value());
  if (first == 0)
    return make_error(ErrorKind::infra,
                      "the run started no guest: there is no qemu.args in " + state.string());
  return first;
}

Result<double> longest_test(const fs::path& report) {
  PINRIG_TRY(text, read_file(report));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  double longest = 0;
  try {
    for (const auto& guest : json.at("kernels").at(0).at("guests")) {
      for (const auto& test : guest.at("tests")) longest = std::max(longest, test.value("wall_s", 0.0));
    }
  } catch (const nlohmann::json::exception& e) {
    return make_error(ErrorKind::infra, report.string() + ": " + e.what());
  }
  return longest;
}

Figure at_most(const std::string& id, const std::string& what, double value, double floor) {
  return {.id = id, .what = what, .unit = "s", .value = value, .floor = floor, .bound = 1, .times = 1};
}

}  // namespace

Figures run_figures(const Setup& s) {
  std::vector<Figure> out;
  for (const auto arch : s.archs) PINRIG_CHECK(add_arch(arch, s, out));
  return out;
}

Figures full_figures(const Setup& s) {
  std::vector<Figure> out;
  for (const auto arch : s.archs) {
    const std::string name = to_string(arch);
    PINRIG_CHECK(run_pinrig(s, {"run", "full", "--arch", name, "--test", "pins/selfcheck"}, {0, 1}));
    const fs::path report = s.dir / "full.json";
    PINRIG_TRY(run, run_pinrig(s, {"run", "full", "--arch", name, "--json", report.string()}, {0, 1}));
    PINRIG_TRY(longest, longest_test(report));
    PINRIG_TRY(quick, run_pinrig(s, {"run", "contract", "--quick", "--arch", name}, {0, 1}));
    tell(s, fmt::format("full {}: wall {:.1f} s, longest test {:.1f} s; quick: wall {:.1f} s", name,
                        run.wall_s, longest, quick.wall_s));
    out.push_back(
        at_most("full." + name,
                "warm run of all suites on one kernel (configs/runs/full.yaml); floor: the allowed maximum",
                run.wall_s, full_s));
    out.push_back(at_most("longest." + name, "longest test of that run; floor: the allowed maximum", longest,
                          longest_s));
    out.push_back(at_most("quick." + name,
                          "warm `pinrig run contract --quick` on the same kernel; floor: the allowed maximum",
                          quick.wall_s, quick_s));
  }
  return out;
}

Figures warm_figures(const Setup& s) {
  std::vector<std::string> args{"run", "--point", "base", "--point", "tip", "--test", "pins/selfcheck"};
  for (const auto arch : s.archs) args.insert(args.end(), {"--arch", to_string(arch)});
  PINRIG_CHECK(run_pinrig(s, args, {0, 1}));
  std::vector<double> waits;
  for (int i = 0; i < s.repeat; ++i) {
    PINRIG_CHECK(clear_state(s));
    PINRIG_TRY(run, run_pinrig(s, args, {0, 1}));
    PINRIG_TRY(spawn, first_spawn(s.services.paths.state));
    waits.push_back(spawn - run.started);
    tell(s, fmt::format("warm {}/{}: first QEMU after {:.2f} s", i + 1, s.repeat, waits.back()));
  }
  Figure f{.id = "warm", .unit = "s", .value = median(waits), .floor = 1, .bound = 1, .times = s.repeat};
  f.what = "start of `pinrig run` (base and tip, everything cached) to its first QEMU; floor: one second";
  return std::vector<Figure>{f};
}

}  // namespace pinrig::bench
