// SPDX-License-Identifier: GPL-2.0
// What a guest needs before it does anything: how large its initramfs is, how soon agent and tests are at
// work. By the guest's own clock, so that nothing of the host's is in it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "bench/bench.h"

namespace pinrig::bench {
namespace {

constexpr double start_ms = 30;
constexpr double image_mib = 12;

struct Started {
  fs::path dir;        ///< of the guest
  double test_ms = 0;  ///< the shortest test, from before fork() to after wait()
};

Result<Started> read_started(const fs::path& report) {
  PINRIG_TRY(text, read_file(report));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  Started out;
  try {
    const auto& guest = json.at("kernels").at(0).at("guests").at(0);
    out.dir = guest.at("dir").get<std::string>();
    for (const auto& test : guest.at("tests")) {
      const double ms = test.value("wall_s", 0.0) * 1e3;
      if (ms > 0 && (out.test_ms == 0 || ms < out.test_ms)) out.test_ms = ms;
    }
  } catch (const nlohmann::json::exception& e) {
    return make_error(ErrorKind::infra, report.string() + ": " + e.what());
  }
  if (out.test_ms > 0) return out;
  return make_error(ErrorKind::infra, report.string() + ": the guest did not reach its tests");
}

/// Seconds of the first line of the kernel log with `words`.
Result<double> stamp_of(const std::string& log, const fs::path& file, const std::string& words) {
  const auto at = log.find(words);
  const auto open = at == std::string::npos ? at : log.rfind('[', at);
  if (open == std::string::npos)
    return make_error(ErrorKind::infra, fmt::format("{}: no line '{}' with a time", file.string(), words));
  return std::strtod(log.c_str() + open + 1, nullptr);
}

Result<double> agent_ms(const fs::path& dir) {
  const fs::path file = dir / "console.raw";
  PINRIG_TRY(log, read_file(file));
  PINRIG_TRY(exec, stamp_of(log, file, "Run /init as init process"));
  PINRIG_TRY(starts, stamp_of(log, file, "pinrig: agent starts"));
  return (starts - exec) * 1e3;
}

/// The guest's initramfs as gzip packs it.
Result<double> packed_mib(const fs::path& dir, const Setup& s) {
  const fs::path file = dir / "job.json";
  PINRIG_TRY(text, read_file(file));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("initramfs"))
    return make_error(ErrorKind::infra, file.string() + " has no initramfs");
  process::Command c;
  c.argv = {"gzip", "-9", "-c"};
  for (const auto& archive : json["initramfs"]) c.argv.push_back(archive.get<std::string>());
  std::size_t bytes = 0;
  PINRIG_TRY(done, process::run(c, s.services.cancel,
                                {.out = [&](std::string_view piece) { bytes += piece.size(); }}));
  if (!process::succeeded(done.status))
    return make_error(ErrorKind::infra,
                      fmt::format("gzip: {}: {}", process::to_string(done.status), done.err));
  return static_cast<double>(bytes) / (1 << 20);
}

Result<void> add_arch(model::Arch arch, const Setup& s, std::vector<Figure>& out) {
  const std::string name = to_string(arch);
  const fs::path report = s.dir / "start.json";
  std::vector<double> agents;
  std::vector<double> tests;
  double image = 0;
  for (int i = 0; i < s.repeat; ++i) {
    PINRIG_CHECK(
        run_pinrig(s, {"run", "--arch", name, "--point", "base", "--json", report.string()}, {0, 1}));
    PINRIG_TRY(started, read_started(report));
    PINRIG_TRY(agent, agent_ms(started.dir));
    PINRIG_TRY(mib, packed_mib(started.dir, s));
    agents.push_back(agent);
    tests.push_back(started.test_ms);
    image = mib;
    tell(s, fmt::format("start {} {}/{}: agent {:.1f} ms, shortest test {:.1f} ms, initramfs {:.1f} MiB",
                        name, i + 1, s.repeat, agent, started.test_ms, mib));
  }
  out.push_back(
      {.id = "start.agent." + name,
       .what = "execve() of the agent to its first line in the kernel log; floor: the allowed maximum",
       .unit = "ms",
       .value = median(agents),
       .floor = start_ms,
       .bound = 1,
       .times = s.repeat});
  out.push_back({.id = "start.test." + name,
                 .what = "the shortest test of the default run from fork() to its exit, more than its start "
                         "alone; floor: the allowed start time",
                 .unit = "ms",
                 .value = median(tests),
                 .floor = start_ms,
                 .bound = 1,
                 .times = s.repeat});
  out.push_back(
      {.id = "image." + name,
       .what = "initramfs of the default run's guest, packed by gzip -9; floor: the allowed maximum",
       .unit = "MiB",
       .value = image,
       .floor = image_mib,
       .bound = 1,
       .times = s.repeat});
  return {};
}

}  // namespace

Figures start_figures(const Setup& s) {
  std::vector<Figure> out;
  for (const auto arch : s.archs) PINRIG_CHECK(add_arch(arch, s, out));
  return out;
}

}  // namespace pinrig::bench
