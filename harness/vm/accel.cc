// SPDX-License-Identifier: GPL-2.0
#include "vm/accel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "process/process.h"
#include "vm/host_tsc.h"
#include "vm/probe_guest.h"
#include "vm/qemu_args.h"

namespace pinrig::vm {
namespace {

using model::Accel;
using model::Arch;

/// Wall of the calibration guest on the reference machine (2 cores at 2.1 GHz, TCG, idle), seconds: the
/// machine on which the defaults of Timeouts were chosen.
constexpr double reference_s = 0.3;
/// Beyond this a host is not slow but stuck, and a longer wait would only hide that.
constexpr double max_scale = 20;
/// A guest of a third of a second that needs this long under TCG will boot no kernel in any useful time.
constexpr double tcg_limit_s = 30;
/// A host that seems this much slower than the reference may only have been busy: its scale is measured again
/// soon, as each measurement costs two such guests. What else changes within a boot of the host is seen after
/// an hour.
constexpr double slow_factor = 1.5;
constexpr std::int64_t slow_kept_s = 120;
constexpr std::int64_t kept_s = 3600;
/// KVM runs the guest at once or never: spinning or paused guests are given up soon.
constexpr double kvm_limit_s = 1.0;

/// One line of a file of /proc or /etc; empty when missing.
std::string line_of(const fs::path& path) {
  const auto text = read_file(path);
  return text.has_value() ? std::string(trim(*text)) : std::string();
}

/// One file for each host: a cluster shares its cache.
fs::path cache_file(Arch arch, const fs::path& dir) {
  struct utsname host = {};
  ::uname(&host);
  const auto id = Sha256().field(host.nodename).field(line_of("/etc/machine-id")).hex().substr(0, 12);
  return dir / fmt::format("accel-{}-{}.json", model::to_string(arch), id);
}

/// What open(2) of /dev/kvm says to this user: 0 or an errno. chmod, a new group, another user change it.
int kvm_open_errno() {
  const UniqueFd fd(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
  return fd ? 0 : errno;
}

/// Everything the answer depends on: another host, boot, user, QEMU, guest or answer of /dev/kvm asks again.
/// QEMU's version is taken from its file's identity, as running it with --version would cost more than the
/// rest.
Result<std::string> cache_key(Arch arch, const fs::path& guest) {
  const fs::path qemu = process::find_program(qemu_program(arch));
  if (qemu.empty())
    return make_error(ErrorKind::missing_tool, qemu_program(arch) + ": program not found",
                      "apt install " + qemu_package(arch));
  struct stat st = {};
  if (::stat(qemu.c_str(), &st) != 0) return errno_error("stat " + qemu.string(), errno);
  struct utsname host = {};
  ::uname(&host);
  return Sha256()
      .field(host.nodename)
      .field(line_of("/etc/machine-id"))
      .field(line_of("/proc/sys/kernel/random/boot_id"))
      .field(fmt::format("{} {} {}.{}", qemu.string(), st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec))
      .field(guest.filename().string())
      .field(fmt::format("{} {}", ::geteuid(), kvm_open_errno()))
      .hex();
}

std::optional<Probe> from_cache(const fs::path& file, const std::string& key) {
  const auto text = read_file(file);
  if (text.has_error()) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  try {
    if (!json.is_object() || json.at("key") != key) return std::nullopt;
    Probe probe;
    json.at("kvm_works").get_to(probe.kvm_works);
    json.at("kvm_detail").get_to(probe.kvm_detail);
    json.at("tcg_s").get_to(probe.tcg_s);
    json.at("kvm_s").get_to(probe.kvm_s);
    json.at("sandbox").get_to(probe.sandbox);
    json.at("tsc_khz").get_to(probe.tsc_khz);
    json.at("qemu_version").get_to(probe.qemu_version);
    json.at("measured").get_to(probe.measured);
    probe.from_cache = true;
    return probe;
  } catch (const nlohmann::json::exception& e) {
    spdlog::debug("{}: {}", file.string(), e.what());
    return std::nullopt;  // a damaged cache is ignored and rewritten
  }
}

Result<void> to_cache(const fs::path& file, const std::string& key, const Probe& probe) {
  const nlohmann::json json{{"key", key},
                            {"kvm_works", probe.kvm_works},
                            {"kvm_detail", probe.kvm_detail},
                            {"tcg_s", probe.tcg_s},
                            {"kvm_s", probe.kvm_s},
                            {"sandbox", probe.sandbox},
                            {"tsc_khz", probe.tsc_khz},
                            {"qemu_version", probe.qemu_version},
                            {"measured", probe.measured}};
  return write_file_atomic(file, json.dump(2) + "\n");
}

bool is_host(Arch arch) {
  struct utsname host = {};
  return ::uname(&host) == 0 && model::arch_from_string(host.machine) == arch;
}

/// The better of two runs: the first one also pays for reading QEMU from the disk.
Result<void> probe_tcg(Arch arch, const fs::path& guest, const CancelToken& cancel, Probe& probe) {
  for (int i = 0; i < 2; ++i) {
    PINRIG_TRY(run, run_probe(arch, Accel::tcg, guest, tcg_limit_s, cancel));
    if (!run.worked)
      return make_error(ErrorKind::infra,
                        fmt::format("the calibration guest for {} failed under TCG: {}",
                                    model::to_string(arch), run.detail),
                        "run " + shell_line(probe_args(arch, Accel::tcg, guest)));
    probe.tcg_s = i == 0 ? run.wall_s : std::min(probe.tcg_s, run.wall_s);
  }
  return {};
}

Result<void> probe_kvm(Arch arch, const fs::path& guest, const CancelToken& cancel, Probe& probe) {
  if (!is_host(arch)) {
    probe.kvm_detail = "the host has another architecture";
    return {};
  }
  probe.kvm_detail = kvm_device_problem("/dev/kvm");
  if (!probe.kvm_detail.empty()) return {};
  PINRIG_TRY(run, run_probe(arch, Accel::kvm, guest, kvm_limit_s + 2 * probe.tcg_s, cancel));
  probe.kvm_works = run.worked;
  probe.kvm_s = run.worked ? run.wall_s : 0;
  probe.kvm_detail = run.worked ? "works" : "/dev/kvm opens, but the guest died: " + run.detail;
  return {};
}

}  // namespace

double Probe::scale(Accel accel) const {
  const double took_s = accel == Accel::kvm && kvm_works ? kvm_s : tcg_s;
  return std::clamp(took_s / reference_s, 1.0, max_scale);
}

bool Probe::outdated(std::int64_t now) const {
  const auto age = now - measured;
  const bool slow = std::max(tcg_s, kvm_s) > slow_factor * reference_s;
  return age < 0 || age > (slow ? slow_kept_s : kept_s);
}

Result<Probe> probe_accel(Arch arch, const fs::path& project, const fs::path& cache,
                          const CancelToken& cancel) {
  const fs::path dir = cache / "probe";
  PINRIG_TRY(guest, build_probe(arch, project, dir, cancel));
  PINRIG_TRY(key, cache_key(arch, guest));
  const fs::path file = cache_file(arch, dir);
  const std::int64_t now = std::time(nullptr);
  if (auto known = from_cache(file, key); known && !known->outdated(now)) return *known;
  Probe probe;
  probe.measured = now;
  PINRIG_TRY(version, qemu_version(arch, cancel));
  probe.qemu_version = std::move(version);
  PINRIG_TRY(sandbox, has_sandbox(arch, cancel));
  probe.sandbox = sandbox;
  const TscWatch watch;
  PINRIG_CHECK(probe_tcg(arch, guest, cancel, probe));
  probe.tsc_khz = watch.khz();
  PINRIG_CHECK(probe_kvm(arch, guest, cancel, probe));
  PINRIG_CHECK(to_cache(file, key, probe));
  return probe;
}

}  // namespace pinrig::vm
