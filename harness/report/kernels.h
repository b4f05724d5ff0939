// SPDX-License-Identifier: GPL-2.0
// Unpatched kernels side by side, from as many runs as needed, and their capabilities.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "report/report.h"

namespace pinrig::report {

/// A base on an architecture.
struct KernelColumn {
  std::string name;     ///< "debian-6.12 x86_64"
  std::string release;  ///< "6.12.117"; empty when no guest came up
};

/// Did this run test the unmodified base, without patches and injected faults?
bool is_unpatched(const store::RunRow& run, const store::KernelRow& kernel);
/// The name of the kernel's column, which is added if it is new. `release` may be empty.
std::string note_column(std::vector<KernelColumn>& columns, const store::RunRow& run, model::Arch arch,
                        const std::string& release);
/// By version, then architecture.
void sort_columns(std::vector<KernelColumn>& columns);
/// "kernels: debian-6.1 is 6.1.192, debian-6.12 is 6.12.117"
std::string kernels_text(const std::vector<KernelColumn>& columns);

struct CapabilityTable {
  std::vector<KernelColumn> columns;
  std::map<std::string, std::vector<std::string>> lines;  ///< name: value of each column, empty = not probed
};

/// The newest value of every capability, from the unpatched kernels of `runs` (newest first).
Result<CapabilityTable> capability_table(const store::Store& store, const std::vector<store::RunRow>& runs);

std::string capabilities_terminal(const CapabilityTable& table, const Style& style);
std::string capabilities_markdown(const CapabilityTable& table);

}  // namespace pinrig::report
