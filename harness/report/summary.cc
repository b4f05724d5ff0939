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

struct Tally {
  std::size_t judged = 0;  ///< tests
  std::size_t unexpected =
      0;  ///< tests that are not, or whose cases are not, as expected; cases that are gone
  std::size_t not_built = 0;  ///< kernels
  std::size_t not_tried = 0;  ///< kernels whose guests could not be prepared
  std::size_t lost = 0;       ///< guests that did not complete, and were to
  std::size_t started = 0;    ///< guests
  std::size_t unmet = 0;
  std::map<std::string, std::size_t> words;
};

std::string word_of(const Row& row) {
  const std::string word = model::to_string(row.verdict().verdict);
  if (is_known_issue(row)) return word + " as known issue";
  if (!is_bad(row.verdict().verdict)) return word;
  return word + (!row.assessment ? " not assessed yet" : row.expected() ? " as expected" : "");
}

Tally count(const RunData& data) {
  Tally c;
  for (const auto& k : data.kernels) {
    c.unmet += k.row.unmet.size();
    c.unexpected += k.row.lost.size();
    if (not_tried(k.row.state))
      ++c.not_tried;
    else if (!k.built())
      ++c.not_built;
    for (const auto& g : k.guests) {
      c.started += g.started() ? 1 : 0;
      c.lost += k.built() && !g.as_expected() ? 1 : 0;
    }
    for (const TestData* t : k.tests()) {
      ++c.judged;
      if (!t->as_expected()) ++c.unexpected;
      ++c.words[word_of(t->row)];
    }
  }
  return c;
}

std::string tally_text(const Tally& c) {
  std::vector<std::string> parts;
  for (const auto& [word, n] : c.words) {
    if (word == "pass")
      parts.insert(parts.begin(), fmt::format("{} {}", n, word));
    else
      parts.push_back(fmt::format("{} {}", n, word));
  }
  return join(parts, ", ");
}

/// The first words: in the end the exit code decides, because it also knows what the verdicts do not say.
std::string result_words(const RunData& data, const Tally& c, const Painter& p) {
  const auto& r = data.run;
  if (r.state == store::RunState::running) return p.warn("STILL RUNNING");
  if (r.state == store::RunState::interrupted || r.exit_code == static_cast<int>(ExitCode::interrupted))
    return p.warn("INTERRUPTED");
  if (r.exit_code == static_cast<int>(ExitCode::harness)) return p.bad("HARNESS ERROR");
  if (r.exit_code == static_cast<int>(ExitCode::build)) return p.bad("NOT BUILT");
  const bool good = c.unexpected == 0 && c.lost == 0 && c.not_built + c.not_tried == 0 && c.judged > 0 &&
                    c.unmet == 0 && r.exit_code <= 0;
  return good ? p.good("ALL AS EXPECTED") : p.bad("NOT AS EXPECTED");
}

}  // namespace

std::string kernels(const RunData& data, const Painter& p) {
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

std::string summary(const RunData& data, const Painter& p) {
  const Tally c = count(data);
  std::string out = result_words(data, c, p) + ": ";
  out += c.judged == 0 ? "no test was judged"
                       : fmt::format("{} in {} ({})", count_of(c.judged, "test"),
                                     count_of(c.started, "guest"), tally_text(c));
  if (c.unexpected > 0) out += fmt::format(", {} not as expected", c.unexpected);
  if (c.not_built > 0) out += fmt::format(", {} not built", count_of(c.not_built, "kernel"));
  if (c.not_tried > 0) out += fmt::format(", {} not tried", count_of(c.not_tried, "kernel"));
  if (c.lost > 0) out += fmt::format(", {} did not complete", count_of(c.lost, "guest"));
  if (c.unmet > 0) out += fmt::format(", {} unmet", count_of(c.unmet, "expectation"));
  if (const auto s = elapsed_s(data.run.started, data.run.finished))
    out += fmt::format(", {}", human_seconds(*s));
  return out + "\n";
}

}  // namespace pinrig::report
