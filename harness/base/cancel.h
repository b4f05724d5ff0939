// SPDX-License-Identifier: GPL-2.0
// One cancellation for the whole program: every blocking wait also polls fd().
#pragma once

#include <csignal>
#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace pinrig {

/// Becomes readable, permanently, when the user or a signal asks to stop.
class CancelToken {
 public:
  CancelToken();
  int fd() const { return fd_.get(); }
  bool requested() const;
  /// Async-signal-safe.
  void request() const;

 private:
  UniqueFd fd_;
};

/// Makes SIGINT, SIGTERM and SIGHUP request cancellation of `token`, which must outlive the process'
/// use of signals. One that was ignored when we were started stays ignored: nohup(1), a script's background
/// job. Repeats change nothing, since timeout(1) signals the child and then its group; only who presses
/// Ctrl-C again after a second (ends_at_once()) ends the process at once, with the terminal as it was at this
/// call. SIGPIPE is ignored.
void cancel_on_signals(const CancelToken& token);

/// Whether signal `signo` ends the process at once, `first_interrupt_ms` after its first SIGINT (-1: there
/// was none).
constexpr bool ends_at_once(int signo, std::int64_t first_interrupt_ms) {
  return signo == SIGINT && first_interrupt_ms >= 1000;
}

/// Opens those of descriptors 0, 1 and 2 that are closed, so that no file of ours gets one of these numbers.
/// Reading from and writing to such a stdin and stdout still fails; stderr is /dev/null. To be called first
/// in main().
void open_standard_descriptors();

/// The Error of every stage that stopped because of the token.
Error cancelled_error();

}  // namespace pinrig
