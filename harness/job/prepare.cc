// SPDX-License-Identifier: GPL-2.0
#include "job/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>

#include "base/text.h"
#include "job/repro.h"
#include "kbuild/absent.h"
#include "kconfig/fragment.h"
#include "kconfig/slowness.h"
#include "vm/host_tsc.h"
#include "vm/qemu_args.h"

namespace pinrig::job {
namespace {

constexpr const char* page_owner_on = "page_owner=on";

// CONFIG_HZ of an effective .config, 0 when it says none.
int ticks_per_second(const std::string& config) {
  const auto values = kconfig::parse_config(config);
  const auto hz = values.find("HZ");
  return hz == values.end() ? 0 : std::atoi(hz->second.c_str());
}

model::KernelTraits traits_of(const std::string& config) {
  const auto values = kconfig::parse_config(config);
  const auto on = [&](const char* symbol) {
    const auto value = values.find(symbol);
    return value != values.end() && value->second == "y";
  };
  return {.pvpanic = on("PVPANIC_PCI"), .lockdep = on("LOCKDEP"), .debug_info = on("DEBUG_INFO")};
}

// The program of the kernel's tree that a test is or, if it is one of ours, names in its arguments to run it.
std::string kernel_program(const model::TestSpec& t) {
  if (t.from_kernel()) return t.kernel_binary();
  const auto known = kbuild::known_selftests();
  for (const auto& arg : t.args) {
    if (std::find(known.begin(), known.end(), arg) != known.end()) return arg;
  }
  return "";
}

std::vector<std::string> tools_of(const model::Guest& guest) {
  std::set<std::string> tools;
  for (const auto& t : guest.tests) tools.insert(t.needs.tools.begin(), t.needs.tools.end());
  return {tools.begin(), tools.end()};
}

// Those that the tests are, and those that ours name in their arguments, to run them.
std::vector<std::string> selftests_of(const model::Guest& guest, const fs::path& selftests) {
  std::set<std::string> names;
  for (const auto& t : guest.tests) {
    if (t.from_kernel()) names.insert(t.kernel_binary());
    for (const auto& arg : t.args) {
      std::error_code ec;
      if (!t.from_kernel() && arg.find('/') == std::string::npos && fs::is_regular_file(selftests / arg, ec))
        names.insert(arg);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace

Result<LackingPrograms> lacking_programs(const std::vector<model::TestSpec>& tests,
                                         const fs::path& selftests) {
  PINRIG_TRY(absent, kbuild::read_absent(selftests));
  LackingPrograms out;
  for (const auto& t : tests) {
    const std::string program = kernel_program(t);
    std::error_code ec;
    if (program.empty() || fs::exists(selftests / program, ec)) continue;
    const auto why = absent.find(program);
    if (why == absent.end()) {
      out.broken.emplace(t.name, fmt::format("the built kernel has no {}, for an unknown reason", program));
    } else if (why->second.kind == kbuild::Absent::Kind::not_in_tree) {
      out.skips.emplace(t.name, "this kernel tree has no " + program);
    } else {
      out.unbuilt.emplace(t.name, fmt::format("{} does not compile: {}", program, why->second.detail));
    }
  }
  return out;
}

std::map<std::string, std::string> lacking_symbols(const std::vector<model::TestSpec>& tests,
                                                   const std::string& config) {
  const auto values = kconfig::parse_config(config);
  std::map<std::string, std::string> out;
  for (const auto& t : tests) {
    for (const auto& symbol : t.needs.symbols) {
      const auto value = values.find(symbol);
      if (value == values.end() || value->second == "n")
        out.emplace(t.name, fmt::format("this kernel has no CONFIG_{}", symbol));
    }
  }
  return out;
}

Result<void> take_kernel(model::JobSpec& spec, const kbuild::Artifact& kernel) {
  PINRIG_TRY(text, read_file(kernel.config));
  const auto config = kconfig::parse_config(text);
  spec.kernel_image = kernel.image;
  spec.vmlinux = kernel.vmlinux;
  spec.timeouts.kernel = kconfig::slowness(config);
  spec.traits = traits_of(text);
  const auto owner = config.find("PAGE_OWNER");
  auto& words = spec.machine.kernel_args;
  const bool on = std::find(words.begin(), words.end(), page_owner_on) != words.end();
  if (!on && owner != config.end() && owner->second == "y") words.emplace_back(page_owner_on);
  return {};
}

Result<ReadyJob> ready_job(const model::Kernel& kernel, const model::Guest& guest, const Built& built,
                           const Platform& platform, const std::string& run_id, const fs::path& dir,
                           const Services& services) {
  PINRIG_CHECK(make_dirs(dir));
  PINRIG_TRY(tests_cpio, image::selftests_initramfs(built.selftests, selftests_of(guest, built.selftests),
                                                    work_context(services, guest.id, "image")));
  PINRIG_TRY(drives, prepare_drives(guest.machine, services));
  ReadyJob job{.dir = dir, .drives = std::move(drives)};
  job.spec.run_id = run_id;
  job.spec.guest_id = guest.id;
  job.spec.arch = kernel.arch;
  job.spec.initramfs = {platform.initramfs, tests_cpio};
  job.spec.shell = platform.shell;
  const auto tools = tools_of(guest);
  if (!tools.empty()) {
    PINRIG_TRY(tools_cpio,
               image::tools_initramfs(kernel.arch, tools, work_context(services, guest.id, "image")));
    job.spec.initramfs.push_back(tools_cpio);
  }
  job.spec.machine = guest.machine;
  job.spec.accel = platform.accel;
  job.spec.sandbox = platform.probe.sandbox;
  job.spec.timeouts.scale = platform.probe.scale(platform.accel);
  job.spec.tests = guest.tests;
  PINRIG_TRY(lacking, lacking_programs(guest.tests, built.selftests));
  PINRIG_TRY(config, read_file(built.kernel.config));
  job.spec.skips = lacking_symbols(guest.tests, config);
  job.spec.skips.merge(lacking.skips);
  job.spec.unbuilt = std::move(lacking.unbuilt);
  job.spec.broken = std::move(lacking.broken);
  job.spec.loops_per_jiffy = vm::loops_per_jiffy(platform.probe.tsc_khz, ticks_per_second(config));
  PINRIG_CHECK(take_kernel(job.spec, built.kernel));
  PINRIG_CHECK(write_file_atomic(dir / "kernel.config", config));
  std::map<std::string, fs::path> files = {{"kernel", built.kernel.image},
                                           {"vmlinux", built.kernel.vmlinux},
                                           {"config", built.kernel.config},
                                           {"initramfs", platform.initramfs},
                                           {"selftests", tests_cpio}};
  if (!tools.empty()) files["tools"] = job.spec.initramfs.back();
  PINRIG_CHECK(write_manifest(dir, files, job.drives,
                              {{"run", run_id},
                               {"guest", guest.id},
                               {"kernel_key", built.kernel.key},
                               {"accel", to_string(platform.accel)},
                               {"cpu_model", vm::cpu_model(kernel.arch, platform.accel)},
                               {"qemu", platform.probe.qemu_version}}));
  PINRIG_CHECK(write_repro(job.spec, dir, own_program()));
  return job;
}

}  // namespace pinrig::job
