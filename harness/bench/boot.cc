// SPDX-License-Identifier: GPL-2.0
// Figure (a): time to the first test, compared to the naive boot of the same kernel at the same time.
#include "run/boot.h"

#include <fmt/format.h>

#include "base/text.h"
#include "bench/bench.h"
#include "bench/floor.h"
#include "job/guest_job.h"

namespace pinrig::bench {
namespace {

constexpr double boot_limit_s = 120;

// Whole life of a QEMU, until its guest has powered itself off, or restarted (-no-reboot).
Result<double> floor_once(const std::vector<std::string>& argv, const Setup& s) {
  process::Command c;
  c.argv = argv;
  c.deadline = Deadline::after(Seconds(boot_limit_s));
  PINRIG_TRY(done, process::run(c, s.services.cancel));
  if (std::holds_alternative<process::Cancelled>(done.status)) return cancelled_error();
  // A panic ends QEMU with 0 too (-no-reboot): only the kernel's own last line tells that its init ended it.
  const bool asked = done.out.find("reboot: Power down") != std::string::npos ||
                     done.out.find("reboot: machine restart") != std::string::npos;
  if (!process::succeeded(done.status) || !asked)
    return make_error(ErrorKind::infra,
                      fmt::format("the naive boot did not end by itself: {}\n{}\n{}{}",
                                  process::to_string(done.status), shell_line(argv), done.out, done.err));
  return done.wall_s;
}

Result<double> ours_once(const job::ReadyJob& job, const Setup& s) {
  PINRIG_TRY(result,
             job::run_guest_job(job.spec, job.drives, job.dir, s.services.cancel, s.services.observer));
  if (result.facts.outcome.kind != model::JobOutcome::Kind::completed)
    return make_error(
        ErrorKind::infra,
        fmt::format("{}: {}", to_string(result.facts.outcome.kind), result.facts.outcome.detail),
        "the console is in " + job.dir.string());
  tell(s, fmt::format("  the agent's hello after {:.2f} s, the first test after {:.2f} s", result.boot_s,
                      result.first_test_s));
  return result.first_test_s;
}

// virtme-ng on the naive floor's kernel, for comparison: what a kernel developer has today.
Result<Figure> peer_figure(const fs::path& kernel, double floor, const Setup& s) {
  Figure f{.id = "boot.peer",
           .what = "virtme-ng: vng -r KERNEL -- uname -r on the same kernel",
           .unit = "s",
           .floor = floor};
  if (process::find_program("vng").empty()) {
    f.missing = "vng is not installed";
    return f;
  }
  process::Command c;
  c.argv = {"vng", "-r", kernel.string(), "--", "uname", "-r"};
  c.deadline = Deadline::after(Seconds(boot_limit_s));
  std::vector<double> walls;
  for (int i = 0; i < s.repeat; ++i) {
    PINRIG_TRY(done, process::run(c, s.services.cancel));
    if (std::holds_alternative<process::Cancelled>(done.status)) return cancelled_error();
    if (!process::succeeded(done.status)) {
      f.missing = "vng: " + process::to_string(done.status);
      return f;
    }
    walls.push_back(done.wall_s);
  }
  f.value = median(walls);
  f.times = s.repeat;
  return f;
}

Result<void> add_arch(model::Arch arch, const Setup& s, std::vector<Figure>& out) {
  const bool x86 = arch == model::Arch::x86_64;
  auto wanted = options(arch, {"base"}, {});
  wanted.accel = model::Accel::tcg;
  PINRIG_TRY(job, run::ready_boot(wanted, s.services));
  // The guest of the default run with all that its tests need, and of them the first alone.
  job.spec.tests.resize(1);
  const fs::path image = job.spec.kernel_image;
  fs::path kernel = image;
  if (x86) {
    PINRIG_TRY(compressed, xz_kernel(image.parent_path().filename().string(), s));
    kernel = compressed;
  }
  PINRIG_TRY(initramfs, power_off_initramfs(arch, s));
  const auto argv = floor_args(arch, kernel, initramfs, job.spec.machine);
  std::vector<double> floors;
  std::vector<double> ours;
  for (int i = 0; i < s.repeat; ++i) {
    PINRIG_TRY(naive, floor_once(argv, s));
    PINRIG_TRY(first_test, ours_once(job, s));
    tell(s, fmt::format("boot {} {}/{}: naive {:.2f} s, pinrig to the first test {:.2f} s", to_string(arch),
                        i + 1, s.repeat, naive, first_test));
    floors.push_back(naive);
    ours.push_back(first_test);
  }
  Figure f{.id = fmt::format("boot.{}", to_string(arch)),
           .unit = "s",
           .value = median(ours),
           .floor = median(floors)};
  f.what = x86 ? "QEMU spawn to the first test; floor: the same kernel as XZ bzImage through SeaBIOS, init "
                 "restarts at once"
               : "QEMU spawn to the first test; floor: the same Image on the same machine, init powers off "
                 "at once";
  f.bound = x86 ? 0.55 : 1.3;
  f.times = s.repeat;
  out.push_back(f);
  if (!x86) return {};
  PINRIG_TRY(peer, peer_figure(kernel, f.floor, s));
  out.push_back(peer);
  return {};
}

}  // namespace

Figures boot_figures(const Setup& s) {
  std::vector<Figure> out;
  for (const auto arch : s.archs) PINRIG_CHECK(add_arch(arch, s, out));
  return out;
}

}  // namespace pinrig::bench
