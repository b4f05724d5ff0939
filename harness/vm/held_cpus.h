// SPDX-License-Identifier: GPL-2.0
// Stops single CPUs of a guest at addresses of its kernel while the others run, through QEMU's gdbstub (GDB's
// remote serial protocol). Without I/O: bytes in, bytes out, facts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "model/kernel.h"

namespace pinrig::vm {

/// The stub stops all CPUs together, at a breakpoint or when it is interrupted, and takes commands only then.
/// So each change is: stop all, change, resume those that are not held.
class HeldCpus {
 public:
  static constexpr int any_cpu = -1;

  HeldCpus(model::Arch arch, int cpus) : arch_(arch), cpus_(cpus) {}

  /// Bytes from QEMU.
  void feed(std::string_view bytes);
  /// Bytes to send; empties them.
  std::string take_output();

  /// The next time that `cpu` is about to execute the instruction at `address`, it stops there, once. Other
  /// CPUs pass. `address` must not be in use().
  void arm(std::uint64_t address, int cpu);
  /// No CPU stops there any more, and the one held there goes on.
  void release(std::uint64_t address);
  void release_all();

  /// Stops all CPUs once to read their program counters, and resumes those that are not held.
  void locate();
  /// CPU to program counter, of the last locate() that has settled().
  const std::map<int, std::uint64_t>& located() const { return located_; }

  /// Armed or held.
  bool in_use(std::uint64_t address) const;
  /// The CPU that is held there.
  std::optional<int> held_at(std::uint64_t address) const;
  bool holds_any() const { return !held_.empty(); }
  /// QEMU has done everything that was asked.
  bool settled() const;
  /// An unexpected answer, or a stop for another reason; empty = none. Nothing works any more then.
  const std::string& problem() const { return problem_; }

 private:
  enum class State { running, stopping, stopped, over };
  struct Point {
    int cpu = any_cpu;
    bool wanted = true;
    bool inserted = false;
  };

  void packet(std::string_view text);
  void stopped(std::string_view reply);
  void answered(std::string_view reply);
  void found_at(std::uint64_t pc);
  void request_stop();
  /// Sends the next command of a stopped guest: the last one resumes it.
  void advance();
  bool locate_one();
  bool step_one();
  bool change_one();
  void resume();
  void command(const std::string& text);
  std::optional<std::uint64_t> program_counter(std::string_view registers) const;

  model::Arch arch_;
  int cpus_;
  State state_ = State::running;
  std::string in_;
  std::string out_;
  std::string sent_;      ///< the command without an answer; empty: none
  bool greeted_ = false;  ///< the stub knows that thread ids have a process
  int interrupted_ = -1;  ///< the CPU whose program counter is to be looked at; -1: none
  bool chosen_ = false;   ///< its registers are the ones that `g` reads
  std::map<std::uint64_t, Point> points_;
  std::map<int, std::uint64_t> held_;   ///< CPU to its address
  std::map<int, std::uint64_t> steps_;  ///< CPUs that are to execute the instruction of a breakpoint
  int next_located_ = -1;               ///< the CPU that locate() reads next; -1: none
  std::map<int, std::uint64_t> located_;
  std::string problem_;
};

}  // namespace pinrig::vm
