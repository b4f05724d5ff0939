// SPDX-License-Identifier: GPL-2.0
#include "plan/guests.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace pinrig::plan {
namespace {

using model::Device;
using model::Machine;
using model::NvmeDrive;
using model::TestSpec;

template <typename T>
bool contains(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

template <typename Any>
bool any_test(const std::vector<TestSpec>& tests, Any any) {
  return std::any_of(tests.begin(), tests.end(), any);
}

/// With an IOMMU every transfer of every device takes another way, and a kernel that can have guests is
/// started at another exception level on arm64; the others do not affect each other.
bool needs_own_vm(Device d) { return d == Device::iommu || d == Device::kvm; }

/// What decides which guest a test goes to.
struct Kind {
  std::vector<std::string> kernel_args;  // sorted
  bool apart = false;                    // needs a device that stands apart
  int memory_mib = 0;                    // more than the machine has, else 0
  int cpus = 0;                          // the same
  int numa_nodes = 0;                    // the same

  bool operator==(const Kind&) const = default;
};

Kind kind_of(const Machine& offer, const TestSpec& t) {
  Kind k;
  k.kernel_args = t.needs.kernel_args;
  std::sort(k.kernel_args.begin(), k.kernel_args.end());
  k.apart = std::any_of(t.needs.devices.begin(), t.needs.devices.end(), needs_own_vm);
  if (t.needs.memory_mib > offer.memory_mib) k.memory_mib = t.needs.memory_mib;
  if (t.needs.cpus > offer.cpus) k.cpus = t.needs.cpus;
  if (t.needs.numa_nodes > offer.numa_nodes) k.numa_nodes = t.needs.numa_nodes;
  // Memory and devices do not require separate guests with the same kernel parameters; tests notice where
  // memory lies and how many CPUs race.
  if (!k.kernel_args.empty()) {
    k.apart = false;
    k.memory_mib = 0;
  }
  return k;
}

std::string reason_of(const Kind& k, const Machine& machine) {
  if (!k.kernel_args.empty()) return "kernel parameters " + join(k.kernel_args, " ");
  std::vector<std::string> out;
  for (const Device d : machine.devices) {
    if (k.apart && needs_own_vm(d)) out.emplace_back(model::to_string(d));
  }
  if (k.memory_mib > 0) out.push_back(fmt::format("{} MiB of memory", k.memory_mib));
  if (k.cpus > 0) out.push_back(fmt::format("{} CPUs", k.cpus));
  if (k.numa_nodes > 0) out.push_back(fmt::format("{} NUMA nodes", k.numa_nodes));
  return out.empty() ? "" : "needs " + join(out, ", ");
}

/// A drive of the machine goes in when a test names its serial number or needs its file system. Of a
/// controller with both raw and formatted namespaces, a test that names it means the raw ones.
bool wanted(const Machine& offer, const NvmeDrive& d, const std::vector<TestSpec>& tests) {
  const bool has_raw = std::any_of(offer.nvme.begin(), offer.nvme.end(),
                                   [&](const NvmeDrive& o) { return o.serial == d.serial && o.fs.empty(); });
  return any_test(tests, [&](const TestSpec& t) {
    if (contains(t.needs.nvme, d.serial) && (d.fs.empty() || !has_raw)) return true;
    // The swap file lives on ext4.
    return !d.fs.empty() && (d.fs == t.needs.fs || (d.fs == "ext4" && t.needs.swap_mib > 0));
  });
}

void add_devices(Machine& m, const std::vector<TestSpec>& tests) {
  for (const Device d : model::all_devices()) {
    if (!any_test(tests, [&](const TestSpec& t) { return contains(t.needs.devices, d); })) continue;
    m.devices.push_back(d);
    if (auto drive = drive_of(d)) m.nvme.push_back(std::move(*drive));
  }
}

}  // namespace

std::optional<NvmeDrive> drive_of(Device device) {
  NvmeDrive d;
  switch (device) {
    case Device::zoned:
      // 16 zones: enough to fill one and reset another, and zonefs makes a file of each.
      d.serial = "pin-zoned";
      d.size_mib = 128;
      d.zone_mib = 8;
      return d;
    case Device::cmb:
      d.serial = "pin-cmb";
      d.size_mib = 64;
      d.cmb_mib = 64;
      return d;
    case Device::meta:
      d.serial = "pin-meta";
      d.size_mib = 64;
      d.metadata_bytes = 8;
      return d;
    case Device::removable:
      // Slow enough that requests are in flight when it is taken out.
      d.serial = "pin-gone";
      d.size_mib = 64;
      d.iops = 4;
      d.removable = true;
      return d;
    default:
      return std::nullopt;
  }
}

Machine fit_machine(const Machine& offer, const std::vector<TestSpec>& tests) {
  Machine m = offer;
  std::erase_if(m.nvme, [&](const NvmeDrive& d) { return !wanted(offer, d, tests); });
  if (!any_test(tests, [](const TestSpec& t) { return t.needs.rdma; })) m.net = false;
  if (!any_test(tests, [](const TestSpec& t) { return t.needs.hugepages_2m > 0; })) m.hugepages_2m = 0;
  if (!any_test(tests, [](const TestSpec& t) { return t.needs.swap_mib > 0; })) m.swap_mib = 0;
  if (!any_test(tests, [](const TestSpec& t) { return t.needs.cpus == 0; })) m.cpus = 1;
  add_devices(m, tests);
  for (const auto& t : tests) {
    m.memory_mib = std::max(m.memory_mib, t.needs.memory_mib);
    m.cpus = std::max(m.cpus, t.needs.cpus);
    m.numa_nodes = std::max(m.numa_nodes, t.needs.numa_nodes);
    for (auto& d : m.nvme) {
      if (!d.fs.empty() && d.fs == t.needs.fs) d.size_mib = std::max(d.size_mib, t.needs.fs_mib);
    }
    for (const auto& arg : t.needs.kernel_args) {
      if (!contains(m.kernel_args, arg)) m.kernel_args.push_back(arg);
    }
  }
  return m;
}

namespace {

using Kinds = std::vector<std::pair<Kind, std::vector<TestSpec>>>;

Kinds by_kind(const Machine& offer, const std::vector<TestSpec>& tests) {
  Kinds kinds{{Kind{}, {}}};  // the main one first
  for (const auto& t : tests) {
    const Kind kind = kind_of(offer, t);
    const auto same =
        std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return k.first == kind; });
    if (same == kinds.end())
      kinds.push_back({kind, {t}});
    else
      same->second.push_back(t);
  }
  return kinds;
}

