// SPDX-License-Identifier: GPL-2.0
// The event loop behind Guest. Private to the module.
#pragma once

#include "process/process.h"
#include "vm/channel.h"
#include "vm/guest.h"
#include "vm/holds.h"
#include "vm/job_files.h"
#include "vm/kdump.h"
#include "vm/qmp.h"
#include "wire/host_action.h"

namespace pinrig::vm {

struct Guest::Impl {
  Impl(const model::JobSpec& job, const GuestFiles& files, const CancelToken& cancel, JobFiles prepared,
       Channel control, Channel qmp_channel, std::optional<Holds> holds);

  /// Sockets listen, qemu.args is written, then QEMU is started.
  static Result<std::unique_ptr<Impl>> spawn(const model::JobSpec& job, const GuestFiles& files,
                                             const std::map<std::string, fs::path>& drive_files,
                                             const CancelToken& cancel);
  /// Until QEMU answers on QMP. A QEMU that ends before that could not start: an Error with the end of its
  /// log.
  Result<void> await_qemu();

  /// One answer of `type`; any other answer ends the guest with Kind::protocol.
  template <typename T>
  Result<Step<T>> receive(Deadline deadline, double limit_s, const char* type);
  template <typename T, typename Request>
  Result<Step<T>> ask(const Request& request, double limit_s, const char* type);

  /// The guest's message as a `T`, or its end.
  template <typename T>
  Step<T> understood(const std::optional<std::string>& payload, const char* type);
  /// Carries out a request of a test and answers it; failures are reported to the test.
  Result<void> carry_out(const wire::HostAction& action, Deadline deadline);
  /// Empty when the controller `serial` has left the guest, else why not.
  Result<std::string> unplug(const std::string& serial, Deadline deadline);
  /// The three actions about held CPUs.
  Result<void> carry_out_hold(const wire::HostAction& action, wire::HostActionDone& done, Deadline deadline);
  Result<void> await_held(const wire::HostAction& action, wire::HostActionDone& done, Deadline deadline);
  /// Until QEMU has changed what is held; why it has not.
  Result<std::string> settle_holds(Deadline deadline);
  /// QEMU stopped the guest, and not because a CPU is to be held.
  bool stopped_by_qemu() const { return qmp.stopped() && (!holds || !holds->problem().empty()); }

  /// QEMU's answer to a QMP command, at the one wait point; nothing when it does not come, or QEMU is gone.
  Result<std::optional<Qmp::Answer>> ask_qemu(const std::string& command, const std::string& arguments,
                                              Deadline deadline);
  /// What a dump needs to know of the kernel that QEMU runs; false: some of it is not known.
  Result<bool> ask_facts(KernelFacts& facts, const std::string& system_map);
  /// The guest's memory into `file`; why it is missing, or empty.
  Result<std::string> save_memory(const fs::path& file);
  /// Until the console is quiet, at most a second.
  Result<void> await_quiet();
  /// BREAK and the key, then until the console is quiet; false when QEMU does not take it.
  Result<bool> send_sysrq(char key);
  Result<void> look_at_cpus(LastLook& look);
  Result<void> ask_kernel(LastLook& look);

  void send(const std::string& json);
  /// Payload of the next control frame; nothing when `end` is set instead.
  Result<std::optional<std::string>> next_message(Deadline deadline, double limit_s, const char* what);
  Result<GuestEnd> power_off();
  void kill();
  /// Sets `end`, unless it is set: the first reason counts.
  void ended(GuestEnd::Kind kind, std::string detail);
  /// A full disk explains all other symptoms.
  void note_full_disk();
  /// Kills a guest that prints endlessly. Looks at the files at most every `look_every`.
  void check_output();

  enum class Wake { activity, exited, cancelled, deadline };
  /// The one wait point: {control, QMP, gdbstub, QEMU's exit, cancellation, deadline}.
  Result<Wake> wait(Deadline deadline);
  void drain();
  std::optional<std::string> take_frame();
  Result<Wake> await_exit(Deadline deadline);
  void reap();
  std::string exit_text() const;
  /// How the guest ended whose QEMU may still hold it.
  std::string end_text() const;
  /// Last lines of qemu.log, without the usual ones.
  std::string log_tail() const;

  model::JobSpec job;
  GuestFiles files;
  const CancelToken* cancel;
  JobFiles prepared;
  Channel control;
  Channel qmp_channel;
  std::optional<Holds> holds;  ///< when a test of the guest may hold CPUs
  Qmp qmp;
  std::string release;  ///< of the kernel, once hello() came
  Deadline boot_deadline = Deadline::never();
  const Clock::time_point started = Clock::now();
  Deadline next_look = Deadline::after(Seconds(0));  ///< at the sizes of console and results
  std::optional<process::ExitStatus> status;         ///< of QEMU, once reaped
  std::optional<GuestEnd> end;
  std::optional<process::Child> child;  ///< last member: killed before its files go
};

/// The error names the package to install.
Error qemu_start_error(Error error, model::Arch arch);

}  // namespace pinrig::vm
