// SPDX-License-Identifier: GPL-2.0
#include "run/inherit.h"

#include <algorithm>

namespace pinrig::run {
namespace {

std::vector<store::GuestRow> guests_of(const std::vector<store::GuestRow>& all, const std::string& kernel) {
  std::vector<store::GuestRow> out;
  for (const auto& g : all) {
    if (g.kernel_id == kernel) out.push_back(g);
  }
  return out;
}

Result<void> copy(store::Store& store, const store::GuestRow& from, const store::GuestRow& to) {
  if (!from.outcome || to.outcome) return {};
  PINRIG_TRY(rows, store.results(from.run_id, from.id));
  PINRIG_TRY(events, store.events(from.run_id, from.id));
  for (auto& r : rows) r.assessment.reset();
  store::GuestRow row = from;
  row.kernel_id = to.kernel_id;
  row.id = to.id;
  row.boot_s = row.wall_s = 0;
  return store.end_guest(row, {}, rows, events);
}

}  // namespace

std::optional<std::size_t> equal_before(const std::vector<model::Kernel>& kernels,
                                        const std::vector<std::string>& codes, std::size_t i,
                                        bool tip_states) {
  const auto& kernel = kernels[i];
  if (codes[i].empty() || (kernel.is_tip && tip_states)) return std::nullopt;
  for (std::size_t before = i; before-- > 0;) {
    const auto& other = kernels[before];
    if (other.arch != kernel.arch || other.config.name != kernel.config.name || codes[before].empty())
      continue;
    return codes[before] == codes[i] ? std::optional(before) : std::nullopt;
  }
  return std::nullopt;
}

Result<void> inherit_results(store::Store& store, const std::string& run_id) {
  PINRIG_TRY(kernels, store.kernels(run_id));
  // In the order of the plan: one may inherit what another has inherited.
  for (const auto& k : kernels) {
    if (k.inherits.empty()) continue;
    PINRIG_TRY(guests, store.guests(run_id));
    const auto from = guests_of(guests, k.inherits);
    const auto to = guests_of(guests, k.id);
    // Both were planned from the same tests and configuration, so their guests correspond.
    for (std::size_t i = 0; i < std::min(from.size(), to.size()); ++i)
      PINRIG_CHECK(copy(store, from[i], to[i]));
  }
  return {};
}

}  // namespace pinrig::run
