// SPDX-License-Identifier: GPL-2.0
// The contract of a pin and what stored runs say of each of its cells.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/contract.h"
#include "report/kernels.h"

namespace pinrig::report {

/// What came of one cell on one kernel.
struct ContractResult {
  /// Of several kernels the greatest counts: a pass on one and a skip on another are a pass.
  enum class State { not_yet, skip, pass, xfail, known, fail };
  State state = State::not_yet;
  std::string note = {};  ///< why it is not a pass
};

/// Something about the test of a user that is not about one of its cells.
struct ContractRemark {
  std::size_t user = 0;
  std::string text;
};

struct ContractMatrix {
  model::Contract contract;
  std::vector<model::ContractCell> cells;            ///< all of them, as model::contract_cells()
  std::vector<KernelColumn> columns;                 ///< kernels that some user's test ran on
  std::vector<std::vector<ContractResult>> results;  ///< by cell, then column
  /// Tests that are not as expected as a whole: "contract/bdev on debian-6.12 x86_64: leak: +64"
  std::vector<ContractRemark> tests;
  /// Cases of the stored results that are not cells: "contract/bdev:swap.thp on debian-6.12 x86_64"
  std::vector<ContractRemark> not_declared;
};

/// The kernels to look at.
struct KernelChoice {
  std::string base;                 ///< empty = all
  std::optional<model::Arch> arch;  ///< nothing = all
};

/// From the unpatched kernels of `runs` (newest first): for each user's test the first verdict that they
/// have.
Result<ContractMatrix> contract_matrix(const model::Contract& contract, const store::Store& store,
                                       const std::vector<store::RunRow>& runs, const KernelChoice& choice);

/// The part of the matrix to show; an index into the lists of the contract each.
struct ContractView {
  std::optional<std::size_t> user;
  std::optional<std::size_t> obligation;
  std::optional<std::size_t> memory;

  bool shows(const model::ContractCell& cell) const;
};
/// From names, empty ones for all; bad_usage for an unknown one, with the nearest.
Result<ContractView> contract_view(const model::Contract& contract, const std::string& user,
                                   const std::string& obligation, const std::string& memory);

/// Users x obligations, counting kinds of memory; with one user obligations x memory, with one obligation
/// users x memory, with one kind of memory users x obligations, each cell with a sign and a note.
std::string contract_terminal(const ContractMatrix& matrix, const ContractView& view, const Style& style);
std::string contract_markdown(const ContractMatrix& matrix, const ContractView& view);
/// Every cell that is shown; keys are documented in harness/report/README.md.
std::string contract_json(const ContractMatrix& matrix, const ContractView& view);
/// The cells themselves, one a line: "contract/bdev:pages.in.thp", with the reason when it does not apply.
std::string contract_list(const model::Contract& contract, const ContractView& view);

}  // namespace pinrig::report
