// SPDX-License-Identifier: GPL-2.0
// Figure (c), the hard half: pinrig's CPU and memory while a guest floods its console.
#include <fmt/format.h>

#include <algorithm>

#include "bench/bench.h"
#include "bench/floor.h"
#include "image/cpio.h"
#include "job/repro.h"
#include "run/boot.h"

namespace pinrig::bench {
namespace {

// Writes as many MiB as its argument says to the console, in lines like those of a talkative driver.
constexpr const char* flood_source = R"(
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char block[1 << 16];
	static const char line[] =
	    "[   12.345678] pinrig-bench 0000:00:04.0: 2/0/0 default/read/poll queues of them\n";
	long long left = (argc > 1 ? atoll(argv[1]) : 1) << 20;
	size_t at;
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY);

	for (at = 0; at + sizeof line < sizeof block; at += sizeof line - 1)
		memcpy(block + at, line, sizeof line - 1);
	while (fd >= 0 && left > 0) {
		ssize_t n = write(fd, block, at);
		if (n <= 0)
			break;
		left -= n;
	}
	printf("TAP version 13\n1..1\n%sok 1 flood\n", fd >= 0 && left <= 0 ? "" : "not ");
	return 0;
}
)";

Result<fs::path> flood_initramfs(model::Arch arch, const Setup& s) {
  const fs::path program = s.dir / fmt::format("flood-{}", to_string(arch));
  PINRIG_CHECK(compile(arch, flood_source, {}, program, s));
  image::Entry dir;
  dir.type = image::Entry::Type::dir;
  dir.path = "/tests";
  image::Entry entry;
  entry.path = "/tests/pinrig-tests";  // instead of all others
  entry.source = program;
  const fs::path archive = program.string() + ".cpio";
  PINRIG_CHECK(image::write_cpio({dir, entry}, archive));
  return archive;
}

std::uintmax_t console_bytes(const fs::path& guest_dir) {
  std::uintmax_t most = 0;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(guest_dir, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->path().filename() == "console.raw") most = std::max(most, it->file_size(ec));
  }
  return most;
}

}  // namespace

Figures console_figures(const Setup& s) {
  const auto arch = s.archs.front();
  PINRIG_TRY(job, run::ready_boot(options(arch, {"base"}, {"pins/selfcheck"}), s.services));
  PINRIG_TRY(archive, flood_initramfs(arch, s));
  const fs::path dir = s.services.paths.state / "flood";
  std::error_code ec;
  fs::remove_all(dir, ec);
  PINRIG_CHECK(make_dirs(dir));
  model::TestSpec test;
  test.name = "bench/flood";
  test.program = "bench/flood";
  test.args = {std::to_string(s.console_mib)};
  test.limit_s = 1800;
  job.spec.tests = {test};
  job.spec.initramfs.push_back(archive.string());
  PINRIG_CHECK(job::write_repro(job.spec, dir, s.pinrig));
  tell(s, fmt::format("console: a guest writes {} MiB to its serial port; takes some minutes under TCG",
                      s.console_mib));
  PINRIG_TRY(run, run_pinrig(s, {"rerun", (dir / "job.json").string()}));
  const auto bytes = console_bytes(dir);
  fs::remove_all(dir, ec);
  if (bytes < std::uintmax_t(s.console_mib) << 20)
    return make_error(ErrorKind::infra, fmt::format("the console has only {} bytes", bytes));
  const std::string what = fmt::format("while a guest writes {} MiB of console", bytes >> 20);
  std::vector<Figure> out;
  out.push_back({.id = "cpu.console",
                 .what = "pinrig's own CPU time " + what + "; floor: the run's wall",
                 .unit = "s",
                 .value = run.cpu_s,
                 .floor = run.wall_s,
                 .bound = 0.02,
                 .times = 1});
  out.push_back({.id = "rss.console",
                 .what = "pinrig's peak resident memory " + what + "; floor: the allowed maximum",
                 .unit = "MiB",
                 .value = run.peak_rss / (1 << 20),
                 .floor = 64,
                 .bound = 1,
                 .times = 1});
  return out;
}

}  // namespace pinrig::bench
