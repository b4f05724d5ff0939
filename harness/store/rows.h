// SPDX-License-Identifier: GPL-2.0
// The rows of results.db: run → kernels → guests → attempts, results and events.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/assessment.h"
#include "model/dump.h"
#include "model/guest.h"
#include "model/loss.h"
#include "model/patch_fit.h"
#include "model/unbuilt.h"

namespace pinrig::store {

enum class RunState { running, finished, interrupted, failed };
const char* to_string(RunState state);

struct RunRow {
  std::string id;    ///< "20261121-010203-4f2a"
  std::string spec;  ///< name of the run file
  std::string base;
  std::string series;    ///< empty = none
  bool faults = false;   ///< faults were injected into tests: failures say nothing about the kernel
  std::string purpose;   ///< "prove" for a run of `pinrig prove`; empty = the user's own
  std::string started;   ///< ISO 8601, UTC
  std::string finished;  ///< empty while running or after a kill
  RunState state = RunState::running;
  int exit_code = -1;
  std::string dir;        ///< artifacts
  std::string host;       ///< JSON: cpus, QEMU version, kernel
  int resumed = 0;        ///< how often it was interrupted and went on
  std::string selection;  ///< options that choose tests or how often they run; empty: as the run file says
};

/// How far a kernel got.
enum class KernelState {
  planned,
  built,
  apply_failed,
  build_failed,
  programs_failed,  ///< not tried: the guest programs do not build
  guest_failed,     ///< not tried: something else that its guests need could not be made (sysroot, initramfs)
  infra_error,
  cancelled,
};
const char* to_string(KernelState state);

struct KernelRow {
  std::string run_id;
  std::string id;  ///< "tip-x86_64"
  model::Point point;
  bool is_tip = false;
  model::Arch arch = model::Arch::x86_64;
  model::KernelConfig config;
  KernelState state = KernelState::planned;
  std::string failure;    ///< one line: patch, subject, file:line and what the compiler said
  std::string build_log;  ///< path; empty when nothing was built
  std::string key;        ///< of the artifact in the cache
  bool cached = false;
  double build_wall_s = 0;
  std::string dir;       ///< <run>/kernels/ID: kernel.config, build.log
  std::string inherits;  ///< id of the kernel of an earlier point with the same code, whose results it has;
                         ///< empty: it was booted itself
  std::vector<std::string> warnings;  ///< about files of the series, "file:line: text" or "file: text": the
                                      ///< compiler's, and those that no guest runs
  std::vector<model::UnbuiltFile> unbuilt;  ///< files that the series changes up to here and no object has
  std::vector<std::string> notes;           ///< the same for people, and what else there is to say
  std::vector<std::string>
      unmet;  ///< of the assessment: expectations without a test, capabilities that differ
  std::vector<std::string> known;    ///< of the assessment: known issues that were seen, or are missing
  std::vector<model::LostRow> lost;  ///< of the assessment
};

struct GuestRow {
  std::string run_id;
  std::string kernel_id;
  std::string id;                            ///< "tip-x86_64.2"
  std::string reason;                        ///< why it is not the kernel's main guest; empty = it is
  std::string machine;                       ///< name of the machine file
  int planned = 0;                           ///< tests
  std::optional<model::JobOutcome> outcome;  ///< nothing: it has not ended (or pinrig was killed)
  std::string accel;                         ///< "tcg", "kvm"; empty when the guest never started
  std::string accel_reason;                  ///< why not KVM: "KVM is not usable: ..."
  std::string cpu_model;
  std::string release;  ///< of the kernel that booted
  double boot_s = 0;    ///< QEMU spawn to the agent's hello, first attempt
  double wall_s = 0;    ///< all attempts
  std::string dir;      ///< job.json, console.raw, results.raw
  std::map<std::string, std::string> capabilities;
  bool counters = true;            ///< the kernel has nr_foll_pin_*
  std::vector<std::string> setup;  ///< what is missing from the requested machine
  std::vector<std::string> notes;  ///< oddities of its results
};

/// Which series a run was of, to find its other versions.
struct SeriesRow {
  std::string run_id;
  std::string change_id;      ///< `change-id:` of its cover letter, else a hash of its subject
  int version = 1;            ///< N of "[PATCH vN 2/7]"
  std::string message_id;     ///< of the cover letter, without <>; empty when there was none
  std::string patchset_hash;  ///< SHA-256 over the patch-ids
};

/// A patch of the series of a run, whether its point was built or not.
struct PatchRow {
  int point = 0;
  std::string patch_id;  ///< `git patch-id --stable`; empty when it does not apply
  std::string subject;
  std::string commit;
  std::string message_id;               ///< of its mail, without <>; may be empty
  model::PatchFit fit = {};             ///< where it applied; not known of old runs: exact
  std::vector<std::string> files = {};  ///< paths that it touches; none: it does not apply, or an old run
};

/// One boot of a guest: after a crash a new one continues.
struct AttemptRow {
  int number = 1;
  model::JobOutcome outcome;
  double boot_s = 0;  ///< QEMU spawn to hello
  double wall_s = 0;
  std::string dir;
  model::Loss loss = model::Loss::none;  ///< why it stopped answering
  std::vector<std::string> evidence;     ///< of the loss, one line each
  std::optional<model::Dump> dump = {};  ///< of its memory
};

}  // namespace pinrig::store
