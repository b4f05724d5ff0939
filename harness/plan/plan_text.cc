// SPDX-License-Identifier: GPL-2.0
// A plan as text for people.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/guests.h"
#include "plan/plan.h"

namespace pinrig::plan {
namespace {

std::string size_text(int mib) {
  return mib % 1024 == 0 ? fmt::format("{}G", mib / 1024) : fmt::format("{}M", mib);
}

std::string drive_text(const model::NvmeDrive& d) {
  std::string out = fmt::format("nvme {}{} {} {}", d.serial, d.nsid == 1 ? "" : fmt::format("/{}", d.nsid),
                                size_text(d.size_mib), d.fs.empty() ? "raw" : d.fs);
  if (d.iops > 0) out += fmt::format(" at {} IOPS", d.iops);
  if (d.zone_mib > 0) out += fmt::format(" in zones of {}", size_text(d.zone_mib));
  if (d.cmb_mib > 0) out += fmt::format(" with {} of controller memory", size_text(d.cmb_mib));
  if (d.metadata_bytes > 0) out += fmt::format(" with {} bytes of metadata per block", d.metadata_bytes);
  return out;
}

std::string machine_line(const model::Machine& m) {
  std::vector<std::string> parts{count_of(static_cast<std::size_t>(m.cpus), "CPU"),
                                 size_text(m.memory_mib) + " memory"};
  if (m.numa_nodes > 1) parts.push_back(fmt::format("{} NUMA nodes", m.numa_nodes));
  for (const auto& d : m.nvme) parts.push_back(drive_text(d));
  for (const auto d : m.devices) {
    if (!drive_of(d)) parts.emplace_back(model::to_string(d));
  }
  if (m.hugepages_2m > 0) parts.push_back(count_of(static_cast<std::size_t>(m.hugepages_2m), "huge page"));
  if (m.swap_mib > 0) parts.push_back(size_text(m.swap_mib) + " swap");
  parts.emplace_back(m.net ? "network" : "no network");
  if (!m.kernel_args.empty()) parts.push_back("kernel parameters " + join(m.kernel_args, " "));
  return join(parts, ", ");
}

std::string kernels_table(const Plan& plan) {
  std::size_t width = 0;
  for (const auto& k : plan.kernels) width = std::max(width, k.id.size());
  std::string out = count_of(plan.kernels.size(), "kernel") + "\n";
  for (const auto& k : plan.kernels) {
    const std::string what = k.point.is_base()
                                 ? "the base, no patch"
                                 : fmt::format("{} of {}: {}", k.point.number, plan.patches, k.point.subject);
    out += fmt::format("  {:<{}}  {}\n", k.id, width, what);
  }
  return out;
}

/// "KERNEL" and "KERNEL.2", for any of the kernels: all of a plan have the same guests.
std::string guest_name(std::size_t i) { return i == 0 ? "KERNEL" : fmt::format("KERNEL.{}", i + 1); }

std::string guests_table(const std::vector<model::Guest>& guests) {
  std::string out = fmt::format("{} per kernel\n", count_of(guests.size(), "guest"));
  for (std::size_t i = 0; i < guests.size(); ++i) {
    const auto& g = guests[i];
    out += fmt::format("  {:<9} {:>9}  {}\n", guest_name(i), count_of(g.tests.size(), "test"),
                       g.reason.empty() ? machine_line(g.machine) : g.reason);
    if (!g.reason.empty()) out += fmt::format("  {:19}  {}\n", "", machine_line(g.machine));
  }
  return out;
}

std::string tests_table(const std::vector<model::Guest>& guests) {
  std::size_t width = 0;
  for (const auto& g : guests) {
    for (const auto& t : g.tests) width = std::max(width, t.name.size());
  }
  std::string out = "tests in order, with time limits\n";
  for (std::size_t i = 0; i < guests.size(); ++i) {
    if (guests.size() > 1) out += fmt::format("  {}\n", guest_name(i));
    for (const auto& t : guests[i].tests) {
      std::string line = fmt::format("  {:<{}}  {:>6}  {}{}", t.name, width, fmt::format("{:g}s", t.limit_s),
                                     t.destructive ? "destructive; " : "", t.what);
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
  }
  return out;
}

/// The configurations of the plan, each once.
std::string configs_text(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& k : plan.kernels) {
    if (std::find(out.begin(), out.end(), k.config.text()) == out.end()) out.push_back(k.config.text());
  }
  return join(out, "; ");
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string out = fmt::format("run {}: {}", plan.name, plan.base);
  if (!plan.series.empty())
    out += fmt::format(" + series {} ({})", plan.series,
                       count_of(static_cast<std::size_t>(plan.patches), "patch"));
  out += "\n";
  if (plan.kernels.empty()) return out + "nothing to run\n";
  const auto& guests = plan.kernels.front().guests;
  out += fmt::format("config  {}\nmachine {}\n\n", configs_text(plan), guests.front().machine.name);
  out += kernels_table(plan);
  out += "\n" + guests_table(guests) + "\n" + tests_table(guests);
  if (!plan.notes.empty()) out += "\nnotes\n";
  for (const auto& n : plan.notes) out += fmt::format("  {}\n", n);
  // Subjects and paths of patches are in it.
  return shown_lines(out);
}

}  // namespace pinrig::plan
