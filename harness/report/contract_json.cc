// SPDX-License-Identifier: GPL-2.0
// The contract for other programs, and as a list.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "report/contract_grid.h"

namespace pinrig::report {
namespace {

using nlohmann::ordered_json;

const char* said_by(model::ContractCell::Applies applies) {
  switch (applies) {
    case model::ContractCell::Applies::yes:
      break;
    case model::ContractCell::Applies::no_trait:
    case model::ContractCell::Applies::no_memory:
      return "obligation";
    case model::ContractCell::Applies::not_by_user:
    case model::ContractCell::Applies::not_for_memory:
      return "user";
  }
  return "";
}

ordered_json cell_json(const ContractMatrix& matrix, std::size_t i) {
  const auto& cell = matrix.cells[i];
  const auto& contract = matrix.contract;
  const auto& obligation = contract.obligations[cell.obligation];
  const auto& memory = contract.memory[cell.memory];
  ordered_json out{{"user", contract.users[cell.user].name},
                   {"obligation", obligation.name},
                   {"memory", memory.name},
                   {"test", contract.users[cell.user].test},
                   {"case", model::cell_name(obligation, memory)},
                   {"applicable", cell.applicable()}};
  if (!cell.applicable()) {
    out["reason"] = cell.reason;
    out["said_by"] = said_by(cell.applies);
    return out;
  }
  out["results"] = ordered_json::object();
  for (std::size_t c = 0; c < matrix.columns.size(); ++c) {
    const auto& result = matrix.results[i][c];
    out["results"][matrix.columns[c].name] = {{"state", word_of(result.state)}, {"note", result.note}};
  }
  return out;
}

}  // namespace

std::string contract_json(const ContractMatrix& matrix, const ContractView& view) {
  ordered_json out{{"kernels", ordered_json::array()}, {"cells", ordered_json::array()}};
  for (const auto& c : matrix.columns) out["kernels"].push_back({{"name", c.name}, {"release", c.release}});
  for (std::size_t i = 0; i < matrix.cells.size(); ++i) {
    if (view.shows(matrix.cells[i])) out["cells"].push_back(cell_json(matrix, i));
  }
  out["tests_not_as_expected"] = texts_of(matrix.tests, view);
  out["not_declared"] = texts_of(matrix.not_declared, view);
  return out.dump(2) + "\n";
}

std::string contract_list(const model::Contract& contract, const ContractView& view) {
  std::string out;
  ContractCounts counts;
  for (const auto& cell : model::contract_cells(contract)) {
    if (!view.shows(cell)) continue;
    out += full_name(contract, cell);
    if (!cell.applicable()) out += "  not applicable: " + cell.reason;
    out += "\n";
    if (cell.applicable())
      ++counts.by_state[0];
    else
      ++counts.not_applicable;
  }
  return out +
         fmt::format("{}, {} not applicable\n", count_of(counts.applicable(), "cell"), counts.not_applicable);
}

}  // namespace pinrig::report
