// SPDX-License-Identifier: GPL-2.0
#include "aside.h"

#include <filesystem>
#include <system_error>

#include "sys.h"

namespace pinrig::agent {
namespace {

// The interrupts of NVMe queues stay where the kernel put them: theirs are managed, and the write fails.
std::vector<std::string> affinity_files() {
  std::vector<std::string> files{"/sys/devices/virtual/workqueue/cpumask", "/proc/irq/default_smp_affinity"};
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/irq", error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_directory(error)) files.push_back(it->path().string() + "/smp_affinity");
  }
  return files;
}

}  // namespace

void Aside::step_aside() {
  if (aside_) return;
  aside_ = true;
  sched_getaffinity(0, sizeof own_, &own_);
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  sched_setaffinity(0, sizeof first, &first);
  for (const auto& file : affinity_files()) {
    const std::string before = read_attribute(file);
    if (!before.empty() && write_file(file, "1") == 0) files_.emplace_back(file, before);
  }
}

Aside::~Aside() {
  if (!aside_) return;
  for (const auto& [file, before] : files_) write_file(file, before);
  sched_setaffinity(0, sizeof own_, &own_);
}

}  // namespace pinrig::agent
