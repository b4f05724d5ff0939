// SPDX-License-Identifier: GPL-2.0
// The CPUs that the running test holds in places of the kernel. Private to the module.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "model/job.h"
#include "vm/channel.h"
#include "vm/held_cpus.h"

namespace pinrig::vm {

class Holds {
 public:
  /// A held CPU stalls RCU, which warns after 21 s (CONFIG_RCU_CPU_STALL_TIMEOUT): it is released before
  /// that.
  static constexpr Seconds longest{15};

  Holds(const model::JobSpec& job, Channel gdb, Seconds limit = longest);

  pollfd interest() const { return gdb_.interest(); }
  /// Handles what poll(2) reported, and releases what has been held for too long.
  void handle(short revents);
  /// When handle() has something to do without an event.
  Deadline due() const { return due_; }

  /// What a test may be told.
  struct Answer {
    std::string problem;   ///< empty: done
    bool lacking = false;  ///< this kernel has no such place
  };
  Answer hold(const std::string& place, int cpu);
  Answer release(const std::string& place);
  /// The one of `places` where a CPU is held; empty: none yet.
  std::string reached(const std::vector<std::string>& places) const;
  /// Why no CPU will ever be held in `places`; empty: one may.
  std::string hopeless(const std::vector<std::string>& places) const;
  /// Releases everything.
  void end();
  /// QEMU has done what was asked.
  bool settled() const { return cpus_.settled(); }
  const std::string& problem() const { return cpus_.problem(); }

 private:
  void transmit();

  std::string system_map_file_;
  int cpu_count_;
  Seconds limit_;
  Channel gdb_;
  HeldCpus cpus_;
  std::string system_map_;                       ///< once it was needed
  std::map<std::string, std::uint64_t> places_;  ///< armed by the running test, or held
  bool expired_ = false;                         ///< something was held for too long in this test
  Deadline due_ = Deadline::never();
};

}  // namespace pinrig::vm
