// SPDX-License-Identifier: GPL-2.0
#include "ledger.h"

#include <fcntl.h>

#include <cerrno>
#include <ctime>

#include "sys.h"

namespace pinrig::agent {
namespace {

constexpr double quiet_before_ms = 30;
constexpr double at_target_ms = 4;

UniqueFd open_read(const char* path) { return UniqueFd(open(path, O_RDONLY | O_CLOEXEC)); }

}  // namespace

Ledger::Ledger()
    : refresh_(open("/proc/sys/vm/stat_refresh", O_WRONLY | O_CLOEXEC)),
      vmstat_(open_read("/proc/vmstat")),
      meminfo_(open_read("/proc/meminfo")),
      tainted_(open_read("/proc/sys/kernel/tainted")) {}

bool Ledger::available() { return read().has_value(); }

std::optional<Pins> Ledger::read() {
  // The file exists on SMP kernels only; others have no per-CPU remainders. Its write fails when some other
  // counter is negative (vmstat_refresh before 5.13), after having folded.
  if (refresh_ && pwrite(refresh_.get(), "1", 1, 0) < 0 && errno == EBADF) refresh_.reset();
  if (!reread(vmstat_.get(), text_)) return std::nullopt;
  return parse_pins(text_);
}

void Ledger::look() {
  if (const auto pins = read()) stand(*pins);
}

std::int64_t Ledger::balance() {
  const auto pins = read();
  return pins ? pins->balance() : 0;
}

void Ledger::stand(const Pins& pins) {
  if (!standing_ || standing_->pins != pins) standing_ = Standing{pins, now_ms()};
}

double Ledger::now_ms() { return monotonic_ms(); }

void Ledger::pause(double ms) {
  timespec t{};
  t.tv_nsec = static_cast<long>(ms * 1e6);
  nanosleep(&t, nullptr);
}

wire::Sample Ledger::sample(const SettleRule& rule, Extent extent) {
  const Settled settled = settle(*this, rule, standing_);
  wire::Sample out;
  out.available = settled.available;
  out.settled = settled.settled;
  out.acquired = settled.pins.acquired;
  out.released = settled.pins.released;
  out.settle_ms = settled.took_ms;
  if (settled.available) stand(settled.pins);
  if (extent == Extent::pins) return out;
  // Without the counters text_ still is a good vmstat.
  add_vmstat(text_, out.counters);
  std::string text;
  if (reread(meminfo_.get(), text)) add_meminfo(text, out.counters);
  if (reread(tainted_.get(), text)) out.taint = parse_taint(text);
  return out;
}

wire::Sample Ledger::before(Extent extent) {
  SettleRule rule;
  // Nothing is outstanding: nothing is left to be released late.
  rule.targets = {0};
  rule.at_target_ms = at_target_ms;
  rule.from_boot = true;
  rule.elsewhere_ms = quiet_before_ms;
  rule.cap_ms = cap_ms_;
  return sample(rule, extent);
}

wire::Sample Ledger::after(const std::vector<std::int64_t>& targets, Extent extent) {
  SettleRule rule;
  rule.targets = targets;
  rule.at_target_ms = at_target_ms;
  // A balance that is off gets half of the cap to move: workers take a ring down in steps of 50 ms
  // (io_uring's io_ring_exit_work) and wait for RCU in between.
  rule.elsewhere_ms = cap_ms_ / 2;
  rule.cap_ms = cap_ms_;
  return sample(rule, extent);
}

}  // namespace pinrig::agent
