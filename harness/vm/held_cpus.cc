// SPDX-License-Identifier: GPL-2.0
#include "vm/held_cpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace pinrig::vm {
namespace {

/// Larger than any packet of the stub (its PacketSize is 0x1000).
constexpr std::size_t max_packet = 64 << 10;
/// Signals of GDB in a stop reply: a breakpoint or a step, and our own interrupt.
constexpr std::string_view stop_trap = "T05", stop_interrupt = "T02";

std::optional<std::uint64_t> hex_digits(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// QEMU numbers threads from 1: CPU 0 is "p1.1".
std::string thread_of(int cpu) { return fmt::format("p1.{:x}", cpu + 1); }

/// The CPU in "T05thread:p01.02;"; -1: none.
int cpu_of(std::string_view reply) {
  constexpr std::string_view mark = "thread:";
  auto at = reply.find(mark);
  if (at == std::string_view::npos) return -1;
  std::string_view id = reply.substr(at + mark.size());
  id = id.substr(0, id.find(';'));
  if (const auto dot = id.find('.'); dot != std::string_view::npos) id = id.substr(dot + 1);
  const auto number = hex_digits(id);
  return number ? static_cast<int>(*number) - 1 : -1;
}

}  // namespace

void HeldCpus::feed(std::string_view bytes) {
  in_ += bytes;
  for (;;) {
    const auto start = in_.find('$');
    if (start == std::string::npos) return in_.clear();  // acknowledgements
    const auto end = in_.find('#', start);
    if (end == std::string::npos || in_.size() < end + 3) break;
    const std::string text = in_.substr(start + 1, end - start - 1);
    in_.erase(0, end + 3);
    out_ += '+';
    packet(text);
  }
  if (in_.size() > max_packet) problem_ = "gdbstub: a packet longer than 64 KiB";
}

std::string HeldCpus::take_output() { return std::exchange(out_, {}); }

void HeldCpus::packet(std::string_view text) {
  if (!problem_.empty() || state_ == State::over) return;
  if (text.starts_with('W') || text.starts_with('X')) {
    state_ = State::over;
  } else if (text.starts_with('T')) {
    stopped(text);
  } else if (state_ == State::stopped) {
    answered(text);
  }
}

void HeldCpus::stopped(std::string_view reply) {
  const bool stepped = sent_.starts_with("vCont;s");
  sent_.clear();
  if (!reply.starts_with(stop_trap) && !reply.starts_with(stop_interrupt)) {
    problem_ = fmt::format("QEMU stopped the guest: {:.40}", reply);
    return;
  }
  if (reply.starts_with(stop_trap) && !stepped) interrupted_ = cpu_of(reply);
  state_ = State::stopped;
  advance();
}

void HeldCpus::answered(std::string_view reply) {
  const std::string command = std::exchange(sent_, {});
  const bool change = command.starts_with('Z') || command.starts_with('z') || command.starts_with('H');
  if (reply.starts_with('E') || (change && reply != "OK")) {
    problem_ = fmt::format("gdbstub: {} was answered by \"{:.40}\"", command, reply);
    return;
  }
  if (command == "g") {
    const auto pc = program_counter(reply);
    if (!pc) {
      problem_ = "gdbstub: no program counter among the registers";
      return;
    }
    if (interrupted_ >= 0)
      found_at(*pc);
    else
      located_[next_located_++] = *pc;
    if (next_located_ == cpus_) next_located_ = -1;
  }
  advance();
}

std::optional<std::uint64_t> HeldCpus::program_counter(std::string_view registers) const {
  // In the stub's order of registers (rax ... r15, rip; x0 ... x30, sp, pc), each in the guest's byte order.
  const std::size_t at = (arch_ == model::Arch::x86_64 ? 16 : 32) * 16;
  if (registers.size() < at + 16) return std::nullopt;
  std::string digits;
  for (int byte = 7; byte >= 0; --byte)
    digits += registers.substr(at + 2 * static_cast<std::size_t>(byte), 2);
  return hex_digits(digits);
}

void HeldCpus::found_at(std::uint64_t pc) {
  const int cpu = std::exchange(interrupted_, -1);
  const auto point = points_.find(pc);
  // Something else stopped it, or its point was removed while it stopped.
  if (point == points_.end() || !point->second.inserted) return;
  const bool mine = point->second.wanted && (point->second.cpu == any_cpu || point->second.cpu == cpu);
  if (!mine) {
    steps_[cpu] = pc;
    return;
  }
  held_[cpu] = pc;
  point->second.wanted = false;
}

void HeldCpus::arm(std::uint64_t address, int cpu) {
  Point& point = points_[address];
  point.cpu = cpu;
  point.wanted = true;
  request_stop();
}

void HeldCpus::release(std::uint64_t address) {
  if (const auto point = points_.find(address); point != points_.end()) point->second.wanted = false;
  for (auto it = held_.begin(); it != held_.end();) {
    if (it->second != address) {
      ++it;
      continue;
    }
    // Off the instruction: a point that is armed there again is for the next time.
    steps_[it->first] = address;
    it = held_.erase(it);
  }
  request_stop();
}

void HeldCpus::release_all() {
  if (points_.empty() && held_.empty()) return;
  for (auto& [address, point] : points_) point.wanted = false;
  steps_.insert(held_.begin(), held_.end());
  held_.clear();
  request_stop();
}

void HeldCpus::locate() {
  next_located_ = 0;
  located_.clear();
  request_stop();
}

bool HeldCpus::in_use(std::uint64_t address) const {
  const auto point = points_.find(address);
  if (point != points_.end() && point->second.wanted) return true;
  return held_at(address).has_value();
}

std::optional<int> HeldCpus::held_at(std::uint64_t address) const {
  for (const auto& [cpu, at] : held_) {
    if (at == address) return cpu;
  }
  return std::nullopt;
}

bool HeldCpus::settled() const {
  if (!problem_.empty() || state_ == State::over) return true;
  const auto pending = [](const auto& p) { return p.second.wanted != p.second.inserted; };
  return sent_.empty() && interrupted_ < 0 && next_located_ < 0 && steps_.empty() &&
         state_ != State::stopping && std::none_of(points_.begin(), points_.end(), pending);
}

void HeldCpus::request_stop() {
  if (state_ == State::running) {
    out_ += '\x03';
    state_ = State::stopping;
  } else if (state_ == State::stopped && sent_.empty()) {
    advance();  // all CPUs were held: nothing has to be stopped
  }
}

void HeldCpus::command(const std::string& text) {
  unsigned sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  out_ += fmt::format("${}#{:02x}", text, sum & 0xff);
  sent_ = text;
}

void HeldCpus::advance() {
  if (!problem_.empty()) return;
  if (!greeted_) {
    greeted_ = true;
    return command("qSupported:multiprocess+");
  }
  if (interrupted_ >= 0) {
    chosen_ = !chosen_;
    return command(chosen_ ? "Hg" + thread_of(interrupted_) : "g");
  }
  if (locate_one() || step_one() || change_one()) return;
  resume();
}

bool HeldCpus::locate_one() {
  if (next_located_ < 0) return false;
  chosen_ = !chosen_;
  command(chosen_ ? "Hg" + thread_of(next_located_) : "g");
  return true;
}

bool HeldCpus::step_one() {
  if (steps_.empty()) return false;
  const auto [cpu, address] = *steps_.begin();
  // A step executes one instruction, which must not be the breakpoint's.
  if (const auto point = points_.find(address); point != points_.end() && point->second.inserted) {
    point->second.inserted = false;
    command(fmt::format("z1,{:x},1", address));
    return true;
  }
  steps_.erase(cpu);
  command("vCont;s:" + thread_of(cpu));
  return true;
}

bool HeldCpus::change_one() {
  for (auto it = points_.begin(); it != points_.end();) {
    auto& [address, point] = *it;
    if (point.wanted != point.inserted) {
      point.inserted = point.wanted;
      command(fmt::format("{}1,{:x},1", point.wanted ? 'Z' : 'z', address));
      return true;
    }
    it = point.wanted ? std::next(it) : points_.erase(it);
  }
  return false;
}

void HeldCpus::resume() {
  std::string text = "vCont";
  for (int cpu = 0; cpu < cpus_; ++cpu) {
    if (!held_.contains(cpu)) text += ";c:" + thread_of(cpu);
  }
  if (text == "vCont") return;  // all are held
  command(text);
  sent_.clear();  // its answer is the next stop
  state_ = State::running;
}

}  // namespace pinrig::vm
