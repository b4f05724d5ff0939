// SPDX-License-Identifier: GPL-2.0
#include "base/capacity.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/text.h"

namespace pinrig {
namespace {

using Number = std::uint64_t;

// A mount of a control group hierarchy, as /proc/self/mountinfo has it (proc(5)).
struct Mount {
  std::string root;  // the control group that the mount shows at its top
  fs::path at;       // mount point
  bool is_v2 = false;
  std::vector<std::string> controllers;  // v1
};

std::vector<std::string> words(std::string_view line) {
  auto all = split(line, ' ');
  std::erase(all, "");
  return all;
}

std::optional<Mount> parse_mount(std::string_view line) {
  const auto all = words(line);
  const auto dash = std::find(all.begin(), all.end(), "-");
  if (all.end() - dash < 4 || dash - all.begin() < 6) return std::nullopt;
  const std::string& type = dash[1];
  if (type != "cgroup" && type != "cgroup2") return std::nullopt;
  return Mount{all[3], all[4], type == "cgroup2", split(dash[3], ',')};
}

// What /proc/self/cgroup says: v2 has no controllers ("0::/user.slice").
struct Membership {
  std::vector<std::string> controllers;
  std::string path;
};

std::vector<Membership> memberships(const fs::path& root) {
  std::vector<Membership> out;
  const auto text = read_file(root / "proc/self/cgroup");
  if (text.has_error()) return out;
  for (const auto line : lines(*text)) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    Membership m;
    m.controllers = split(line.substr(first + 1, second - first - 1), ',');
    std::erase(m.controllers, "");
    m.path = line.substr(second + 1);
    out.push_back(std::move(m));
  }
  return out;
}

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// The control group's folder and those of its parents, nearest first. In a container the mount may show the
// group itself at its top, and /proc/self/cgroup a path outside: then the top is what there is.
std::vector<fs::path> folders(const fs::path& root, const Mount& mount, const std::string& path) {
  const fs::path top = root / mount.at.relative_path();
  std::string below = path;
  if (mount.root != "/")
    below = (path + "/").starts_with(mount.root + "/") ? path.substr(mount.root.size()) : "";
  std::vector<fs::path> out;
  fs::path dir = fs::path(below).relative_path();
  for (; !dir.empty(); dir = dir.parent_path()) {
    std::error_code ec;
    if (below.find("..") == std::string::npos && fs::is_directory(top / dir, ec)) out.push_back(top / dir);
  }
  out.push_back(top);
  return out;
}

std::vector<fs::path> folders_of(const fs::path& root, std::string_view controller, bool is_v2) {
  const auto text = read_file(root / "proc/self/mountinfo");
  if (text.has_error()) return {};
  for (const auto line : lines(*text)) {
    const auto mount = parse_mount(line);
    if (!mount || mount->is_v2 != is_v2 || (!is_v2 && !has(mount->controllers, controller))) continue;
    for (const auto& m : memberships(root)) {
      if (is_v2 ? m.controllers.empty() : has(m.controllers, controller))
        return folders(root, *mount, m.path);
    }
  }
  return {};
}

std::optional<Number> to_number(std::string_view text) {
  text = trim(text);
  Number n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;  // "max", "-1"
  return n;
}

std::optional<Number> number_in(const fs::path& file) {
  const auto text = read_file(file);
  return text.has_error() ? std::nullopt : to_number(*text);
}

// A line "NAME VALUE" or "NAME: VALUE kB" of a file.
std::optional<Number> field_in(const fs::path& file, std::string_view name) {
  const auto text = read_file(file);
  if (text.has_error()) return std::nullopt;
  for (const auto line : lines(*text)) {
    const auto all = words(line);
    if (all.size() >= 2 && all[0] == name) return to_number(all[1]);
  }
  return std::nullopt;
}

void limit_cpus(Capacity& c, std::optional<Number> quota, std::optional<Number> period,
                const fs::path& file) {
  if (!quota || !period || *period == 0) return;
  const int cpus = static_cast<int>(std::clamp<Number>(*quota / *period, 1, 1 << 20));
  if (cpus >= c.cpus) return;
  c.cpus = cpus;
  c.cpus_from = file.string();
}

void limit_memory(Capacity& c, std::optional<Number> limit, Number used, const fs::path& file) {
  // v1 says "no limit" as the largest multiple of a page.
  if (!limit || *limit >= Number{1} << 62) return;
  const Number left = *limit > used ? *limit - used : 1;
  if (c.memory != 0 && left >= c.memory) return;
  c.memory = left;
  c.memory_from = file.string();
}

Number used_in(const fs::path& dir, const char* usage, const char* inactive) {
  const Number used = number_in(dir / usage).value_or(0);
  return used - std::min(used, field_in(dir / "memory.stat", inactive).value_or(0));
}

void apply_v2(Capacity& c, const fs::path& root) {
  for (const auto& dir : folders_of(root, "", true)) {
    if (const auto text = read_file(dir / "cpu.max"); text.has_value()) {
      const auto both = words(trim(*text));
      if (both.size() == 2) limit_cpus(c, to_number(both[0]), to_number(both[1]), dir / "cpu.max");
    }
    for (const char* name : {"memory.max", "memory.high"})
      limit_memory(c, number_in(dir / name), used_in(dir, "memory.current", "inactive_file"), dir / name);
  }
}

void apply_v1(Capacity& c, const fs::path& root) {
  for (const auto& dir : folders_of(root, "cpu", false))
    limit_cpus(c, number_in(dir / "cpu.cfs_quota_us"), number_in(dir / "cpu.cfs_period_us"),
               dir / "cpu.cfs_quota_us");
  for (const auto& dir : folders_of(root, "memory", false))
    limit_memory(c, number_in(dir / "memory.limit_in_bytes"),
                 used_in(dir, "memory.usage_in_bytes", "total_inactive_file"), dir / "memory.limit_in_bytes");
}

int affinity() {
  // Machines with more than CPU_SETSIZE (1024) CPUs need a larger set; the kernel says EINVAL until it fits.
  for (int size = CPU_SETSIZE; size <= 1 << 16; size *= 2) {
    cpu_set_t* set = CPU_ALLOC(size);
    if (set == nullptr) return 1;
    const bool ok = ::sched_getaffinity(0, CPU_ALLOC_SIZE(size), set) == 0;
    const int n = ok ? CPU_COUNT_S(CPU_ALLOC_SIZE(size), set) : 0;
    CPU_FREE(set);
    if (ok) return std::max(1, n);
  }
  return 1;
}

}  // namespace

Capacity capacity(const fs::path& root) {
  Capacity c{affinity(), 0, "affinity", ""};
  if (const auto kib = field_in(root / "proc/meminfo", "MemAvailable:")) {
    c.memory = *kib * 1024;
    c.memory_from = "MemAvailable";
  }
  apply_v2(c, root);
  apply_v1(c, root);
  return c;
}

int usable_cpus() { return capacity().cpus; }

}  // namespace pinrig
