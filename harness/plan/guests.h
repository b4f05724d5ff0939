// SPDX-License-Identifier: GPL-2.0
// From the needs of tests to machines: which tests share a guest, and what that guest is made of. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/guest.h"

namespace pinrig::plan {

/// A guest with more tests is split into two or more: the longest guest determines the run time, and when a
/// kernel dies, the remaining tests of its guest are lost.
inline constexpr std::size_t max_tests_per_guest = 64;

/// A test that takes its cases as arguments (contract/*: up to 200) counts as one test more for as many of
/// them.
inline constexpr std::size_t args_as_a_test = 24;

/// Where a destructive test runs: nothing may follow it in its guest.
enum class Destructive {
  last,   ///< as the last test of a guest that it could share otherwise, one in each, while there are any
  alone,  ///< in a guest of its own
};

/// As few guests as the needs and `max_tests_per_guest` allow, without ids. The main one, first, has the
/// tests that need only plain devices; each set of kernel parameters gets one; so do devices that change how
/// all others work (an IOMMU, nested KVM) and tests that need more memory, CPUs or NUMA nodes than the
/// machine has. Destructive tests that find no guest to end have one each, at the end.
std::vector<model::Guest> group_tests(const model::Machine& offer, const std::vector<model::TestSpec>& tests,
                                      Destructive destructive = Destructive::last);

/// `offer` without what none of the tests needs, and with the devices, kernel parameters and memory that they
/// need. Fewer CPUs than `offer` has when every test says how many it needs.
model::Machine fit_machine(const model::Machine& offer, const std::vector<model::TestSpec>& tests);

/// The namespace of an NVMe device; nothing for other devices.
std::optional<model::NvmeDrive> drive_of(model::Device device);

}  // namespace pinrig::plan
