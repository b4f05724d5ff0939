// SPDX-License-Identifier: GPL-2.0
// The part of the contract that is shown, as rows and columns. Private to report.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "report/contract.h"

namespace pinrig::report {

/// Cells by what came of them.
struct ContractCounts {
  std::array<std::size_t, 6> by_state{};  ///< index: ContractResult::State
  std::size_t not_applicable = 0;

  std::size_t of(ContractResult::State s) const { return by_state[static_cast<std::size_t>(s)]; }
  std::size_t applicable() const;
  /// "12 cells: 9 pass, 1 fail, 1 known issue, 0 skip, 1 not yet, 30 not applicable"
  std::string text() const;
};

struct ContractGrid {
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  /// By row, then column: indices into the cells of the matrix. At most one each when `single`.
  std::vector<std::vector<std::vector<std::size_t>>> cells;
  bool single = false;
};

/// Columns of the view that has neither a user, an obligation nor a kind of memory.
enum class ContractColumns { obligations, groups };

ContractGrid contract_grid(const ContractMatrix& matrix, const ContractView& view, ContractColumns columns);

/// The result of a cell on all kernels; its note names the kernel when there are several.
ContractResult folded(const ContractMatrix& matrix, std::size_t cell);
/// Why a cell does not apply; begins with the user's name when it is the user that says so.
std::string not_applicable_text(const ContractMatrix& matrix, const model::ContractCell& cell);
/// Of the given cells, on all kernels.
ContractCounts counts_of(const ContractMatrix& matrix, const std::vector<std::size_t>& cells);
/// Of the users that are shown.
std::vector<std::string> texts_of(const std::vector<ContractRemark>& remarks, const ContractView& view);

struct ContractTotal {
  std::string kernel;  ///< empty when no stored run has a kernel
  ContractCounts counts;
};
/// Of the cells that are shown, for each kernel.
std::vector<ContractTotal> totals_of(const ContractMatrix& matrix, const ContractView& view);

/// "F", "k"; a pass has none.
char letter_of(ContractResult::State s);
/// "contract/bdev:pages.in.thp"
std::string full_name(const model::Contract& contract, const model::ContractCell& cell);
/// As in JSON: "pass", "not_yet".
const char* word_of(ContractResult::State s);

}  // namespace pinrig::report
