// SPDX-License-Identifier: GPL-2.0
#include "doctor/doctor.h"

#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <tuple>

#include "base/capacity.h"
#include "base/text.h"
#include "gc/gc.h"
#include "process/process.h"
#include "run/scheduler.h"
#include "vm/accel.h"

namespace pinrig::doctor {
namespace {

using Level = Finding::Level;

struct Tool {
  const char* program;
  const char* package;
  int major;  ///< least version; 0 = any
  int minor;
};

constexpr Tool tools[] = {
    {"git", "git", 2, 34},
    {"make", "make", 4, 0},
    {"gcc", "gcc", 8, 0},
    {"ld", "binutils", 2, 30},
    {"flex", "flex", 0, 0},
    {"bison", "bison", 0, 0},
    {"bc", "bc", 0, 0},
    {"perl", "perl", 5, 0},
    {"cmake", "cmake", 3, 25},
    {"ninja", "ninja-build", 1, 10},
    {"ccache", "ccache", 4, 0},
    {"mmdebstrap", "mmdebstrap", 1, 0},
    {"mke2fs", "e2fsprogs", 0, 0},
    {"qemu-system-x86_64", "qemu-system-x86", 7, 2},
    {"qemu-system-aarch64", "qemu-system-arm", 7, 2},
    {"aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", 8, 0},
    {"aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu", 8, 0},
};

// The first "N.N" of a program's own --version line.
bool parse_version(const std::string& text, int& major, int& minor) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) continue;
    if (std::sscanf(text.c_str() + i, "%d.%d", &major, &minor) == 2) return true;
    while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0) ++i;
  }
  return false;
}

// The first line with text in it: perl begins with an empty one.
std::string first_line(const std::string& text) {
  for (const auto line : lines(text)) {
    if (!trim(line).empty()) return std::string(trim(line));
  }
  return {};
}

// Plain users of Debian have no sbin in their PATH; image/ finds mke2fs there all the same.
fs::path find_tool(const std::string& name) {
  for (const std::string& candidate : {name, "/usr/sbin/" + name, "/sbin/" + name}) {
    if (const fs::path found = process::find_program(candidate); !found.empty()) return found;
  }
  return {};
}

Result<Finding> check_tool(const Tool& t, const CancelToken& cancel) {
  const std::string install = fmt::format("apt install {}", t.package);
  const fs::path program = find_tool(t.program);
  if (program.empty()) return Finding{Level::problem, t.program, "not found in PATH", install};
  const std::string flag = std::string(t.program) == "mke2fs" ? "-V" : "--version";
  PINRIG_TRY(done, process::run({.argv = {program.string(), flag}, .deadline = Deadline::after(Seconds(20))},
                                cancel));
  if (!process::succeeded(done.status))
    return Finding{Level::problem, t.program,
                   fmt::format("{} {}: {}", t.program, flag, process::to_string(done.status)), install};
  const std::string first = first_line(done.out.empty() ? done.err : done.out);
  int major = 0;
  int minor = 0;
  if (t.major > 0 && parse_version(first, major, minor) &&
      (major < t.major || (major == t.major && minor < t.minor)))
    return Finding{Level::problem, t.program, fmt::format("{} is older than {}.{}", first, t.major, t.minor),
                   install};
  return Finding{Level::ok, t.program, first, ""};
}

Finding check_disk(const std::string& name, const fs::path& dir, std::uintmax_t wanted,
                   const char* variable) {
  const auto free = free_bytes(dir);
  if (free.has_error())
    return {Level::problem, name, free.error().message,
            fmt::format("set {} to a writable directory", variable)};
  const std::string detail = fmt::format("{}: {} free", dir.string(), human_bytes(*free));
  if (*free < wanted)
    return {Level::problem, name, detail,
            fmt::format("needs {}; set {} to a larger disk", human_bytes(wanted), variable)};
  if (auto made = make_dirs(dir); made.has_error())
    return {Level::problem, name, made.error().message,
            fmt::format("set {} to a writable directory", variable)};
  if (::access(dir.c_str(), W_OK) != 0)
    return {Level::problem, name, dir.string() + " is not writable",
            fmt::format("set {} to a writable directory", variable)};
  return {Level::ok, name, detail, ""};
}

// "affinity" and "MemAvailable" are no limit below the machine's own.
std::string limited_by(const std::string& from) {
  return from.starts_with("/") ? fmt::format(" (limited by {})", from) : "";
}

Finding check_memory() {
  const run::Budget b = run::machine_budget();
  const Capacity c = capacity();
  const std::string detail = fmt::format("{} for guests{}, {} CPUs{}", human_bytes(b.memory),
                                         limited_by(c.memory_from), b.cpus, limited_by(c.cpus_from));
  constexpr std::uint64_t guest = std::uint64_t{2} << 30;
  if (b.memory < guest)
    return {Level::problem, "memory", detail,
            "one guest needs 2 GiB; free some memory or lower `memory` in the machine file"};
  return {Level::ok, "memory", detail, ""};
}

Finding check_gdb() {
  for (const char* name : {"gdb-multiarch", "gdb"}) {
    if (const fs::path found = find_tool(name); !found.empty()) return {Level::ok, "gdb", found.string(), ""};
  }
  return {Level::note, "gdb", "not found: repro.sh --gdb needs it", "apt install gdb-multiarch"};
}

Finding check_sparse() {
  if (const fs::path found = find_tool("sparse"); !found.empty())
    return {Level::ok, "sparse", found.string(), ""};
  return {Level::note, "sparse", "not found: its new warnings in files of a series are not reported",
          "apt install sparse"};
}

