// SPDX-License-Identifier: GPL-2.0
// Why a guest stopped answering, as a value, with what was seen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pinrig::model {

enum class Loss {
  none,         ///< it did not stop, or pinrig ended it
  test_hung,    ///< its kernel answers, and the test does not end
  kernel_hung,  ///< QEMU runs it, and its kernel does not answer
  output_lost,  ///< its kernel answers, and what it sends does not arrive
  qemu_gone,    ///< QEMU ended or stopped: a signal, an exit, a power-off that nobody had asked for
  panicked,     ///< the kernel stopped itself
};
const char* to_string(Loss loss);  ///< "kernel_hung"
std::optional<Loss> loss_from_string(const std::string&);
/// "kernel hung", as reports say it; "" for none.
const char* words(Loss loss);

/// What was seen when a guest stopped answering.
struct LossFacts {
  bool wanted = false;        ///< it was asked to end, or pinrig was: no loss
  bool fatal_event = false;   ///< its console has a report after which the kernel does not go on
  bool restarted = false;     ///< it was reset, as a panic does
  bool panic_event = false;   ///< its kernel told QEMU of the panic (pvpanic)
  bool qemu_runs = false;     ///< QEMU was there when it was looked at
  int qemu_signal = 0;        ///< that ended QEMU; 0: none
  std::string stopped;        ///< QEMU stopped the guest and is in this state, "internal-error"; empty: no
  bool bad_messages = false;  ///< what came on its control port was no message
  bool in_test = false;
  bool asked = false;             ///< a sysrq was sent to its console
  std::uint64_t answer = 0;       ///< bytes that the kernel printed because of it
  std::uint64_t printed = 0;      ///< bytes of its console before that
  std::uint64_t nmi = 0;          ///< bytes that it printed because of an NMI
  std::vector<std::string> cpus;  ///< "CPU 0 in _raw_spin_lock+0x10"
  std::string qemu;               ///< how QEMU ended: "qemu exit 1"
};

}  // namespace pinrig::model
