// SPDX-License-Identifier: GPL-2.0
#include "bench/floor.h"

#include <fmt/format.h>

#include "image/cpio.h"
#include "job/kernel.h"
#include "kbuild/configure.h"
#include "kbuild/objdir.h"
#include "vm/qemu_args.h"

namespace pinrig::bench {
namespace {

// Without a C library: an init that only calls reboot(2). On x86-64 LINUX_REBOOT_CMD_RESTART, because a
// kernel without ACPI cannot power off; on aarch64 LINUX_REBOOT_CMD_POWER_OFF.
constexpr const char* power_off_source = R"(
void _start(void)
{
#ifdef __x86_64__
	__asm__ volatile("syscall"
	                 :
	                 : "a"(169L), "D"(0xfee1deadL), "S"(672274793L), "d"(0x1234567L)
	                 : "rcx", "r11");
#else
	register long nr __asm__("x8") = 142;
	register long magic __asm__("x0") = 0xfee1deadL;
	register long magic2 __asm__("x1") = 672274793L;
	register long command __asm__("x2") = 0x4321fedcL;
	__asm__ volatile("svc 0" : : "r"(nr), "r"(magic), "r"(magic2), "r"(command) : "memory");
#endif
	for (;;)
		;
}
)";

// The object directory of the run, copied: make then compiles nothing but what depends on the compression.
Result<void> copy_objects(const fs::path& from, const fs::path& to, const Setup& s) {
  std::error_code ec;
  fs::remove_all(to, ec);
  if (!fs::exists(from)) return make_dirs(to);
  PINRIG_TRY(lock, FileLock::acquire(from.string() + ".lock", {.cancel_fd = s.services.cancel.fd()}));
  process::Command c;
  c.argv = {"cp", "-a", from.string(), to.string()};
  PINRIG_CHECK(process::run_ok(c, s.services.cancel));
  return {};
}

}  // namespace

Result<void> compile(model::Arch arch, const std::string& source, const std::vector<std::string>& flags,
                     const fs::path& out, const Setup& s) {
  const fs::path file = out.string() + ".c";
  PINRIG_CHECK(make_dirs(out.parent_path()));
  PINRIG_CHECK(write_file_atomic(file, source));
  process::Command c;
  c.argv = {fmt::format("{}-linux-gnu-gcc", to_string(arch)), "-O2", "-static"};
  c.argv.insert(c.argv.end(), flags.begin(), flags.end());
  c.argv.insert(c.argv.end(), {"-o", out.string(), file.string()});
  PINRIG_CHECK(process::run_ok(c, s.services.cancel, ErrorKind::build_failed));
  return {};
}

Result<fs::path> power_off_initramfs(model::Arch arch, const Setup& s) {
  const fs::path init = s.dir / fmt::format("power-off-{}", to_string(arch));
  PINRIG_CHECK(
      compile(arch, power_off_source, {"-nostdlib", "-ffreestanding", "-Wl,--build-id=none"}, init, s));
  const fs::path archive = init.string() + ".cpio";
  image::Entry entry;
  entry.path = "/init";
  entry.source = init;
  PINRIG_CHECK(image::write_cpio({entry}, archive));
  return archive;
}

Result<fs::path> xz_kernel(const std::string& key, const Setup& s) {
  const fs::path kernel = s.dir / fmt::format("bzImage-xz-{}", key.substr(0, 16));
  if (fs::exists(kernel)) return kernel;
  tell(s, "building the same kernel as a bzImage with XZ, once");
  const auto arch = model::Arch::x86_64;
  const auto& paths = s.services.paths;
  PINRIG_TRY(inputs, run::load_inputs(paths.project, options(arch, {"base"}, {})));
  PINRIG_TRY(sources, run::fetch_sources(inputs, s.services));
  PINRIG_TRY(tree, git::checkout(sources.base, sources.base.commit, inputs.base.name,
                                 job::work_context(s.services, "bench", "source")));
  PINRIG_TRY(toolchain, kbuild::find_toolchain(arch, s.services.cancel));
  const auto& fragments = inputs.spec.configs.front().fragments;
  const std::string slot =
      fmt::format("{}-{}", job::build_slot(inputs.base.name, fragments), to_string(arch));
  const kbuild::Tree build{tree.path, s.dir / slot, paths.cache, arch, toolchain};
  PINRIG_CHECK(copy_objects(paths.cache / "build" / slot, build.objdir, s));
  PINRIG_TRY(request, kbuild::load_request(paths.project, fragments, arch, sources.base.version));
  kconfig::Wanted xz;
  xz.symbol = "KERNEL_XZ";
  xz.value = "y";
  request[xz.symbol] = xz;
  const fs::path log = s.dir / "bzImage.log";
  PINRIG_CHECK(kbuild::configure(build, request, {"the kernel of the naive floor", sources.base.version}, log,
                                 s.services.cancel));
  PINRIG_TRY(made, kbuild::run_make({build, {"bzImage"}, s.services.jobs, log, {}}, s.services.cancel));
  if (!made.ok)
    return make_error(ErrorKind::build_failed, "bzImage: " + made.log.first_error(), "see " + log.string());
  std::error_code ec;
  fs::copy_file(build.objdir / "arch/x86/boot/bzImage", kernel.string() + ".tmp",
                fs::copy_options::overwrite_existing, ec);
  if (!ec) fs::rename(kernel.string() + ".tmp", kernel, ec);
  if (ec) return errno_error("keeping " + kernel.string(), ec.value());
  fs::remove_all(build.objdir, ec);
  return kernel;
}

std::vector<std::string> floor_args(model::Arch arch, const fs::path& kernel, const fs::path& initramfs,
                                    const model::Machine& machine) {
  std::vector<std::string> args{vm::qemu_program(arch), "-nodefaults", "-display", "none",
                                "-no-reboot",           "-serial",     "stdio"};
  if (arch == model::Arch::x86_64)
    args.insert(args.end(), {"-accel", "tcg,thread=multi", "-cpu", "max"});
  else
    for (auto& a : vm::machine_args(arch, model::Accel::tcg, {})) args.push_back(std::move(a));
  for (auto& a : vm::size_args(machine)) args.push_back(std::move(a));
  args.insert(args.end(), {"-kernel", kernel.string(), "-initrd", initramfs.string(), "-append",
                           arch == model::Arch::x86_64 ? "console=ttyS0 panic=-1 reboot=pci rdinit=/init"
                                                       : "console=ttyAMA0 panic=-1 rdinit=/init"});
  return args;
}

}  // namespace pinrig::bench
