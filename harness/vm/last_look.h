// SPDX-License-Identifier: GPL-2.0
// What a guest that does not answer leaves before it is killed: in the folder last_look of its files.
//
// A sysrq comes over the serial port: QMP's chardev-send-break makes the port report a BREAK, and the byte
// that follows it is the key (drivers/tty/serial, uart_prepare_sysrq_char()). The kernel takes it in the
// interrupt of the port if it has CONFIG_MAGIC_SYSRQ_SERIAL and while the port is open as a terminal: the
// agent opens it. Kernels without that option ignore the BREAK; a thread of the agent reads the key and
// writes it to /proc/sysrq-trigger (guest-tests/agent/sysrq.h).
//
// A kernel of x86-64 that does not answer gets an NMI, which it takes also with interrupts off: QEMU sends it
// to the first CPU (LINT1), and the kernel panics because of unknown_nmi_panic on its command line, with the
// trace of what that CPU was doing. arm64's machine has no NMI.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/dump.h"
#include "vm/cpu_states.h"

namespace pinrig::vm {

/// In this order: backtraces of the CPUs, blocked tasks, all tasks, memory.
inline constexpr std::string_view sysrq_keys = "lwtm";
/// And of a kernel with lockdep: who holds which lock.
inline constexpr char locks_key = 'd';

struct LastLook {
  bool qemu_runs = false;      ///< it answered on QMP
  std::string status;          ///< query-status: "running", "shutdown", "guest-panicked", "internal-error"
  std::vector<CpuState> cpus;  ///< before the sysrqs; registers.txt has all of it
  bool asked = false;          ///< the sysrqs were sent
  std::uint64_t printed = 0;   ///< bytes of the console before them
  std::uint64_t answer = 0;    ///< and because of them: sysrq.txt, no longer in console.raw
  std::uint64_t nmi = 0;       ///< and because of an NMI: nmi.txt, no longer in console.raw
  std::optional<model::Dump> dump;
};

}  // namespace pinrig::vm
