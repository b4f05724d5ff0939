// SPDX-License-Identifier: GPL-2.0
#include "vm/holds.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "process/process.h"
#include "vm/interactive.h"

namespace pinrig::vm {
namespace {

/// gdb reads all of the debug information.
constexpr Seconds line_limit{15};

}  // namespace

Holds::Holds(const model::JobSpec& job, Channel gdb, const CancelToken& cancel, Seconds limit)
    : arch_(job.arch),
      vmlinux_(job.vmlinux),
      cancel_(&cancel),
      cpu_count_(job.machine.cpus),
      limit_(limit),
      gdb_(std::move(gdb)),
      cpus_(job.arch, job.machine.cpus) {}

void Holds::transmit() { gdb_.send(cpus_.take_output()); }

void Holds::handle(short revents) {
  gdb_.handle(revents);
  cpus_.feed(std::exchange(gdb_.in(), {}));
  if (!cpus_.holds_any()) due_ = Deadline::never();
  if (cpus_.holds_any() && due_.poll_ms() < 0) due_ = Deadline::after(limit_);
  if (due_.passed()) {
    end();
    expired_ = true;
  }
  transmit();
}

KernelPlace Holds::find_source_line(const std::string& place, Deadline deadline) const {
  // -nx: nobody's .gdbinit.
  process::Command command{{gdb_program(arch_), "-nx", "-batch"}};
  for (const auto& text : source_line_commands(place)) command.argv.insert(command.argv.end(), {"-ex", text});
  command.argv.push_back(vmlinux_);
  command.deadline = Deadline::earlier(deadline, Deadline::after(line_limit));
  const auto done = process::run(command, *cancel_);
  KernelPlace out;
  if (done.has_error())
    out.problem = fmt::format("{}: {} finds lines ({}); install it, or name a function", place,
                              command.argv[0], done.error().message);
  else if (std::holds_alternative<process::TimedOut>(done->status))
    out.problem = fmt::format("{}: {} did not find it within {}", place, command.argv[0],
                              human_seconds(line_limit.count()));
  else
    return parse_source_line(done->out + done->err, place);
  return out;
}

KernelPlace Holds::find(const std::string& place, Deadline deadline) {
  if (is_source_line(place)) return find_source_line(place, deadline);
  if (system_map_.empty()) {
    auto text = read_file(fs::path(vmlinux_).parent_path() / "System.map");
    if (text.has_error())
      return {{}, "the addresses of this kernel's functions are not known: " + text.error().message, true};
    system_map_ = std::move(text).value();
  }
  return find_place(system_map_, place);
}

Holds::Answer Holds::hold(const std::vector<std::string>& places, int cpu, Deadline deadline) {
  if (cpu >= cpu_count_)
    return {fmt::format("CPU {}: the machine has {} CPUs (needs: {{cpus: {}}})", cpu, cpu_count_, cpu + 1)};
  Answer answer;
  std::string lacking;
  std::map<std::string, std::vector<std::uint64_t>> wanted;
  for (const auto& place : places) {
    KernelPlace found = find(place, deadline);
    if (found.lacking) {
      lacking = found.problem;
      continue;
    }
    if (!found.problem.empty()) return {found.problem};
    for (const auto address : found.addresses) {
      if (cpus_.in_use(address)) return {fmt::format("{:.80} is armed already", place)};
    }
    wanted[place] = std::move(found.addresses);
    answer.armed.push_back(place);
  }
  if (wanted.empty()) return {lacking, true};
  for (auto& [place, addresses] : wanted) {
    for (const auto address : addresses) cpus_.arm(address, cpu);
    places_[place] = std::move(addresses);
  }
  transmit();
  return answer;
}

Holds::Answer Holds::release(const std::vector<std::string>& places) {
  for (const auto& place : places) {
    const auto at = places_.find(place);
    if (at == places_.end()) return {hopeless({place})};
    for (const auto address : at->second) cpus_.release(address);
    places_.erase(at);
  }
  transmit();
  return {};
}

std::string Holds::reached(const std::vector<std::string>& places) const {
  for (const auto& place : places) {
    const auto at = places_.find(place);
    if (at == places_.end()) continue;
    const auto is_held = [&](std::uint64_t address) { return cpus_.held_at(address).has_value(); };
    if (std::any_of(at->second.begin(), at->second.end(), is_held)) return place;
  }
  return {};
}

std::string Holds::hopeless(const std::vector<std::string>& places) const {
  for (const auto& place : places) {
    if (places_.contains(place)) return {};
  }
  if (expired_) return fmt::format("what was held was released after {}", human_seconds(limit_.count()));
  return fmt::format("no CPU is to be held at {:.120}", join(places, ", "));
}

void Holds::locate() {
  cpus_.locate();
  transmit();
}

std::string Holds::whereabouts() const {
  std::vector<std::string> out;
  for (const auto& [cpu, address] : cpus_.located()) {
    const bool held = cpus_.held_at(address) == cpu;
    out.push_back(
        fmt::format("CPU {} is {} {}", cpu, held ? "held at" : "in", name_of_address(system_map_, address)));
  }
  return join(out, ", ");
}

void Holds::end() {
  cpus_.release_all();
  places_.clear();
  expired_ = false;
  due_ = Deadline::never();
  transmit();
}

}  // namespace pinrig::vm
