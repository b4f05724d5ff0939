// SPDX-License-Identifier: GPL-2.0
// A plan as text for people.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/guests.h"
#include "plan/plan.h"

namespace pinrig::plan {
namespace {

std::string count(std::size_t n, const std::string& one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

std::string size_text(int mib) {
  return mib % 1024 == 0 ? fmt::format("{}G", mib / 1024) : fmt::format("{}M", mib);
}

std::string drive_text(const model::NvmeDrive& d) {
  std::string out = fmt::format("nvme {}{} {} {}", d.serial, d.nsid == 1 ? "" : fmt::format("/{}", d.nsid),
                                size_text(d.size_mib), d.fs.empty() ? "raw" : d.fs);
  if (d.iops > 0) out += fmt::format(" at {} IOPS", d.iops);
  if (d.zone_mib > 0) out += fmt::format(" in zones of {}", size_text(d.zone_mib));
  if (d.cmb_mib > 0) out += fmt::format(" with {} of controller memory", size_text(d.cmb_mib));
  if (d.metadata_bytes > 0) out += fmt::format(" with {} bytes of metadata a block", d.metadata_bytes);
  return out;
}

std::string machine_line(const model::Machine& m) {
  std::vector<std::string> parts{count(static_cast<std::size_t>(m.cpus), "CPU"),
                                 size_text(m.memory_mib) + " memory"};
  if (m.numa_nodes > 1) parts.push_back(fmt::format("{} NUMA nodes", m.numa_nodes));
  for (const auto& d : m.nvme) parts.push_back(drive_text(d));
  for (const auto d : m.devices) {
    if (!drive_of(d)) parts.emplace_back(model::to_string(d));
  }
  if (m.hugepages_2m > 0) parts.push_back(fmt::format("{} huge pages", m.hugepages_2m));
  if (m.swap_mib > 0) parts.push_back(size_text(m.swap_mib) + " swap");
  parts.emplace_back(m.net ? "network" : "no network");
  if (!m.kernel_args.empty()) parts.push_back("boot parameters " + join(m.kernel_args, " "));
  return join(parts, ", ");
}

/// The guests of one kernel: every kernel of a plan has the same.
std::vector<const model::Cell*> guests_of(const Plan& plan) {
  std::vector<const model::Cell*> out;
  for (const auto& c : plan.cells) {
    if (c.kernel == plan.cells.front().kernel) out.push_back(&c);
  }
  return out;
}

std::string kernels_table(const Plan& plan, std::size_t kernels) {
  std::size_t width = 0;
  for (const auto& c : plan.cells) width = std::max(width, c.kernel.size());
  std::string out = count(kernels, "kernel") + "\n";
  for (const auto& c : plan.cells) {
    if (c.id != c.kernel) continue;
    const std::string what = c.point.number == 0
                                 ? "the base, no patch"
                                 : fmt::format("{} of {}: {}", c.point.number, plan.patches, c.point.subject);
    out += fmt::format("  {:<{}}  {}\n", c.kernel, width, what);
  }
  return out;
}

/// "CELL" and "CELL.2", for any of the kernels.
std::string guest_name(const model::Cell& c) { return "CELL" + c.id.substr(c.kernel.size()); }

std::string guests_table(const std::vector<const model::Cell*>& guests) {
  std::string out = fmt::format("{} for each\n", count(guests.size(), "guest"));
  for (const model::Cell* c : guests) {
    out += fmt::format("  {:<7} {:>9}  {}\n", guest_name(*c), count(c->tests.size(), "test"),
                       c->reason.empty() ? machine_line(c->machine) : c->reason);
    if (!c->reason.empty()) out += fmt::format("  {:17}  {}\n", "", machine_line(c->machine));
  }
  return out;
}

std::string tests_table(const std::vector<const model::Cell*>& guests) {
  std::size_t width = 0;
  for (const model::Cell* c : guests) {
    for (const auto& t : c->tests) width = std::max(width, t.name.size());
  }
  std::string out = "tests in their order, with their limits\n";
  for (const model::Cell* c : guests) {
    if (guests.size() > 1) out += fmt::format("  {}\n", guest_name(*c));
    for (const auto& t : c->tests) {
      std::string line = fmt::format("  {:<{}}  {:>6}  {}{}", t.name, width, fmt::format("{:g}s", t.limit_s),
                                     t.destructive ? "destructive; " : "", t.what);
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
  }
  return out;
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string out = fmt::format("run {}: {}", plan.name, plan.base);
  if (!plan.series.empty())
    out += fmt::format(" + series {} ({})", plan.series,
                       plan.patches == 1 ? "1 patch" : fmt::format("{} patches", plan.patches));
  out += "\n";
  if (plan.cells.empty()) return out + "nothing to run\n";
  const auto guests = guests_of(plan);
  out += fmt::format("config  {}\nmachine {}\n\n", guests.front()->config, guests.front()->machine.name);
  out += kernels_table(plan, plan.cells.size() / guests.size());
  out += "\n" + guests_table(guests) + "\n" + tests_table(guests);
  if (!plan.notes.empty()) out += "\nnotes\n";
  for (const auto& n : plan.notes) out += fmt::format("  {}\n", n);
  return out;
}

}  // namespace pinrig::plan
