// SPDX-License-Identifier: GPL-2.0
// What a guest that does not answer leaves before it is killed: in the folder last_look of its files.
//
// A sysrq comes over the serial port: QMP's chardev-send-break makes the port report a BREAK, and the byte
// that follows it is the key (drivers/tty/serial, uart_prepare_sysrq_char()). The kernel takes it in the
// interrupt of the port if it has CONFIG_MAGIC_SYSRQ_SERIAL and while the port is open as a terminal: the
// agent opens it. Kernels without that option ignore the BREAK; a thread of the agent reads the key and
// writes it to /proc/sysrq-trigger (guest-tests/agent/sysrq.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vm/cpu_states.h"

namespace pinrig::vm {

/// In this order: backtraces of the CPUs, blocked tasks, all tasks, memory.
inline constexpr std::string_view sysrq_keys = "lwtm";

struct LastLook {
  bool qemu_runs = false;      ///< it answered on QMP
  std::string status;          ///< query-status: "running", "paused", "internal-error"
  std::vector<CpuState> cpus;  ///< before the sysrqs; registers.txt has all of it
  bool asked = false;          ///< the sysrqs were sent
  std::uint64_t printed = 0;   ///< bytes of the console before them
  std::uint64_t answer = 0;    ///< and because of them: sysrq.txt, no longer in console.raw
};

}  // namespace pinrig::vm
