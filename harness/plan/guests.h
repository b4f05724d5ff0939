// SPDX-License-Identifier: GPL-2.0
// From the needs of tests to machines: which tests share a guest, and what that guest is made of. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/guest.h"

namespace pinrig::plan {

/// A guest with more tests than these is made two or more: what one guest does one after the other is the
/// least that a run takes, and a kernel that dies takes the rest of a guest's tests with it.
inline constexpr std::size_t max_tests_per_guest = 100;

/// As few guests as the needs and `max_tests_per_guest` allow, without ids. The main one, first, has the
/// tests that need no more than plain devices; each set of kernel parameters has one; so have the devices
/// that change how all others work (an IOMMU, nested KVM) and tests that want more memory, CPUs or NUMA nodes
/// than the machine has; every destructive test has its own, at the end.
std::vector<model::Guest> group_tests(const model::Machine& offer, const std::vector<model::TestSpec>& tests);

/// `offer` without what none of the tests needs, and with the devices, kernel parameters and memory that they
/// name.
model::Machine fit_machine(const model::Machine& offer, const std::vector<model::TestSpec>& tests);

/// The namespace that stands for an NVMe device; nothing for the others.
std::optional<model::NvmeDrive> drive_of(model::Device device);

}  // namespace pinrig::plan