std::size_t weight_of(const TestSpec& t) { return 1 + t.args.size() / args_as_a_test; }

/// Shares of nearly the same weight, in order.
std::vector<std::vector<TestSpec>> shares_of(const std::vector<TestSpec>& tests) {
  std::size_t all = 0;
  for (const auto& t : tests) all += weight_of(t);
  const std::size_t shares = (all + max_tests_per_guest - 1) / max_tests_per_guest;
  std::vector<std::vector<TestSpec>> out(shares);
  std::size_t before = 0;
  for (const auto& t : tests) {
    // The share in which the middle of the test lies.
    out[(2 * before + weight_of(t)) * shares / (2 * all)].push_back(t);
    before += weight_of(t);
  }
  std::erase_if(out, [](const auto& share) { return share.empty(); });
  return out;
}

std::size_t weight_of(const std::vector<TestSpec>& tests) {
  std::size_t out = 0;
  for (const auto& t : tests) out += weight_of(t);
  return out;
}

/// Tests that do without the machine's other CPUs stay among themselves: one test decides for its guest.
bool has_one_cpu(const TestSpec& t) { return t.needs.cpus == 1; }

/// The share of the least weight that can end with `t`, or none.
std::vector<TestSpec>* host_of(std::vector<std::vector<TestSpec>>& shares, const TestSpec& t) {
  std::vector<TestSpec>* best = nullptr;
  for (auto& share : shares) {
    const bool fits = !share.back().destructive && has_one_cpu(share.back()) == has_one_cpu(t);
    if (fits && (best == nullptr || weight_of(share) < weight_of(*best))) best = &share;
  }
  return best;
}

/// Appends destructive tests to shares, the heaviest first and one to each, and returns those left over.
std::vector<TestSpec> append_destructive(std::vector<std::vector<TestSpec>>& shares,
                                         std::vector<TestSpec> tests) {
  std::stable_sort(tests.begin(), tests.end(),
                   [](const auto& x, const auto& y) { return weight_of(x) > weight_of(y); });
  std::vector<TestSpec> left;
  for (auto& t : tests) {
    if (auto* share = host_of(shares, t))
      share->push_back(std::move(t));
    else
      left.push_back(std::move(t));
  }
  return left;
}

}  // namespace

std::vector<model::Guest> group_tests(const Machine& offer, const std::vector<TestSpec>& tests,
                                      Destructive destructive) {
  std::vector<model::Guest> out;
  std::vector<model::Guest> alone;
  for (auto& [kind, members] : by_kind(offer, tests)) {
    const auto first = std::stable_partition(members.begin(), members.end(),
                                             [](const TestSpec& t) { return !t.destructive; });
    std::vector<TestSpec> left(first, members.end());
    members.erase(first, members.end());
    auto shares = shares_of(members);
    if (destructive == Destructive::last) left = append_destructive(shares, std::move(left));
    for (std::size_t i = 0; i < shares.size(); ++i) {
      model::Guest g;
      g.machine = fit_machine(offer, shares[i]);
      g.reason = reason_of(kind, g.machine);
      if (shares.size() > 1)
        g.reason += fmt::format("{}share {} of {}", g.reason.empty() ? "" : ", ", i + 1, shares.size());
      g.tests = std::move(shares[i]);
      out.push_back(std::move(g));
    }
    for (auto& t : left) {
      model::Guest g;
      g.machine = fit_machine(offer, {t});
      g.reason = "destructive: " + t.name;
      g.tests = {std::move(t)};
      alone.push_back(std::move(g));
    }
  }
  out.insert(out.end(), alone.begin(), alone.end());
  return out;
}

}  // namespace pinrig::plan
