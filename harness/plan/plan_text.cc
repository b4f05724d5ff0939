// SPDX-License-Identifier: GPL-2.0
// A plan as text for people.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "plan/plan.h"

namespace pinrig::plan {
namespace {

std::string count(std::size_t n, const std::string& one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

std::string size_text(int mib) {
  return mib % 1024 == 0 ? fmt::format("{}G", mib / 1024) : fmt::format("{}M", mib);
}

std::string machine_line(const model::Machine& m) {
  std::string out = fmt::format("{}: {}, {} memory", m.name, count(static_cast<std::size_t>(m.cpus), "CPU"),
                                size_text(m.memory_mib));
  for (const auto& d : m.nvme) {
    out += fmt::format(", nvme {}{} {} {}", d.serial, d.nsid == 1 ? "" : fmt::format("/{}", d.nsid),
                       size_text(d.size_mib), d.fs.empty() ? "raw" : d.fs);
    if (d.iops > 0) out += fmt::format(" at {} IOPS", d.iops);
  }
  if (m.hugepages_2m > 0) out += fmt::format(", {} huge pages", m.hugepages_2m);
  if (m.swap_mib > 0) out += fmt::format(", {} swap", size_text(m.swap_mib));
  return out + (m.net ? ", network" : ", no network");
}

std::string cells_table(const Plan& plan) {
  std::size_t width = 0;
  for (const auto& c : plan.cells) width = std::max(width, c.id.size());
  std::string out;
  for (const auto& c : plan.cells) {
    const std::string what = c.point.number == 0
                                 ? "the base, no patch"
                                 : fmt::format("{} of {}: {}", c.point.number, plan.patches, c.point.subject);
    out += fmt::format("  {:<{}}  {:>10}  {}\n", c.id, width, count(c.tests.size(), "test"), what);
  }
  return out;
}

std::string tests_table(const std::vector<model::TestSpec>& tests) {
  std::size_t width = 0;
  for (const auto& t : tests) width = std::max(width, t.name.size());
  std::string out;
  for (const auto& t : tests) {
    std::string line = fmt::format("  {:<{}}  {:>6}  {}{}", t.name, width, fmt::format("{:g}s", t.limit_s),
                                   t.destructive ? "destructive; " : "", t.what);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
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
  const model::Cell& first = plan.cells.front();
  out += fmt::format("config  {}\nmachine {}\n\n", first.config, machine_line(first.machine));
  out += fmt::format("{}\n{}", count(plan.cells.size(), "cell"), cells_table(plan));
  out += fmt::format("\n{} in each, in this order, with their limits\n{}", count(first.tests.size(), "test"),
                     tests_table(first.tests));
  if (!plan.notes.empty()) out += "\nnotes\n";
  for (const auto& n : plan.notes) out += fmt::format("  {}\n", n);
  return out;
}

}  // namespace pinrig::plan
