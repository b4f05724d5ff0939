// SPDX-License-Identifier: GPL-2.0
// The kernels of a run, and what came of it in one line.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/exit_code.h"
#include "base/text.h"
#include "report/sections.h"

namespace pinrig::report {
namespace {

using model::Verdict;

/// "dio.iomap=get (base: pin), else as the base".
std::string difference_text(const std::map<std::string, std::string>& can,
                            const std::map<std::string, std::string>& base) {
  std::vector<std::string> out;
  for (const auto& [name, value] : can) {
    const auto before = base.find(name);
    const std::string was = before == base.end() ? "unknown" : before->second;
    if (was != value) out.push_back(fmt::format("{}={} (base: {})", name, value, was));
  }
  return out.empty() ? "as the base" : join(out, " ") + ", else as the base";
}

/// "dio.bdev=pin dio.iomap=get; other runs of this kernel: alg=pin"; after the base only what differs from
/// it.
std::string capability_text(const JobData& j, const JobData* base) {
  const auto can = j.capabilities();
  if (base != nullptr && base != &j && !base->capabilities().empty())
    return can.empty() ? "" : difference_text(can, base->capabilities());
  const std::string own = capability_words(j.job.capabilities);
  if (j.elsewhere.empty()) return own;
  return own + (own.empty() ? "" : "; ") + "other runs of this kernel: " + capability_words(j.elsewhere);
}

std::string build_text(const store::JobRow& j) {
  if (j.kernel_key.empty()) return "not built";
  return j.build_cached ? "built before" : "built in " + human_seconds(j.build_wall_s);
}

std::string guest_text(const store::JobRow& j, int guests) {
  if (j.accel.empty()) return "guest not started";
  std::string out = j.accel + (j.cpu_model.empty() ? "" : fmt::format(" (-cpu {})", j.cpu_model));
  if (j.boot_s > 0) out += fmt::format(", boot {}", human_seconds(j.boot_s));
  const std::string what = guests > 1 ? count_of(static_cast<std::size_t>(guests), "guest") : "guest";
  return out + fmt::format(", {} {}", what, human_seconds(j.wall_s));
}

/// "TCG on x86_64, aarch64: KVM does not work here: ...", once for each reason.
std::string accelerator_lines(const RunData& data, const Painter& p) {
  std::vector<std::pair<std::string, std::vector<std::string>>>
      reasons;  // accelerator and reason, architectures
  for (const auto& j : data.jobs) {
    if (j.job.accel_reason.empty()) continue;
    const std::string key = j.job.accel + '\n' + j.job.accel_reason;
    const std::string arch = model::to_string(j.job.arch);
    auto it = std::find_if(reasons.begin(), reasons.end(), [&](const auto& r) { return r.first == key; });
    if (it == reasons.end()) it = reasons.insert(it, {key, {}});
    if (std::find(it->second.begin(), it->second.end(), arch) == it->second.end()) it->second.push_back(arch);
  }
  std::string out;
  for (const auto& [key, archs] : reasons) {
    const auto parts = split(key, '\n');
    std::string accel = parts[0];
    std::transform(accel.begin(), accel.end(), accel.begin(),
                   [](char c) { return static_cast<char>(std::toupper(c)); });
    out += hanging(p, "  " + p.warn(accel + " on " + join(archs, ", ")) + ": ", parts[1]);
  }
  return out;
}

struct Counts {
  std::size_t judged = 0;      ///< tests
  std::size_t unexpected = 0;  ///< tests that are not, or whose cases are not, as expected
  std::size_t jobs_lost = 0;
  std::size_t guests = 0;  ///< that were started
  std::map<std::string, std::size_t> words;
};

Counts count(const RunData& data) {
  Counts c;
  for (const auto& j : data.jobs) {
    if (!j.completed()) ++c.jobs_lost;
    c.guests += static_cast<std::size_t>(j.guests);
    for (const auto& t : j.tests) {
      ++c.judged;
      if (!t.as_expected()) ++c.unexpected;
      const auto& v = t.row.verdict;
      ++c.words[std::string(model::to_string(v.verdict)) +
                (v.expected && is_bad(v.verdict) ? " as expected" : "")];
    }
  }
  return c;
}

std::string tally(const Counts& c) {
  std::vector<std::string> parts;
  for (const auto& [word, n] : c.words) {
    if (word == "pass")
      parts.insert(parts.begin(), fmt::format("{} {}", n, word));
    else
      parts.push_back(fmt::format("{} {}", n, word));
  }
  return join(parts, ", ");
}

std::size_t unmet(const RunData& data) {
  std::size_t n = 0;
  for (const auto& j : data.jobs) n += j.job.unmet.size();
  return n;
}

/// The first words: in the end the exit code decides, because it also knows what the verdicts do not say.
std::string result_words(const RunData& data, const Counts& c, const Painter& p) {
  const auto& r = data.run;
  if (r.state == "interrupted" || r.exit_code == static_cast<int>(ExitCode::interrupted))
    return p.warn("INTERRUPTED");
  if (r.exit_code == static_cast<int>(ExitCode::harness)) return p.bad("HARNESS ERROR");
  if (r.exit_code == static_cast<int>(ExitCode::build)) return p.bad("NOT BUILT");
  const bool good =
      c.unexpected == 0 && c.jobs_lost == 0 && c.judged > 0 && unmet(data) == 0 && r.exit_code <= 0;
  if (!good) return p.bad("NOT AS EXPECTED");
  return r.state == "running" ? p.warn("UNFINISHED") : p.good("ALL AS EXPECTED");
}

}  // namespace

std::string kernels(const RunData& data, const Painter& p) {
  if (data.jobs.empty()) return "";
  std::string out = p.bold("kernels") + "\n";
  std::size_t width = 0;
  for (const auto& j : data.jobs) width = std::max(width, width_of(column_name(j.job)));
  for (const auto& j : data.jobs) {
    const std::string release = j.job.kernel_release.empty() ? data.run.base : j.job.kernel_release;
    out += hanging(
        p, "  " + pad(column_name(j.job), width) + "  ",
        fmt::format("{}, {}, {}, {}", release, j.job.config, build_text(j.job), guest_text(j.job, j.guests)));
    const std::string can = capability_text(j, data.find(j.job.arch, 0));
    if (!can.empty()) out += hanging(p, std::string(width + 4, ' ') + p.dim("capabilities: "), can);
  }
  return out + accelerator_lines(data, p);
}

std::string summary(const RunData& data, const Painter& p) {
  const Counts c = count(data);
  std::string out = result_words(data, c, p) + ": ";
  out += c.judged == 0 ? "no test was judged"
                       : fmt::format("{} in {} ({})", count_of(c.judged, "test"), count_of(c.guests, "guest"),
                                     tally(c));
  if (c.unexpected > 0) out += fmt::format(", {} not as expected", c.unexpected);
  if (c.jobs_lost > 0) out += fmt::format(", {} did not complete", count_of(c.jobs_lost, "job"));
  if (const auto n = unmet(data); n > 0) out += fmt::format(", {} unmet", count_of(n, "expectation"));
  if (const auto s = elapsed_s(data.run.started, data.run.finished))
    out += fmt::format(", {}", human_seconds(*s));
  return out + "\n";
}

}  // namespace pinrig::report
