// SPDX-License-Identifier: GPL-2.0
#include "vm/holds.h"

#include <fmt/format.h>

#include "base/text.h"
#include "vm/kernel_place.h"

namespace pinrig::vm {

Holds::Holds(const model::JobSpec& job, Channel gdb, Seconds limit)
    : system_map_file_((fs::path(job.vmlinux).parent_path() / "System.map").string()),
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

Holds::Answer Holds::hold(const std::string& place, int cpu) {
  if (cpu >= cpu_count_)
    return {fmt::format("CPU {}: the machine has {} CPUs (needs: {{cpus: {}}})", cpu, cpu_count_, cpu + 1)};
  if (system_map_.empty()) {
    auto text = read_file(system_map_file_);
    if (text.has_error())
      return {"the addresses of this kernel's functions are not known: " + text.error().message, true};
    system_map_ = std::move(text).value();
  }
  const KernelPlace found = find_place(system_map_, place);
  if (!found.problem.empty()) return {found.problem, found.lacking};
  if (cpus_.in_use(found.address)) return {fmt::format("{:.80} is armed already", place)};
  cpus_.arm(found.address, cpu);
  places_[place] = found.address;
  transmit();
  return {};
}

Holds::Answer Holds::release(const std::string& place) {
  const auto at = places_.find(place);
  if (at == places_.end()) return {hopeless({place})};
  cpus_.release(at->second);
  places_.erase(at);
  transmit();
  return {};
}

std::string Holds::reached(const std::vector<std::string>& places) const {
  for (const auto& place : places) {
    const auto at = places_.find(place);
    if (at != places_.end() && cpus_.held_at(at->second)) return place;
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

void Holds::end() {
  cpus_.release_all();
  places_.clear();
  expired_ = false;
  due_ = Deadline::never();
  transmit();
}

}  // namespace pinrig::vm
