// SPDX-License-Identifier: GPL-2.0
// The kernels of a run, and what came of it in one line.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

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
std::string capability_text(const KernelData& k, const KernelData* base) {
  const auto can = k.all_capabilities();
  if (base != nullptr && !base->all_capabilities().empty())
    return can.empty() ? "" : difference_text(can, base->all_capabilities());
  const std::string own = capability_words(k.capabilities);
  if (k.elsewhere.empty()) return own;
  return own + (own.empty() ? "" : "; ") + "other runs of this kernel: " + capability_words(k.elsewhere);
}

std::string build_text(const store::KernelRow& k) {
  switch (k.state) {
    case store::KernelState::built:
      return k.cached ? "built before" : "built in " + human_seconds(k.build_wall_s);
    case store::KernelState::apply_failed:
      return "does not apply";
    case store::KernelState::build_failed:
      return "does not build";
    case store::KernelState::programs_failed:
    case store::KernelState::guest_failed:
      return "not tried";
    default:
      return "not built";
  }
}

std::string guest_text(const KernelData& k) {
  const auto first =
      std::find_if(k.guests.begin(), k.guests.end(), [](const auto& g) { return g.started(); });
  if (first == k.guests.end()) return "guest not started";
  const auto& g = first->row;
  std::string out = g.accel + (g.cpu_model.empty() ? "" : fmt::format(" (-cpu {})", g.cpu_model));
  if (g.boot_s > 0) out += fmt::format(", boot {}", human_seconds(g.boot_s));
  return out + fmt::format(", {} {}", k.started() > 1 ? count_of(k.started(), "guest") : "guest",
                           human_seconds(k.wall_s()));
}

/// "TCG on x86_64, aarch64: KVM does not work here: ...", once for each reason.
std::string accelerator_lines(const RunData& data, const Painter& p) {
  std::vector<std::pair<std::string, std::vector<std::string>>>
      reasons;  // accelerator and reason, architectures
  for (const auto& k : data.kernels) {
    const auto with = std::find_if(k.guests.begin(), k.guests.end(),
                                   [](const auto& g) { return !g.row.accel_reason.empty(); });
    if (with == k.guests.end()) continue;
    const std::string key = with->row.accel + '\n' + with->row.accel_reason;
    const std::string arch = model::to_string(k.row.arch);
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

std::string tally_text(const Counts& c) {
  std::vector<std::string> parts;
  for (const auto& [word, n] : c.words) {
    if (word == "pass")
      parts.insert(parts.begin(), fmt::format("{} {}", n, word));
    else
      parts.push_back(fmt::format("{} {}", n, word));
  }
  return join(parts, ", ");
}

std::string result_words(Digest::Result result, const Painter& p) {
  using Result = Digest::Result;
  switch (result) {
    case Result::all_expected:
      return p.good("ALL AS EXPECTED");
    case Result::not_expected:
      return p.bad("NOT AS EXPECTED");
    case Result::not_built:
      return p.bad("NOT BUILT");
    case Result::harness:
      return p.bad("HARNESS ERROR");
    case Result::interrupted:
      return p.warn("INTERRUPTED");
    case Result::running:
      return p.warn("STILL RUNNING");
  }
  return "";
}

}  // namespace

std::string kernels(const Digest& d, const Painter& p) {
  const RunData& data = d.data;
  if (data.kernels.empty()) return "";
  std::string out = p.bold("kernels") + "\n";
  std::size_t width = 0;
  for (const auto& k : data.kernels) width = std::max(width, width_of(column_name(k.row)));
  for (const auto& k : data.kernels) {
    std::vector<std::string> parts{k.release().empty() ? data.run.base : k.release(), k.row.config.text(),
                                   build_text(k.row)};
    if (k.built()) parts.push_back(guest_text(k));
    out += hanging(p, "  " + pad(column_name(k.row), width) + "  ", join(parts, ", "));
    const std::string can = capability_text(k, data.base_of(k));
    if (!can.empty()) out += hanging(p, std::string(width + 4, ' ') + p.dim("capabilities: "), can);
  }
  return out + accelerator_lines(data, p);
}

std::string summary(const Digest& d, const Painter& p) {
  const Counts& c = d.counts;
  std::string out = result_words(d.result, p) + ": ";
  out += c.tests == 0 ? "no test was judged"
                      : fmt::format("{} in {} ({})", count_of(c.tests, "test"), count_of(c.guests, "guest"),
                                    tally_text(c));
  if (c.unexpected + c.lost > 0) out += fmt::format(", {} not as expected", c.unexpected + c.lost);
  if (c.not_built > 0) out += fmt::format(", {} not built", count_of(c.not_built, "kernel"));
  if (c.not_tried > 0) out += fmt::format(", {} not tried", count_of(c.not_tried, "kernel"));
  if (c.guests_lost > 0) out += fmt::format(", {} did not complete", count_of(c.guests_lost, "guest"));
  if (c.unmet > 0) out += fmt::format(", {} unmet", count_of(c.unmet, "expectation"));
  if (const auto s = elapsed_s(d.data.run.started, d.data.run.finished))
    out += fmt::format(", {}", human_seconds(*s));
  return out + "\n";
}

}  // namespace pinrig::report
