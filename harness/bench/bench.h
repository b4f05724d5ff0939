// SPDX-License-Identifier: GPL-2.0
// The benchmarks of pinrig_bench: each a function that returns its figures.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/figure.h"
#include "job/services.h"
#include "process/process.h"
#include "run/inputs.h"

namespace pinrig::bench {

struct Setup {
  const job::Services& services;  ///< its state directory is the bench's own
  fs::path pinrig;                ///< the program under test
  fs::path dir;                   ///< CACHE/bench
  std::vector<model::Arch> archs;
  int repeat = 3;
  int console_mib = 200;
  bool cold = false;
};

using Figures = Result<std::vector<Figure>>;

Figures boot_figures(const Setup& s);     ///< QEMU spawn to the first test, compared to the naive way to boot
Figures start_figures(const Setup& s);    ///< start time of agent and tests, and size of the initramfs
Figures run_figures(const Setup& s);      ///< a warm run of one guest: its wall, pinrig's own CPU and memory
Figures full_figures(const Setup& s);     ///< the wall of all suites on one kernel
Figures console_figures(const Setup& s);  ///< the same while a guest floods its console
Figures warm_figures(const Setup& s);     ///< start of pinrig to the first QEMU when nothing has to be built
Figures rebuild_figures(const Setup& s);  ///< one patch to block/bio.c, compared to a cold build
Figures bisect_figures(const Setup& s);   ///< a bisection, compared to make at the same points and its guests
Figures each_figures(const Setup& s);     ///< the same of a run of every point of a series
Figures coverage_figures(const Setup& s);  ///< one patch to block/bio.c on a kernel that counts lines
Figures nights_figures(const Setup& s);    ///< what is new since an earlier night, over 500 of them
Figures parse_figures(const Setup& s);     ///< bytes per second of the parsers

// What they share.

/// The default run cut down: one architecture, these points and tests.
run::RunOptions options(model::Arch arch, std::vector<std::string> points, std::vector<std::string> tests);

/// One `pinrig` with the bench's state directory; `--quiet` and `--usage` are added.
struct PinrigRun {
  double wall_s = 0;
  double cpu_s = 0;     ///< of pinrig alone
  double peak_rss = 0;  ///< bytes
  double started = 0;   ///< seconds since the epoch
  std::string out;      ///< what it printed
};
/// Error infra unless it exits with one of `codes`.
Result<PinrigRun> run_pinrig(const Setup& s, std::vector<std::string> args,
                             const std::vector<int>& codes = {0}, const fs::path& cache = {},
                             const std::map<std::string, std::string>& env = {});

/// Removes runs of earlier repetitions.
Result<void> clear_state(const Setup& s);

/// Tells the user what is measured now.
void tell(const Setup& s, const std::string& text);

}  // namespace pinrig::bench
