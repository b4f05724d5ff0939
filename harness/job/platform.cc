// SPDX-License-Identifier: GPL-2.0
#include "job/platform.h"

#include <fmt/format.h>

#include "base/deadline.h"
#include "base/text.h"

namespace pinrig::job {
namespace {

Result<model::Accel> decide(model::Arch arch, model::Accel wanted, const vm::Probe& probe,
                            const Services& s) {
  if (wanted == model::Accel::tcg) return model::Accel::tcg;
  if (probe.kvm_works) return model::Accel::kvm;
  if (wanted == model::Accel::kvm)
    return make_error(
        ErrorKind::infra,
        fmt::format("KVM was requested and is not usable for {}: {}", to_string(arch), probe.kvm_detail),
        "`pinrig doctor` has details; --accel auto falls back to TCG");
  s.observer.on({.kind = Event::Kind::line,
                 .task = to_string(arch),
                 .text = fmt::format("TCG, time limits x{:.1f} (the report says why not KVM)",
                                     probe.scale(model::Accel::tcg))});
  return model::Accel::tcg;
}

}  // namespace

Result<Platform> prepare_platform(model::Arch arch, model::Accel wanted, const Services& s) {
  const std::string task = to_string(arch);
  const auto start = Clock::now();
  s.observer.on({.kind = Event::Kind::begin, .task = task, .what = "image"});
  const auto ctx = work_context(s, task, "image");
  Platform p;
  PINRIG_TRY(sysroot, image::ensure_sysroot(arch, ctx));
  p.sysroot = std::move(sysroot);
  PINRIG_TRY(programs, image::build_guest_programs(arch, p.sysroot, ctx));
  PINRIG_TRY(initramfs, image::base_initramfs(arch, programs, p.sysroot, ctx));
  p.initramfs = std::move(initramfs);
  PINRIG_TRY(shell, image::shell_initramfs(arch, programs, p.sysroot, ctx));
  p.shell = std::move(shell);
  PINRIG_TRY(probe, vm::probe_accel(arch, s.paths.project, s.paths.cache, s.cancel));
  p.probe = std::move(probe);
  PINRIG_TRY(accel, decide(arch, wanted, p.probe, s));
  p.accel = accel;
  s.observer.on(
      {.kind = Event::Kind::end,
       .task = task,
       .what = "image",
       .text = fmt::format("guest programs and initramfs  {}", human_seconds(since(start).count()))});
  return p;
}

Result<std::map<std::string, fs::path>> prepare_drives(const model::Machine& machine, const Services& s) {
  std::map<std::string, fs::path> out;
  for (const auto& d : machine.nvme) {
    if (d.fs.empty()) continue;
    PINRIG_TRY(file, image::filesystem_image(d.fs, d.size_mib, work_context(s, "drives", "image")));
    out[fmt::format("{}:{}", d.serial, d.nsid)] = file;
  }
  return out;
}

}  // namespace pinrig::job