// Locks, rename(2) and mmap(2) over a network differ from server to server, and a build is slow there.
std::string network_file_system(const fs::path& dir) {
  struct statfs s = {};
  if (::statfs(dir.c_str(), &s) != 0) return "";
  // include/uapi/linux/magic.h; Lustre, GPFS and BeeGFS from their own sources.
  switch (static_cast<std::uint32_t>(s.f_type)) {
    case 0x6969:
      return "NFS";
    case 0xff534d42:
    case 0xfe534d42:
      return "SMB";
    case 0x01021997:
      return "9p";
    case 0x00c36400:
      return "Ceph";
    case 0x5346414f:
      return "AFS";
    case 0x0bd00bd0:
      return "Lustre";
    case 0x47504653:
      return "GPFS";
    case 0x19830326:
      return "BeeGFS";
    default:
      return "";
  }
}

Finding check_network(const std::string& name, const fs::path& dir, const char* variable) {
  const std::string kind = network_file_system(dir);
  if (kind.empty()) return {Level::ok, name, "a local file system", ""};
  return {Level::note, name,
          fmt::format("{} is on {}: builds and locks are slower there", dir.string(), kind),
          fmt::format("set {} to a local directory", variable)};
}

// What gc could look at, by kind: "3 runs 1.2 GiB, 12 kernels 640.0 MiB".
Result<Finding> check_use(const Paths& paths) {
  std::error_code ec;
  if (!fs::exists(paths.state / "results.db", ec)) return Finding{Level::ok, "disk use", "no runs yet", ""};
  PINRIG_TRY(store, store::Store::open(paths.state / "results.db"));
  PINRIG_TRY(items, gc::take_inventory(paths, store));
  const bool has_leftovers = std::any_of(items.begin(), items.end(), [](const auto& item) {
    return item.kind == gc::Kind::leftover && !item.in_use;
  });
  return Finding{
      has_leftovers ? Level::note : Level::ok, "disk use", gc::totals(items),
      has_leftovers ? "pinrig gc removes what killed runs left behind (see also --keep, --max-size)" : ""};
}

Finding check_source(const char* package) {
  const fs::path tar = fmt::format("/usr/src/{}.tar.xz", package);
  if (fs::exists(tar)) return {Level::ok, package, tar.string(), ""};
  return {Level::note, package, "not installed",
          fmt::format("apt install {} (only for bases that use it)", package)};
}

Result<Finding> check_accel(model::Arch arch, const Services& s) {
  const std::string name = fmt::format("accel {}", to_string(arch));
  auto probe = vm::probe_accel(arch, s.paths.project, s.paths.cache, s.cancel);
  if (probe.has_error() && probe.error().kind == ErrorKind::cancelled) return probe.error();
  if (probe.has_error()) return Finding{Level::problem, name, probe.error().message, probe.error().hint};
  if (probe->kvm_works)
    return Finding{Level::ok, name,
                   fmt::format("KVM works: probe guest {:.2f} s (TCG {:.2f} s)", probe->kvm_s, probe->tcg_s),
                   ""};
  return Finding{Level::note, name,
                 fmt::format("TCG: probe guest {:.2f} s, time limits x{:.1f}; no KVM: {}", probe->tcg_s,
                             probe->scale(model::Accel::tcg), probe->kvm_detail),
                 "works, but several times slower than KVM"};
}

Finding check_sysroot(model::Arch arch, const fs::path& cache) {
  const std::string name = fmt::format("sysroot {}", to_string(arch));
  std::error_code ec;
  for (const auto& e : fs::directory_iterator(cache / "sysroots", ec)) {
    if (e.path().filename().string().find(to_string(arch)) != std::string::npos && e.is_directory())
      return {Level::ok, name, e.path().string(), ""};
  }
  return {Level::note, name, "not created yet", "the first run creates it (needs the Debian archive)"};
}

}  // namespace

const char* to_string(Finding::Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::note:
      return "note";
    case Level::problem:
      return "problem";
  }
  return "?";
}

Result<std::vector<Finding>> diagnose(const Services& s) {
  std::vector<Finding> out;
  for (const auto& t : tools) {
    PINRIG_TRY(f, check_tool(t, s.cancel));
    out.push_back(std::move(f));
  }
  // A first run needs sources (3 GiB with a checkout), two object trees and artifacts.
  out.push_back(check_disk("disk (cache)", s.paths.cache, std::uintmax_t{10} << 30, "PINRIG_CACHE"));
  out.push_back(check_disk("disk (state)", s.paths.state, std::uintmax_t{1} << 30, "PINRIG_STATE"));
  for (const auto& [name, dir, variable] : {std::tuple("file system (cache)", s.paths.cache, "PINRIG_CACHE"),
                                            std::tuple("file system (state)", s.paths.state, "PINRIG_STATE")})
    out.push_back(check_network(name, dir, variable));
  auto use = check_use(s.paths);
  out.push_back(use.has_value() ? *use
                                : Finding{Level::problem, "disk use", use.error().message, use.error().hint});
  out.push_back(check_memory());
  out.push_back(check_gdb());
  out.push_back(check_sparse());
  for (const char* p : {"linux-source-6.12", "linux-source-6.1"}) out.push_back(check_source(p));
  for (const auto arch : {model::Arch::x86_64, model::Arch::aarch64}) {
    PINRIG_TRY(f, check_accel(arch, s));
    out.push_back(std::move(f));
    out.push_back(check_sysroot(arch, s.paths.cache));
  }
  return out;
}

}  // namespace pinrig::doctor
