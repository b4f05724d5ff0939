// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "bench/bench.h"

namespace pinrig::bench {

run::RunOptions options(model::Arch arch, std::vector<std::string> points, std::vector<std::string> tests) {
  run::RunOptions o;
  o.archs = {arch};
  o.points = std::move(points);
  o.tests = std::move(tests);
  return o;
}

Result<PinrigRun> run_pinrig(const Setup& s, std::vector<std::string> args, const std::vector<int>& codes,
                             const fs::path& cache, const std::map<std::string, std::string>& env) {
  const fs::path usage = s.dir / "usage.json";
  process::Command c;
  c.argv = {s.pinrig.string(), "--quiet", "--usage", usage.string()};
  c.argv.insert(c.argv.end(), args.begin(), args.end());
  c.env = {{"PINRIG_STATE", s.services.paths.state.string()},
           {"PINRIG_CACHE", (cache.empty() ? s.services.paths.cache : cache).string()},
           {"PINRIG_PROJECT", s.services.paths.project.string()}};
  c.env.insert(env.begin(), env.end());
  PinrigRun out;
  out.started = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  PINRIG_TRY(done, process::run(c, s.services.cancel));
  if (std::holds_alternative<process::Cancelled>(done.status)) return cancelled_error();
  const auto* exited = std::get_if<process::Exited>(&done.status);
  if (exited == nullptr || std::find(codes.begin(), codes.end(), exited->code) == codes.end())
    return make_error(ErrorKind::infra, fmt::format("{}: {}\n{}{}", shell_line(c.argv),
                                                    process::to_string(done.status), done.out, done.err));
  PINRIG_TRY(text, read_file(usage));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return make_error(ErrorKind::infra, usage.string() + " is not a JSON object");
  out.wall_s = done.wall_s;
  out.out = std::move(done.out);
  out.cpu_s = json.value("cpu_s", 0.0);
  out.peak_rss = json.value("peak_rss_bytes", 0.0);
  return out;
}

Result<void> clear_state(const Setup& s) {
  std::error_code ec;
  fs::remove_all(s.services.paths.state, ec);
  if (ec) return errno_error("removing " + s.services.paths.state.string(), ec.value());
  return {};
}

void tell(const Setup& s, const std::string& text) {
  s.services.observer.on({.kind = job::Event::Kind::line, .text = text});
}

}  // namespace pinrig::bench
