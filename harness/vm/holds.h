// SPDX-License-Identifier: GPL-2.0
// The CPUs that the running test holds in places of the kernel. Private to the module.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/deadline.h"
#include "model/job.h"
#include "vm/channel.h"
#include "vm/held_cpus.h"
#include "vm/kernel_place.h"

namespace pinrig::vm {

class Holds {
 public:
  /// Longer than any test waits for a place, and shorter than what the kernel warns of after
  /// guest-tests/lib/held_cpu.c raised it.
  static constexpr Seconds longest{45};

  Holds(const model::JobSpec& job, Channel gdb, const CancelToken& cancel, Seconds limit = longest);

  pollfd interest() const { return gdb_.interest(); }
  /// Handles what poll(2) reported, and releases what has been held for too long.
  void handle(short revents);
  /// When handle() has something to do without an event.
  Deadline due() const { return due_; }

  /// What a test may be told.
  struct Answer {
    std::string problem;   ///< empty: done
    bool lacking = false;  ///< this kernel has none of the places
    std::vector<std::string> armed;
  };
  /// A place is "SYMBOL", "SYMBOL+0xOFFSET", or "FILE:LINE" of a kernel with debug information. Places that
  /// this kernel lacks are skipped; it is a problem when none remains, or another one is wrong. gdb is given
  /// up at the deadline.
  Answer hold(const std::vector<std::string>& places, int cpu, Deadline deadline = Deadline::never());
  Answer release(const std::vector<std::string>& places);
  /// The one of `places` where a CPU is held; empty: none yet.
  std::string reached(const std::vector<std::string>& places) const;
  /// Why no CPU will ever be held in `places`; empty: one may.
  std::string hopeless(const std::vector<std::string>& places) const;
  /// Asks where all CPUs are; whereabouts() says so once it has settled().
  void locate();
  /// "CPU 0 is in do_idle+0x1c, CPU 1 is held at try_grab_folio_fast"; empty: it is not known.
  std::string whereabouts() const;
  /// Releases everything.
  void end();
  /// QEMU has done what was asked.
  bool settled() const { return cpus_.settled(); }
  const std::string& problem() const { return cpus_.problem(); }

 private:
  void transmit();
  KernelPlace find(const std::string& place, Deadline deadline);
  /// Asks gdb, which takes seconds.
  KernelPlace find_source_line(const std::string& place, Deadline deadline) const;

  model::Arch arch_;
  std::string vmlinux_;
  const CancelToken* cancel_;
  int cpu_count_;
  Seconds limit_;
  Channel gdb_;
  HeldCpus cpus_;
  std::string system_map_;                                    ///< once it was needed
  std::map<std::string, std::vector<std::uint64_t>> places_;  ///< armed by the running test, or held
  bool expired_ = false;  ///< something was held for too long in this test
  Deadline due_ = Deadline::never();
};

}  // namespace pinrig::vm
