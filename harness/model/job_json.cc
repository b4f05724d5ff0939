// SPDX-License-Identifier: GPL-2.0
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "model/job.h"

namespace pinrig::model {

NLOHMANN_JSON_SERIALIZE_ENUM(Arch, {{Arch::x86_64, "x86_64"}, {Arch::aarch64, "aarch64"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Accel, {{Accel::tcg, "tcg"}, {Accel::kvm, "kvm"}, {Accel::automatic, "auto"}})
NLOHMANN_JSON_SERIALIZE_ENUM(OutputFormat, {{OutputFormat::ktap, "ktap"},
                                            {OutputFormat::exit_code, "exit_code"},
                                            {OutputFormat::gup_test, "gup_test"}})
NLOHMANN_JSON_SERIALIZE_ENUM(PinClaim::Mode, {{PinClaim::Mode::net_zero, "net_zero"},
                                              {PinClaim::Mode::exact, "exact"},
                                              {PinClaim::Mode::at_least, "at_least"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Device, {{Device::zoned, "zoned"},
                                      {Device::cmb, "cmb"},
                                      {Device::meta, "meta"},
                                      {Device::p9, "p9"},
                                      {Device::scsi, "scsi"},
                                      {Device::iommu, "iommu"},
                                      {Device::kvm, "kvm"},
                                      {Device::removable, "removable"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NvmeDrive, serial, nsid, size_mib, iops, fs, zone_mib, cmb_mib,
                                   metadata_bytes, removable)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Machine, name, cpus, memory_mib, numa_nodes, nvme, net, hugepages_2m,
                                   swap_mib, kernel_args, devices)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Needs, nvme, fs, fs_mib, hugepages_2m, swap_mib, rdma, symbols, devices,
                                   kernel_args, memory_mib, cpus, numa_nodes, tools)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TestSpec, name, program, args, env, format, limit_s, needs, claim,
                                   destructive, known_long, what, rows)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Timeouts, scale, kernel, boot_s, setup_s, silence_s,
                                                shutdown_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(KernelTraits, pvpanic, lockdep, debug_info)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JobSpec, run_id, guest_id, arch, kernel_image, vmlinux, initramfs, shell,
                                   machine, accel, sandbox, loops_per_jiffy, traits, timeouts, tests, skips,
                                   unbuilt, broken)

std::string machine_to_json(const Machine& machine) { return nlohmann::json(machine).dump(); }

std::string job_to_json(const JobSpec& job) { return nlohmann::json(job).dump(2) + "\n"; }

Result<JobSpec> job_from_json(const std::string& text, const std::string& file) {
  try {
    auto j = nlohmann::json::parse(text);
    // Files of earlier versions: guests had no name of their own, QEMU no filter, programs that a tree
    // lacks were a list of their own, and nothing was said about the kernel.
    if (j.is_object() && j.contains("cell_id") && !j.contains("guest_id")) j["guest_id"] = j["cell_id"];
    if (j.is_object() && !j.contains("sandbox")) j["sandbox"] = false;
    for (const char* later : {"broken", "unbuilt", "traits"})
      if (j.is_object() && !j.contains(later)) j[later] = nlohmann::json::object();
    return j.get<JobSpec>();
  } catch (const nlohmann::json::exception& e) {
    return make_error(ErrorKind::bad_input, file + ": not the job.json of a guest: " + json_reason(e.what()),
                      "`pinrig run` writes one to RUN/guests/GUEST/job.json; repeat the run to recreate it");
  }
}

}  // namespace pinrig::model
