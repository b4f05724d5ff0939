// SPDX-License-Identifier: GPL-2.0
// One QEMU guest, from spawn to the reaped process.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/deadline.h"
#include "base/file.h"
#include "base/result.h"
#include "model/job.h"
#include "vm/last_look.h"
#include "wire/messages.h"

namespace pinrig::vm {

/// How large the files may become that QEMU writes while the guest runs, in bytes. QEMU's chardevs have no
/// limit, so that a guest that prints endlessly would fill the disk.
struct OutputCaps {
  std::uintmax_t console = std::uintmax_t{256} << 20;  ///< and qemu.log
  std::uintmax_t results = std::uintmax_t{512} << 20;
  std::uintmax_t share = std::uintmax_t{256} << 20;  ///< of the folder that a 9p device shares, on the disk
};

/// The files of a guest: console.raw, results.raw, qemu.log, qemu.args; sockets in a 0700 directory.
struct GuestFiles {
  fs::path dir;
  OutputCaps caps = {};
  fs::path console() const { return dir / "console.raw"; }
  fs::path results() const { return dir / "results.raw"; }
};

/// Why a guest no longer answers.
struct GuestEnd {
  /// restarted: reset instead of switched off when asked to power off, as a panic does (panic=-1) and as the
  /// agent does where the kernel cannot switch off; the console tells which. disk_full: console and
  /// results are truncated, independent of the guest. too_much_output: killed because a file of GuestFiles
  /// outgrew its cap.
  enum class Kind {
    powered_off,
    restarted,
    qemu_exited,
    hung,
    cancelled,
    protocol,
    disk_full,
    too_much_output
  };
  Kind kind = Kind::qemu_exited;
  std::string detail;        ///< "qemu exit 1: <end of its stderr>", "no answer for 50 s"
  int signal = 0;            ///< qemu_exited: the signal that killed QEMU; 0: none did
  bool reset = false;        ///< the guest was reset, as a panic does
  bool panic_event = false;  ///< its kernel told QEMU of its panic
};

/// A step with a guest: an answer, or the guest's end. Our own failures are Errors (infra).
template <typename T>
struct Step {
  std::optional<T> value;
  GuestEnd end;  ///< valid when there is no value
};

class Guest {
 public:
  /// Spawns QEMU for `job` with drives found at `drive_files` ("serial:nsid" -> image path, copied;
  /// a missing one is a sparse file; both are removed at the end). All sockets listen before QEMU starts. A
  /// QEMU that cannot start, or runs with another accelerator than the job's, is an Error.
  static Result<Guest> start(const model::JobSpec& job, const GuestFiles& files,
                             const std::map<std::string, fs::path>& drive_files, const CancelToken& cancel);
  Guest(Guest&&) noexcept;
  Guest& operator=(Guest&&) noexcept;
  ~Guest();  ///< kills and reaps the process

  Result<Step<wire::Hello>> hello();
  Result<Step<wire::SetupDone>> setup(const wire::Setup& setup);
  /// The result of the negative control, which the guest runs by itself after hello().
  Result<Step<wire::HoldResult>> hold_control();
  /// Waits for run.limit_ms (which the guest enforces: scaled by the caller) plus the scaled grace of
  /// Timeouts.
  Result<Step<wire::TestEnd>> run(const wire::Run& run);
  /// Asks for power off and waits; kills after the limit. Returns how it actually ended.
  Result<GuestEnd> power_off();
  /// Of a guest that does not answer, or died and is held by QEMU, then kills it: registers and states of the
  /// CPUs, and what the kernel prints when a sysrq or an NMI asks it, in the folder last_look. Takes at most
  /// some 5 s, and the dump, if there is a cause for one.
  Result<LastLook> last_look(std::optional<model::DumpCause> cause = std::nullopt,
                             const std::string& test = "");
  /// Saves its memory (vm/dump.h); the guest goes on, unless it died. What kept QEMU from it is in the
  /// result.
  Result<model::Dump> dump(model::DumpCause cause, const std::string& test);
  /// SIGKILL; for cancelled, hung and dead guests.
  void kill();
  /// The effective limits: the job's, scaled by the boot time once hello() came.
  const model::Timeouts& timeouts() const;
  double cpu_s() const;  ///< QEMU's CPU time, after the end
  pid_t pid() const;

 private:
  struct Impl;
  explicit Guest(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pinrig::vm
